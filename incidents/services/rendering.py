"""The public page as files: written whenever it changes, so that it is served while the database is away."""

import os
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.template.loader import render_to_string

from incidents.queries.public import public_page

PAGE, FEED = "page.html", "feed.atom"
ONE_AT_A_TIME: Final = 7_102_026
"""The key of the database's advisory lock: an older rendering never replaces a newer one."""


def render_public_page(now: datetime) -> Mapping[str, bytes]:
    """Each file of the public page with its bytes; the same rows give the same bytes."""
    page = {"page": public_page(now), "public_url": settings.PUBLIC_URL}
    return {
        PAGE: render_to_string("status/page.html", page).encode(),
        FEED: render_to_string("status/feed.xml", page).encode(),
    }


@transaction.atomic
def write_public_page(*, now: datetime) -> None:
    """Bring the files up to what is posted; each is replaced whole, and left alone where nothing changed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
    for name, content in render_public_page(now).items():
        if kept_file(name) != content:
            _replace(Path(settings.STATUS_FOLDER) / name, content)


def kept_file(name: str) -> bytes | None:
    """A file as it was last written; None where it never was."""
    try:
        return (Path(settings.STATUS_FOLDER) / name).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _replace(path: Path, content: bytes) -> None:
    """Write beside it, then rename: a reader sees the old file or the new one, never a half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).chmod(0o644)
        Path(draft).replace(path)
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise
