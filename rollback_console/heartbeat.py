"""Signs of life of beat and of the workers: a moment each in Redis, read by /readyz."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from celery import shared_task
from celery.signals import before_task_publish
from django.conf import settings

if TYPE_CHECKING:
    from redis import Redis

TASK: Final = "rollback_console.beat_tick"
BEAT_KEY: Final = "rollback_console:beat"
WORKER_KEY: Final = "rollback_console:worker"
KEPT_SECONDS: Final = 7 * 24 * 3600


class RedisAway(Exception):
    """Redis did not answer within a second."""


@contextmanager
def redis_client() -> Iterator["Redis"]:
    """A client that gives up within a second: nobody waits for a doorbell. Raises RedisAway."""
    from redis import Redis, RedisError  # here: a third of a second of the pages' start

    try:
        with Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1) as client:
            yield client
    except (RedisError, OSError) as lost:
        raise RedisAway from lost


def note(key: str) -> None:
    """Keep this moment under the key."""
    with redis_client() as client:
        client.set(key, time.time(), ex=KEPT_SECONDS)


@before_task_publish.connect(sender=TASK)
def beat_lives(**_signal: Any) -> None:
    """Beat alone publishes the tick, so the publishing is its sign of life."""
    note(BEAT_KEY)


@shared_task(name=TASK)
def beat_tick() -> None:
    """Run by a worker: its sign of life."""
    note(WORKER_KEY)
