"""Reads the migrations of one history: a framework's front end, started for it, and what it read before kept."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from incidents.assessment.migrations.frameworks import FRAMEWORKS, Framework
from incidents.assessment.migrations.judging import MigrationFile
from incidents.assessment.migrations.operations import FrontEnd, Kind, Learner, Op, Unreadable

_MOST_KEPT: Final = 10_000
"""Earlier migrations, each as it was read."""


def start(framework: Framework, files: Mapping[str, str]) -> FrontEnd:
    """A front end for the history of these files, by path."""
    front_end = framework.start()
    if isinstance(front_end, Learner):
        front_end.learn(files)
    return front_end


def read_earlier(framework: Framework, front_end: FrontEnd, path: str, text: str) -> MigrationFile:
    """One that ran before: it is the same for every change after it, unless the front end remembers what came before."""
    ops = read_or_ask(front_end, path, text) if framework.remembers else _read_once(framework.name, path, text)
    return MigrationFile(path, ops)


@lru_cache(maxsize=_MOST_KEPT)
def _read_once(framework: str, path: str, text: str) -> tuple[Op, ...]:
    return read_or_ask(FRAMEWORKS[framework].start(), path, text)


def read_or_ask(front_end: FrontEnd, path: str, text: str) -> tuple[Op, ...]:
    """What cannot be read is one question, and may have made anything that it names."""
    try:
        return tuple(front_end(text, path=path))
    except (Unreadable, RecursionError) as refusal:
        why = str(refusal) if isinstance(refusal, Unreadable) else "It is nested too deeply to be read."
        return (Op(kind=Kind.UNKNOWN, line=1, path=path, body=text, why=why),)
