"""What the parameters of a method or a block stand for."""

from typing import TYPE_CHECKING, Any, Final

from incidents.assessment.migrations.rails.names import plural
from incidents.assessment.migrations.rails.ruby import inside, parameters_of, part, words
from incidents.assessment.migrations.rails.values import Rows, Scope, Unresolved, arguments_of, options_of, value_of

if TYPE_CHECKING:
    from tree_sitter import Node


def bound_by(method: "Node", node: "Node", scope: Scope) -> dict[str, Any]:
    """Parameters of a method by what a call gives."""
    declared = inside(part(method, "parameters"))
    bound: dict[str, Any] = {}
    for child in declared:
        name = words(part(child, "name")) or words(child)
        default = part(child, "value")
        bound[name] = value_of(default, scope) if default is not None else Unresolved(name)
    given, options = arguments_of(node, scope), options_of(node, scope)
    places = [words(part(child, "name")) or words(child) for child in declared if child.type in _POSITIONAL]
    bound |= dict(zip(places, given, strict=False))
    if options and len(given) < len(places) and not options.keys() & bound.keys():
        bound[places[len(given)]] = options
    rest = {name: value for name, value in options.items() if name not in bound}
    bound |= {name: value for name, value in options.items() if name in bound}
    gathering = {"splat_parameter": given[len(places) :], "hash_splat_parameter": rest}
    return bound | {words(part(child, "name")): gathering[child.type] for child in declared if child.type in gathering}


_POSITIONAL: Final = ("identifier", "optional_parameter")


def spread(item: Any, block: "Node", place: int | None) -> list[Any]:
    """One element for a block's parameters: `|name, type|` takes a pair apart."""
    several = len(parameters_of(block)) > 1 and isinstance(item, list | tuple)
    given = list(item) if several else [item]
    return [*given, place] if place is not None and not several else given


def record_named(block: "Node") -> Rows:
    """A block's parameter over something unknown: its name may name its table."""
    names = parameters_of(block)
    return Rows(plural(names[0])) if names and len(names[0]) > 2 else Rows("")
