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
    """The vote that grants is committed before anybody hears of it."""
    from approvals.quorum import State
    from incidents.receivers import Answers

    marks, hear = of_environment(), Answers.heard

    def marked(self: Answers, news: Any) -> None:
        if news.state is State.GRANTED:
            marks.strike(Boundary.HEARD, news.subject.type)
        hear(self, news)

    swap(Answers, "heard", marked)


_mark_doorbell()
_mark_listener()
