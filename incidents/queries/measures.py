"""What is measured of each incident: spans between its moments, with their definitions, and counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from django.contrib.postgres.fields import ArrayField
from django.db.models import Aggregate, Count, F, FloatField, Func, Q
from django.db.models.functions import Greatest

from incidents.procedure.decision import Path
from incidents.queries.spans import ENOUGH_FOR_P90

FORWARD: Final = (Path.ROLL_FORWARD, Path.HOTFIX)


@dataclass(frozen=True, slots=True)
class Measure:
    """A span between two moments of an incident, by name, and what it means."""

    name: str
    start: Any
    end: str
    definition: str
    rules: tuple[str, ...] = ()

    @property
    def seconds(self) -> Func:
        """In the database; nothing where a moment is missing, or the later one came first."""
        start = F(self.start) if isinstance(self.start, str) else self.start
        template = "NULLIF(GREATEST(EXTRACT(EPOCH FROM (%(expressions)s)), -1e-7), -1e-7)"
        return Func(F(self.end), start, template=template, arg_joiner=" - ", output_field=FloatField())


_LAST_GATE: Final = Greatest("executed_at", "approved_at")
STAGES: Final[Mapping[str, Measure]] = MappingProxyType(
    {
        "declare": Measure(
            "To declare",
            "onset_at",
            "declared_at",
            "From the onset (the alert’s own start, or as declared by hand) to the declaring.",
            ("U3",),
        ),
        "decide": Measure(
            "To decide", "declared_at", "decided_at", "From the declaring to the first decision.", ("D6",)
        ),
        "approve": Measure(
            "To approve",
            "asked_at",
            "approved_at",
            "From the question to the last of the two approvals that M3 wants.",
            ("M3",),
        ),
        "execute": Measure(
            "To execute", "decided_at", "executed_at", "From the first decision to the first press of Execute.", ("D6",)
        ),
        "revert": Measure(
            "To revert",
            _LAST_GATE,
            "reverted_at",
            "From the last gate (Execute, or the last approval) to the pushed revert.",
            ("R1",),
        ),
        "review": Measure("To review", "reverted_at", "reviewed_at", "From the pushed revert to its review.", ("R3",)),
        "merge": Measure("To merge", "reviewed_at", "merged_at", "From the review to the merge.", ("R4",)),
        "deploy": Measure("To deploy", "merged_at", "deployed_at", "From the merge to the end of its deploy.", ("R4",)),
        "recover": Measure(
            "To prove recovery",
            "deployed_at",
            "recovered_at",
            "From the end of the deploy to the proved, or attested, recovery.",
            ("R5",),
        ),
        "whole": Measure(
            "Onset to recovery",
            "onset_at",
            "recovered_at",
            "From the onset to the recovery: everything above, and what lay between.",
            ("R5",),
        ),
        "learn": Measure(
            "Retrospective",
            "recovered_at",
            "retrospective_at",
            "From the recovery to the completed retrospective.",
            ("T1",),
        ),
    }
)
WAITS: Final[Mapping[str, Measure]] = MappingProxyType(
    {
        "cto": Measure(
            "The rollback for the CTO",
            "asked_at",
            "cto_at",
            "From the question to the CTO’s approval, or the deputy’s.",
            ("M3",),
        ),
        "dba": Measure(
            "The rollback for the on-call DBA",
            "asked_at",
            "dba_at",
            "From the question to the DBA’s approval, or the deputy’s.",
            ("M3",),
        ),
        "approvers": Measure(
            "Execute for the approvers",
            "executed_at",
            "approved_at",
            "Where Execute was pressed first: until the last approval.",
            ("M3",),
        ),
        "engineer": Measure(
            "The approvers for Execute",
            "approved_at",
            "executed_at",
            "Where the approvals were there first: until Execute was pressed.",
            ("D6",),
        ),
        "reviewer": Measure(
            "The revert for its reviewer",
            "reverted_at",
            "reviewed_at",
            "From the pushed revert to its review.",
            ("R3",),
        ),
    }
)
MEASURES: Final[Mapping[str, Measure]] = MappingProxyType({**STAGES, **WAITS})


class _Percentiles(Aggregate):
    """The median and the 90th percentile, by interpolation."""

    function = "percentile_cont"
    template = "%(function)s(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = ArrayField(FloatField())


class _Few(Aggregate):
    """Each value, where they are too few for figures."""

    template = (
        f"CASE WHEN count(%(expressions)s) < {ENOUGH_FOR_P90}"
        " THEN array_agg(%(expressions)s) FILTER (WHERE %(expressions)s IS NOT NULL) END"
    )
    output_field = ArrayField(FloatField())


def spans_of(measures: Mapping[str, Measure]) -> dict[str, Any]:
    """Of each measure, for an aggregate: how many, the two figures, and the values where they are few."""
    made: dict[str, Any] = {}
    for key, measure in measures.items():
        made |= {
            f"{key}_n": Count(measure.seconds), f"{key}_p": _Percentiles(measure.seconds),
            f"{key}_few": _Few(measure.seconds),
        }  # fmt: skip
    return made


def counts_of() -> dict[str, Any]:
    """What is counted beside the spans."""
    learnt = Q(retrospective_due_at__isnull=False)
    return {
        "counted": Count("pk"),
        "back": Count("pk", filter=Q(path=Path.ROLLBACK)),
        "decided": Count("pk", filter=Q(path__in=(Path.ROLLBACK, *FORWARD))),
        "forward": Count("pk", filter=Q(path__in=FORWARD)),
        "previewed": Count("pk", filter=Q(previewed_clean__isnull=False)),
        "clean": Count("pk", filter=Q(previewed_clean=True)),
        "learnt": Count("pk", filter=learnt),
        "on_time": Count("pk", filter=learnt & Q(retrospective_at__lte=F("retrospective_due_at"))),
    }


@dataclass(frozen=True, slots=True)
class Proportion:
    """What is counted of what, by the names of `counts_of`."""

    name: str
    part: str
    whole: str
    definition: str
    rules: tuple[str, ...]


ROLLED_BACK: Final = Proportion(
    "Rolled back",
    "back",
    "decided",
    "Of the incidents decided for a rollback or a fix forward: those whose last decision was the rollback.",
    ("D1", "D5"),
)
PREVIEWS: Final = Proportion(
    "Clean previews",
    "clean",
    "previewed",
    "Of the incidents with a rollback’s plan: those whose revert was previewed clean at the decision.",
    ("R1",),
)
RETROSPECTIVES: Final = Proportion(
    "Retrospectives on time",
    "on_time",
    "learnt",
    "Of the incidents that opened a retrospective: those whose retrospective was complete by its due moment.",
    ("T1",),
)
