"""Which tests prove which rule: those whose name contains its id. `python -m tests.rules` writes docs/rules.md anew."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from incidents.procedure.rules import PROCEDURE_VERSION, RULES, SECTIONS, rules_of

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "rules.md"
HEAD: Final = f"""# Which test proves which rule

Written by `make rules` from the names of the tests; do not edit it. Each rule of the procedure {PROCEDURE_VERSION}
stands here with its text and the tests that name it: `test_m3_…` proves `M3`.
The suite fails when a rule has no test, and when a test that is listed here no longer exists.
"""


def tests_by_rule() -> dict[str, list[str]]:
    """For every rule, in the procedure's order, the tests that name it, as `file::test`."""
    found: dict[str, list[str]] = {rule: [] for rule in RULES}
    for test in every_test():
        for rule in rules_named_by(test):
            found[rule].append(test)
    return found


def every_test() -> Iterator[str]:
    """All tests as `file::test`, as they stand in the source; no test is imported or run for this."""
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for name in _functions(ast.parse(file.read_text(encoding="utf-8"))):
            yield f"{file.relative_to(ROOT)}::{name}"


def _functions(tree: ast.Module) -> Iterator[str]:
    """Tests are functions of a module or of a class in it, never of another function."""
    bodies = [tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef))]
    for node in (node for body in bodies for node in body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node.name


def rules_named_by(test: str) -> list[str]:
    """The rules whose ids are words of the test's name: `test_d1_d2_…` names two."""
    words = test.rsplit("::", 1)[-1].upper().split("_")
    return [word for word in dict.fromkeys(words) if word in RULES]


def page() -> str:
    """The page as it should be now."""
    proofs = tests_by_rule()
    return "\n".join((HEAD, *(line for letter in SECTIONS for line in _section(letter, proofs))))


def _section(letter: str, proofs: dict[str, list[str]]) -> Iterator[str]:
    yield f"## {letter} · {SECTIONS[letter]}\n"
    for rule in rules_of(letter):
        yield f"### {rule.id}\n\n{rule.text}\n"
        yield from _listed(proofs[rule.id])
        yield ""


def _listed(tests: list[str]) -> Iterator[str]:
    by_file: dict[str, list[str]] = {}
    for test in tests:
        file, name = test.split("::")
        by_file.setdefault(file, []).append(name)
    for file, names in by_file.items():
        yield f"- [{file}](../{file})"
        yield from (f"  - `{name}`" for name in names)


def listed_in(text: str) -> Iterator[str]:
    """The tests that a page lists, as `file::test`."""
    file = ""
    for line in text.splitlines():
        if line.startswith("- ["):
            file = line[3:].split("]")[0]
        elif line.startswith("  - `"):
            yield f"{file}::{line.strip()[3:-1]}"


def main() -> None:
    """Write the page, and name the rules that nothing proves."""
    PAGE.write_text(page(), encoding="utf-8")
    unproved = [rule for rule, tests in tests_by_rule().items() if not tests]
    print(f"{PAGE.relative_to(ROOT)}: {len(RULES) - len(unproved)} of {len(RULES)} rules have a test.", *unproved)


if __name__ == "__main__":
    main()
