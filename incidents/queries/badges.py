"""States as shape, word and colour."""

from typing import Final

from incidents.models.change import Assessment
from incidents.models.incident import Incident
from incidents.procedure.steps import StepState
from incidents.queries.shapes import Badge, Tone

SEVERITY_TONES: Final[dict[int, Tone]] = {1: "danger", 2: "warn", 3: "idle"}

INCIDENTS: Final[dict[str, Badge]] = {
    "declared": Badge("to be decided", "warn", "circle-alert"),
    "decided": Badge("decided", "accent", "gavel"),
    "executing": Badge("rolling back", "accent", "loader"),
    "recovered": Badge("recovered", "ok", "check"),
    "escalated": Badge("escalated", "danger", "siren"),
    "closed": Badge("closed", "idle", "archive"),
}

STEPS: Final[dict[str, tuple[Tone, str]]] = {
    StepState.BLOCKED: ("idle", "to come"),
    StepState.GATED: ("wait", "waits for people"),
    StepState.READY: ("accent", "about to start"),
    StepState.RUNNING: ("accent", "running"),
    StepState.WATCHING: ("accent", "watching"),
    StepState.DONE: ("ok", "done"),
    StepState.FAILED: ("danger", "failed"),
    StepState.UNKNOWN: ("danger", "unknown"),
    StepState.SKIPPED: ("idle", "skipped"),
    StepState.CANCELLED: ("idle", "cancelled"),
}

VERDICTS: Final[dict[str, Badge]] = {
    Assessment.Verdict.CLEAN: Badge("reverts cleanly", "ok", "check"),
    Assessment.Verdict.CONFLICT: Badge("conflicts", "danger", "git-merge"),
    Assessment.Verdict.ALREADY_UNDONE: Badge("already undone", "idle", "undo-2"),
    Assessment.Verdict.NOT_AN_ANCESTOR: Badge("never deployed from here", "idle", "circle-slash"),
    Assessment.Verdict.ERROR: Badge("could not be computed", "warn", "circle-question-mark"),
}
DRILL: Final = Badge("drill", "wait", "drama", solid=True)
PENDING: Final = Badge("being computed", "wait", "loader")


def drill_badge(incident: Incident) -> Badge | None:
    """A rehearsal says so wherever it shows."""
    return DRILL if incident.drill else None


def severity_badge(level: int) -> Badge:
    """SEV 1 is loud, SEV 3 is not."""
    return Badge(f"SEV {level}", SEVERITY_TONES[level], solid=level == 1)


def incident_badge(incident: Incident) -> Badge:
    """Where the incident stands; a closed one says how it ended."""
    if incident.resolution:
        return Badge(f"closed: {incident.resolution.replace('_', ' ')}", "idle", "archive")
    return INCIDENTS[incident.state]
