"""Structured logs: one line an event, with the request's id from the click to the worker, and never a secret."""

import re
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

SECRET_NAME: Final = re.compile(r"password|secret|token|authorization|cookie|private_key|ticket", re.IGNORECASE)
SECRET_IN_TEXT: Final = re.compile(
    r"(?P<before>[?&](?:ticket|token|password|code)=|//[^/\s:@]*:|(?:bearer|basic|token)\s+)[^\s&@\"']+", re.IGNORECASE
)
HIDDEN: Final = "[hidden]"

Event = MutableMapping[str, Any]


def hide_secrets(_logger: Any, _method: str, event: Event) -> Event:
    """Replace the values of secret-bearing names, and passwords and tickets inside addresses and texts."""
    for name, value in event.items():
        if SECRET_NAME.search(name):
            event[name] = HIDDEN
        elif isinstance(value, str):
            event[name] = SECRET_IN_TEXT.sub(rf"\g<before>{HIDDEN}", value)
    return event


def _shared_processors() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.UnicodeDecoder(),
    ]


def _for_people() -> structlog.dev.ConsoleRenderer:
    """Plain tracebacks: the pretty ones show every local variable, and so every secret."""
    plain = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0, exception_formatter=plain)


def _renderers(form: str) -> list[Any]:
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if form == "json":
        return [remove_meta, structlog.processors.format_exc_info, hide_secrets, structlog.processors.JSONRenderer()]
    return [remove_meta, hide_secrets, _for_people()]


def configuration(*, form: str, level: str) -> dict[str, Any]:
    """Configure structlog and return Django's LOGGING: standard and structured loggers end in the same lines."""
    shared = _shared_processors()
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "processors": _renderers(form),
        "foreign_pre_chain": [*shared, structlog.stdlib.ExtraAdder()],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": formatter},
        "handlers": {"standard_error": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["standard_error"], "level": level},
        "loggers": {
            "django.request": {"level": "ERROR"},
            "django.server": {"handlers": ["standard_error"], "level": level, "propagate": False},
            "httpx": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
        },
    }
