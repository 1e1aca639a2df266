"""What every test may ask for: a browser that is really there. The engines are started by `tests.engines`."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from django.db.backends.postgresql.operations import DatabaseOperations

from tests.browser import chromium

HERE: Final = Path(__file__).resolve().parent
MARKS: Final = {"browser": "browser", "faults": "faults", "benchmarks": "benchmark", "real": "real"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test bears the mark of its folder; browser tests run beside an event loop, which Django has to be told."""
    for item in items:
        for folder in item.path.relative_to(HERE).parts:
            if mark := MARKS.get(folder):
                item.add_marker(mark)
    if any(item.get_closest_marker("browser") for item in items):
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the mutant scores, which a worker of xdist could not."""
    ended = [report for outcome in ("passed", "failed") for report in terminalreporter.getreports(outcome)]
    for report in ended:
        for name, value in report.user_properties:
            if name == "score":
                terminalreporter.write_line(value)


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """A Chromium that starts; without one the test fails with the remedy."""
    return chromium.find_or_install()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any], chromium_path: Path) -> dict[str, Any]:
    """How pytest-playwright starts that Chromium."""
    return {**browser_type_launch_args, "executable_path": str(chromium_path), "args": chromium.launch_flags()}


LOCKED: Final = tuple(
    f"incidents_{table}" for table in ("ledgerentry", "ledgerstream", "ledgerpersonal", "checkpoint", "checkpointhead")
)


@pytest.fixture(scope="session", autouse=True)
def _ledger_can_be_flushed_between_tests() -> Iterator[None]:
    """A test that really commits is cleaned up by TRUNCATE, which the ledger refuses: its owner lifts the locks."""
    flush = DatabaseOperations.execute_sql_flush

    def lifted(operations: DatabaseOperations, statements: Sequence[str]) -> None:
        lift = [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in LOCKED]
        lock = [f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in LOCKED]
        flush(operations, [*lift, *statements, *lock])

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(DatabaseOperations, "execute_sql_flush", lifted)
        yield
