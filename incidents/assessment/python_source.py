"""What a Python file binds and imports, by its syntax tree alone."""

import ast
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

STARRED = "*"
_FORGIVING = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}


class Unparsable(Exception):
    """Python would not compile this file."""


@dataclass(frozen=True, slots=True)
class Import:
    """`from ..a.b import name as alias` is level 2, module (a, b); `name` is None for `import a.b`."""

    level: int
    module: tuple[str, ...]
    name: str | None
    alias: str


def parse(content: bytes) -> ast.Module | None:
    """The file's syntax tree; None where it is too deep to read. Unparsable where Python would refuse it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(content)
    except (SyntaxError, ValueError) as refusal:
        raise Unparsable from refusal
    except (RecursionError, MemoryError):
        return None


def bound_names(module: ast.Module) -> frozenset[str]:
    """Names that importers can ask the module for; STARRED where some come from a star import."""
    return frozenset(_bound(module.body))


def firm_imports(module: ast.Module) -> list[Import]:
    """The imports whose failure nobody catches; those for type checkers left out."""
    return [found for statement in _firm_statements([module]) for found in _imports(statement)]


def attributes_of(module: ast.Module, alias: str) -> set[str]:
    """What the file asks of a module it knows as `alias` (may be dotted)."""
    return {node.attr for node in ast.walk(module) if isinstance(node, ast.Attribute) and dotted(node.value) == alias}


def dotted(node: ast.AST) -> str:
    """`a.b.c` of an attribute chain on a name; empty for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _bound(body: Iterable[ast.stmt]) -> Iterator[str]:
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from ((alias.asname or alias.name).split(".")[0] for alias in names)
            case _:
                yield from _bound_within(statement)


def _bound_within(statement: ast.stmt) -> Iterator[str]:
    names = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
    yield from (name.id for name in names if isinstance(name.ctx, ast.Store))
    for field in ("body", "orelse", "finalbody"):
        yield from _bound(getattr(statement, field, []))
    for handler in getattr(statement, "handlers", []):
        yield from _bound(handler.body)


def _firm_statements(nodes: Iterable[ast.AST]) -> Iterator[ast.Import | ast.ImportFrom]:
    pending = list(nodes)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        pending += _firm_children(node)


def _firm_children(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Try) and any(_forgives(handler) for handler in node.handlers):
        return iter((*node.handlers, *node.orelse, *node.finalbody))
    if isinstance(node, ast.If) and dotted(node.test).endswith("TYPE_CHECKING"):
        return iter(node.orelse)
    return ast.iter_child_nodes(node)


def _forgives(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or dotted(kind) in _FORGIVING for kind in kinds)


def _imports(statement: ast.Import | ast.ImportFrom) -> Iterator[Import]:
    for alias in statement.names:
        if isinstance(statement, ast.Import):
            yield Import(0, tuple(alias.name.split(".")), None, alias.asname or alias.name)
        else:
            module = tuple((statement.module or "").split(".")) if statement.module else ()
            yield Import(statement.level, module, alias.name, alias.asname or alias.name)
