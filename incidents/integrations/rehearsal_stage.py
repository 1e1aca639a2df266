"""The sandbox, as a drill steers it: by its HTTP control address, and never by importing it."""

import httpx

from incidents.integrations.fields import Fields
from incidents.integrations.outbound import Outbound

_ADVICE = {
    403: "It is steered from its own machine only: run the console's workers there, or correct SANDBOX_URL.",
    404: "There is no sandbox at this address, or an older one: correct SANDBOX_URL.",
    409: "The sandbox is broken in this way already: revert that first, or reset it.",
}


class RehearsalStage:
    """What people outside would do, and what breaks; each order is sent once."""

    def __init__(self, url: str, *, transport: httpx.BaseTransport | None = None) -> None:
        self._out = Outbound(
            "The sandbox", url, headers={"Accept": "application/json"}, advice=_ADVICE, transport=transport
        )

    def break_it(self, scenario: str) -> str:
        """Merge what breaks it; the commit of the change that is to be rolled back."""
        doing = f"breaking it by {scenario}"
        reply = self._order("break", doing, scenario=scenario)
        with self._out.understood(doing, writes=True):
            return reply.each("merged")[0].text("sha")

    def lose_answers(self) -> None:
        """The code host opens a pull request and merges one, and of neither an answer comes back."""
        for method, path in (("POST", "*/pulls"), ("PUT", "*/merge")):
            fault = {"kind": "drop_after", "part": "github", "method": method, "path": path}
            self._out.ask("POST", "control/faults", doing="losing answers", writes=True, json=fault)

    def find_answers(self) -> None:
        """No answer is lost any more."""
        self._out.ask("DELETE", "control/faults", doing="ending its faults", writes=True)

    def resolve(self, scenario: str, branch: str) -> None:
        """Somebody resolves the conflict on a branch of their own."""
        self._order("resolve", "resolving the conflict", scenario=scenario, branch=branch)

    def approve(self, number: int, login: str) -> None:
        """Somebody approves a pull request on the code host's own page."""
        self._order("review", "approving the pull request", number=number, login=login, state="APPROVED")

    def _order(self, name: str, doing: str, **body: object) -> Fields:
        reply = self._out.ask("POST", f"control/{name}", doing=doing, writes=True, json=body)
        with self._out.understood(doing, writes=True):
            return Fields(reply.json())
