"""Waiting for a condition of a real process, never for a while."""

import time
from collections.abc import Callable

SECONDS = 30.0


def until(condition: Callable[[], object]) -> None:
    """Return when it holds; fail when it does not come true."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"This did not come true within {SECONDS:.0f} s."
        time.sleep(0.02)
