"""The freeze: other merges are warned of while an incident is open, and the rollback itself always passes (R4)."""

from pytest_django.fixtures import Settings

from incidents.effects import wiring
from incidents.effects.freeze import CONTEXT
from incidents.models import Incident, LedgerEntry, Step
from incidents.queries.timeline import entry_in_words
from incidents.services.clock import database_now
from incidents.services.concluding import close_as_false_alarm
from incidents.services.freezing import warn_where_open
from sandbox.codehost.accounts import person_token
from sandbox.testing import await_true
from tests.effects.conftest import Drill

REPOSITORY = "acme/shop"


def propose(drill: Drill, branch: str) -> int:
    """Somebody opens a pull request of their own."""
    drill.sandbox.control("push", branch=branch, title="A new colour", files={"COLOUR.md": branch}, author="engineer")
    answer = drill.sandbox.client.post(
        f"/github/api/repos/{REPOSITORY}/pulls", json={"title": "A new colour", "head": branch, "base": "master"},
        headers={"Authorization": f"Bearer {person_token('engineer')}"},
    ).raise_for_status()  # fmt: skip
    return int(answer.json()["number"])


def told(drill: Drill, number: int) -> str:
    """What our status says about a pull request's head; empty where it says nothing."""
    host = wiring.world().code_host
    head = host.pull_request(REPOSITORY, number).head_sha
    return next((each.state for each in host.statuses(REPOSITORY, head) if each.context == CONTEXT), "")


def frozen(drill: Drill) -> Incident:
    incident = drill.declare(drill.break_shop())
    warn_where_open(database_now())
    drill.work_until(drill.reaches("freeze", "watching"), "the freeze watches")
    return incident


def close(drill: Drill, incident: Incident) -> None:
    incident.refresh_from_db()
    close_as_false_alarm(
        incident_id=incident.pk, actor=drill.oncall, now=database_now(), version=incident.version, reason="Nothing."
    )
    drill.work_until(drill.reaches("unfreeze", "done"), "the warnings are lifted")


def look_again(drill: Drill) -> None:
    """What a webhook does."""
    Step.objects.filter(kind="freeze", state="watching").update(due_at=database_now())
    drill.work()


def test_r4_open_pull_requests_are_warned_and_set_free_at_the_close(drill: Drill) -> None:
    before = propose(drill, "colour-one")
    incident = frozen(drill)
    assert told(drill, before) == "pending"
    later = propose(drill, "colour-two")
    look_again(drill)
    assert told(drill, later) == "pending"
    assert f"#{before}, #{later}" in drill.step("freeze").sentence
    close(drill, incident)
    assert (told(drill, before), told(drill, later)) == ("success", "success")
    assert drill.step("freeze").state == "cancelled"


def test_r4_the_rollbacks_own_pull_request_always_passes(drill: Drill) -> None:
    propose(drill, "colour-one")
    drill.execute(drill.decide(frozen(drill)))
    drill.work_until(drill.reaches("review", "watching"), "the pull request is open")
    look_again(drill)
    assert told(drill, drill.step("open_pull_request").evidence["number"]) == "success"


def test_r4_where_the_warning_cannot_be_set_the_rollback_goes_on(drill: Drill) -> None:
    drill.sandbox.control("rules", statuses_permission=False)
    propose(drill, "colour-one")
    incident = drill.declare(drill.break_shop())
    warn_where_open(database_now())
    plan = drill.decide(incident)
    drill.execute(plan)
    drill.work_until(drill.reaches("review", "watching"), "the review waits")
    number = drill.step("open_pull_request").evidence["number"]
    drill.sandbox.control("review", number=number, login="reviewer", state="APPROVED")
    drill.work_until(drill.reaches("merge", "done"), "it is merged all the same")
    assert drill.step("freeze").state == "failed"


def test_r4_off_by_its_switch_nothing_is_warned(drill: Drill, settings: Settings) -> None:
    settings.FREEZE = False
    number = propose(drill, "colour-one")
    drill.declare(drill.break_shop())
    warn_where_open(database_now())
    drill.work()
    assert told(drill, number) == ""


def test_r4_an_incident_is_warned_of_once_however_often_the_sweep_comes(drill: Drill) -> None:
    incident = frozen(drill)
    for _ in range(3):
        warn_where_open(database_now())
    assert incident.steps.filter(kind="freeze").count() == 1


def test_r4_the_warning_of_another_open_incident_stays(drill: Drill) -> None:
    number = propose(drill, "colour-one")
    first = frozen(drill)
    second = drill.declare(first.suspects.get().change)
    warn_where_open(database_now())
    drill.work_until(lambda: Step.objects.filter(kind="freeze", state="watching").count() == 2, "both watch")
    close(drill, first)
    assert told(drill, number) == "pending"
    assert second.number in drill.step("unfreeze").sentence


def test_r4_a_deploy_of_somebody_else_is_said_once_and_loudly(drill: Drill) -> None:
    incident = drill.declare(drill.break_shop())
    other = drill.break_shop("latency")

    def said() -> bool:
        drill.refresh()
        return LedgerEntry.objects.filter(incident=incident, kind="deploy.by_others").exists()

    await_true(said, "the other deploy is said", within=60)
    drill.refresh()
    (entry,) = LedgerEntry.objects.filter(incident=incident, kind="deploy.by_others")
    shown = entry_in_words(entry)
    assert shown.words.startswith(f"Another deploy went out: {other.short_sha}")
    assert shown.tone == "danger"


def test_r4_our_own_deploy_is_no_other_deploy(drill: Drill) -> None:
    drill.execute(drill.decide(drill.declare(drill.break_shop())))
    drill.work_until(drill.reaches("review", "watching"), "the review waits")
    number = drill.step("open_pull_request").evidence["number"]
    drill.sandbox.control("review", number=number, login="reviewer", state="APPROVED")
    drill.work_until(drill.reaches("deploy", "done"), "it is deployed")
    drill.refresh()
    assert not LedgerEntry.objects.filter(kind="deploy.by_others").exists()
