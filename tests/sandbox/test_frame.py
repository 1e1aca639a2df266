"""The frame: one journal, one fault switch, one reset, for every part."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.app import make_app
from sandbox.faults import Faults, UnknownFault
from sandbox.journal import Journal
from sandbox.testing import Sandbox, running_sandbox
from sandbox.world import World


class Counter:
    """A part that counts what it was asked to do."""

    name = "counter"

    def __init__(self) -> None:
        self.count = 0
        self.memory = None

    def routes(self, world: World) -> list[BaseRoute]:
        async def count(request: Request) -> Response:
            self.count += 1
            self.memory.write({"count": self.count})
            world.journal.record(self.name, "counted", key=str(self.count))
            return JSONResponse({"count": self.count})

        return [Route("/counter/up", count, methods=["POST"])]

    async def start(self, world: World) -> None:
        self.memory = world.memory(self.name)
        self.count = self.memory.read().get("count", 0)

    async def stop(self, world: World) -> None: ...

    def state(self) -> dict[str, object]:
        return {"count": self.count}


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path, parts=[Counter()]) as running:
        yield running


def up(sandbox, **headers):
    return sandbox.client.post("/counter/up", headers=headers, timeout=5)


def counted(sandbox):
    return sandbox.client.get("/control/state").json()["counter"]["count"]


@pytest.mark.parametrize(("kind", "status"), [("500", 500), ("502", 502), ("429", 429), ("primary_rate_limit", 403)])
def test_an_armed_answer_comes_instead_of_the_effect_and_only_once(sandbox, kind, status):
    sandbox.control("faults", part="counter", method="POST", path="/counter/*", kind=kind)
    assert [up(sandbox).status_code, up(sandbox).status_code] == [status, 200]
    assert counted(sandbox) == 1


@pytest.mark.parametrize(("kind", "effects"), [("drop_before", 0), ("drop_after", 1)])
def test_a_dropped_connection_has_no_answer_with_or_without_the_effect(sandbox, kind, effects):
    sandbox.control("faults", part="counter", kind=kind)
    with pytest.raises(httpx.RemoteProtocolError):
        up(sandbox)
    assert len(sandbox.journal.entries(effect="counted")) == effects


def test_a_slow_answer_comes_and_a_hanging_one_does_not(sandbox):
    sandbox.control("faults", kind="slow", seconds=0.2)
    assert up(sandbox).elapsed.total_seconds() >= 0.2
    sandbox.control("faults", kind="hang", seconds=30)
    with pytest.raises(httpx.ReadTimeout):
        sandbox.client.post("/counter/up", timeout=0.2)
    assert counted(sandbox) == 1


def test_a_header_asks_for_a_fault_of_this_request_alone(sandbox):
    assert up(sandbox, **{"X-Sandbox-Fault": "502"}).status_code == 502
    assert up(sandbox, **{"X-Sandbox-Fault": "shrug"}).status_code == 400
    assert up(sandbox).status_code == 200


@pytest.mark.parametrize("where", [{"part": "other"}, {"method": "GET"}, {"path": "/counter/down"}])
def test_a_fault_strikes_only_where_it_was_armed(sandbox, where):
    sandbox.control("faults", kind="500", **where)
    assert up(sandbox).status_code == 200
    assert len(sandbox.client.get("/control/faults").json()) == 1
    assert sandbox.client.delete("/control/faults").status_code == 204
    assert sandbox.client.get("/control/faults").json() == []


@pytest.mark.parametrize(
    "wrong", [{"kind": "shrug"}, {"kind": "500", "nonsense": 1}, {}, {"kind": "500", "times": "x"}]
)
def test_a_fault_that_does_not_exist_is_not_armed(sandbox, wrong):
    assert sandbox.client.post("/control/faults", json=wrong).status_code == 400
    assert sandbox.client.get("/control/faults").json() == []


def test_a_fault_strikes_as_often_as_armed():
    faults = Faults()
    faults.arm("500", times=2)
    assert [bool(faults.strike("any", "GET", "/any")) for _ in range(3)] == [True, True, False]
    with pytest.raises(UnknownFault, match="There is no fault 'shrug'"):
        faults.arm("shrug")


def test_faults_never_strike_the_control_of_the_sandbox(sandbox):
    sandbox.control("faults", kind="500", times=5)
    assert sandbox.client.get("/journal").status_code == 200
    assert sandbox.client.get("/control/state").status_code == 200


@pytest.mark.parametrize("content", [b"{", b"[]", b'"text"'])
def test_an_order_that_is_no_json_object_is_refused(sandbox, content):
    assert sandbox.client.post("/control/faults", content=content).status_code == 400


def test_the_journal_tells_what_came_after_a_number(sandbox):
    for _ in range(3):
        up(sandbox)
    told = sandbox.client.get("/journal", params={"since": 1, "part": "counter"}).json()
    assert [(entry["number"], entry["effect"], entry["key"]) for entry in told] == [
        (2, "counted", "2"),
        (3, "counted", "3"),
    ]
    assert sandbox.client.get("/journal", params={"since": "x"}).status_code == 400


def test_the_journal_shows_what_took_place_twice(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    for key in ("a", "b", "a", ""):
        journal.record("part", "done", key=key)
    assert journal.duplicates() == {("done", "a"): 2}


def test_a_torn_line_of_the_journal_is_passed_over_after_a_crash(tmp_path):
    file = tmp_path / "journal.jsonl"
    Journal(file).record("part", "done", key="a")
    with file.open("a") as lines:
        lines.write('{"number": 2, "at"')
    after = Journal(file)
    after.record("part", "done", key="b")
    assert [entry.key for entry in Journal(file).entries()] == ["a", "b"]


def test_the_world_survives_a_restart_and_not_a_reset(tmp_path):
    with running_sandbox(tmp_path, parts=[Counter()]) as first:
        up(first)
    with running_sandbox(tmp_path, parts=[Counter()]) as second:
        assert (counted(second), len(second.journal.entries())) == (1, 1)
        second.faults.arm("500")
        second.control("reset")
        assert (counted(second), second.journal.entries(), second.faults.armed()) == (0, [], [])
        assert up(second).json() == {"count": 1}


@pytest.mark.parametrize(("host", "status"), [("192.0.2.7", 403), ("127.0.0.1", 200), ("::1", 200), ("elsewhere", 403)])
def test_only_this_machine_controls_the_sandbox(tmp_path, host, status):
    transport = httpx.ASGITransport(make_app(World(tmp_path)), client=(host, 4711))

    async def statuses() -> list[int]:
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            return [(await client.get(path)).status_code for path in ("/control/state", "/journal")]

    assert asyncio.run(statuses()) == [status, 200]


def test_no_page_of_another_site_controls_the_sandbox(sandbox):
    foreign = sandbox.client.post("/control/reset", headers={"Sec-Fetch-Site": "cross-site"})
    own = sandbox.client.post("/control/reset", headers={"Sec-Fetch-Site": "same-origin"})
    assert (foreign.status_code, own.status_code) == (403, 200)
