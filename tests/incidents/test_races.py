"""Eight people press at once: one wins, seven read who it was and when; and whatever meets, nothing deadlocks."""

import re
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse
from guardian.shortcuts import assign_perm
from pytest_django.fixtures import Settings

import incidents
from approvals.models import ApprovalRequest, Vote
from approvals.quorum import State
from incidents.models import Change, Incident, LedgerEntry, Plan, Service, Shift, Step, Trigger
from incidents.models.ledger import first_broken_entry, stream_of
from incidents.procedure.steps import IncidentState, StepKind, StepState
from incidents.services.clock import database_now
from incidents.services.deciding import decide
from incidents.services.declaring import declare_incident
from incidents.services.executing import execute_plan
from incidents.services.intake import SeenAlert, receive_alert
from incidents.services.running import claim_step, doubt_step
from tests.incidents.crowds import EIGHT, Answer, Browser, at_once, browser_of, proved_browser_of

Fill = Callable[..., dict[str, str]]
CUSTOMER_DATA = {"migration": "yes", "customer_data": "yes", "incompatible": "no"}
AT = r"\d\d:\d\d:\d\d UTC"
pytestmark = pytest.mark.django_db(transaction=True)


def address(name: str, incident: Incident) -> str:
    return reverse(f"incidents:{name}", args=[incident.number])


def entries(incident: Incident, kind: str) -> int:
    return LedgerEntry.objects.filter(incident=incident, kind=kind).count()


def one_won(answers: list[Answer], words: str) -> Answer:
    """Exactly one was served; everybody else reads `words`, a pattern in which {who} is the winner's name."""
    assert Counter(each.status for each in answers) == {200: 1, 409: len(answers) - 1}, [
        each.words for each in answers if each.status not in (200, 409)
    ]
    (winner,) = [each for each in answers if each.status == 200]
    told = re.compile(words.format(who=winner.person.username))
    assert [each.words for each in answers if each.status == 409 and not told.search(each.words)] == []
    return winner


def the_record_holds(incident: Incident) -> None:
    assert first_broken_entry(stream_of(incident)) is None


@pytest.fixture
def browsers(oncall: User) -> list[Browser]:
    """The on-call engineer with eight browsers: decide and execute are theirs alone (D6)."""
    return [browser_of(oncall) for _ in range(EIGHT)]


def people(role: str) -> list[User]:
    """Eight people who hold a role."""
    group, _ = Group.objects.get_or_create(name=role)
    found = [User.objects.create_user(f"{role} {number}") for number in range(EIGHT)]
    group.user_set.set(found)
    return found


def decided(incident: Incident, actor: User, answers: dict[str, str]) -> Plan:
    incident.refresh_from_db()
    taken = decide(
        incident_id=incident.pk, actor=actor, now=database_now(), version=incident.version, answers=answers,
        path="rollback",
    )  # fmt: skip
    incident.refresh_from_db()
    return taken.plan


def test_d6_eight_decide_at_once(incident: Incident, browsers: list[Browser], answers: Fill) -> None:
    form = answers() | {"path": "rollback", "version": incident.version}
    results = at_once([partial(browser.press, address("decide", incident), form) for browser in browsers])
    one_won(results, rf"Meanwhile {{who}}: Decided: roll back, {AT}")
    assert (incident.decisions.count(), incident.plans.count(), entries(incident, "decision.taken")) == (1, 1, 1)
    assert incident.steps.filter(kind=StepKind.POST_COMMANDS).count() == 1
    the_record_holds(incident)


def test_x2_eight_escalate_at_once(
    incident: Incident, browsers: list[Browser], cto: User, ciso: User, answers: Fill
) -> None:
    form = answers(data_gone="yes", migration="yes", incompatible="yes") | {
        "path": "escalate", "reason": "beyond us", "version": incident.version,
    }  # fmt: skip
    results = at_once([partial(browser.press, address("decide", incident), form) for browser in browsers])
    one_won(results, rf"Meanwhile {{who}}: .*?, {AT}")
    incident.refresh_from_db()
    assert (incident.state, entries(incident, "decision.taken")) == (IncidentState.ESCALATED, 1)
    the_record_holds(incident)


def test_d6_eight_execute_at_once(plan: Plan, incident: Incident, browsers: list[Browser]) -> None:
    incident.refresh_from_db()
    form = {"version": incident.version, "digest": plan.instance_digest}
    results = at_once([partial(browser.press, address("execute", incident), form) for browser in browsers])
    one_won(results, rf"Meanwhile {{who}}: Executed plan 1, {AT}")
    assert entries(incident, "plan.executed") == 1
    assert list(plan.steps.in_order().values_list("state", flat=True)) == ["ready", *["blocked"] * 5]
    assert LedgerEntry.objects.filter(kind="step.ready", rule="R1").count() == 1
    the_record_holds(incident)


def test_m3_eight_ctos_press_approve_for_the_one_seat(
    incident: Incident, oncall: User, dba: User, answers: Fill
) -> None:
    crowd = [proved_browser_of(person) for person in people("cto")]
    decided(incident, oncall, answers(**CUSTOMER_DATA))
    asked = ApprovalRequest.objects.get()
    form = {"answer": "approve cto", "digest": asked.digest, "version": asked.version, "reason": "I have read it."}
    vote = reverse("approvals:vote", args=[asked.pk])
    results = at_once([partial(browser.press, vote, form) for browser in crowd])
    winner = one_won(results, r"{who} approved as CTO before you\..*{who} approved as CTO \d\d:\d\d:\d\d")
    assert list(Vote.objects.values_list("person", "seat")) == [(winner.person.pk, "cto")]
    assert entries(incident, "approval.approved") == 1
    the_record_holds(incident)


WORDS = {"phase": "investigating", "title": "Disruption", "message": "Some orders fail.", "what": "ask"}


def test_p2_eight_ask_about_public_words_at_once(incident: Incident, browsers: list[Browser], cto: User) -> None:
    results = at_once([partial(browser.press, address("words", incident), WORDS) for browser in browsers])
    one_won(results, rf"{{who}} is at a draft since {AT}")
    assert (incident.status_updates.count(), ApprovalRequest.objects.count()) == (1, 1)
    assert (entries(incident, "status.drafted"), entries(incident, "approval.asked")) == (1, 1)
    the_record_holds(incident)


def test_p2_eight_approve_public_words_at_once_and_they_go_out_once(
    incident: Incident, browsers: list[Browser]
) -> None:
    """One answer is enough, of any of them; it opens one posting."""
    crowd = [browser_of(person) for person in people("ciso")]
    browsers[0].press(address("words", incident), WORDS, follow=False)
    asked = ApprovalRequest.objects.get()
    form = {"answer": "approve ciso", "digest": asked.digest, "version": asked.version, "reason": "I have read it."}
    vote = reverse("approvals:vote", args=[asked.pk])
    results = at_once([partial(browser.press, vote, form) for browser in crowd])
    winner = one_won(results, r"{who} approved as CISO\..*{who} approved as CISO \d\d:\d\d:\d\d")
    assert list(Vote.objects.values_list("person", flat=True)) == [winner.person.pk]
    assert incident.steps.filter(kind=StepKind.PUBLISH_STATUS).count() == entries(incident, "approval.consumed") == 1
    the_record_holds(incident)


def test_p2_eight_post_what_was_approved_at_once(
    incident: Incident, browsers: list[Browser], cto: User, settings: Settings
) -> None:
    """The answer was not heard, so that the posting waits for a press: one opens it."""
    browsers[0].press(address("words", incident), WORDS, follow=False)
    asked = ApprovalRequest.objects.get()
    settings.APPROVALS_LISTENER = None
    form = {"answer": "approve cto", "digest": asked.digest, "version": asked.version, "reason": "I have read it."}
    browser_of(cto).press(reverse("approvals:vote", args=[asked.pk]), form)
    update = incident.status_updates.get()
    post = reverse("incidents:words-act", args=[incident.number, update.pk, "post"])
    results = at_once([partial(browser.press, post, {"version": update.version}) for browser in browsers])
    one_won(results, rf"The update is approved by now\. Meanwhile {{who}}: .*?, {AT}")
    assert incident.steps.filter(kind=StepKind.PUBLISH_STATUS).count() == entries(incident, "approval.consumed") == 1
    the_record_holds(incident)


def test_e5_eight_engineers_take_over_at_once(incident: Incident, service: Service, oncall: User) -> None:
    """Nobody is on call: whoever is first owns the decision."""
    Shift.objects.all().delete()
    crowd = people("engineers")
    for person in crowd:
        assign_perm("respond_service", person, service)
    press = {"address": address("take-over", incident), "form": {"version": incident.version}}
    results = at_once([partial(browser_of(person).press, **press) for person in crowd])
    winner = one_won(results, rf"Meanwhile {{who}}: .*?, {AT}")
    incident.refresh_from_db()
    assert (incident.taken_over_by, entries(incident, "incident.taken_over")) == (winner.person, 1)
    the_record_holds(incident)


def test_s3_drains_and_alerts_meet_without_waiting_for_each_other_in_a_circle(
    incident: Incident, service: Service, oncall: User
) -> None:
    """An alert takes the service, then its open incident; a drain must take them in the same order."""
    service.drain_targets = ["blue", "green"]
    service.save()
    press = {"address": address("drain", incident), "form": {"target": "blue"}, "follow": False}
    drains = [partial(browser_of(oncall).press, **press) for _ in range(4)]
    results = at_once([*drains, *(partial(_fires, service, oncall, number) for number in range(EIGHT))])
    assert Counter(each.status for each in results[:4]) == {302: 1, 409: 3}
    assert (entries(incident, "alert.fired"), incident.steps.filter(kind=StepKind.DRAIN).count()) == (EIGHT, 1)
    the_record_holds(incident)


def _fires(service: Service, worker: User, number: int) -> Answer:
    now = database_now()
    seen = SeenAlert(
        source="alertmanager", fingerprint=str(number), name=service.alert_name, firing=True,
        labels=service.alert_labels, annotations={}, started_at=now, ended_at=None,
    )  # fmt: skip
    receive_alert(seen=seen, now=now)
    return Answer(worker, 200, "")


def test_nobody_locks_an_incident_or_a_service_in_a_way_of_their_own() -> None:
    """The locks whose strength is argued for stand in one place each: `locked()`."""
    rooms = Path(incidents.__file__).parent
    own_way = re.compile(r"(Incident|Service)\.objects(?!\.locked)[^\n]*select_for_update")
    assert [path.name for path in rooms.rglob("*.py") if own_way.search(path.read_text())] == []


@pytest.mark.parametrize("turn", range(2))
def test_what_meets_in_any_order_deadlocks_nowhere_and_leaves_one_truth(
    service: Service, change: Change, oncall: User, cto: User, dba: User, answers: Fill, turn: int
) -> None:
    """Approve, execute, stop, resume, no help, decide anew and the worker's claim, all at once, round after round."""
    seats = {"cto": proved_browser_of(cto), "dba": proved_browser_of(dba)}
    for number in range(4):
        incident = declare_incident(
            service_id=service.pk, trigger=Trigger.REGRESSION, title="Checkout answers 500", now=database_now(),
            actor=oncall, change_id=change.pk,
        )  # fmt: skip
        plan = decided(incident, oncall, answers(**CUSTOMER_DATA))
        if number % 2:
            execute_plan(
                incident_id=incident.pk, actor=oncall, now=database_now(), version=incident.version,
                digest=plan.instance_digest,
            )  # fmt: skip
        results = at_once(_meeting(incident, oncall, seats, answers(**CUSTOMER_DATA)))
        assert {each.status for each in results} <= {200, 302, 409}, [each for each in results if each.status >= 500]
        _one_truth(incident)


TIMES = 2


def _meeting(
    incident: Incident, oncall: User, seats: dict[str, Browser], given: dict[str, str]
) -> list[Callable[[], Answer]]:
    """Each of them presses several times, always with what the page would show at that moment."""
    acts = ("execute", "stop", "resume", "no-help")
    return [
        *(partial(_again, _answers, browser, incident, seat) for seat, browser in seats.items()),
        *(partial(_again, _presses, browser_of(oncall), incident, name) for name in acts),
        partial(_again, _presses, browser_of(oncall), incident, "decide", **given, path="rollback"),
        partial(_again, _works, incident, oncall),
    ]


def _again(act: Callable[..., Answer], *given: Any, **form: str) -> Answer:
    """Several times; the worst answer counts."""
    return max((act(*given, **form) for _ in range(TIMES)), key=lambda answer: answer.status)


def _answers(browser: Browser, incident: Incident, seat: str) -> Answer:
    asked = ApprovalRequest.objects.filter(subject_id=str(incident.pk)).order_by("-asked_at", "-id")[0]
    form = {"answer": f"approve {seat}", "digest": asked.digest, "version": asked.version, "reason": "read"}
    return browser.press(reverse("approvals:vote", args=[asked.pk]), form, follow=False)


def _presses(browser: Browser, incident: Incident, name: str, **form: str) -> Answer:
    shown = Incident.objects.get(pk=incident.pk)
    plan = Plan.objects.filter(incident=incident, replaced_at__isnull=True).first()
    given = form | {"version": shown.version, "digest": plan.instance_digest if plan else "", "reason": "seen"}
    return browser.press(address(name, incident), given, follow=False)


def _works(incident: Incident, worker: User) -> Answer:
    """A worker takes what is ready, and cannot tell what came of it."""
    for step_id in Step.objects.filter(incident=incident, state=StepState.READY, plan__isnull=False).values_list("pk"):
        claim = claim_step(step_id=step_id[0])
        if claim is not None:
            doubt_step(claim, words="Who knows.")
    return Answer(worker, 200, "")


def _one_truth(incident: Incident) -> None:
    """What holds after every meeting, whoever was first."""
    the_record_holds(incident)
    incident.refresh_from_db()
    current = Plan.objects.filter(incident=incident, replaced_at__isnull=True)
    assert current.count() == (incident.state != IncidentState.DECLARED)
    executed = current.filter(executed_at__isnull=False).exists()
    assert executed == (incident.state == IncidentState.EXECUTING)
    used = ApprovalRequest.objects.filter(subject_id=str(incident.pk), state=State.CONSUMED)
    assert len(set(used.values_list("consumed_by", flat=True))) == used.count()
    for plan in Plan.objects.filter(incident=incident, steps__attempts__gt=0).distinct():
        assert used.filter(consumed_by=f"plan:{plan.pk}", content_digest=plan.content_digest).count() == 1
    assert entries(incident, "plan.executed") == incident.plans.filter(executed_at__isnull=False).count()
    assert entries(incident, "decision.taken") == incident.decisions.count() == incident.plans.count()
