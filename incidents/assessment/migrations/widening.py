"""From one column type to another: does everything that the old code writes and reads still fit?"""

from enum import Enum, auto
from typing import Final

from incidents.assessment.migrations.operations import UNREAD, ColumnType


class Step(Enum):
    """What a change of a column's type means to code that knows the old one."""

    SAME = auto()
    WIDER = auto()
    WIDER_VALUES = auto()
    """Wider, and a value of new code may not fit the old code's variable (int → bigint)."""
    MORE_VALUES = auto()
    """An enum that is written as a list, with one or more added."""
    OTHER = auto()


_LADDERS: Final = (
    (("tinyint", "smallint", "mediumint", "integer", "bigint"), Step.WIDER_VALUES),
    (("real", "double"), Step.WIDER),
    (("tinytext", "text", "mediumtext", "longtext"), Step.WIDER),
    (("tinyblob", "blob", "mediumblob", "longblob"), Step.WIDER),
    (("smallserial", "serial", "bigserial"), Step.WIDER_VALUES),
)
_SERIALS: Final = {"smallserial": "smallint", "serial": "integer", "bigserial": "bigint"}
_LONG: Final = {"text", "varchar", "mediumtext", "longtext"}
_PRECISE: Final = {"time", "timetz", "timestamp", "timestamptz", "datetime", "interval", "varbit"}
_FULL: Final = {"time": (6,), "timetz": (6,), "timestamp": (6,), "timestamptz": (6,), "interval": (6,)}
"""PostgreSQL's precision where none is written."""


def step_between(was: ColumnType, now: ColumnType) -> Step:
    """OTHER where anything is unknown."""
    was, now = _plain(was), _plain(now)
    if UNREAD in (was, now) or was.array != now.array:
        return Step.OTHER
    if was == now:
        return Step.SAME
    if was.array and was.name != now.name and not {was.name, now.name} <= _LONG:
        return Step.OTHER
    if was.name == now.name:
        return _longer(was, now)
    if was.name.startswith("enum(") and now.name.startswith("enum("):
        return Step.MORE_VALUES if _values(was.name) <= _values(now.name) else Step.OTHER
    return Step.WIDER if _is_unbound(was, now) else _climb(was.name, now.name)


def _is_unbound(was: ColumnType, now: ColumnType) -> bool:
    """From a text that has a length to one that has none, or between the two that have none."""
    if was.name == "varchar":
        return now.name in _LONG
    return was.name == "text" and now == ColumnType("varchar", (), now.array)


def _values(enum: str) -> set[str]:
    return set(enum[5:-1].split(","))


def _plain(type_: ColumnType) -> ColumnType:
    return ColumnType(_SERIALS.get(type_.name, type_.name), type_.arguments, type_.array)


def _longer(was: ColumnType, now: ColumnType) -> Step:
    if was.name in ("numeric", "decimal"):
        return _more_precise(was.arguments, now.arguments)
    if was.name in ("varchar", "varbinary"):
        return _at_least(was.arguments, now.arguments)
    if was.name in _PRECISE:
        return _at_least(was.arguments or _FULL.get(was.name, ()), now.arguments)
    return Step.SAME if was.name in _INDIFFERENT else Step.OTHER


_INDIFFERENT: Final = {"tinyint", "smallint", "mediumint", "integer", "bigint"}
"""MySQL's int(11) and int are one."""


def _at_least(was: tuple[int, ...], now: tuple[int, ...]) -> Step:
    return Step.WIDER if not now or (was and now[0] >= was[0]) else Step.OTHER


def _more_precise(was: tuple[int, ...], now: tuple[int, ...]) -> Step:
    """As many digits before the point, and as many behind it."""
    if not now:
        return Step.WIDER
    if not was:
        return Step.OTHER
    (whole, part), (new_whole, new_part) = _digits(was), _digits(now)
    return Step.WIDER if new_whole >= whole and new_part >= part else Step.OTHER


def _digits(arguments: tuple[int, ...]) -> tuple[int, int]:
    scale = arguments[1] if len(arguments) > 1 else 0
    return arguments[0] - scale, scale


def _climb(was: str, now: str) -> Step:
    if was.endswith(" unsigned") and now.endswith(" unsigned"):
        was, now = was.removesuffix(" unsigned"), now.removesuffix(" unsigned")
    for ladder, step in _LADDERS:
        if was in ladder and now in ladder:
            return step if ladder.index(now) > ladder.index(was) else Step.OTHER
    return Step.OTHER
