"""The drill's judgement and its figures; the drill itself is `make drill`."""

import io
import json
import math
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from sandbox.demo import Ports
from sandbox.drill.__main__ import main
from sandbox.drill.judge import miscounted
from sandbox.drill.report import Round, summary
from sandbox.drill.sight import Sight

BRANCH, MERGE = "revert/INC-2026-0001-p1-abc", "d" * 40


@pytest.fixture
def sight() -> Sight:
    """What the console's rows say after a drill that went well."""
    steps = [
        {"kind": "announce", "position": 0, "evidence": {}},
        {"kind": "push_revert", "position": 1, "evidence": {"branch": BRANCH}},
        {"kind": "review", "position": 3, "evidence": {"number": 18}},
        {"kind": "merge", "position": 4, "evidence": {"merge_sha": MERGE}},
    ]
    return Sight(steps=steps)


@pytest.fixture
def journal() -> list[dict[str, str]]:
    """And the outside world's word for it."""
    effects = [
        ("branch.pushed", f"{BRANCH}@abc"),
        ("pull_request.opened", BRANCH),
        ("pull_request.merged", "18"),
        ("run.started", MERGE),
        ("deployment.succeeded", MERGE),
        ("message.posted", "k1"),
    ]
    return [{"effect": effect, "key": key} for effect, key in effects]


def test_a_journal_with_every_effect_once_is_clean(journal, sight):
    assert miscounted(journal, sight) == []


@pytest.mark.parametrize("place", range(6))
def test_an_effect_that_is_missing_is_named(journal, sight, place):
    del journal[place]
    assert len(miscounted(journal, sight)) == 1


@pytest.mark.parametrize("place", range(6))
def test_an_effect_that_took_place_twice_is_named(journal, sight, place):
    journal.append(journal[place])
    [fault] = miscounted(journal, sight)
    assert "2 times" in fault


def shown(*rounds: Round) -> str:
    words = io.StringIO()
    summary(Console(file=words, width=120), rounds)
    return words.getvalue()


def row(table: str, name: str) -> list[str]:
    return next(line.split() for line in table.splitlines() if line.split()[:1] == [name])


def test_the_summary_has_the_smallest_the_middle_and_the_largest():
    table = shown(*(Round(pushed, 2 * pushed, 20 + pushed, 60 + pushed, ()) for pushed in (1.0, 3.0, 2.0)))
    assert "3 of 3 drills green" in table
    assert row(table, "min") == ["min", "1.00", "2.00", "21.0", "61.0"]
    assert row(table, "median") == ["median", "2.00", "4.00", "22.0", "62.0"]
    assert row(table, "max") == ["max", "3.00", "6.00", "23.0", "63.0"]


def test_a_drill_that_broke_off_is_shown_and_left_out_of_the_middle():
    table = shown(Round(1.0, 2.0, 21.0, 61.0, ()), Round.broken_off("It did not start."))
    assert "1 of 2 drills green" in table
    assert row(table, "✗") == ["✗", "2", "–", "–", "–", "–"]
    assert row(table, "max") == ["max", "1.00", "2.00", "21.0", "61.0"]


def test_figures_are_read_as_they_were_written(tmp_path: Path):
    Round(1.0, math.nan, 21.0, 61.0, ("The alert still fires.",)).write(tmp_path / "drill-1.json")
    read = Round.read(tmp_path / "drill-1.json")
    assert (read.pushed, read.recovered, read.faults) == (1.0, 21.0, ("The alert still fires.",))
    assert math.isnan(read.pull_request)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def test_drills_that_cannot_start_say_why_one_by_one_and_fail(tmp_path: Path, taken_port: int):
    assert taken_port in Ports(taken_port).taken()
    assert main(["--times", "2", "--port", str(taken_port), "--folder", str(tmp_path)]) == 1
    for number in (1, 2):
        [fault] = json.loads((tmp_path / f"drill-{number}.json").read_text())["faults"]
        assert f"Port {taken_port}" in fault
    assert not (tmp_path / "stage" / "postgres").exists()
