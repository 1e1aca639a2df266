"""What a Ruby expression says without being run: literals, constants, variables, and what Rails makes of strings."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from incidents.assessment.migrations.rails.names import plural, singular, underscored
from incidents.assessment.migrations.rails.ruby import every, given_to, inside, pairs, parameters_of, part, words

if TYPE_CHECKING:
    from tree_sitter import Node


@dataclass(frozen=True, slots=True)
class Unresolved:
    """An expression that only a run could tell, by its text; the same text is taken for the same value."""

    text: str

    def __str__(self) -> str:
        return f"?{self.text[:60]}"


@dataclass(frozen=True, slots=True)
class Expression:
    """A default that the database computes: `-> { "now()" }`."""

    text: str


@dataclass(frozen=True, slots=True)
class TableBlock:
    """The `t` of a block. `made` where the table is made by it."""

    table: str
    made: bool


@dataclass(frozen=True, slots=True)
class Direction:
    """The `dir` of `reversible`."""


@dataclass(slots=True)
class Rows:
    """A model, a relation or one record. `empty` are columns that are NULL in all of it; `assigned` were set on it.

    `fresh` for a record that is not stored yet.
    """

    table: str
    empty: frozenset[str] = frozenset()
    fresh: bool = False
    assigned: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        return f"?a row of {self.table}"


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean where the reading stands. `looping` inside a loop over stored rows."""

    variables: dict[str, Any]
    constants: Mapping[str, "Node"]
    heredocs: Mapping[int, "Node"]
    looping: bool = False
    depth: int = 0

    def within(self, bound: Mapping[str, Any], *, looping: bool = False) -> "Scope":
        """The scope of a block: what it changes of the variables around it is seen there only, but it sees them."""
        return replace(self, variables={**self.variables, **bound}, looping=self.looping or looping)


_ESCAPES: Final = {"\\n": "\n", "\\t": "\t", "\\'": "'", '\\"': '"', "\\\\": "\\", "\\#": "#"}
_DEEPEST = 40
_BYTES = {"kilobyte": 1024, "megabyte": 1024**2, "gigabyte": 1024**3}


def value_of(node: "Node | None", scope: Scope) -> Any:
    """A Python value (symbols as strings, ranges unresolved), or Unresolved."""
    if node is None:
        return None
    if scope.depth > _DEEPEST:
        return Unresolved(words(node))
    read = _READERS.get(node.type)
    return read(node, replace(scope, depth=scope.depth + 1)) if read else Unresolved(words(node))


def resolved(value: Any) -> bool:
    """Whether nothing in it waits for a run."""
    if isinstance(value, Unresolved):
        return False
    if isinstance(value, list):
        return all(map(resolved, value))
    if isinstance(value, dict):
        return all(resolved(one) for one in value.values())
    return not (isinstance(value, str) and GAP in value)


GAP: Final = "interpolated_"
"""What stands in a string for a part that only a run could tell, followed by its words: the same is taken for the same."""


def string_list(value: Any) -> list[str]:
    """Names out of a value: one, or several."""
    if value is None:
        return []
    if isinstance(value, list):
        return [name for one in value for name in string_list(one)]
    return [str(value)]


def options_of(call: "Node", scope: Scope) -> dict[str, Any]:
    """Options by name; "**" says that there are some which only a run could tell."""
    given = given_to(call)
    found = {str(value_of(key, scope)): value_of(value, scope) for key, value in given.options}
    spread = [value_of(splat.named_children[0], scope) for splat in given.splats if splat.type[0] == "h"]
    for value in spread:
        found |= value if isinstance(value, dict) else {"**": value}
    positional = [value_of(node, scope) for node in given.positional[-1:]]
    return {**(positional[0] if positional and isinstance(positional[0], dict) else {}), **found}


def arguments_of(call: "Node", scope: Scope) -> list[Any]:
    """Positional arguments; a trailing hash held by a variable counts as options."""
    given = given_to(call)
    found = [value_of(node, scope) for node in given.positional]
    if found and isinstance(found[-1], dict):
        found.pop()
    for splat in given.splats:
        if splat.type == "splat_argument":
            value = value_of(splat.named_children[0], scope)
            found += value if isinstance(value, list) else [value]
    return found


def _string(node: "Node", scope: Scope) -> str:
    return "".join(_piece(child, scope) for child in node.named_children)


def _piece(node: "Node", scope: Scope) -> str:
    if node.type == "escape_sequence":
        return _ESCAPES.get(words(node), words(node))
    if node.type != "interpolation":
        return words(node) if node.type != "heredoc_end" else ""
    value = value_of(next(iter(inside(node)), None), scope)
    if isinstance(value, Unresolved | dict | list | Expression | Rows):
        return GAP + re.sub(r"\W+", "_", words(node)).strip("_")[:40].lower()
    return "" if value is None else str(value)


def _heredoc(node: "Node", scope: Scope) -> Any:
    body = scope.heredocs.get(node.start_byte)
    return _string(body, scope) if body is not None else Unresolved(words(node))


def _chained(node: "Node", scope: Scope) -> str:
    return "".join(str(value_of(child, scope)) for child in inside(node))


def _symbol(node: "Node", _scope: Scope) -> str:
    return words(node).strip(":")


def _integer(node: "Node", _scope: Scope) -> Any:
    try:
        return int(words(node).replace("_", ""), 0)
    except ValueError:
        return Unresolved(words(node))


def _float(node: "Node", _scope: Scope) -> float:
    return float(words(node).replace("_", ""))


def _array(node: "Node", scope: Scope) -> list[Any]:
    found: list[Any] = []
    for child in inside(node):
        value = value_of(child.named_children[0] if child.type == "splat_argument" else child, scope)
        found += value if child.type == "splat_argument" and isinstance(value, list) else [value]
    return found


def _hash(node: "Node", scope: Scope) -> dict[str, Any]:
    return {str(value_of(key, scope)): value_of(value, scope) for key, value in pairs(node)}


def _constant(node: "Node", scope: Scope) -> Any:
    name = words(node).rpartition("::")[2] if words(node).startswith("self") else words(node)
    if name in scope.variables:
        return scope.variables[name]
    stated = scope.constants.get(name)
    return value_of(stated, scope) if stated is not None else Unresolved(words(node))


def _variable(node: "Node", scope: Scope) -> Any:
    return scope.variables.get(words(node), Unresolved(words(node)))


def _only(node: "Node", scope: Scope) -> Any:
    children = inside(node)
    return value_of(children[0], scope) if len(children) == 1 else Unresolved(words(node))


def _binary(node: "Node", scope: Scope) -> Any:
    left, right = value_of(part(node, "left"), scope), value_of(part(node, "right"), scope)
    operator = words(part(node, "operator"))
    if operator == "+" and type(left) is type(right) and isinstance(left, str | list | int):
        return left + right
    if operator == "*" and isinstance(left, int) and isinstance(right, int):
        return left * right
    if operator == "||" and resolved(left):
        return left or right
    return Unresolved(words(node))


def _lambda(node: "Node", scope: Scope) -> Any:
    texts = [child for child in every(node) if child.type in ("string", "heredoc_beginning")]
    return Expression(str(value_of(texts[0], scope))) if texts else Unresolved(words(node))


def _element(node: "Node", scope: Scope) -> Any:
    held, *keys = (value_of(child, scope) for child in inside(node))
    if isinstance(held, dict) and keys:
        return held.get(str(keys[0]), Unresolved(words(node)))
    if isinstance(held, list) and keys and isinstance(keys[0], int) and -len(held) <= keys[0] < len(held):
        return held[keys[0]]
    return Unresolved(words(node))


def _called(node: "Node", scope: Scope) -> Any:
    name, receiver = words(part(node, "method")), part(node, "receiver")
    if receiver is None:
        return _bare(node, name, scope)
    held = value_of(receiver, scope)
    if name in (*_QUOTERS, *_PASSING):
        return _bare(node, name, scope)
    if isinstance(held, Unresolved | Rows):
        return Unresolved(words(node))
    if name in ("map", "collect") and isinstance(held, list):
        return _mapped(node, held, scope)
    arguments = [value_of(child, scope) for child in inside(part(node, "arguments"))]
    try:
        made = _METHODS[name](held, *arguments) if name in _METHODS else Unresolved(words(node))
    except (TypeError, AttributeError, IndexError, ValueError, re.error):
        return Unresolved(words(node))
    return made


def _mapped(node: "Node", held: list[Any], scope: Scope) -> Any:
    """`%i[a b].map { |name| "#{name}_id" }`"""
    block = part(node, "block")
    names, body = parameters_of(block), inside(part(block, "body")) if block is not None else ()
    if len(names) != 1 or len(body) != 1:
        return Unresolved(words(node))
    return [value_of(body[0], scope.within({names[0]: item})) for item in held]


_PASSING: Final = ("sql", "sanitize_sql", "sanitize_sql_array", "sanitize_sql_for_assignment")
"""Calls that give back the SQL they are given, its values filled in."""
_QUOTERS: Final = ("quote_table_name", "quote_column_name", "quote_string", "quote")


def _bare(node: "Node", name: str, scope: Scope) -> Any:
    arguments = [value_of(child, scope) for child in inside(part(node, "arguments"))]
    if name in _QUOTERS[:2] and arguments and isinstance(arguments[0], str):
        return ".".join(f'"{piece}"' for piece in arguments[0].split("."))
    if name in _PASSING and arguments:
        return arguments[0][0] if isinstance(arguments[0], list) and arguments[0] else arguments[0]
    if name in _QUOTERS[2:]:
        return "'quoted'" if name == "quote" else "quoted"
    if name == "index_name" and len(arguments) > 1:
        return f"index_{arguments[0]}_on_{'_and_'.join(string_list(arguments[1]))}"
    return Unresolved(words(node))


def _joined(held: list[Any], between: str = "") -> str:
    return between.join(map(str, held)) if resolved(held) else _unjoinable(held)


def _unjoinable(held: list[Any]) -> str:
    raise ValueError(held)


_METHODS: Final[Mapping[str, Callable[..., Any]]] = {
    **dict.fromkeys(("to_s", "to_str", "to_sym", "freeze", "dup", "html_safe", "strip_heredoc", "to_a"), lambda x: x),
    **dict.fromkeys(("uniq", "compact", "flatten", "deep_dup", "sort", "call", "with_indifferent_access"), lambda x: x),
    **dict.fromkeys(("squish",), lambda x: " ".join(x.split())),
    **dict.fromkeys(("strip", "chomp", "lstrip", "rstrip"), lambda x, *_: x.strip()),
    **{name: lambda x, size=size: x * size for one, size in _BYTES.items() for name in (one, one + "s")},
    "downcase": str.lower,
    "upcase": str.upper,
    "singularize": singular,
    "pluralize": plural,
    "underscore": underscored,
    "tableize": lambda x: plural(underscored(x)),
    "delete_suffix": str.removesuffix,
    "delete_prefix": str.removeprefix,
    "join": _joined,
    "keys": lambda x: list(x.keys()),
    "values": lambda x: list(x.values()),
    "first": lambda x: x[0],
    "last": lambda x: x[-1],
    "merge": lambda x, y: {**x, **y},
    "fetch": lambda x, key: x[key],
    "to_i": int,
}

_READERS: Final[Mapping[str, Callable[["Node", Scope], Any]]] = {
    "string": _string,
    "bare_string": _string,
    "bare_symbol": _string,
    "delimited_symbol": _string,
    "subshell": lambda node, _scope: Unresolved(words(node)),
    "heredoc_beginning": _heredoc,
    "chained_string": _chained,
    "simple_symbol": _symbol,
    "hash_key_symbol": _symbol,
    "integer": _integer,
    "float": _float,
    "true": lambda _node, _scope: True,
    "false": lambda _node, _scope: False,
    "nil": lambda _node, _scope: None,
    "array": _array,
    "string_array": _array,
    "symbol_array": _array,
    "hash": _hash,
    "constant": _constant,
    "scope_resolution": _constant,
    "identifier": _variable,
    "instance_variable": _variable,
    "parenthesized_statements": _only,
    "binary": _binary,
    "lambda": _lambda,
    "element_reference": _element,
    "call": _called,
}
