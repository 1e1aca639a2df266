"""Addresses, in the words of those who need them."""

import pytest
from celery import Celery
from django.conf import settings
from redis import Redis

from rollback_console import addresses


def test_a_database_on_a_socket_is_named_by_its_folder():
    read = addresses.postgres("postgresql://rollback_app:p%40ss@/rollback_console?host=%2Ftmp%2Fsockets")
    assert (read["HOST"], read["NAME"], read["PASSWORD"]) == ("/tmp/sockets", "rollback_console", "p@ss")


def test_options_of_a_database_are_kept():
    read = addresses.postgres("postgres://app@database:5433/console?sslmode=verify-full")
    assert (read["HOST"], read["PORT"], read["OPTIONS"]) == ("database", "5433", {"sslmode": "verify-full"})


@pytest.mark.parametrize("address", ["mysql://database/console", "database", "http://x"])
def test_only_postgresql_is_a_database(address):
    with pytest.raises(ValueError, match="postgresql://"):
        addresses.postgres(address)


@pytest.mark.parametrize("address", ["redis://:p@host:6379/0", "rediss://host:6380/1"])
def test_a_broker_reached_by_network_keeps_its_address(address):
    assert addresses.broker(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "unix://:p%40ss@/tmp/valkey.sock?db=3",
        "unix:///tmp/valkey.sock?db=3&password=p%40ss",
    ],
)
def test_a_broker_on_a_socket_is_put_into_kombus_words(address):
    assert addresses.broker(address) == "redis+socket://:p%40ss@/tmp/valkey.sock?virtual_host=3"


def test_a_message_sent_over_the_brokers_socket_lands_in_the_database_named():
    address = settings.REDIS_URL.replace("db=0", "db=3")
    app = Celery(broker=addresses.broker(address), set_as_current=False)
    app.send_task("nothing.at_all", queue="measured", retry=False)
    with Redis.from_url(address) as there:
        assert there.llen("measured") == 1
        there.delete("measured")
    app.close()


def test_mail_by_tls():
    read = addresses.mail("smtp://user:p%40ss@mail.example:587?tls=on")
    assert read["EMAIL_USE_TLS"]
    assert not read["EMAIL_USE_SSL"]
    assert (read["EMAIL_PORT"], read["EMAIL_HOST_PASSWORD"]) == (587, "p@ss")


def test_mail_by_ssl_has_its_own_port():
    assert addresses.mail("smtps://mail.example")["EMAIL_PORT"] == 465


def test_an_origin_is_scheme_host_and_port():
    assert addresses.origin("https://live.example:8443/live/") == "https://live.example:8443"
    assert addresses.origin("") == ""
