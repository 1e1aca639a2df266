"""Judges one migration's file, with a folder of earlier ones where there is one: what `manage.py assess-file` answers."""

import os
import stat
from collections.abc import Iterator
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, Final

from incidents.assessment.migrations.findings import Verdict, unreadable
from incidents.assessment.migrations.frameworks import FRAMEWORKS, Framework, earlier_than
from incidents.assessment.migrations.histories import read_earlier, start
from incidents.assessment.migrations.judging import Judgement, MigrationFile, judge
from incidents.assessment.migrations.operations import Unreadable

LARGEST: Final = 1024 * 1024
"""Bytes of one migration."""
_MOST_EARLIER: Final = 5_000


def assess_file(framework: str, path: str, earlier: str = "") -> dict[str, Any]:
    """The verdict and its findings, as JSON has them. Never raises: what cannot be read is H, and says why."""
    try:
        judgement = _judge(framework, path, earlier)
    except (Unreadable, OSError, RecursionError, MemoryError, ValueError, ImportError) as refusal:
        return unjudged(path, str(refusal) or type(refusal).__name__)
    return {"verdict": judgement.verdict, "findings": [asdict(found) for found in judgement.findings]}


def unjudged(path: str, why: str) -> dict[str, Any]:
    """H, because of this."""
    return {"verdict": Verdict.H, "findings": [asdict(unreadable(path, why))]}


def _judge(name: str, path: str, earlier: str) -> Judgement:
    framework = FRAMEWORKS.get(name)
    if framework is None:
        raise Unreadable(f"No framework is called {name}: {', '.join(FRAMEWORKS)} are.")
    text = read_text(Path(path))
    files = {**_placed(framework, path, Path(earlier)), path: text} if earlier else {}
    read = start(framework, files)
    before = [read_earlier(framework, read, found, files[found]) for found in earlier_than(framework, path, files)]
    known = bool(before) or any(found != path for found in files)
    return judge([MigrationFile(path, tuple(read(text, path=path)))], earlier=before, from_the_first=known)


def _placed(framework: Framework, path: str, folder: Path) -> dict[str, str]:
    """The earlier files. A flat copy of an app's migrations stands where the assessed file stands: the app is the same."""
    found = _folder(framework, folder)
    if not framework.remembers:
        return found
    beside = Path(path).parent
    return {
        str(beside / Path(name).name) if Path(name).parent == folder else name: text for name, text in found.items()
    }


def _folder(framework: Framework, folder: Path) -> dict[str, str]:
    """By path, the migrations within; what is too large or no text is left out of sight, not out of mind."""
    found: dict[str, str] = {}
    for path in sorted(_walk(folder)):
        if framework.is_migration(PurePosixPath(path)) and len(found) < _MOST_EARLIER:
            try:
                found[str(path)] = _cached(str(path), path.stat().st_mtime_ns)
            except (Unreadable, OSError):
                found[str(path)] = ""
    return found


def _walk(folder: Path) -> Iterator[Path]:
    for root, _, names in os.walk(folder):
        yield from (Path(root, name) for name in names if not Path(root, name).is_symlink())


@lru_cache(maxsize=20_000)
def _cached(path: str, changed: int) -> str:  # part of what is cached for
    return read_text(Path(path))


def read_text(path: Path) -> str:
    """Of a regular file. Unreadable where it is too large, or no text."""
    opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(opened, "rb") as file:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise Unreadable("It is no regular file.")
        content = file.read(LARGEST + 1)
    return decoded(content)


def decoded(content: bytes) -> str:
    """A migration's text. Unreadable where it is too large, or no text."""
    if len(content) > LARGEST:
        raise Unreadable("It is larger than a mebibyte.")
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as refusal:
        raise Unreadable("It is no text in UTF-8.") from refusal
    if "\0" in text:
        raise Unreadable("It holds a NUL.")
    return text.replace("\r\n", "\n")
