"""The switches of the console's own rules (E): what each turns, what it is now, and what it was at a decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings

from incidents.queries.shapes import SwitchRow


@dataclass(frozen=True, slots=True)
class Switch:
    """One setting that turns a rule; `words` say what its value means."""

    rule: str
    setting: str
    words: str


SWITCHES: Final = (
    Switch("E5", "TAKE_OVER_AFTER_MINUTES", "minutes without a sign until another engineer may take over"),
    Switch("E10", "HOLD_AT", "what M3 holds: the push of the revert, or its merge"),
    Switch("E12", "RECOVERY_SAMPLES", "good samples in a row; what counts is each service's own number"),
    Switch("E13", "APPROVAL_EXPIRES_AFTER_MINUTES", "minutes that a question to approvers stands"),
    Switch("M3", "BREAK_GLASS_MINUTES", "minutes that a broken glass holds; 0 allows none"),
    Switch("E14", "SMALL_TEAM", "one person may fill two seats; flagged wherever it shows"),
    Switch("E15", "WAKE_DEPUTY_AFTER_MINUTES", "minutes with an empty seat until the role's deputy is woken"),
    Switch("R4", "FREEZE", "other open pull requests are warned while an incident is open; nothing is blocked by it"),
    Switch("E21", "RETROSPECTIVE_DAYS", "days until a retrospective is complete; a service may set its own"),
    Switch("E19", "POST_COMMANDS", "the commands by hand are posted at the decision"),
)
OF_A_SERVICE: Final[Mapping[str, str]] = {
    "E12": "recovery_samples",
    "E21": "retrospective_days",
    "E22": "minimum_healthy",
}
"""What each service of the catalogue sets for itself."""


def current_switches() -> dict[str, Any]:
    """Every switch by its value, as a decision records them."""
    return {each.setting: getattr(settings, each.setting) for each in SWITCHES}


def switches_of(rule: str) -> tuple[SwitchRow, ...]:
    """The switches of a rule, as they are now."""
    now = current_switches()
    return tuple(
        SwitchRow(rule, each.setting, shown(now[each.setting]), each.words) for each in SWITCHES if each.rule == rule
    )


def switches_then(recorded: Mapping[str, Any]) -> tuple[SwitchRow, ...]:
    """The switches as a decision recorded them; where one has been turned since, also what it is now."""
    now = current_switches()
    rules = {each.setting: each.rule for each in SWITCHES}
    return tuple(
        SwitchRow(rules.get(name, ""), name, shown(value), since=shown(now[name]) if _turned(name, value, now) else "")
        for name, value in sorted(recorded.items())
    )


def shown(value: object) -> str:
    """A switch's value as people say it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def _turned(name: str, value: object, now: Mapping[str, Any]) -> bool:
    return name in now and now[name] != value
