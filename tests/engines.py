"""A pytest plugin: real engines for the whole session, thrown away at its end; servers named in the environment win."""

import os
import tempfile
from collections.abc import Generator
from pathlib import Path

import psycopg
import pytest

from rollback_console import engines

os.environ.setdefault("CONSOLE_ENV", "test")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Before pytest-django reads settings, start the engines; workers of xdist find them in their environment."""
    if "DATABASE_URL" not in os.environ or "REDIS_URL" not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="rollback-tests-"))
        pair = engines.ensure(folder, durable=False)
        early_config.add_cleanup(lambda: _throw_away(pair))
        _let_owner_make_databases(pair)
        os.environ.update(_variables(pair))
    return (yield)


def _variables(pair: engines.Engines) -> dict[str, str]:
    """Tests own their database; the role that runs the console is there beside it, to prove what it may not do."""
    return {
        "DATABASE_URL": pair.postgres.address("owner"),
        "DATABASE_OWNER_URL": pair.postgres.address("owner"),
        "TEST_APP_DATABASE_URL": pair.postgres.address("app"),
        "REDIS_URL": pair.valkey.address,
    }


def _let_owner_make_databases(pair: engines.Engines) -> None:
    """Every test database is copied from template1, so what holds there holds in each of them."""
    pair.postgres.provision("template1")
    with psycopg.connect(pair.postgres.superuser_address()) as superuser:
        superuser.execute("ALTER ROLE rollback_owner CREATEDB")


def _throw_away(pair: engines.Engines) -> None:
    pair.stop()
    pair.forget()
