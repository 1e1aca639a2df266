"""Flags, front door and pager of the sandbox: what they promise, and what they do not."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sandbox import secrets
from sandbox.better_stack import BetterStackPart
from sandbox.flags import FlagsPart
from sandbox.haproxy import HAProxyPart
from sandbox.runtime_socket import socket_of
from sandbox.shop.front_door import FrontDoor
from sandbox.shop.instances import Instance
from sandbox.shop.traffic import Traffic
from sandbox.testing import Sandbox, running_sandbox
from tests.sandbox.runtime import ask

FLAG = "/unleash/api/admin/projects/default/features/loyalty-points/environments/production"
INCIDENTS = "/betterstack/api/v3/incidents"
ADMIN = {"Authorization": secrets.UNLEASH_TOKEN}
PAGER = {"Authorization": f"Bearer {secrets.BETTER_STACK_TOKEN}"}


class Shop:
    """Two instances that are up, without a process each."""

    name = "shop"

    def __init__(self) -> None:
        self.instances = [Up(name) for name in ("eu-1", "eu-2")]

    def routes(self, world):
        return []

    async def start(self, world): ...

    async def stop(self, world): ...

    def state(self):
        return {}


class Up(Instance):
    """An instance that is up."""

    def __init__(self, name: str) -> None:
        super().__init__(name, Path(), httpx.AsyncClient())

    @property
    def up(self) -> bool:
        return True


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    parts = [Shop(), FlagsPart(), HAProxyPart(), BetterStackPart()]
    with running_sandbox(tmp_path, parts=parts) as running:
        yield running


def command(sandbox: Sandbox, line: str) -> str:
    return ask(socket_of(sandbox.world.state_folder), line)


def open_page(sandbox: Sandbox, key: str = "k1") -> dict:
    body = {"requester_email": "oncall@acme.example", "summary": "500", "metadata": {"rollback_console_id": key}}
    return sandbox.client.post(INCIDENTS, json=body, headers=PAGER).raise_for_status().json()["data"]


# ── flags ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_flag_turned_off_reads_off_and_a_repeat_changes_nothing(sandbox):
    for _ in range(2):
        answer = sandbox.client.post(f"{FLAG}/off", headers=ADMIN)
        assert (answer.status_code, answer.content) == (200, b"")
    assert sandbox.client.get(FLAG, headers=ADMIN).json()["enabled"] is False
    assert len(sandbox.journal.entries(effect="flag.turned_off", key="loyalty-points")) == 1


def test_programs_are_told_once_and_then_only_of_changes(sandbox):
    address, headers = "/unleash/api/client/features", {"Authorization": secrets.UNLEASH_CLIENT_TOKEN}
    first = sandbox.client.get(address, headers=headers)
    seen = {**headers, "If-None-Match": first.headers["etag"]}
    assert sandbox.client.get(address, headers=seen).status_code == 304
    sandbox.client.post(f"{FLAG}/off", headers=ADMIN)
    told = {each["name"]: each["enabled"] for each in sandbox.client.get(address, headers=seen).json()["features"]}
    assert told == {"loyalty-points": False, "gift-wrapping": True}


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (FLAG, {}, 401),
        (FLAG, {"Authorization": f"Bearer {secrets.UNLEASH_TOKEN}"}, 401),
        (FLAG, {"Authorization": secrets.UNLEASH_CLIENT_TOKEN}, 401),
        (FLAG.replace("loyalty-points", "unknown"), ADMIN, 404),
        (FLAG.replace("production", "staging"), ADMIN, 404),
    ],
)
def test_a_flag_is_kept_from_strangers_and_from_wrong_names(sandbox, path, headers, status):
    assert sandbox.client.get(path, headers=headers).status_code == status
    assert sandbox.client.post(f"{path}/off", headers=headers).status_code == status
    assert sandbox.journal.entries(part="unleash") == []


# ── the front door ───────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_drain_is_an_empty_line_and_shows_in_both_tables(sandbox):
    assert command(sandbox, "set server shop/eu-1 state drain") == "\n"
    assert "shop,eu-1,0,0,0,0,DRAIN," in command(sandbox, "show stat")
    assert "eu-1 127.0.0.1 2 8 1 1" in command(sandbox, "show servers state")
    assert command(sandbox, "set server shop/eu-1 state drain") == "\n"
    assert len(sandbox.journal.entries(effect="server.drained", key="eu-1")) == 1
    assert command(sandbox, "set server shop/eu-1 state ready") == "\n"
    assert [entry.effect for entry in sandbox.journal.entries(part="haproxy")] == ["server.drained", "server.put_back"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("set server shop/eu-9 state drain", "No such server."),
        ("set server nope/eu-1 state drain", "No such backend."),
        ("set server shop/eu-1 state asleep", "expects 'ready', 'drain' and 'maint'"),
        ("show servers state nope", "Can't find backend."),
        ("bogus", "Unknown command"),
    ],
)
def test_any_text_is_a_refusal_as_the_real_one_words_it(sandbox, line, words):
    assert words in command(sandbox, line)
    assert sandbox.journal.entries(part="haproxy") == []


def test_a_drained_instance_gets_nothing_new_and_keeps_what_it_has(sandbox):
    first, second = sandbox.world.parts["shop"].instances
    door = FrontDoor([first, second], Traffic(), httpx.AsyncClient())
    first.in_flight = 1
    command(sandbox, "set server shop/eu-1 state drain")
    assert {door._next_in_turn() for _ in range(6)} == {second}
    assert "shop,eu-1,0,0,1,0,DRAIN," in command(sandbox, "show stat")
    command(sandbox, "set server shop/eu-1 state ready")
    assert {door._next_in_turn() for _ in range(6)} == {first, second}


@pytest.mark.parametrize(("kind", "drained"), [("drop_after", 1), ("drop_before", 0)])
def test_a_fault_loses_the_answer_or_the_command(sandbox, kind, drained):
    sandbox.faults.arm(kind, part="haproxy", method="SET")
    assert command(sandbox, "set server shop/eu-1 state drain") == ""
    assert len(sandbox.journal.entries(effect="server.drained")) == drained


def test_a_long_folder_has_its_socket_elsewhere(tmp_path):
    assert len(str(socket_of(tmp_path / ("x" * 120)))) < 108
    assert socket_of(Path("/s")) == Path("/s/haproxy.sock")


# ── the pager ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_page_is_found_by_its_metadata_and_two_are_two(sandbox):
    ids = [open_page(sandbox)["id"] for _ in range(2)]
    open_page(sandbox, "other")
    found = sandbox.client.get(INCIDENTS, params={"metadata[rollback_console_id]": "k1"}, headers=PAGER).json()["data"]
    assert [each["id"] for each in found] == ids[::-1]
    assert sandbox.journal.duplicates() == {("page.opened", "k1"): 2}


def test_pages_of_the_list_hold_ten_and_fifty_at_most(sandbox):
    for number in range(52):
        open_page(sandbox, f"k{number}")
    sizes = [
        len(sandbox.client.get(INCIDENTS, params=params, headers=PAGER).json()["data"])
        for params in ({}, {"per_page": 100}, {"per_page": 50, "page": 2})
    ]
    assert sizes == [10, 50, 2]
    assert sandbox.client.get(INCIDENTS, headers=PAGER).json()["pagination"]["next"]
    assert sandbox.client.get(INCIDENTS, params={"from": "2999-01-01"}, headers=PAGER).json()["data"] == []


@pytest.mark.parametrize(("word", "done"), [("acknowledge", "acknowledged"), ("resolve", "resolved")])
def test_a_page_is_acknowledged_and_resolved_once(sandbox, word, done):
    number = open_page(sandbox)["id"]
    address = f"{INCIDENTS}/{number}/{word}"
    assert sandbox.client.post(address, json={f"{done}_by": "oncall"}, headers=PAGER).status_code == 200
    assert sandbox.client.post(address, headers=PAGER).status_code == 409
    shown = sandbox.client.get(f"{INCIDENTS}/{number}", headers=PAGER).json()["data"]["attributes"]
    assert (shown[f"{done}_by"], shown["status"]) == ("oncall", done.capitalize())


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
def test_a_stranger_pages_nobody(sandbox, headers):
    assert sandbox.client.post(INCIDENTS, json={}, headers=headers).status_code == 401
    assert sandbox.client.get(INCIDENTS, headers=headers).status_code == 401


def test_a_page_needs_a_summary_and_somebody_who_asks(sandbox):
    assert sandbox.client.post(INCIDENTS, json={"summary": "x"}, headers=PAGER).status_code == 422
    assert sandbox.journal.entries(effect="page.opened") == []


def test_what_was_set_outlives_a_restart(tmp_path):
    for wanted in (True, False):
        with running_sandbox(tmp_path, parts=[Shop(), FlagsPart(), HAProxyPart(), BetterStackPart()]) as running:
            if wanted:
                running.client.post(f"{FLAG}/off", headers=ADMIN)
                command(running, "set server shop/eu-1 state drain")
                open_page(running)
            assert running.client.get(FLAG, headers=ADMIN).json()["enabled"] is False
            assert "DRAIN" in command(running, "show stat")
            assert len(running.client.get(INCIDENTS, headers=PAGER).json()["data"]) == 1
