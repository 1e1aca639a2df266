"""Ruby by its syntax tree: what a node says, what a call is given. Nothing is run."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from incidents.assessment.migrations.operations import MOST_TEXT, Unreadable

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_NODES = 200_000
_MOST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Source:
    """A parsed file: its root, the body of each heredoc by the place where the heredoc begins, its syntax errors."""

    root: "Node"
    heredocs: dict[int, "Node"]
    errors: tuple["Node", ...] = ()


@dataclass(frozen=True, slots=True)
class Given:
    """What a call is given, as nodes: its positional arguments, its options by name, its block."""

    positional: tuple["Node", ...] = ()
    options: tuple[tuple["Node", "Node"], ...] = ()
    splats: tuple["Node", ...] = ()
    block: "Node | None" = field(default=None)


def parse(text: str) -> Source:
    """Unreadable where the text is larger than any migration, or not Ruby."""
    # Imported here: only workers and commands read migrations, the pages' start must not pay for it.
    import tree_sitter_ruby
    from tree_sitter import Language, Parser

    content = text.encode("utf-8", "replace")
    if len(content) > _MOST_BYTES:
        raise Unreadable("The file is larger than 1 MiB.")
    root = Parser(Language(tree_sitter_ruby.language())).parse(content).root_node
    if root.type == "ERROR":
        raise Unreadable("This is no Ruby that a parser can read.")
    beginnings, bodies, errors = [], [], []
    for count, node in enumerate(every(root)):
        if count > _MOST_NODES:
            raise Unreadable("The file is too long to be followed.")
        if node.type == "heredoc_beginning":
            beginnings.append(node)
        elif node.type == "heredoc_body":
            bodies.append(node)
        elif node.type == "ERROR":
            errors.append(node)
    heredocs = {begin.start_byte: body for begin, body in zip(beginnings, bodies, strict=False)}
    return Source(root, heredocs, tuple(errors))


def every(root: "Node") -> Iterator["Node"]:
    """The node and all below it, in the order of the text."""
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        pending += reversed(node.named_children)


def words(node: "Node | None") -> str:
    return node.text.decode("utf-8", "replace") if node is not None and node.text is not None else ""


def line_of(node: "Node") -> int:
    return int(node.start_point[0]) + 1


def shown_text(node: "Node") -> str:
    """The call as a finding quotes it: its first lines, spaces drawn together."""
    return " ".join(words(node)[: 4 * MOST_TEXT].split())[:MOST_TEXT]


def inside(node: "Node | None") -> tuple["Node", ...]:
    return () if node is None else tuple(child for child in node.named_children if child.type != "comment")


def part(node: "Node", name: str) -> "Node | None":
    return node.child_by_field_name(name)


def given_to(call: "Node") -> Given:
    """Options in braces (`add_column :a, :b, :string, { null: false }`) count as options."""
    arguments = list(inside(part(call, "arguments")))
    options: list[tuple[Node, Node]] = []
    if arguments and arguments[-1].type == "hash":
        options += pairs(arguments.pop())
    splats = [node for node in arguments if node.type in ("hash_splat_argument", "splat_argument")]
    options += [pair for node in arguments if node.type == "pair" for pair in pairs(node)]
    apart = ("pair", "hash_splat_argument", "splat_argument", "block_argument", "heredoc_body")
    positional = tuple(node for node in arguments if node.type not in apart)
    return Given(positional, tuple(options), tuple(splats), part(call, "block"))


def pairs(node: "Node") -> list[tuple["Node", "Node"]]:
    """Keys and values of a hash or of one pair; `{ name: }` names a variable."""
    found = [node] if node.type == "pair" else [child for child in inside(node) if child.type == "pair"]
    keyed = [(part(pair, "key"), part(pair, "value")) for pair in found]
    return [(key, value or key) for key, value in keyed if key is not None]


def parameters_of(block: "Node | None") -> list[str]:
    """Names of a block's or a method's parameters, in order."""
    declared = part(block, "parameters") if block is not None else None
    return [name for child in inside(declared) for name in _parameter(child)]


def _parameter(node: "Node") -> list[str]:
    if node.type == "identifier":
        return [words(node)]
    if node.type == "destructured_parameter":
        return [name for child in inside(node) for name in _parameter(child)]
    named = part(node, "name")
    return [words(named)] if named is not None else []
