"""The campaign's pages: the console's own WSGI application, marked between a COMMIT and whoever hears of it."""

from contextvars import ContextVar
from typing import Any

from rollback_console.wsgi import application
from tests.faults.boundaries import KEPT, Boundary, of_environment, swap
from tests.faults.listening import mark_listener

__all__ = ["application"]


def _mark_doorbell() -> None:
    from incidents import dispatch

    marks, send = of_environment(), dispatch._send

    def marked(name: str, *arguments: Any) -> None:
        if name == "incidents.perform_step":
            marks.strike(Boundary.DOORBELL, "pages")
        send(name, *arguments)

    swap(dispatch, "_send", marked)


def _mark_presses() -> None:
    """A press of a button is kept before anybody reads it."""
    from incidents import dispatch, webhooks

    marks, send, keep = of_environment(), dispatch._send, webhooks.store_delivery
    keeping: ContextVar[bool] = ContextVar("keeping", default=False)

    def marked(**asked: Any) -> Any:
        if asked["source"] != "slack":
            return keep(**asked)
        marks.strike(Boundary.BEFORE, KEPT)
        keeping.set(True)
        kept = keep(**asked)
        keeping.set(False)
        marks.strike(Boundary.AFTER, KEPT)
        return kept

    def marked_send(name: str, *arguments: Any) -> None:
        if keeping.get():
            marks.strike(Boundary.DOORBELL, KEPT)
        send(name, *arguments)

    swap(webhooks, "store_delivery", marked)
    swap(dispatch, "_send", marked_send)


_mark_doorbell()
_mark_presses()
mark_listener()
