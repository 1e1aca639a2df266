"""What a change did, read ahead of any click: migrations, customer data, credentials, flags (assessment.md §2–§5).

Nothing of the repository is imported or run. Parsers are loaded here, so only workers and commands come here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from incidents.assessment.bad_change import BadChange, Undoing, read_undoing
from incidents.assessment.changed_lines import read_changed_files
from incidents.assessment.credentials import Credentials, credentials_of
from incidents.assessment.customer_data import CustomerDataFound, customer_data_of
from incidents.assessment.diffs import entries
from incidents.assessment.earlier_code import EarlierCode
from incidents.assessment.flags import Flags, flags_of
from incidents.assessment.git import Git, scratch, shown
from incidents.assessment.merged_migrations import Altered, History, Migrations, migrations_of
from incidents.assessment.migrations.findings import LOOK, Finding, Verdict, unreadable, worst
from incidents.assessment.migrations.frameworks import FRAMEWORKS
from incidents.assessment.migrations.histories import read_earlier, read_or_ask, start
from incidents.assessment.migrations.judging import MigrationFile, judge
from incidents.assessment.migrations.operations import Op


@dataclass(frozen=True, slots=True)
class Known:
    """What the service's catalogue says: customer tables by name or pattern, and own functions that ask a flag."""

    customer_tables: tuple[str, ...] = ()
    flag_wrappers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What the change did. `schema` is None without a migration; `migrations` are the paths of all it touched."""

    migrations: tuple[str, ...]
    schema: Verdict | None
    findings: tuple[Finding, ...]
    customer_data: CustomerDataFound
    credentials: Credentials
    flags: Flags


def read_effects(repository: Path, change: BadChange, known: Known = Known()) -> Reading:
    """Raises NoSuchCommit or RepositoryUnreadable where git has no answer."""
    with scratch(repository) as git:
        undoing = read_undoing(git, change)
        tip = undoing.tip.sha
        migrations = migrations_of(git, undoing.before_tree, entries(git, undoing.before_tree, tip))
        ops, findings = _judged(git, undoing, migrations)
        files = read_changed_files(git, undoing.before_tree, tip)
        paths = tuple(shown(path) for path in _paths(migrations))
        return Reading(
            migrations=paths,
            schema=worst(findings) if paths else None,
            findings=tuple(_shown(finding) for finding in findings),
            customer_data=customer_data_of(ops, known.customer_tables),
            credentials=credentials_of(files),
            flags=flags_of(files, wrappers=known.flag_wrappers),
        )


def _paths(migrations: Migrations) -> Iterator[str]:
    for history in migrations.histories:
        yield from history.new
    yield from (altered.path for altered in migrations.altered)
    yield from migrations.unreadable


def _judged(git: Git, undoing: Undoing, migrations: Migrations) -> tuple[list[Op], list[Finding]]:
    """Everything the migrations do, and what is found in it."""
    code = EarlierCode(git, undoing.before_tree)
    ops: list[Op] = []
    findings = [_of_altered(altered) for altered in migrations.altered]
    findings += [unreadable(path, "It is larger than a mebibyte.") for path in migrations.unreadable]
    for history in migrations.histories:
        new, earlier = _read(history)
        ops += [op for file in new for op in file.ops]
        findings += judge(new, earlier=earlier, evidence=code).findings
    return ops, findings


def _read(history: History) -> tuple[list[MigrationFile], list[MigrationFile]]:
    """In the order in which they ran, since some front ends remember what came before."""
    framework = FRAMEWORKS[history.framework]
    front_end = start(framework, {**history.earlier, **history.new})
    earlier = [read_earlier(framework, front_end, path, text) for path, text in history.earlier.items()]
    return [MigrationFile(path, read_or_ask(front_end, path, text)) for path, text in history.new.items()], earlier


def _of_altered(altered: Altered) -> Finding:
    if altered.deleted:
        why = "The change deletes a migration that was there before; where it ran, its effects stay."
    else:
        why = "The change rewrites a migration that was there before: where that ran already, nothing of this has run."
    return Finding("altered-migration", Verdict.H, altered.path, 1, "", why, LOOK)


def _shown(finding: Finding) -> Finding:
    """Fit for rows and pages: a repository may hold any bytes."""
    return replace(finding, path=shown(finding.path), text=shown(finding.text), why=shown(finding.why))
