"""The steps an incident may take, what each promises, and how steps and incidents move from state to state."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class StepKind(StrEnum):
    """One effect in the world, or one thing waited for."""

    PAGE_ON_CALL = "page_on_call"
    FLAG_OFF = "flag_off"
    FLAG_ON = "flag_on"
    DRAIN = "drain"
    UNDRAIN = "undrain"
    ANNOUNCE = "announce"
    INFORM_CTO = "inform_cto"
    POST_COMMANDS = "post_commands"
    PUSH_REVERT = "push_revert"
    OPEN_PULL_REQUEST = "open_pull_request"
    REVIEW = "review"
    MERGE = "merge"
    DEPLOY = "deploy"
    PROVE_RECOVERY = "prove_recovery"
    FIND_FIX = "find_fix"
    ISOLATE = "isolate"
    ROTATE_CREDENTIAL = "rotate_credential"
    WAKE_BY_PHONE = "wake_by_phone"
    WAKE_BY_CHAT = "wake_by_chat"
    WAKE_BY_MAIL = "wake_by_mail"
    REMIND_BY_CHAT = "remind_by_chat"
    REMIND_BY_MAIL = "remind_by_mail"
    PUBLISH_STATUS = "publish_status"
    POST_STATUS = "post_status"
    FREEZE = "freeze"
    UNFREEZE = "unfreeze"
    PUSH_REAPPLY = "push_reapply"
    PROPOSE_REAPPLY = "propose_reapply"
    REGISTER_RETRO = "register_retro"
    OPEN_ISSUE = "open_issue"
    CLOSE_ISSUE = "close_issue"


class Promise(StrEnum):
    """What an effect promises when its outcome was lost (`design/trust.md`, section 1)."""

    KEYED = "keyed"
    """Exactly once as seen outside: the same key, or the same name, cannot take effect twice."""
    LOOK_UP = "look_up"
    """Once, as far as looking before acting can tell; a duplicate is shown."""
    NEITHER = "neither"
    """At most once; in doubt a person decides."""


@dataclass(frozen=True, slots=True)
class StepForm:
    """What is true of every step of a kind. `undo` is None where nothing happens that would need undoing."""

    rule: str
    title: str
    promise: Promise
    in_plan: bool
    reversible: bool
    undo: str | None


_KEYED, _LOOK_UP = Promise.KEYED, Promise.LOOK_UP
_SAID: Final = "A message stays said; post a correction."
_PUBLIC: Final = "What was public stays said; post a correction, approved like the first (P2)."

FORMS: Final[Mapping[StepKind, StepForm]] = MappingProxyType(
    {
        StepKind.PAGE_ON_CALL: StepForm(
            "S1", "Page on-call", _LOOK_UP, in_plan=False, reversible=False, undo="Resolve the page at Better Stack."
        ),
        StepKind.FLAG_OFF: StepForm(
            "S2", "Turn the flag off", _KEYED, in_plan=False, reversible=True, undo="Turn the flag on again."
        ),
        StepKind.FLAG_ON: StepForm(
            "S2", "Turn the flag on again", _KEYED, in_plan=False, reversible=True, undo="Turn the flag off again."
        ),
        StepKind.DRAIN: StepForm(
            "S3", "Drain traffic", _KEYED, in_plan=False, reversible=True, undo="Put the target back in service."
        ),
        StepKind.UNDRAIN: StepForm(
            "S3", "Put the target back in service", _KEYED, in_plan=False, reversible=True, undo="Drain it again."
        ),
        StepKind.ANNOUNCE: StepForm("S4", "Tell the channel", _LOOK_UP, in_plan=False, reversible=False, undo=_SAID),
        StepKind.INFORM_CTO: StepForm("D7", "Inform the CTO", _LOOK_UP, in_plan=False, reversible=False, undo=_SAID),
        StepKind.POST_COMMANDS: StepForm(
            "E19", "Post the commands of the remaining steps", _LOOK_UP, in_plan=False, reversible=False, undo=_SAID
        ),
        StepKind.PUSH_REVERT: StepForm(
            "R1", "Push the revert", _KEYED, in_plan=True, reversible=True, undo="Delete the revert's branch."
        ),
        StepKind.OPEN_PULL_REQUEST: StepForm(
            "R2", "Open the pull request", _KEYED, in_plan=True, reversible=True, undo="Close the pull request."
        ),
        StepKind.REVIEW: StepForm("R3", "Review", _KEYED, in_plan=True, reversible=True, undo=None),
        StepKind.MERGE: StepForm(
            "R4",
            "Merge",
            _KEYED,
            in_plan=True,
            reversible=False,
            undo="Revert the revert by a pull request of its own.",
        ),
        StepKind.DEPLOY: StepForm("R4", "Deploy by GitHub Actions", _KEYED, in_plan=True, reversible=True, undo=None),
        StepKind.PROVE_RECOVERY: StepForm("R5", "Prove recovery", _KEYED, in_plan=True, reversible=True, undo=None),
        StepKind.FIND_FIX: StepForm(
            "D5", "Find the fix's pull request", _KEYED, in_plan=True, reversible=True, undo=None
        ),
        StepKind.ISOLATE: StepForm(
            "M2", "Isolate the failing surface", _KEYED, in_plan=True, reversible=True, undo="Turn the flag on again."
        ),
        StepKind.ROTATE_CREDENTIAL: StepForm(
            "C2", "Rotate forward to a fresh credential", _KEYED, in_plan=True, reversible=False, undo="Rotate again."
        ),
        StepKind.WAKE_BY_PHONE: StepForm(
            "E15", "Wake by phone", _LOOK_UP, in_plan=False, reversible=False, undo="Resolve the page at Better Stack."
        ),
        StepKind.WAKE_BY_CHAT: StepForm("E15", "Wake by chat", _LOOK_UP, in_plan=False, reversible=False, undo=_SAID),
        StepKind.WAKE_BY_MAIL: StepForm("E15", "Wake by mail", _KEYED, in_plan=False, reversible=False, undo=_SAID),
        StepKind.REMIND_BY_CHAT: StepForm(
            "T1", "Remind by chat", _LOOK_UP, in_plan=False, reversible=False, undo=_SAID
        ),
        StepKind.REMIND_BY_MAIL: StepForm("T1", "Remind by mail", _KEYED, in_plan=False, reversible=False, undo=_SAID),
        StepKind.PUBLISH_STATUS: StepForm(
            "P1", "Publish on the status page", _KEYED, in_plan=False, reversible=False, undo=_PUBLIC
        ),
        StepKind.POST_STATUS: StepForm(
            "P1", "Post to the outside status page", Promise.NEITHER, in_plan=False, reversible=False, undo=_PUBLIC
        ),
        StepKind.FREEZE: StepForm(
            "R4", "Warn of other merges", _KEYED, in_plan=False, reversible=True, undo="Take the warning off."
        ),
        StepKind.UNFREEZE: StepForm(
            "R4", "Take the warning off", _KEYED, in_plan=False, reversible=True, undo="Warn again."
        ),
        StepKind.PUSH_REAPPLY: StepForm(
            "R1", "Push the reapplied change", _KEYED, in_plan=False, reversible=True, undo="Delete its branch."
        ),
        StepKind.PROPOSE_REAPPLY: StepForm(
            "R2",
            "Open the pull request that reapplies it",
            _KEYED,
            in_plan=False,
            reversible=True,
            undo="Close the pull request.",
        ),
        StepKind.REGISTER_RETRO: StepForm(
            "T1",
            "Register the retrospective with the intake",
            _KEYED,
            in_plan=False,
            reversible=False,
            undo="Withdraw it at the intake.",
        ),
        StepKind.OPEN_ISSUE: StepForm(
            "T2", "Open the follow-up's issue", _LOOK_UP, in_plan=False, reversible=True, undo="Close the issue."
        ),
        StepKind.CLOSE_ISSUE: StepForm(
            "T2", "Close the follow-up's issue", _KEYED, in_plan=False, reversible=True, undo="Reopen the issue."
        ),
    }
)


def promise_of(kind: StepKind | str) -> Promise:
    """What an effect of this kind promises."""
    return FORMS[StepKind(kind)].promise


def rule_of(kind: StepKind | str) -> str:
    """The rule that a step of this kind carries out."""
    return FORMS[StepKind(kind)].rule


class StepState(StrEnum):
    """Where a step stands; `failed` and `unknown` wait for a person."""

    BLOCKED = "blocked"
    GATED = "gated"
    READY = "ready"
    RUNNING = "running"
    WATCHING = "watching"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


PUBLIC_WORDS: Final = frozenset({StepKind.PUBLISH_STATUS, StepKind.POST_STATUS})
"""What is posted in public: each waits for P2's approval, and goes on after the close until it is settled."""
LEARNING: Final = frozenset({StepKind.REGISTER_RETRO, StepKind.OPEN_ISSUE, StepKind.CLOSE_ISSUE})
"""Steps of the retrospective, which is written after the end and has a page of its own (T1, T2)."""
OUTLASTS_THE_INCIDENT: Final = PUBLIC_WORDS.union(
    LEARNING,
    (StepKind.WAKE_BY_PHONE, StepKind.WAKE_BY_CHAT, StepKind.REMIND_BY_CHAT, StepKind.REMIND_BY_MAIL),
    (StepKind.UNFREEZE, StepKind.PUSH_REAPPLY, StepKind.PROPOSE_REAPPLY),
)
"""What goes on when the incident ends: nobody's phone rings on and no button stays for what is over (E15), no page is
left wrong (P1), no merge is warned of, the change is reapplied once it is fixed, what is due is told of (T1), and what
was learnt is written down (T2)."""

ENDED: Final = frozenset({StepState.DONE, StepState.SKIPPED, StepState.CANCELLED})
PASSED: Final = frozenset({StepState.DONE, StepState.SKIPPED})
WAITS_FOR_A_PERSON: Final = frozenset({StepState.FAILED, StepState.UNKNOWN})

_WAITING: Final = frozenset({StepState.BLOCKED, StepState.GATED, StepState.READY})
_SETTLED_BY_A_PERSON: Final = frozenset({StepState.READY, StepState.DONE, StepState.SKIPPED, StepState.CANCELLED})

STEP_MOVES: Final[Mapping[StepState, frozenset[StepState]]] = MappingProxyType(
    {
        StepState.BLOCKED: (_WAITING | {StepState.SKIPPED, StepState.CANCELLED}) - {StepState.BLOCKED},
        StepState.GATED: (_WAITING | {StepState.SKIPPED, StepState.CANCELLED}) - {StepState.GATED},
        # A gate may have shut again by the claim; and a person may have done the step outside (E18).
        StepState.READY: (_WAITING | ENDED | {StepState.RUNNING}) - {StepState.READY},
        # Back to ready: a passing failure, tried again by itself.
        StepState.RUNNING: WAITS_FOR_A_PERSON | {StepState.READY, StepState.WATCHING, StepState.DONE},
        # Cancelled: the plan was replaced while the world was being asked, which changes nothing in it.
        StepState.WATCHING: WAITS_FOR_A_PERSON | ENDED,
        StepState.FAILED: _SETTLED_BY_A_PERSON,
        # Watching: looked up again, the effect has taken place and is still under way.
        StepState.UNKNOWN: _SETTLED_BY_A_PERSON | {StepState.FAILED, StepState.WATCHING},
        StepState.DONE: frozenset(),
        StepState.SKIPPED: frozenset(),
        StepState.CANCELLED: frozenset(),
    }
)


def may_move(from_: StepState, to: StepState) -> bool:
    """Whether a step may go from one state to the other; what has ended stays as it ended."""
    return to in STEP_MOVES[from_]


class IncidentState(StrEnum):
    """Where an incident stands."""

    DECLARED = "declared"
    DECIDED = "decided"
    EXECUTING = "executing"
    RECOVERED = "recovered"
    ESCALATED = "escalated"
    CLOSED = "closed"


class Resolution(StrEnum):
    """How an incident was closed."""

    RECOVERED = "recovered"
    REPLACED = "replaced"
    ESCALATED = "escalated"
    FALSE_ALARM = "false_alarm"
    MERGED = "merged"


_I = IncidentState

INCIDENT_MOVES: Final[Mapping[IncidentState, frozenset[IncidentState]]] = MappingProxyType(
    {
        _I.DECLARED: frozenset({_I.DECIDED, _I.ESCALATED, _I.CLOSED}),
        _I.DECIDED: frozenset({_I.DECLARED, _I.EXECUTING, _I.ESCALATED, _I.CLOSED}),
        # It didn't help: back to the decision with the next suspect (E17). A running plan is stopped before it closes.
        # Back to decided: somebody pushed to the fix, and its plan is made and executed anew (E13).
        _I.EXECUTING: frozenset({_I.DECLARED, _I.DECIDED, _I.RECOVERED, _I.ESCALATED}),
        _I.RECOVERED: frozenset({_I.DECLARED, _I.ESCALATED, _I.CLOSED}),
        # The Incident Response Plan governs from there (X2): no way back into our plan.
        _I.ESCALATED: frozenset({_I.CLOSED}),
        _I.CLOSED: frozenset(),
    }
)

_BEFORE_EXECUTION: Final = frozenset({Resolution.REPLACED, Resolution.FALSE_ALARM, Resolution.MERGED})

RESOLUTIONS: Final[Mapping[IncidentState, frozenset[Resolution]]] = MappingProxyType(
    {
        _I.DECLARED: _BEFORE_EXECUTION,
        _I.DECIDED: _BEFORE_EXECUTION,
        _I.EXECUTING: frozenset(),
        _I.RECOVERED: frozenset({Resolution.RECOVERED, Resolution.REPLACED}),
        _I.ESCALATED: frozenset({Resolution.ESCALATED}),
        _I.CLOSED: frozenset(),
    }
)


def incident_may_move(from_: IncidentState, to: IncidentState) -> bool:
    """Whether an incident may go from one state to the other."""
    return to in INCIDENT_MOVES[from_]


def may_close_as(state: IncidentState, resolution: Resolution) -> bool:
    """Whether an incident in this state may be closed with this resolution (E17)."""
    return resolution in RESOLUTIONS[state]
