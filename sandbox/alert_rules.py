"""The rules that watch the shop, and one rule's life: inactive, pending, firing, resolved."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

RULE_FILE = Path(__file__).with_name("alert_rules.yaml")
INACTIVE, PENDING, FIRING = "inactive", "pending", "firing"


@dataclass(frozen=True, slots=True)
class Rule:
    """Fires when `query` has been above `threshold` for `hold_seconds`."""

    name: str
    query: str
    threshold: float
    hold_seconds: float
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    @property
    def all_labels(self) -> dict[str, str]:
        return {"alertname": self.name, **self.labels}

    @property
    def fingerprint(self) -> str:
        """The same for the same labels, for ever: a resolved alert that fires again keeps it."""
        text = "\n".join(f"{name}={value}" for name, value in sorted(self.all_labels.items()))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Status:
    """Where a rule stands. `since` is when its condition began to hold, `value` what was measured last."""

    state: str = INACTIVE
    since: float = 0.0
    value: float = 0.0

    def after(self, rule: Rule, value: float | None, now: float, *, pace: float = 1.0) -> "Status":
        """The next status; a missing or NaN value does not exceed anything, as in Prometheus."""
        if value is None or not value > rule.threshold:
            return Status(value=value or 0.0)
        if self.state == INACTIVE:
            return Status(PENDING, now, value)
        held = now - self.since >= rule.hold_seconds * pace
        return replace(self, state=FIRING if held else self.state, value=value)


def read_rules(file: Path = RULE_FILE) -> list[Rule]:
    """The rules of a Prometheus rule file whose expressions are `query > number`."""
    groups = yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
    return [_rule(written) for group in groups for written in group["rules"]]


def _rule(written: Mapping[str, object]) -> Rule:
    query, threshold = str(written["expr"]).rsplit(" > ", 1)
    labels, annotations = written["labels"], written["annotations"]
    if not isinstance(labels, dict) or not isinstance(annotations, dict):
        raise TypeError("labels and annotations are mappings")
    hold = float(str(written["for"]).removesuffix("s"))
    return Rule(str(written["alert"]), query, float(threshold), hold, labels, annotations)
