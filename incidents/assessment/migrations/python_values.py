"""What a migration in Python says without being run: its names, its functions, and the values that its literals have.

Nothing is imported or executed. Depth, lengths and counts are bounded; what lies beyond is Unresolved.
"""

import ast
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import TypeVar

from incidents.assessment.migrations.operations import MOST_TEXT, Unreadable
from incidents.assessment.python_source import Unparsable, dotted, parse

MOST_SIGNS = 1 << 20
_MOST_DEPTH = 40
_MOST_STEPS = 200_000
_MOST_MODULES = 600
"""Kept read: an app's history is asked for its order, and then for its operations, and again at the next merge."""
_MOST_ITEMS = 2_000
_MOST_LINES = 8
_PLAIN_PERCENT = re.compile(r"%(?:\(\w+\))?[sdr%]")
_PLAIN_BRACES = re.compile(r"\{\w*\}")
_UNCHANGING = {"strip", "lstrip", "rstrip", "lower", "upper", "replace", "split", "splitlines", "title", "capitalize"}
_LISTING = {"items", "keys", "values"}
_WRAPPERS: dict[str, Callable[..., object]] = {
    "list": list,
    "tuple": tuple,
    "sorted": sorted,
    "set": set,
    "frozenset": frozenset,
    "str": str,
    "textwrap.dedent": textwrap.dedent,
    "inspect.cleandoc": textwrap.dedent,
}
_EMPTY: dict[str, Callable[[], object]] = {
    "set": set,
    "frozenset": frozenset,
    "list": list,
    "dict": dict,
    "tuple": tuple,
}
_TRANSPARENT = {"text", "DDL", "SQL", "quoted_name", "gettext_lazy", "gettext", "mark_safe"}


_Node = TypeVar("_Node", bound=ast.AST | None)


class Unresolved(Exception):
    """Only running the code would tell this value."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """Something imported, by its full dotted name; its value lies outside the file."""

    name: str


class Opaque:
    """A value that only its reader understands: what an attribute of it is."""

    def part(self, name: str) -> object:
        raise Unresolved(name)


class Unvalued:
    """Stands in a scope for a name whose value nobody can tell."""


def _no_calls(values: "Values", call: ast.Call) -> object:
    raise Unresolved("a call")


@dataclass(frozen=True, slots=True)
class Module:
    """One file: its lines, and what its top level binds (constants are bound exactly once)."""

    tree: ast.Module
    lines: list[str]
    constants: Mapping[str, ast.expr]
    functions: Mapping[str, ast.FunctionDef]
    classes: Mapping[str, ast.ClassDef]
    imported: Mapping[str, str]
    spent: list[int] = field(default_factory=lambda: [0])
    """How many expressions were evaluated since the reading began: names that double each other end here."""

    def named(self, node: ast.AST) -> str:
        """The full dotted name of what `node` names, imports resolved; empty where it is no plain name."""
        first, _, rest = dotted(node).partition(".")
        start = self.imported.get(first, first)
        return f"{start}.{rest}" if rest else start

    def behind(self, node: _Node) -> _Node | ast.expr:
        """What a name stands for that the file binds once; anything else is what it is."""
        return self.constants.get(node.id, node) if isinstance(node, ast.Name) else node

    def excerpt(self, node: ast.expr | ast.stmt) -> str:
        """The lines where `node` stands, as one line of bounded length."""
        last = min(node.end_lineno or node.lineno, node.lineno + _MOST_LINES)
        return " ".join(" ".join(self.lines[node.lineno - 1 : last]).split())[:MOST_TEXT]


@lru_cache(maxsize=_MOST_MODULES)
def read_module(text: str) -> Module:
    """Unreadable where it is too long, too deep, or no Python."""
    if len(text) > MOST_SIGNS:
        raise Unreadable("The file is larger than 1 MiB.")
    try:
        tree = parse(text.encode("utf-8", "surrogateescape"))
    except (Unparsable, UnicodeError) as refusal:
        raise Unreadable("Python cannot read this file.") from refusal
    if tree is None:
        raise Unreadable("The file is nested too deeply to read.")
    return Module(
        tree,
        text.splitlines(),
        constants_of(tree.body),
        {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)},
        {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)},
        dict(_imports(tree)),
    )


def constants_of(body: Iterable[ast.stmt]) -> dict[str, ast.expr]:
    """Names that these statements bind once, to what; a name bound again is none."""
    found: dict[str, ast.expr] = {}
    spoilt: set[str] = set()
    for statement in body:
        for name, value in bindings(statement):
            spoilt |= {name} & found.keys()
            found[name] = value
    return {name: value for name, value in found.items() if name not in spoilt}


def bindings(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """What a plain assignment binds: `a = b = 1`, `a: T = 1`."""
    match statement:
        case ast.Assign(targets=targets, value=value):
            yield from ((target.id, value) for target in targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            yield name, value


def changing_names(body: Iterable[ast.stmt]) -> frozenset[str]:
    """Names that these statements bind more than once, at whatever depth: no text tells their value."""
    seen: set[str] = set()
    changing: set[str] = set()
    for node in (inner for statement in body for inner in ast.walk(statement)):
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            changing.add(node.target.id)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            changing |= {node.id} & seen
            seen.add(node.id)
    return frozenset(changing)


def last_name(node: ast.AST) -> str:
    """The name that is called: `c` of `a.b.c` and of `f(x).c`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def chained(node: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """The calls of `a.b(…).c(…)`, last first, by their names."""
    while isinstance(node, ast.Call):
        yield last_name(node.func), node
        node = node.func.value if isinstance(node.func, ast.Attribute) else ast.Pass()
        while isinstance(node, ast.Attribute):
            node = node.value


def keywords(call: ast.Call) -> dict[str, ast.expr]:
    return {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}


@dataclass(slots=True)
class Arguments:
    """A call's arguments by the names of its signature, positional ones included."""

    call: ast.Call
    values: "Values"
    given: dict[str, ast.expr] = field(default_factory=dict)

    @classmethod
    def of(cls, call: ast.Call, signature: Iterable[str], values: "Values") -> "Arguments":
        positional = dict(zip(signature, call.args, strict=False))
        return cls(call, values, positional | keywords(call))

    @property
    def is_whole(self) -> bool:
        """No `*args`, no `**kwargs`: everything that is passed stands here."""
        starred = any(isinstance(argument, ast.Starred) for argument in self.call.args)
        return not starred and all(keyword.arg for keyword in self.call.keywords)

    def __contains__(self, name: str) -> bool:
        return name in self.given

    def node(self, name: str) -> ast.expr | None:
        return self.given.get(name)

    def value(self, name: str, default: object = None) -> object:
        """Unresolved where it is given and only running would tell it."""
        return self.values.of(self.given[name]) if name in self.given else default

    def text(self, name: str, default: str = "") -> str:
        """Unresolved where it is no text."""
        value = self.value(name, default)
        if value is None:
            return default
        if not isinstance(value, str):
            raise Unresolved(name)
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.value(name, default)
        if not isinstance(value, bool):
            raise Unresolved(name)
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        return texts(self.value(name, ()))


def texts(value: object) -> tuple[str, ...]:
    """A list of texts; Unresolved where it holds anything else."""
    if isinstance(value, str):
        return (value,)
    items = tuple(value) if isinstance(value, list | tuple | set | frozenset) else (None,)
    if not all(isinstance(item, str) for item in items):
        raise Unresolved("no list of texts")
    return tuple(str(item) for item in items)


@dataclass(frozen=True, slots=True)
class Values:
    """Evaluates literals of one module, with what is bound around them; `calls` answers what else a call gives."""

    module: Module
    local: Mapping[str, object] = field(default_factory=dict)
    calls: "Callable[[Values, ast.Call], object]" = _no_calls

    def within(self, local: Mapping[str, object]) -> "Values":
        return Values(self.module, {**self.local, **local}, self.calls)

    def of(self, node: ast.AST, depth: int = 0) -> object:
        """The value; Unresolved where the text alone does not tell it."""
        self.module.spent[0] += 1
        if depth > _MOST_DEPTH or self.module.spent[0] > _MOST_STEPS:
            raise Unresolved("too deep")
        read = _READ.get(type(node))
        if read is None:
            raise Unresolved(type(node).__name__)
        return bounded(read(self, node, depth + 1))

    def holds(self, test: ast.expr) -> bool:
        return truth(self.of(test))

    def each(self, generators: list[ast.comprehension]) -> Iterator["Values"]:
        """The scopes in which a comprehension's element is evaluated."""
        first, *rest = generators
        for item in items_of(self.of(first.iter)):
            inner = self.within(bound_to(first.target, item))
            if all(inner.holds(test) for test in first.ifs):
                yield from inner.each(rest) if rest else (inner,)


def items_of(value: object) -> list[object]:
    """What a loop over it would meet; Unresolved where that is unknown or too much."""
    if not isinstance(value, list | tuple | set | frozenset | dict | range):
        raise Unresolved("no list")
    return list(islice(value, _MOST_ITEMS))


def bound_to(target: ast.expr, item: object) -> dict[str, object]:
    """The names that `for target in …` binds for one item."""
    if isinstance(target, ast.Name):
        return {target.id: item}
    if not isinstance(target, ast.Tuple | ast.List) or not isinstance(item, list | tuple):
        raise Unresolved("a target")
    if len(target.elts) != len(item):
        raise Unresolved("a target")
    found: dict[str, object] = {}
    for part, value in zip(target.elts, item, strict=True):
        found |= bound_to(part, value)
    return found


def truth(value: object) -> bool:
    """Whether it counts as true; Unresolved for what only running would tell."""
    if isinstance(value, Opaque | Symbol):
        raise Unresolved("a condition")
    return bool(value)


def bounded(value: object) -> object:
    if isinstance(value, str | list | tuple | set | frozenset | dict) and len(value) > MOST_SIGNS:
        raise Unresolved("too long")
    return value


def _constant(values: Values, node: ast.Constant, depth: int) -> object:
    return node.value


def _name(values: Values, node: ast.Name, depth: int) -> object:
    if node.id in values.local:
        if isinstance(values.local[node.id], Unvalued | ast.AST):
            raise Unresolved(node.id)
        return values.local[node.id]
    if node.id in values.module.constants:
        return Values(values.module, {}, values.calls).of(values.module.constants[node.id], depth)
    if node.id in values.module.imported:
        return Symbol(values.module.imported[node.id])
    raise Unresolved(node.id)


def _attribute(values: Values, node: ast.Attribute, depth: int) -> object:
    owner = node.value
    if isinstance(owner, ast.Name) and owner.id in values.module.classes and owner.id not in values.local:
        constants = constants_of(values.module.classes[owner.id].body)
        if node.attr in constants:
            return values.of(constants[node.attr], depth)
    whole = values.of(owner, depth)
    if isinstance(whole, Opaque):
        return whole.part(node.attr)
    if isinstance(whole, Symbol):
        return Symbol(f"{whole.name}.{node.attr}")
    raise Unresolved(node.attr)


def _joined(values: Values, node: ast.JoinedStr, depth: int) -> str:
    return "".join(_part(values, part, depth) for part in node.values)


def _part(values: Values, node: ast.expr, depth: int) -> str:
    if not isinstance(node, ast.FormattedValue):
        return str(values.of(node, depth))
    if node.format_spec is not None:
        raise Unresolved("a format")
    return _shown(values.of(node.value, depth))


def _shown(value: object) -> str:
    if not isinstance(value, str | int):
        raise Unresolved("no text")
    return str(value)


def _sequence(values: Values, node: ast.List | ast.Tuple | ast.Set, depth: int) -> object:
    found: list[object] = []
    for element in node.elts:
        if isinstance(element, ast.Starred):
            found += items_of(values.of(element.value, depth))
        else:
            found.append(values.of(element, depth))
    return _made({ast.List: list, ast.Tuple: tuple, ast.Set: set}[type(node)], found)


def _made(kind: Callable[[list[object]], object], found: list[object]) -> object:
    try:
        return kind(found)
    except TypeError as unhashable:
        raise Unresolved("a set") from unhashable


def _dictionary(values: Values, node: ast.Dict, depth: int) -> object:
    found: dict[object, object] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        named = values.of(key, depth) if key else None
        if not isinstance(named, str | int | bool | tuple | None):
            raise Unresolved("a key")
        found |= {named: values.of(value, depth)} if key else _merged(values.of(value, depth))
    return found


def _merged(value: object) -> dict[object, object]:
    if not isinstance(value, dict):
        raise Unresolved("no dictionary")
    return value


def _sum(values: Values, node: ast.BinOp, depth: int) -> object:
    left, right = values.of(node.left, depth), values.of(node.right, depth)
    if isinstance(node.op, ast.Mod) and isinstance(left, str):
        return _filled(left, right)
    return _added(left, right) if isinstance(node.op, ast.Add) else _joined_sets(node, left, right)


def _added(left: object, right: object) -> object:
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    if isinstance(left, list) and isinstance(right, list):
        return left + right
    if isinstance(left, tuple) and isinstance(right, tuple):
        return left + right
    if isinstance(left, int) and isinstance(right, int):
        return left + right
    raise Unresolved("a sum")


def _joined_sets(node: ast.BinOp, left: object, right: object) -> object:
    if isinstance(node.op, ast.BitOr) and isinstance(left, dict) and isinstance(right, dict):
        return left | right
    if isinstance(node.op, ast.BitOr) and isinstance(left, set) and isinstance(right, set):
        return left | right
    raise Unresolved("an operation")


def _filled(template: str, given: object) -> str:
    """`"…%s…" % given`, where nothing in the template could make it long."""
    if "%" in _PLAIN_PERCENT.sub("", template):
        raise Unresolved("a format")
    try:
        return template % given
    except (TypeError, ValueError, KeyError) as refusal:
        raise Unresolved("a format") from refusal


def _call(values: Values, node: ast.Call, depth: int) -> object:
    try:
        return values.calls(values, node)
    except Unresolved:
        pass
    name = values.module.named(node.func)
    if name in _EMPTY and not node.args and not node.keywords:
        return _EMPTY[name]()
    if name in _WRAPPERS and len(node.args) == 1 and not node.keywords:
        return _wrapped(_WRAPPERS[name], values.of(node.args[0], depth))
    if last_name(node.func) in _TRANSPARENT and node.args:
        return values.of(node.args[0], depth)
    if isinstance(node.func, ast.Attribute):
        return _method(values, node, node.func, depth)
    raise Unresolved("a call")


def _wrapped(wrap: Callable[..., object], value: object) -> object:
    if not isinstance(value, str | int | list | tuple | set | frozenset | dict):
        raise Unresolved("a call")
    try:
        return wrap(value)
    except (TypeError, ValueError) as refusal:
        raise Unresolved("a call") from refusal


def _method(values: Values, node: ast.Call, func: ast.Attribute, depth: int) -> object:
    owner = values.of(func.value, depth)
    given = [values.of(argument, depth) for argument in node.args]
    if isinstance(owner, dict) and func.attr in _LISTING and not given:
        return list(getattr(owner, func.attr)())
    if not isinstance(owner, str):
        raise Unresolved(func.attr)
    if func.attr == "join" and len(given) == 1:
        return owner.join(texts(given[0]))
    if func.attr == "format":
        return _formatted(owner, given, {name: values.of(value, depth) for name, value in keywords(node).items()})
    if func.attr in _UNCHANGING and all(isinstance(item, str) for item in given) and len(owner) < MOST_SIGNS // 100:
        return _wrapped(lambda text: getattr(text, func.attr)(*given), owner)
    raise Unresolved(func.attr)


def _formatted(template: str, given: list[object], named: dict[str, object]) -> str:
    if set(_PLAIN_BRACES.sub("", template)) & {"{", "}"}:
        raise Unresolved("a format")
    shown = {name: _shown(value) for name, value in named.items()}
    try:
        return template.format(*map(_shown, given), **shown)
    except (IndexError, KeyError, ValueError) as refusal:
        raise Unresolved("a format") from refusal


def _comprehension(values: Values, node: ast.ListComp | ast.GeneratorExp | ast.SetComp, depth: int) -> object:
    found = [inner.of(node.elt, depth) for inner in islice(values.each(node.generators), _MOST_ITEMS)]
    return _made(set if isinstance(node, ast.SetComp) else list, found)


def _subscript(values: Values, node: ast.Subscript, depth: int) -> object:
    owner, key = values.of(node.value, depth), values.of(node.slice, depth)
    try:
        if isinstance(owner, dict):
            return owner[key]
        if isinstance(owner, list | tuple) and isinstance(key, int):
            return owner[key]
    except (KeyError, IndexError, TypeError) as absent:
        raise Unresolved("a subscript") from absent
    raise Unresolved("a subscript")


def _unary(values: Values, node: ast.UnaryOp, depth: int) -> object:
    value = values.of(node.operand, depth)
    if isinstance(node.op, ast.Not):
        return not truth(value)
    if isinstance(node.op, ast.USub) and isinstance(value, int | float):
        return -value
    raise Unresolved("an operation")


def _either(values: Values, node: ast.BoolOp, depth: int) -> object:
    """`and`, `or`: one part that decides is enough, though another cannot be told."""
    decides = isinstance(node.op, ast.Or)
    unknown = False
    for part in node.values:
        try:
            if truth(values.of(part, depth)) == decides:
                return decides
        except Unresolved:
            unknown = True
    if unknown:
        raise Unresolved("a condition")
    return not decides


def _compared(values: Values, node: ast.Compare, depth: int) -> object:
    if len(node.ops) != 1:
        raise Unresolved("a comparison")
    left, right = values.of(node.left, depth), values.of(node.comparators[0], depth)
    if isinstance(left, Opaque | Symbol) or isinstance(right, Opaque | Symbol):
        raise Unresolved("a comparison")
    match node.ops[0]:
        case ast.Eq() | ast.Is():
            return left == right
        case ast.NotEq() | ast.IsNot():
            return left != right
        case ast.In() | ast.NotIn() if isinstance(right, list | tuple | set | frozenset | dict):
            return (left in list(right)) == isinstance(node.ops[0], ast.In)
    raise Unresolved("a comparison")


def _chosen(values: Values, node: ast.IfExp, depth: int) -> object:
    return values.of(node.body if truth(values.of(node.test, depth)) else node.orelse, depth)


_READ: dict[type[ast.AST], Callable[..., object]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.JoinedStr: _joined,
    ast.List: _sequence,
    ast.Tuple: _sequence,
    ast.Set: _sequence,
    ast.Dict: _dictionary,
    ast.BinOp: _sum,
    ast.Call: _call,
    ast.ListComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.SetComp: _comprehension,
    ast.Subscript: _subscript,
    ast.UnaryOp: _unary,
    ast.BoolOp: _either,
    ast.Compare: _compared,
    ast.IfExp: _chosen,
}


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Alias → full dotted name, of every import in the file, those inside functions included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0], alias.name if alias.asname else _root(alias.name)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from ((alias.asname or alias.name, f"{module}.{alias.name}") for alias in node.names)


def _root(name: str) -> str:
    return name.partition(".")[0]
