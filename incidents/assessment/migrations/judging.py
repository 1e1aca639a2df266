"""Judges the migrations of a merge: their net effect by the rule table (M1, M2, E9)."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from incidents.assessment.migrations.effects import Effect, Fact
from incidents.assessment.migrations.findings import Finding, Verdict, worst
from incidents.assessment.migrations.folding import Fold, fold, fold_history
from incidents.assessment.migrations.net import net_effects
from incidents.assessment.migrations.operations import Kind, Op
from incidents.assessment.migrations.rules import rule_for


@dataclass(frozen=True, slots=True)
class MigrationFile:
    """One migration, read: its operations as its framework's front end tells them."""

    path: str
    ops: tuple[Op, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict, and everything it stands on, in the order of the files and lines."""

    verdict: Verdict
    findings: tuple[Finding, ...]


class Evidence(Protocol):
    """What the old code says of tables and columns. False is the only word that softens a verdict."""

    def mentions(self, table: str, column: str = "") -> bool:
        """Whether the old code names it, outside of migrations and tests."""
        ...

    def upserts(self, table: str) -> bool:
        """Whether the old code writes ON CONFLICT, or an upsert, to that table."""
        ...


class NoEvidence:
    """Nobody has looked at the old code."""

    def mentions(self, table: str, column: str = "") -> bool:  # the protocol's words
        return True

    def upserts(self, table: str) -> bool:  # the protocol's words
        return False


def judge(
    files: Sequence[MigrationFile],
    *,
    earlier: Sequence[MigrationFile] = (),
    evidence: Evidence | None = None,
    from_the_first: bool = False,
) -> Judgement:
    """`files` are one merge's, in the order in which they run; `earlier` is all that ran before, in order.

    `from_the_first` says that nothing ran before `earlier`, even where that is empty.
    """
    return judge_after(fold_history(_ops(earlier), from_the_first=from_the_first), files, evidence=evidence)


def judge_after(history: Fold, files: Sequence[MigrationFile], *, evidence: Evidence | None = None) -> Judgement:
    """As `judge`, on a history that is folded already; it is used up."""
    fold(_ops(files), history)
    known = evidence or NoEvidence()
    order = {file.path: number for number, file in enumerate(files)}
    findings = [_finding(effect, known, order) for effect in net_effects(history)]
    findings.sort(key=lambda found: (order.get(found.path, 0), found.line))
    return Judgement(worst(findings), tuple(dict.fromkeys(findings)))


def _ops(files: Iterable[MigrationFile]) -> Iterable[Op]:
    for file in files:
        for op in file.ops:
            yield op if op.path else replace(op, path=file.path)


def _finding(effect: Effect, evidence: Evidence, merge: Container[str]) -> Finding:
    judged = replace(effect, facts=effect.facts | _evident(effect, evidence, merge))
    rule, op = rule_for(judged), effect.op
    words = {"table": effect.table or "?", "column": effect.column or "?"}
    told = rule.why if effect.column else rule.why.replace("{table}.{column}", "{table}")
    why = op.why if effect.kind is Kind.UNKNOWN and op.why else told.format(**words)
    return Finding(rule.id, rule.verdict, op.path, op.line, op.text, why, rule.do.format(**words), rule.caution)


def _evident(effect: Effect, evidence: Evidence, merge: Container[str]) -> frozenset[Fact]:
    facts = set()
    released = bool(effect.op.released_by) and effect.op.released_by not in merge
    if effect.kind in _CONTRACTS and (released or not evidence.mentions(effect.table, effect.column)):
        facts.add(Fact.UNMENTIONED)
    if effect.kind in _RELEASES and evidence.upserts(effect.table):
        facts.add(Fact.UPSERTED)
    return frozenset(facts)


_CONTRACTS: Final = {Kind.DROP_TABLE, Kind.RENAME_TABLE, Kind.DROP_COLUMN, Kind.RENAME_COLUMN, Kind.DROP_VIEW}
_RELEASES: Final = {Kind.DROP_CONSTRAINT, Kind.DROP_INDEX}
