"""The campaign's pages: the console's own WSGI application, marked between a COMMIT and whoever hears of it."""

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


def _mark_listener() -> None:
    """A vote is committed before anybody hears of it, whether it grants or another one is missing."""
    from approvals.quorum import State
    from incidents.receivers import Answers

    marks, hear = of_environment(), Answers.heard

    def marked(self: Answers, news: Any) -> None:
        if news.state in (State.OPEN, State.GRANTED):
            marks.strike(Boundary.HEARD, f"{news.subject.type} {news.state}")
        hear(self, news)

    swap(Answers, "heard", marked)


_mark_doorbell()
_mark_listener()
