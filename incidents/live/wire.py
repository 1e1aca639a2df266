"""Server-sent events as bytes (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

from typing import Final

RETRY: Final = b"retry: 1000\n\n"
BEAT: Final = b": beat\n\n"


def message(html: str, *, seq: int | None = None) -> bytes:
    """An unnamed event; with `seq` it moves the page's cursor."""
    return _event("", html, seq)


def named(name: str, words: str, *, seq: int | None = None) -> bytes:
    """A named event. `words` are never empty in meaning: an event without data is not dispatched by browsers."""
    return _event(f"event: {name}\n", words, seq)


def _event(head: str, content: str, seq: int | None) -> bytes:
    mark = "" if seq is None else f"id: {seq}\n"
    lines = "".join(f"data: {line}\n" for line in content.splitlines() or [""])
    return f"{head}{mark}{lines}\n".encode()
