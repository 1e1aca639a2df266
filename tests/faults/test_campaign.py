"""The short campaign: every class of fault once, in two lanes side by side, each on real processes of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.faults.campaign import KINDS, TITLE, Row
from tests.faults.processes import ROOT

LANES = 2
LANE_SECONDS = 2400
pytestmark = pytest.mark.timeout(LANES * LANE_SECONDS)


@contextmanager
def _lane(kinds: list[str], report: Path) -> Iterator[subprocess.Popen[str]]:
    """In a process of its own, since it has engines and settings of its own; ended, it stops what it started."""
    names = [part for kind in kinds for part in ("--kind", kind)]
    command = [sys.executable, "-m", "tests.faults.campaign", "--report", str(report), *names]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as lane:
        try:
            yield lane
        finally:
            lane.terminate()


def _asked_for(items: list[pytest.Item]) -> list[str]:
    """The classes whose tests were chosen: all of them, or what failed before."""
    chosen = {item.callspec.params["kind"] for item in items if "kind" in getattr(item, "fixturenames", ())}
    return [kind for kind in KINDS if kind in chosen]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> dict[str, Row]:
    """What each class came to; the table is printed whatever pytest does with output."""
    folder, kinds = tmp_path_factory.mktemp("campaign"), _asked_for(request.session.items)
    reports = [folder / f"lane-{number}.json" for number in range(LANES)]
    with ExitStack() as stack:
        lanes = [stack.enter_context(_lane(kinds[n::LANES], report)) for n, report in enumerate(reports)]
        said = [lane.communicate(timeout=LANE_SECONDS)[0] for lane in lanes]
    found = [Row(**row) for report in reports if report.exists() for row in json.loads(report.read_text())]
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print("", *(each for each, lane in zip(said, lanes, strict=True) if lane.returncode), sep="\n")
        print(TITLE, *sorted(found, key=lambda row: kinds.index(row.kind)), sep="\n")
    return {row.kind: row for row in found}


@pytest.mark.parametrize("kind", KINDS)
def test_no_effect_is_lost_or_repeated_and_every_row_is_settled(rows: dict[str, Row], kind: str) -> None:
    row = rows[kind]
    assert row.runs, "The campaign ended before this class of fault had its turn."
    assert row.faults, "Nothing was injected."
    assert not row.words
