"""The campaign's Celery application: the console's own, its effects marked. Production knows nothing of it."""

import os
import smtplib
from contextvars import ContextVar
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
from celery.signals import worker_process_init

from rollback_console.celery import app
from tests.faults.boundaries import PLANTED, PRESS, PUT_RIGHT, Boundary, of_environment, swap
from tests.faults.listening import mark_listener

__all__ = ["app"]

PREVIEWS = 3
marks = of_environment()
calling: ContextVar[str] = ContextVar("calling", default="")
survived: ContextVar[bool] = ContextVar("survived", default=False)


writing: ContextVar[bool] = ContextVar("writing", default=False)


def strike(boundary: Boundary, kind: str, about: str = "") -> None:
    if marks.strike(boundary, kind, about):
        survived.set(True)


def _end_where_survived() -> None:
    if survived.get():
        survived.set(False)
        marks.end()


class Marked:
    """An effect with a boundary before, during and after its call."""

    def __init__(self, effect: Any, kind: str, *, watched: bool) -> None:
        self._effect, self._kind, self._watched = effect, kind, watched

    def look_up(self, order: Any, world: Any) -> Any:
        if not self._watched:
            return self._effect.look_up(order, world)
        strike(Boundary.BEFORE, self._kind, str(order.step.pk))
        calling.set(self._kind)
        found = self._effect.look_up(order, world)
        strike(Boundary.AFTER, self._kind)
        return found

    def act(self, order: Any, world: Any) -> Any:
        about, what = str(order.step.pk), self._act_of(order)

        def ask_lease() -> None:
            strike(Boundary.UNASKED, what, about)
            order.ask_lease()
            strike(Boundary.BEFORE, what, about)
            calling.set(what)

        outcome = self._effect.act(replace(order, ask_lease=ask_lease), world)
        strike(Boundary.AFTER, what)
        return outcome

    def _act_of(self, order: Any) -> str:
        """What was posted with buttons is put right by an act of its own."""
        return PUT_RIGHT if self._kind == "wake_by_chat" and order.step.evidence.get("messages") else self._kind


@worker_process_init.connect
def mark_boundaries(**_signal: Any) -> None:
    """In every pool process: wrap the effects, the ways out, the use of a grant, and the end of an attempt."""
    _mark_effects()
    _mark_http()
    _mark_git()
    _mark_mail()
    _mark_balancer()
    _mark_public_page()
    _mark_grants()
    _mark_attempts()
    _mark_presses()
    mark_listener()
    _plant(os.environ.get(PLANTED, ""))


def _mark_effects() -> None:
    from incidents.effects import performing, previewing
    from incidents.effects.catalogue import effect_of
    from incidents.procedure.steps import StepKind

    watched = (
        StepKind.REVIEW, StepKind.DEPLOY, StepKind.PROVE_RECOVERY, StepKind.FIND_FIX, StepKind.ROTATE_CREDENTIAL,
    )  # fmt: skip
    swap(performing, "effect_of", lambda kind: Marked(effect_of(kind), kind, watched=kind in watched))
    swap(previewing, "NEWEST", PREVIEWS)  # the campaign reverts the newest change: twenty previews would cost minutes


def _mark_http() -> None:
    from incidents.integrations.outbound import Outbound

    exchange = Outbound._exchange

    def marked(self: Outbound, request: httpx.Request) -> Any:
        def sent(event: str, _detail: Any) -> None:
            if event.endswith("send_request_body.complete"):
                strike(Boundary.DURING, calling.get())

        if calling.get():
            request.extensions = {**request.extensions, "trace": sent}
        return exchange(self, request)

    swap(Outbound, "_exchange", marked)


def _mark_git() -> None:
    from incidents.integrations import git

    answer = git._answer

    def marked(process: Any, command: str, seconds: float) -> Any:
        if command == "push":
            strike(Boundary.DURING, calling.get())
        return answer(process, command, seconds)

    swap(git, "_answer", marked)


def _mark_mail() -> None:
    """The mail's last line has left, its answer is not here."""
    send = smtplib.SMTP.send

    def marked(self: smtplib.SMTP, said: Any) -> None:
        send(self, said)
        if isinstance(said, bytes) and said.endswith(b"\r\n.\r\n"):
            strike(Boundary.DURING, calling.get())

    swap(smtplib.SMTP, "send", marked)


def _mark_balancer() -> None:
    """The command has left on the balancer's socket."""
    from incidents.integrations import haproxy

    ask, take_in = haproxy.HAProxy._ask, haproxy._taken_in

    def marked_ask(self: Any, command: str, doing: str, *, writes: bool = False) -> str:
        writing.set(writes)
        return ask(self, command, doing, writes=writes)

    def marked_take_in(connection: Any, until: float) -> str:
        if writing.get():
            strike(Boundary.DURING, calling.get())
        return take_in(connection, until)

    swap(haproxy.HAProxy, "_ask", marked_ask)
    swap(haproxy, "_taken_in", marked_take_in)


def _mark_public_page() -> None:
    """The words are the public's by the row, and the page's file does not show them."""
    from incidents.effects import publish_status

    write = publish_status.write_public_page

    def marked(**asked: Any) -> None:
        strike(Boundary.DURING, calling.get())
        write(**asked)

    swap(publish_status, "write_public_page", marked)


def _mark_grants() -> None:
    """A worker's sweep has found a grant that nobody heard of, and uses it."""
    from incidents.services import approving, publishing

    consume = approving.consume

    def marked(**asked: Any) -> Any:
        consumed = consume(**asked)
        strike(Boundary.CONSUMED, consumed.subject_type)
        return consumed

    swap(approving, "consume", marked)
    swap(publishing, "consume", marked)


def _mark_presses() -> None:
    """A press that a worker reads becomes a vote, and that vote is committed before anybody says so of the press."""
    from incidents.effects import reading
    from incidents.services import pressing

    act, vote = reading.act_on_press, pressing.vote

    def marked(delivery: Any, world: Any) -> str:
        strike(Boundary.BEFORE, PRESS, str(delivery.pk))
        words = act(delivery, world)
        strike(Boundary.AFTER, PRESS)
        _end_where_survived()
        return words

    def marked_vote(**asked: Any) -> Any:
        cast = vote(**asked)
        strike(Boundary.DURING, PRESS)
        return cast

    swap(reading, "act_on_press", marked)
    swap(pressing, "vote", marked_vote)


def _mark_attempts() -> None:
    """Runs in the pool process, and every attempt begins without a call under way."""
    from incidents import dispatch, tasks
    from incidents.effects.performing import perform

    send = dispatch._send

    def marked(step_id: UUID, world: Any) -> None:
        calling.set("")
        try:
            perform(step_id, world)
        finally:
            calling.set("")
            _end_where_survived()

    def marked_send(name: str, *arguments: Any) -> None:
        if name == "incidents.perform_step" and calling.get():
            strike(Boundary.DOORBELL, calling.get())
        send(name, *arguments)

    swap(tasks, "perform", marked)
    swap(dispatch, "_send", marked_send)


def _plant(defect: str) -> None:
    """A defect of the runner's design, to see that the campaign finds it."""
    from incidents import tasks
    from incidents.effects import announce
    from incidents.services import running

    if defect == "deaf":
        swap(tasks, "due_steps", lambda _now: [])
    elif defect == "blind":
        swap(announce.Announce, "look_up", lambda *_: None)
    elif defect == "careless":
        swap(running, "open_call", lambda *_, **__: None)
