"""What the other paths ask of people: who may say what, what it holds up, and how an isolation ends."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from incidents.models import Decision, Incident, LedgerEntry, Plan, Step
from incidents.procedure.steps import StepState
from incidents.queries.bleeding import bleed_controls
from incidents.queries.controls import controls_of
from incidents.queries.duty import NotPermitted, roles_of
from incidents.queries.room import room_of
from incidents.services.bleeding import turn_flag_on
from incidents.services.concluding import ReasonMissing, close_incident, decide_again
from incidents.services.confirming import (
    ConfirmationIncomplete,
    ConfirmedAlready,
    NothingToConfirm,
    Word,
    confirm_credential,
    deny_credential,
)
from incidents.services.deciding import decide
from incidents.services.executing import execute_plan
from incidents.services.fixing import NoFixWanted, SeenFix, name_fix, settle_fix
from incidents.services.gating import gate_of

Fill = Callable[..., dict[str, str]]
WORD = Word("The old key still signs in.", "the key holder", "ticket 4711")
VALID = {"credential_restored": "yes", "credential_still_valid": "yes"}
INCOMPATIBLE = {"migration": "yes", "incompatible": "yes", "hotfix_tolerates": "yes", "flag_isolates": "yes"}
FOUND = SeenFix(12, "Mend it", "http://host.example/pull/12", "f" * 40, "mend", "a" * 40, "c" * 40, "e" * 40)


@pytest.fixture
def ciso(db: None) -> User:
    person = User.objects.create_user("ciso")
    person.groups.add(Group.objects.get_or_create(name="ciso")[0])
    return person


@pytest.fixture
def take(incident: Incident, oncall: User, answers: Fill, now: datetime) -> Callable[..., Decision]:
    """Decide for a path, with what it goes by."""

    def taken(path: str, given: dict[str, str], **particulars: str) -> Decision:
        incident.refresh_from_db()
        return decide(
            incident_id=incident.pk, actor=oncall, now=now, version=incident.version, answers=answers(**given),
            path=path, reason="It is so.", particulars=particulars,
        )  # fmt: skip

    return taken


def version_of(incident: Incident) -> int:
    incident.refresh_from_db()
    return incident.version


def say(incident: Incident, actor: User, now: datetime, word: Word = WORD) -> None:
    confirm_credential(incident_id=incident.pk, actor=actor, now=now, version=version_of(incident), word=word)


def run(incident: Incident, oncall: User, now: datetime) -> Plan:
    plan = incident.plans.get(replaced_at__isnull=True)
    return execute_plan(
        incident_id=incident.pk, actor=oncall, now=now, version=version_of(incident), digest=plan.instance_digest
    )


@pytest.mark.parametrize("who", ["oncall", "ciso"])
def test_c1_the_on_call_engineer_or_the_ciso_confirms_and_the_push_starts(
    incident: Incident, take: Callable[..., Decision], oncall: User, now: datetime, who: str,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    take("rollback", VALID)
    push = run(incident, oncall, now).steps.in_order()[0]
    assert (push.state, gate_of(push).rule) == (StepState.GATED, "C1")
    say(incident, request.getfixturevalue(who), now)
    push.refresh_from_db()
    assert push.state == StepState.READY
    entry = LedgerEntry.objects.get(incident=incident, kind="confirmation.given")
    assert (entry.rule, entry.who, entry.data["asked"]) == ("C1", who, "the key holder")


def test_c1_it_is_asked_again_at_the_merge(
    incident: Incident, take: Callable[..., Decision], oncall: User, now: datetime
) -> None:
    decision = take("rollback", VALID)
    say(incident, oncall, now)
    plan = run(incident, oncall, now)
    plan.steps.filter(position__lt=4).update(state="done", due_at=None, finished_at=now)
    assert gate_of(plan.steps.get(kind="merge")).open
    decision.confirmations.update(withdrawn_at=now)
    assert gate_of(plan.steps.get(kind="merge")).rule == "C1"


@pytest.mark.parametrize("who", ["engineer", "reviewer", "cto"])
def test_c1_nobody_else_confirms(
    incident: Incident, take: Callable[..., Decision], now: datetime, who: str, request: pytest.FixtureRequest
) -> None:
    take("rollback", VALID)
    with pytest.raises(NotPermitted):
        say(incident, request.getfixturevalue(who), now)


@pytest.mark.parametrize("word", [Word("", "the key holder"), Word("It signs in.", " ")])
def test_c1_a_word_says_what_was_checked_and_with_whom(
    incident: Incident, take: Callable[..., Decision], oncall: User, now: datetime, word: Word
) -> None:
    take("rollback", VALID)
    with pytest.raises(ConfirmationIncomplete, match="from memory is not confirmed"):
        say(incident, oncall, now, word)


def test_c1_it_is_confirmed_once(
    incident: Incident, take: Callable[..., Decision], oncall: User, now: datetime
) -> None:
    take("rollback", VALID)
    say(incident, oncall, now)
    with pytest.raises(ConfirmedAlready, match="oncall confirmed it"):
        say(incident, oncall, now)


def test_c1_a_plain_rollback_has_nothing_to_confirm(plan: Plan, oncall: User, now: datetime) -> None:
    with pytest.raises(NothingToConfirm):
        say(plan.incident, oncall, now)


def test_c2_a_no_prefills_the_decision_with_rotating_forward(
    incident: Incident, take: Callable[..., Decision], oncall: User, now: datetime
) -> None:
    take("rollback", VALID, credential="shop/payments")
    deny_credential(incident_id=incident.pk, actor=oncall, now=now, version=version_of(incident), word=WORD)
    incident.refresh_from_db()
    form = controls_of(incident, oncall, now).decision
    assert form is not None
    assert form.advice is not None
    asked = next(path.asks for path in form.advice.paths if path.advised)
    assert (form.advice.advised, asked and asked.value) == ("rotate_forward", "shop/payments")


def isolated(incident: Incident, take: Callable[..., Decision], oncall: User, now: datetime) -> None:
    incident.service.flags = ["loyalty-points"]
    incident.service.save()
    take("isolate", INCOMPATIBLE, flag="loyalty-points")
    run(incident, oncall, now).steps.update(state="done", due_at=None, finished_at=now, started_at=now)
    Incident.objects.filter(pk=incident.pk).update(state="recovered", recovered_at=now)
    incident.refresh_from_db()


def test_m2_isolated_is_not_recovered_and_closes_only_with_what_replaced_it(
    incident: Incident, take: Callable[..., Decision], oncall: User, now: datetime
) -> None:
    isolated(incident, take, oncall, now)
    assert room_of(incident, now).now.words == "Isolated behind a flag. The fix is still to come."
    assert room_of(incident, now).head.state.words == "isolated"
    with pytest.raises(ReasonMissing, match="isolated, not mended"):
        close_incident(incident_id=incident.pk, actor=oncall, now=now, version=version_of(incident))
    close_incident(
        incident_id=incident.pk, actor=oncall, now=now, version=version_of(incident), words="The feature is gone."
    )
    incident.refresh_from_db()
    assert incident.resolution == "replaced"


def test_m2_after_an_isolation_the_hotfix_is_decided_with_the_answers_kept(
    incident: Incident, take: Callable[..., Decision], oncall: User, now: datetime
) -> None:
    isolated(incident, take, oncall, now)
    decide_again(incident_id=incident.pk, actor=oncall, now=now, version=version_of(incident))
    incident.refresh_from_db()
    form = controls_of(incident, oncall, now).decision
    assert form is not None
    assert form.advice is not None
    assert form.advice.advised == "hotfix"
    assert not incident.suspects.filter(tried_at__isnull=False).exists()


def test_m2_the_flag_of_an_isolation_is_turned_on_again_like_any_other(
    incident: Incident, take: Callable[..., Decision], oncall: User, now: datetime
) -> None:
    isolated(incident, take, oncall, now)
    roles = roles_of(oncall, incident.service, now=now, incident=incident)
    (shown,) = bleed_controls(incident, roles, Step.objects.filter(incident=incident)).flags
    assert (shown.undo, shown.undo_now) == ("Turn it on again", False)
    step = turn_flag_on(incident_id=incident.pk, actor=oncall, now=now, flag="loyalty-points")
    assert (step.kind, step.plan) == ("flag_on", None)


def test_d5_a_rollback_follows_no_fix(plan: Plan, oncall: User, now: datetime) -> None:
    version = version_of(plan.incident)
    with pytest.raises(NoFixWanted):
        name_fix(incident_id=plan.incident.pk, reference="12", actor=oncall, now=now, version=version)


def test_m2_what_a_worker_read_for_an_older_name_changes_nothing(
    incident: Incident, take: Callable[..., Decision], oncall: User, now: datetime
) -> None:
    decision = take("hotfix", INCOMPATIBLE, fix="11")
    name_fix(incident_id=incident.pk, reference="12", actor=oncall, now=now, version=version_of(incident))
    settle_fix(decision_id=decision.pk, number=11, found=None, words="It was closed.", now=now)
    settle_fix(decision_id=decision.pk, number=12, found=FOUND, words="", now=now)
    settle_fix(decision_id=decision.pk, number=12, found=FOUND, words="", now=now)
    assert incident.plans.get().steps.get(kind="find_fix").parameters["head"] == FOUND.head


def test_d5_the_form_keeps_what_was_typed_and_says_what_is_wrong_with_it(
    incident: Incident, oncall: User, answers: Fill, client: Client
) -> None:
    client.force_login(oncall)
    prepared = dict.fromkeys(("fix_small", "fix_understood", "fix_prepared", "rollback_risky"), "yes")
    asked = answers(**prepared) | {"version": version_of(incident), "path": "roll_forward", "fix": "my fix"}
    answer = client.post(reverse("incidents:decide", args=[incident.number]), asked, headers={"HX-Request": "true"})
    page = answer.content.decode()
    assert (answer.status_code, incident.decisions.count()) == (422, 0)
    assert "“my fix” is no pull request" in page
    assert 'value="my fix"' in page
