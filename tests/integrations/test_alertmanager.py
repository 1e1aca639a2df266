"""Alertmanager's webhook: read tolerantly, refused with words."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.integrations import alertmanager
from incidents.integrations.errors import UnreadableDelivery
from tests.integrations.deliveries import ALERTMANAGER, anything, spoiled

ALERT = ALERTMANAGER["alerts"][0]


def delivered(**changes: object) -> list[alertmanager.FiredAlert]:
    return alertmanager.parse(json.dumps(ALERTMANAGER | changes).encode())


def with_alert(**changes: object) -> list[alertmanager.FiredAlert]:
    return delivered(alerts=[ALERT | changes])


def test_a_firing_alert_is_read():
    [alert] = delivered()
    assert (alert.name, alert.status, alert.fingerprint) == ("ErrorRate", "firing", "c1f1e0a2b3d4e5f6")
    assert alert.labels == {"alertname": "ErrorRate", "service": "shop"}
    assert alert.starts_at == datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
    assert alert.ends_at is None


def test_a_resolved_alert_bears_the_fingerprint_it_fired_with_and_its_end():
    [alert] = with_alert(status="resolved", endsAt="2026-11-23T14:30:00+02:00")
    assert alert.fingerprint == ALERT["fingerprint"]
    assert alert.ends_at == datetime(2026, 11, 23, 12, 30, tzinfo=UTC)


def test_a_firing_alert_has_no_end_even_where_one_is_foreseen():
    assert with_alert(endsAt=(datetime.now(UTC) + timedelta(minutes=4)).isoformat())[0].ends_at is None


def test_grafana_sends_the_same_under_version_1():
    assert len(delivered(version="1", orgId=1, title="x", state="alerting")) == 1


def test_a_delivery_may_hold_no_alert():
    assert delivered(alerts=[]) == []


@pytest.mark.parametrize("field", ["annotations", "generatorURL", "endsAt"])
def test_what_nobody_needs_may_be_missing(field):
    assert len(delivered(alerts=[{key: value for key, value in ALERT.items() if key != field}])) == 1


@pytest.mark.parametrize("version", ["3", "1", 4, None, "5"])
def test_another_version_is_refused(version):
    with pytest.raises(UnreadableDelivery, match="version"):
        delivered(version=version)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": "burning"}, "status"),
        ({"fingerprint": ""}, "fingerprint"),
        ({"fingerprint": None}, "fingerprint"),
        ({"labels": {"alertname": 7}}, "labels"),
        ({"labels": []}, "labels"),
        ({"startsAt": "yesterday"}, "startsAt"),
        ({"startsAt": "2026-11-23T12:00:00"}, "startsAt"),
        ({"startsAt": "0001-01-01T00:00:00+05:00"}, "startsAt"),
        ({"startsAt": 1795435200}, "startsAt"),
    ],
)
def test_a_wrong_field_is_named(changes, words):
    with pytest.raises(UnreadableDelivery, match=words):
        with_alert(**changes)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe{}",
        b'{"version": NaN}',
        b"[" * 100_000,
        b"9" * 10_000,
        b'{"a":' * 50_000,
        json.dumps(ALERTMANAGER | {"alerts": {}}).encode(),
        json.dumps(ALERTMANAGER | {"alerts": [7]}).encode(),
        json.dumps({key: value for key, value in ALERTMANAGER.items() if key != "alerts"}).encode(),
        b" " * (alertmanager.LARGEST_DELIVERY + 1),
        json.dumps(ALERTMANAGER | {"alerts": [ALERT] * 1001}).encode(),
    ],
    ids=lambda body: f"{body[:12]!r}…{len(body)}",
)
def test_nonsense_is_refused(body):
    with pytest.raises(UnreadableDelivery):
        alertmanager.parse(body)


def test_what_a_database_cannot_store_is_replaced():
    [alert] = with_alert(labels={"alertname": "a\x00b", "x": "\ud800"})
    assert (alert.name, alert.labels["x"]) == ("a\ufffdb", "\ufffd")


@settings(max_examples=200, deadline=None)
@given(spoiled(ALERTMANAGER) | anything)
def test_whatever_comes_is_read_or_refused(delivery):
    with suppress(UnreadableDelivery):
        for alert in alertmanager.parse(json.dumps(delivery).encode()):
            assert alert.starts_at.tzinfo is UTC
            assert b"\x00" not in "".join([alert.name, *alert.labels.values(), alert.generator_url]).encode()


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused(body):
    with pytest.raises(UnreadableDelivery):
        alertmanager.parse(body)
