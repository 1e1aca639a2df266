"""Work leaves by name and news by doorbell, both after the commit; rows are the truth, a lost message is harmless."""

from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

if TYPE_CHECKING:
    from redis import Redis

DOORBELL = "doorbell"
log = structlog.get_logger(__name__)
_redis: list["Redis"] = []


def perform_step(step_id: UUID) -> None:
    """Nudge a worker to look at a step; the sweep finds it where the nudge is lost."""
    _send_on_commit("incidents.perform_step", str(step_id), queue="steps", expires=30)


def read_delivery(delivery_id: UUID) -> None:
    """Nudge a worker to act on a stored webhook."""
    _send_on_commit("incidents.read_delivery", str(delivery_id), queue="intake", expires=10)


def refresh_mirror(repository: str) -> None:
    """Nudge a worker to fetch a repository and to compute its previews again."""
    _send_on_commit("incidents.refresh_mirror", repository)


def make_export(export_id: UUID) -> None:
    """Ask a worker for an export of the record; where the nudge is lost, it is found within half a minute."""
    _send_on_commit("incidents.make_export", str(export_id), queue="intake", expires=60)


def rehearse() -> None:
    """Nudge a worker to try what is due to be tried; beat asks again within a minute."""
    _send_on_commit("incidents.rehearse")


def look_up_suspect(incident_id: UUID, reference: str, actor_id: int) -> None:
    """Ask a worker to look a commit up; where the nudge is lost, the person asks again."""
    _send_on_commit("incidents.look_up_suspect", str(incident_id), reference, actor_id)


def look_up_fix(decision_id: UUID) -> None:
    """Ask a worker to read the fix's pull request; where the nudge is lost, the next refresh of its repository does."""
    _send_on_commit("incidents.look_up_fix", str(decision_id))


def look_up_credential(decision_id: UUID) -> None:
    """Ask a worker what the secrets' metadata says; where the nudge is lost, a person confirms without it."""
    _send_on_commit("incidents.look_up_credential", str(decision_id))


def send_code(identity_id: UUID) -> None:
    """Ask a worker to send a code to a claimed login; where the nudge is lost, the person asks again."""
    _send_on_commit("incidents.send_code", str(identity_id))


def look_for_proof(identity_id: UUID, repository: str, number: int) -> None:
    """Ask a worker to read a pull request's reviews; where the nudge is lost, the person asks again."""
    _send_on_commit("incidents.look_for_proof", str(identity_id), repository, number)


def ring(stream: str) -> None:
    """Tell the live pages that a stream has grown; the doorbell carries no content (live.md)."""
    transaction.on_commit(lambda: _ring(stream), robust=True)


def _send_on_commit(name: str, *arguments: str | int, queue: str = "intake", expires: int = 60) -> None:
    transaction.on_commit(lambda: _send(name, queue, expires, *arguments), robust=True)


def _send(name: str, queue: str, expires: int, *arguments: str | int) -> None:
    try:
        current_app.send_task(name, args=arguments, queue=queue, expires=expires, ignore_result=True, retry=False)
    except OperationalError as lost:
        log.warning("nudge_lost", task=name, arguments=arguments, why=str(lost))


def _ring(stream: str) -> None:
    from redis import RedisError  # here: a third of a second of the pages' start

    try:
        _connection().publish(DOORBELL, stream)
    except RedisError as lost:
        log.warning("doorbell_lost", stream=stream, why=str(lost))


def _connection() -> "Redis":
    from redis import Redis

    if not _redis:
        _redis.append(Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1))
    return _redis[0]
