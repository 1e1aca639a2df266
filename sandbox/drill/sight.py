"""What the drill sees in the console's own rows, and how it shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from rich.table import Table

LOOK: Final[Mapping[str, tuple[str, str]]] = {
    "done": ("✓", "green"),
    "running": ("●", "cyan"),
    "watching": ("◐", "cyan"),
    "ready": ("●", "cyan"),
    "failed": ("✗", "red"),
    "unknown": ("?", "red"),
}


@dataclass
class Sight:
    """What the drill sees in the console's own rows, and when it first saw each moment."""

    number: str = ""
    moments: dict[str, datetime] = field(default_factory=dict)
    steps: list[Mapping[str, Any]] = field(default_factory=list)
    state: str = ""

    def look(self) -> None:
        """Read the newest incident; needs Django to be set up for the drill's database."""
        from incidents.models import Incident

        incident = Incident.objects.order_by("-declared_at").first()
        if incident is None:
            return
        self.number, self.state = incident.number, incident.state
        columns = ("kind", "rule", "state", "sentence", "position", "started_at", "finished_at", "evidence")
        self.steps = list(incident.steps.order_by("plan", "position", "asked_at").values(*columns))
        plan = incident.plans.order_by("-number").first()
        moments = {
            "onset": incident.onset_at,
            "declared": incident.declared_at,
            "decided": plan.made_at if plan else None,
            "executed": plan.executed_at if plan else None,
            "recovered": incident.recovered_at,
            **{str(step["kind"]): step["finished_at"] for step in self.steps if step["position"]},
        }
        self.moments = {name: at for name, at in moments.items() if at}

    def step(self, kind: str) -> Mapping[str, Any]:
        return next((step for step in self.steps if step["kind"] == kind), {})

    def seconds(self, before: str, after: str) -> float:
        """Between two moments; NaN where one of them was not seen."""
        if before not in self.moments or after not in self.moments:
            return float("nan")
        return (self.moments[after] - self.moments[before]).total_seconds()

    def table(self) -> Table:
        """Each step, its state, its time."""
        table = Table(title=f"{self.number or 'waiting for the alert'} {self.state}", title_justify="left", box=None)
        for name in ("", "rule", "step", "state", "s", ""):
            table.add_column(name, no_wrap=name != "")
        for step in self.steps:
            mark, colour = LOOK.get(step["state"], ("·", "dim"))
            begun, ended = step["started_at"], step["finished_at"]
            seconds = f"{(ended - begun).total_seconds():.1f}" if begun and ended else ""
            words = str(step["sentence"])[:90]
            kind = str(step["kind"]).replace("_", " ")
            table.add_row(f"[{colour}]{mark}[/]", step["rule"], kind, step["state"], seconds, words)
        return table
