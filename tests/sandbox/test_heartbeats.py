"""The sandbox's heartbeat: whoever beats is up, whoever stops is missed once, whoever comes back has recovered."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import secrets
from sandbox.heartbeats import HeartbeatPart
from sandbox.testing import Sandbox, running_sandbox

URL = f"/betterstack/api/v1/heartbeat/{secrets.HEARTBEAT_TOKEN}"


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path, parts=[HeartbeatPart()]) as running:
        yield running


def status(sandbox: Sandbox) -> object:
    return sandbox.world.state()["heartbeat"]["status"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_beat_is_heard(sandbox, method):
    assert status(sandbox) == "pending"
    assert sandbox.client.request(method, URL).status_code == 200
    assert status(sandbox) == "up"


def test_silence_is_missed_once_and_a_beat_recovers(sandbox):
    sandbox.client.post(URL)
    sandbox.await_entry("heartbeat.missed")
    assert status(sandbox) == "down"
    sandbox.client.post(URL)
    sandbox.await_entry("heartbeat.recovered")
    assert len(sandbox.journal.entries(effect="heartbeat.missed")) == 1


def test_a_reported_failure_needs_no_silence(sandbox):
    sandbox.client.post(f"{URL}/fail")
    assert [entry.effect for entry in sandbox.journal.entries()] == ["heartbeat.missed"]


@pytest.mark.parametrize("path", ["/betterstack/api/v1/heartbeat/wrong", "/betterstack/api/v1/heartbeat/wrong/fail"])
def test_an_unknown_heart_is_not_there(sandbox, path):
    assert sandbox.client.post(path).status_code == 404
    assert sandbox.journal.entries() == []


def test_a_lost_beat_is_no_beat(sandbox):
    sandbox.faults.arm("500", part="betterstack")
    assert sandbox.client.post(URL).status_code == 500
    assert status(sandbox) == "pending"
