"""Reading JSON by tolerant eyes: only what is asked for must be there, and be of its type."""

import json
from datetime import UTC, datetime
from typing import Final

_UNTEXT: Final = {0: "\ufffd", **dict.fromkeys(range(0xD800, 0xE000), "\ufffd")}
_LARGEST_NUMBER: Final = 2**63 - 1
_MISSING: Final = object()


class Unexpected(Exception):
    """JSON that lacks a field we use, or holds another type there; the words name the field, never its content."""


class Fields:
    """A JSON object, read by paths of keys; `where` is the path to it, for the words of Unexpected."""

    def __init__(self, content: object, where: str = "the whole") -> None:
        if not isinstance(content, dict):
            raise Unexpected(f"{where} is not an object")
        self._content: dict[str, object] = content
        self._where = where

    @classmethod
    def parse(cls, body: bytes) -> "Fields":
        """The object in a JSON text; raises Unexpected for anything else."""
        return cls(parse_json(body))

    def text(self, *path: str, default: str | None = None) -> str:
        """A text, free of what a database cannot store; `default` also stands for null."""
        found = self._find(path)
        if isinstance(found, str):
            return found.translate(_UNTEXT)
        if default is not None and (found is None or found is _MISSING):
            return default
        raise self._unexpected(path, "a text")

    def optional_text(self, *path: str) -> str | None:
        """A text, or None where it is null, missing or empty."""
        return self.text(*path, default="") or None

    def number(self, *path: str, default: int | None = None) -> int:
        """A whole number of at most 64 bits."""
        found = self._find(path)
        if isinstance(found, int) and not isinstance(found, bool) and abs(found) <= _LARGEST_NUMBER:
            return found
        if default is not None and (found is None or found is _MISSING):
            return default
        raise self._unexpected(path, "a whole number")

    def flag(self, *path: str, default: bool = False) -> bool:
        """Yes or no; null and missing are the default."""
        found = self.optional_flag(*path)
        return default if found is None else found

    def optional_flag(self, *path: str) -> bool | None:
        """Yes, no, or None where it is null or missing."""
        found = self._find(path)
        if isinstance(found, bool):
            return found
        if found is None or found is _MISSING:
            return None
        raise self._unexpected(path, "true or false")

    def moment(self, *path: str) -> datetime:
        """An RFC 3339 time, in UTC."""
        try:
            return read_moment(self.text(*path))
        except ValueError:
            raise self._unexpected(path, "a time") from None

    def optional_moment(self, *path: str) -> datetime | None:
        """An RFC 3339 time in UTC, or None where it is null, missing or empty."""
        return self.moment(*path) if self.optional_text(*path) else None

    def items(self, *path: str) -> list[object]:
        """A list as it is; missing or null is empty."""
        found = self._find(path)
        if found is None or found is _MISSING:
            return []
        if not isinstance(found, list):
            raise self._unexpected(path, "a list")
        return found

    def each(self, *path: str) -> list["Fields"]:
        """The objects of a list; a missing or null list is empty."""
        where = self._name(path)
        return [Fields(item, f"{where}[{place}]") for place, item in enumerate(self.items(*path))]

    def inside(self, *path: str) -> "Fields":
        """The object at a path."""
        return Fields(self._find(path), self._name(path))

    def each_by_name(self, *path: str) -> dict[str, "Fields"]:
        """The objects within an object, by their names; missing or null is empty."""
        if not self.has(*path):
            return {}
        found = self._find(path)
        if not isinstance(found, dict):
            raise self._unexpected(path, "an object of objects")
        return {str(name): Fields(value, f"{self._name(path)}.{name}") for name, value in found.items()}

    def texts(self, *path: str) -> tuple[str, ...]:
        """The texts of a list; a missing or null list is empty."""
        found = self.items(*path)
        if not all(isinstance(item, str) for item in found):
            raise self._unexpected(path, "a list of texts")
        return tuple(str(item).translate(_UNTEXT) for item in found)

    def texts_by_name(self, *path: str) -> dict[str, str]:
        """An object whose values are texts; missing or null is empty."""
        found = self._find(path)
        if found is None or found is _MISSING:
            return {}
        if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
            raise self._unexpected(path, "an object of texts")
        return {str(name).translate(_UNTEXT): value.translate(_UNTEXT) for name, value in found.items()}

    def has(self, *path: str) -> bool:
        """Whether the field is there and not null."""
        return self._find(path) not in (None, _MISSING)

    def _find(self, path: tuple[str, ...]) -> object:
        found: object = self._content
        for key in path:
            if not isinstance(found, dict):
                return _MISSING
            found = found.get(key, _MISSING)
        return found

    def _name(self, path: tuple[str, ...]) -> str:
        above = () if self._where == "the whole" else (self._where,)
        return ".".join((*above, *path))

    def _unexpected(self, path: tuple[str, ...], kind: str) -> Unexpected:
        return Unexpected(f"{self._name(path)} is not {kind}")


def parse_json(body: bytes) -> object:
    """The value in a UTF-8 JSON text, without NaN and Infinity; raises Unexpected for anything else."""
    try:
        value: object = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise Unexpected("it is not JSON") from None
    return value


def read_moment(text: str) -> datetime:
    """An RFC 3339 time, in UTC; raises ValueError for anything else, a time without its offset included."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without its offset")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time outside the calendar") from None


def _refuse_constant(name: str) -> object:
    raise ValueError(name)
