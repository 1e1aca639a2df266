"""What the people do: break, announce, decide, execute, review, close."""

from incidents.procedure.drills import ANSWERS
from sandbox.drill.browser import Browser
from sandbox.drill.stage import Stage


def roll_back(stage: Stage, scenario: str) -> None:
    """From a healthy shop to a broken one to a recovered one."""
    sight, address = stage.sight, f"http://127.0.0.1:{stage.ports.pages}"
    oncall = Browser.signed_in(address, "oncall")
    bad = stage.control("break", scenario=scenario)["merged"][0]
    stage.wait(lambda: bool(sight.number), "the alert opens an incident", seconds=90)
    number = sight.number
    _suspect(stage, oncall, number, bad["sha"])
    oncall.act(number, "announce", text="Checkout answers errors. We are on it.")
    oncall.act(number, "decide", path="rollback", **ANSWERS)
    oncall.act(number, "execute")
    stage.wait(
        lambda: "number" in sight.step("review").get("evidence", {}),
        "the pull request waits for its review",
        seconds=60,
    )
    stage.control("review", number=sight.step("review")["evidence"]["number"], login="reviewer", state="APPROVED")
    stage.wait(lambda: sight.state == "recovered", "the shop has recovered", seconds=180)
    oncall.act(number, "close")
    stage.wait(lambda: sight.state == "closed", "the incident is closed", seconds=30)


def _suspect(stage: Stage, oncall: Browser, number: str, sha: str) -> None:
    """The bad change must be the suspect, and its preview ready, before anybody decides."""
    from incidents.models import Change

    def read() -> bool:
        return Change.objects.filter(sha=sha, assessment__isnull=False).exists()

    stage.wait(read, "the bad change is previewed", seconds=60)
    oncall.act(number, "suspects", sha=sha)
