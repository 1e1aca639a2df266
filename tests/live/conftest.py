"""What every test of the stream stands on."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection

from incidents.live.source import address_of
from tests.live.hubs import Panels
from tests.live.ledger import Writer, new_stream, writing


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def database(db: None) -> str:
    """The test database's address; streams are named at random, so nothing needs to be taken back."""
    return address_of(connection.settings_dict)


@pytest.fixture
def redis_url() -> str:
    return settings.REDIS_URL


@pytest.fixture
def writer(database: str, redis_url: str) -> Iterator[Writer]:
    with writing(database, redis_url) as found:
        yield found


@pytest.fixture
def stream() -> str:
    return new_stream()


@pytest.fixture
def panels() -> Panels:
    return Panels()


@pytest.fixture
def user_id(writer: Writer) -> int:
    """An account that other connections see too: entries name their actor."""
    row = writer.connection.execute(
        "INSERT INTO auth_user (password, is_superuser, username, first_name, last_name, email, is_staff, is_active,"
        " date_joined) VALUES ('', false, gen_random_uuid()::text, '', '', '', false, true, now()) RETURNING id"
    ).fetchone()
    assert row is not None
    return int(row[0])
