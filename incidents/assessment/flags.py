"""Is a change behind a feature flag (S2; assessment.md §4)? A flag never undoes a migration."""

import ast
import enum
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from incidents.assessment.changed_lines import ChangedFile, Hunk, Line, Side, is_prose, is_test
from incidents.assessment.migrations.python_values import last_name
from incidents.assessment.python_source import Unparsable, parse


class FlagVerdict(enum.StrEnum):
    NONE = "none"
    MENTIONS = "mentions"
    """A flag is asked somewhere in the change: turning it off may help."""
    GUARDED = "guarded"
    """Every changed line outside of tests runs under one flag."""


@dataclass(frozen=True, slots=True)
class FlagMention:
    key: str
    path: str
    line: int
    side: Side


@dataclass(frozen=True, slots=True)
class Flags:
    """`key` is the one that guards the change, "" where none does."""

    verdict: FlagVerdict
    key: str
    mentions: tuple[FlagMention, ...]


_MOST: Final = 200
_KEY = r"[\"'`]([A-Za-z0-9][\w.:/-]{0,120})[\"'`]"
_CALLS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\bget_(?:boolean|string|number|integer|float|object)_(?:value|details)(?:_async)?\(\s*(?:flag_key\s*=\s*)?{_KEY}",
        rf"\bget(?:Boolean|String|Number|Integer|Double|Float|Object)(?:Value|Details)\(\s*{_KEY}",
        rf"\b(?:Boolean|String|Int|Float|Object)Value\(\s*[\w.()]+\s*,\s*{_KEY}",
        rf"\.(?:\w+_)?variation(?:_detail)?\(\s*{_KEY}",
        rf"\.\w*[vV]ariation(?:Detail)?\(\s*{_KEY}",
        rf"\b(?:is_enabled|isEnabled|IsEnabled|enabled\?)\(\s*{_KEY}",
        rf"\bflag_is_active\(\s*[\w.]+\s*,\s*{_KEY}",
        rf"\b(?:switch|sample)_is_active\(\s*{_KEY}",
        r"\{%-?\s*(?:flag|switch|sample)\s+[\"']?([\w.:/-]+)[\"']?",
        r"\bFlipper(?:\.enabled\?\(?\s*|\[)[:\"']([\w.:/-]+)",
        rf"\b(?:is_)?feature_enabled\(\s*{_KEY}",
        rf"\bisFeatureEnabled\(\s*{_KEY}",
    )
)
_FIRST: Final = re.compile(
    r"get_(?:boolean|string|number|integer|float|object)_(?:value|details)(?:_async)?|(?:\w+_)?variation(?:_detail)?"
    r"|is_enabled|switch_is_active|sample_is_active|(?:is_)?feature_enabled"
)
_SECOND: Final = ("flag_is_active",)


def flags_of(files: Iterable[ChangedFile], *, wrappers: Sequence[str] = ()) -> Flags:
    """`wrappers` are the service's own functions that ask a flag by its key."""
    real = [file for file in files if not is_test(file.path) and not is_prose(file.path)]
    patterns = (*_CALLS, *_wrapped(wrappers))
    mentions = list(dict.fromkeys(mention for file in real for mention in _mentions(file, patterns)))
    key = _guard(real, frozenset(wrappers)) if real else ""
    verdict = FlagVerdict.GUARDED if key else FlagVerdict.MENTIONS if mentions else FlagVerdict.NONE
    return Flags(verdict, key, tuple(mentions[:_MOST]))


def _wrapped(wrappers: Sequence[str]) -> Iterator[re.Pattern[str]]:
    for name in filter(None, wrappers):
        yield re.compile(rf"(?<!\w){re.escape(name)}\(\s*(?:[\w.]+\s*,\s*)?[:\"'`]([A-Za-z0-9][\w.:/-]{{0,120}})")


def _mentions(file: ChangedFile, patterns: Sequence[re.Pattern[str]]) -> Iterator[FlagMention]:
    """A call may go over several lines of a hunk."""
    for hunk in file.hunks:
        for lines in (hunk.removed, hunk.added):
            text = "\n".join(line.text for line in lines)
            for pattern in patterns:
                for found in pattern.finditer(text):
                    line = lines[text.count("\n", 0, found.start())]
                    yield FlagMention(found[1], file.path, line.number, line.side)


# Guarded, for Python


@dataclass(slots=True)
class _Branches:
    """Lines of one file by the key under which they run. `asking` only ask for it, `bringing` import what asks."""

    wrappers: frozenset[str]
    bringing: set[int] = field(default_factory=set)
    on: dict[str, set[int]] = field(default_factory=dict)
    off: dict[str, set[int]] = field(default_factory=dict)
    asking: dict[str, set[int]] = field(default_factory=dict)


def _guard(files: Sequence[ChangedFile], wrappers: frozenset[str]) -> str:
    """The one key under which everything runs that the change brought, "" where there is none."""
    keys: set[str] | None = None
    for file in files:
        found = _keys_of(file, wrappers)
        keys = found if keys is None else keys & found
        if not keys:
            return ""
    return min(keys or {""})


def _keys_of(file: ChangedFile, wrappers: frozenset[str]) -> set[str]:
    if not file.path.endswith(".py") or file.new is None or file.created or not file.hunks:
        return set()
    try:
        module = parse(file.new)
    except Unparsable:
        return set()
    if module is None:
        return set()
    branches = _Branches(wrappers)
    _follow(module.body, branches, {})
    return {key for key in branches.on if all(_hunk_runs_under(hunk, branches, key) for hunk in file.hunks)}


def _hunk_runs_under(hunk: Hunk, branches: _Branches, key: str) -> bool:
    """New lines under the flag, or asking for it; old lines still there, at most moved under its other side."""
    on, asking = branches.on[key], branches.asking.get(key, set()) | branches.bringing
    off = branches.off.get(key, set())
    kept = [line.text.strip() for line in hunk.added if line.number in off]
    old = [line.text.strip() for line in hunk.removed if _says_something(line)]
    placed = all(
        line.number in on or line.number in asking or (line.number in off and line.text.strip() in old)
        for line in hunk.added
        if _says_something(line)
    )
    return placed and all(text in kept for text in old) and bool(hunk.added)


def _says_something(line: Line) -> bool:
    text = line.text.strip()
    return bool(text) and not text.startswith("#") and text not in ("else:", ")", "]", "}")


def _follow(body: Sequence[ast.stmt], branches: _Branches, named: dict[str, str]) -> None:
    """`named` are variables that hold a flag's answer."""
    for place, statement in enumerate(body):
        _note_imports(statement, branches)
        if isinstance(statement, ast.Assign) and (key := _asked(statement.value, branches.wrappers, named)):
            named = {**named, **{each.id: key for each in statement.targets if isinstance(each, ast.Name)}}
            _add(branches.asking, key, [statement])
        if isinstance(statement, ast.If):
            _note_branch(statement, body[place + 1 :], branches, named)
        for inner in (getattr(statement, name, []) for name in ("body", "orelse", "finalbody")):
            _follow(inner, branches, dict(named))
        for handler in getattr(statement, "handlers", []):
            _follow(handler.body, branches, dict(named))


def _note_branch(statement: ast.If, after: Sequence[ast.stmt], branches: _Branches, named: dict[str, str]) -> None:
    test = statement.test
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        if key := _asked(test.operand, branches.wrappers, named):
            _note_sides(branches, key, statement, on=statement.orelse, off=statement.body)
            if isinstance(statement.body[-1], ast.Return | ast.Raise | ast.Continue):
                _add(branches.on, key, after)
    elif key := _asked(test, branches.wrappers, named):
        _note_sides(branches, key, statement, on=statement.body, off=statement.orelse)


def _note_sides(
    branches: _Branches, key: str, statement: ast.If, *, on: Sequence[ast.stmt], off: Sequence[ast.stmt]
) -> None:
    _add(branches.on, key, on)
    _add(branches.off, key, off)
    last = statement.test.end_lineno or statement.lineno
    branches.asking.setdefault(key, set()).update(range(statement.lineno, last + 1))


def _note_imports(statement: ast.stmt, branches: _Branches) -> None:
    """An import of nothing but what asks flags."""
    if isinstance(statement, ast.ImportFrom):
        asks = (*_SECOND, *branches.wrappers)
        if all(_FIRST.fullmatch(alias.name) or alias.name in asks for alias in statement.names):
            branches.bringing.update(_lines_of(statement))


def _add(lines: dict[str, set[int]], key: str, statements: Iterable[ast.stmt]) -> None:
    found = lines.setdefault(key, set())
    for statement in statements:
        found.update(_lines_of(statement))


def _lines_of(statement: ast.stmt) -> range:
    return range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)


def _asked(test: ast.expr, wrappers: frozenset[str], named: dict[str, str]) -> str:
    """The key that must be on for the test to hold."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return next(filter(None, (_asked(value, wrappers, named) for value in test.values)), "")
    if isinstance(test, ast.Name):
        return named.get(test.id, "")
    return _called_key(test, wrappers) if isinstance(test, ast.Call) else ""


def _called_key(call: ast.Call, wrappers: frozenset[str]) -> str:
    name = last_name(call.func)
    if name in _SECOND:
        return _literal(call.args[1:2])
    if name in wrappers:
        return _literal(call.args[:1]) or _literal(call.args[1:2])
    return _literal(call.args[:1]) if _FIRST.fullmatch(name) else ""


def _literal(arguments: Sequence[ast.expr]) -> str:
    first = arguments[0] if arguments else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
