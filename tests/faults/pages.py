"""The campaign's pages: the console's own WSGI application, with a boundary between COMMIT and the doorbell."""

from typing import Any

from rollback_console.wsgi import application
from tests.faults.boundaries import Boundary, of_environment, swap

__all__ = ["application"]


def _mark_doorbell() -> None:
    from incidents import dispatch

    marks, send = of_environment(), dispatch._send

    def marked(name: str, *arguments: Any) -> None:
        if name == "incidents.perform_step":
            marks.strike(Boundary.DOORBELL, "pages")
        send(name, *arguments)

    swap(dispatch, "_send", marked)


_mark_doorbell()
