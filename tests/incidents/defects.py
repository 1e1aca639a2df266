"""Planted defects of incidents: a line or two of the real code each, put wrong, and the shortest story that meets them.

A story is a sequence of the machine's own rules; its own invariants judge it, after every rule.
"""

import inspect
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import CodeType, FunctionType
from typing import Any

Turn = tuple[str, dict[str, Any]]
Story = tuple[Turn, ...]


@dataclass(frozen=True)
class Edit:
    """A text of one function, and what a careless change makes of it."""

    function: str
    right: str
    wrong: str

    @contextmanager
    def made(self) -> Iterator[None]:
        """The function's own code is exchanged, so that whoever holds the function runs the wrong one."""
        module, _, name = self.function.rpartition(".")
        function = inspect.unwrap(getattr(import_module(module), name))
        assert isinstance(function, FunctionType)
        right, function.__code__ = function.__code__, self._wrong_code(function)
        try:
            yield
        finally:
            function.__code__ = right

    def _wrong_code(self, function: FunctionType) -> CodeType:
        source = textwrap.dedent(inspect.getsource(function))
        if source.count(self.right) != 1:
            raise LookupError(f"{self.function} holds {self.right!r} {source.count(self.right)} times")
        wrong = source.replace(self.right, self.wrong)
        scope: dict[str, Any] = {}
        exec(compile(wrong[wrong.index("def ") :], function.__code__.co_filename, "exec"), function.__globals__, scope)
        made: CodeType = scope[function.__name__].__code__
        return made


@dataclass(frozen=True)
class Defect:
    name: str
    story: Story
    edits: tuple[Edit, ...]

    @contextmanager
    def planted(self) -> Iterator[None]:
        with ExitStack() as stack:
            for edit in self.edits:
                stack.enter_context(edit.made())
            yield


def turn(rule: str, **given: Any) -> Turn:
    return rule, given


def votes(person: str, seat: str = "", **given: Any) -> Turn:
    return turn("somebody_votes", person=person, seat=seat or person, **given)


def passes(seconds: int) -> Turn:
    return turn("time_passes", seconds=seconds)


WORKS, EXECUTES, STOPS = turn("a_worker_works"), turn("somebody_executes"), turn("somebody_stops")
SWEEPS, NO_HELP, ESCALATES = turn("the_sweep_comes"), turn("it_did_not_help"), turn("somebody_escalates")
DECIDES = turn("somebody_decides", answers="customer data")
ASKED: Story = (DECIDES, WORKS)
APPROVED: Story = (*ASKED, votes("cto"), votes("dba"))
READY: Story = (*APPROVED, EXECUTES)
UNDER_REVIEW: Story = (*READY, WORKS, WORKS)
LOST = turn("a_role_is_lost_or_given", person="cto", role="cto")
RECOVERING: Story = (
    *UNDER_REVIEW, turn("the_world_shows", kind="review"), WORKS, WORKS, turn("the_world_shows", kind="deploy"), WORKS,
)  # fmt: skip
SAID: Story = (turn("the_lead_writes", message="Some orders fail."), votes("cto", public=True))

_SERVICES, _QUERIES, _RULES = "incidents.services", "incidents.queries", "incidents.procedure"


def _one(name: str, story: Story, function: str, right: str, wrong: str) -> Defect:
    return Defect(name, story, (Edit(function, right, wrong),))


_ALWAYS_EXPIRED = "    if now >= question.expires_at:\n        return State.EXPIRED\n"

DEFECTS = (
    _one("the gate is not asked at the claim", (*READY, LOST, WORKS), f"{_SERVICES}.running.claim_step",
         "gate = gate_of(step)", "gate = Gate(True, step.rule, '', StepState.READY)"),
    _one("a worker acts behind a shut gate", (*READY, turn("a_worker_works", dies="claimed"), STOPS, passes(6), WORKS),
         "incidents.effects.performing._attempt", "claim.gate.check()", "None"),
    _one("a lost role is ignored", (*READY, LOST, WORKS), f"{_QUERIES}.grants._stands",
         "and not who_lost_the_role(bound.pk)", ""),
    _one("another plan's grant will do", (*READY, WORKS, NO_HELP, DECIDES, EXECUTES, SWEEPS, WORKS),
         f"{_QUERIES}.grants.grant_of", "consumed_by=name_of(plan), ", ""),
    _one("what is kept was approved for other content",
         (*APPROVED, turn("it_did_not_help", again=True), turn("somebody_decides", answers="customer data, and wrong")),
         f"{_SERVICES}.approving.ask_about", "standing and standing.content_digest == plan.content_digest", "standing"),
    _one("a question outlives the decision it was for",
         (*APPROVED, turn("it_did_not_help", again=True), turn("somebody_decides", answers="plain"),
          turn("it_did_not_help", again=True), DECIDES, EXECUTES),
         f"{_SERVICES}.approving.ask_about", "if not needs:", "if False:"),
    _one("a stop is not asked", (*ASKED, EXECUTES, STOPS, votes("cto"), votes("dba"), WORKS),
         f"{_RULES}.gates._stopped", "if situation.plan_is_stopped", "if False"),
    _one("a stop leaves no trace", (*READY, STOPS), f"{_SERVICES}.executing.stop_plan",
         "record(incident, ", "str((incident, ), **{}) if True else dict(a="),
    _one("a replaced plan's steps stay", (*READY, NO_HELP), f"{_SERVICES}.concluding.retire_plan",
         "plan.steps.filter(state__in=[*UNSTARTED, StepState.RUNNING]).cancel(now)", "None"),
    _one("a plan is replaced under a worker's hands",
         (*READY, turn("somebody_acts_while_a_worker_works", moment="claimed", act="no help")),
         f"{_SERVICES}.concluding.retire_plan", "if at_work:", "if False:"),
    _one("the lease is not asked before the call", (*READY, turn("a_worker_oversleeps", moment="looked")),
         f"{_SERVICES}.running.open_call", "if not held:", "if False:"),
    _one("a call that may still land is not waited for",
         (DECIDES, turn("a_worker_works", fault="late"), passes(6), WORKS, passes(6), WORKS),
         f"{_SERVICES}.running.open_call", "if pending is not None:", "if False:"),
    _one("a retry does not look first", (*READY, turn("a_worker_works", dies="acted"), passes(6), WORKS),
         "incidents.effects.performing._attempt", "if found is not None:", "if False:"),
    _one("a sleeper overwrites what was settled", (*UNDER_REVIEW, turn("a_worker_oversleeps", moment="looked")),
         f"{_SERVICES}.running._settle", "filter(pk=claim.step.pk, lease=claim.token)", "filter(pk=claim.step.pk)"),
    _one("done is written twice", (*READY, turn("a_worker_oversleeps", moment="acted"), WORKS),
         f"{_SERVICES}.running._settle", "news = (step.state, step.sentence) != (state, sentence)", "news = False"),
    Defect("an escalated plan goes on", (*READY, ESCALATES, WORKS), (
        Edit(f"{_RULES}.gates._escalated", 'if escalated else None', "if False else None"),
        Edit(f"{_RULES}.gates._not_executing", "return None if executing else", "return None if True else"),
    )),
    Defect("an expired grant is used", (*APPROVED, passes(5 * 3600), EXECUTES, WORKS), (
        Edit(f"{_SERVICES}.approving.bind_grants", " or now >= standing.expires_at", ""),
        Edit("approvals.quorum._state", _ALWAYS_EXPIRED, ""),
        Edit("approvals.quorum.check_live", "if now >= question.expires_at:", "if False:"),
    )),
    _one("the switch of E10 is read the wrong way round", (*ASKED, EXECUTES, WORKS), f"{_RULES}.gates._held_here",
         "situation.hold_at == HoldAt.MERGE", "situation.hold_at == HoldAt.PUSH"),
    _one("M3 is not asked again before the merge",
         (*UNDER_REVIEW, turn("the_world_shows", kind="review"), WORKS, LOST, WORKS),
         f"{_RULES}.gates._held_here", "return situation.kind in {first, StepKind.MERGE}",
         "return situation.kind == first"),
    Defect("one person fills two seats", (
        *ASKED, turn("a_role_is_lost_or_given", person="dba", role="cto"), votes("dba", "cto"), votes("dba"), EXECUTES,
    ), (
        Edit("approvals.quorum.live", 'ballot.role if question.small_team else ""', "ballot.role"),
        Edit("approvals.quorum._check_own", "if len(elsewhere) >= allowed:", "if False:"),
    )),
    _one("who asked votes", (
        *ASKED, turn("a_role_is_lost_or_given", person="oncall", role="cto"), votes("oncall", "cto"),
    ), "approvals.quorum.may_judge", "person != question.asked_by or seat.self_allowed", "True"),
    _one("a vote on other content is taken", (*ASKED, votes("cto", old=True)), "approvals.quorum.check_vote",
         "if vote.digest != question.digest:", "if False:"),
    _one("a withdrawn vote stands", (*APPROVED, turn("somebody_withdraws", person="cto"), EXECUTES),
         "approvals.quorum.live", "if not ballot.withdrawn]", "]"),
    _one("a refusal does not block", (*APPROVED, votes("chief", "cto", says="refuse"), EXECUTES),
         "approvals.quorum._state", "if refused:", "if False:"),
    _one("one seat of two is enough", (*ASKED, votes("cto"), EXECUTES), "approvals.quorum.missing",
         "not short if rule.how is How.ALL else", "len(short) < 2 or"),
    _one("M2 does not close the rollback", (turn("somebody_decides", answers="incompatible"),),
         f"{_RULES}.decision._rollback_closed", "if old_code_fails(answers):", "if False:"),
    _one("what nobody knows of a schema passes as safe", (turn("somebody_decides", answers="perhaps incompatible"),),
         f"{_RULES}.readings.old_code_fails", 'answers.counts("incompatible")', 'answers.of("incompatible") == "yes"'),
    _one("X1 gives way", (turn("somebody_decides", answers="data gone"),), f"{_RULES}.decision.closure",
         "if must_escalate(answers):", "if False:"),
    _one("C2 does not close the rollback", (turn("somebody_decides", answers="dead credential"),),
         f"{_RULES}.decision._rollback_closed", "if not dead_credential_comes_back(answers):", "if True:"),
    _one("nobody has to look at the migration", (turn("somebody_decides", answers="not looked"), EXECUTES),
         f"{_RULES}.gates.execution_holds", "answers.migration != Answer.UNKNOWN", "True"),
    _one("M3 is asked only about known tables", (
        turn("somebody_decides", answers="nobody knows the table"), EXECUTES, WORKS,
    ), f"{_RULES}.readings.touches_customer_data", 'answers.counts("customer_data")',
         'answers.of("customer_data") == "yes"'),
    _one("a review is skipped",
         (*UNDER_REVIEW, turn("a_worker_works", fault="refuses"), turn("somebody_steers", kind="review", act="skip")),
         f"{_SERVICES}.steering.skip_step", "if step.kind == StepKind.REVIEW:", "if False:"),
    _one("recovery is attested against the series",
         (*RECOVERING, turn("the_series_speaks"), WORKS, turn("somebody_steers", kind="prove_recovery", act="attest")),
         f"{_SERVICES}.steering.attest_recovery", "if series_answers(step, asked.now):", "if False:"),
    _one("anything is retried", (*READY, turn("somebody_steers", kind="push_revert", act="retry")),
         f"{_SERVICES}.steering._require_stuck", "if step.state not in WAITS_FOR_A_PERSON:", "if False:"),
    _one("a retry goes round the gate",
         (*READY, turn("a_worker_works", fault="refuses"), STOPS,
          turn("somebody_steers", kind="push_revert", act="retry"), WORKS),
         f"{_SERVICES}.steering.retry_step", "gate_of(step).check()", "None"),
    _one("a grant is used before anybody executes", APPROVED, f"{_SERVICES}.approving.continue_plan",
         "plan.executed_at is None or incident.state != IncidentState.EXECUTING", "False"),
    _one("a changed patch voids nothing", (*APPROVED, turn("the_branch_moves", other=True), EXECUTES),
         f"{_SERVICES}.approving._void", "if standing is not None", "if False"),
    _one("a moved base is another patch", (*APPROVED, turn("the_branch_moves", other=False), EXECUTES, WORKS,
         turn("a_role_is_lost_or_given", person="cto", role="dba")),
         f"{_SERVICES}.approving.void_outdated", "if _digest_with(plan, assessment) != plan.content_digest:",
         "if True:"),
    _one("steps need not wait for one another", (*READY, turn("a_worker_works", fault="is down")),
         f"{_RULES}.gates._previous_not_done", "if situation.previous_done:", "if True:"),
    _one("a plan is executed by anybody", (*APPROVED, turn("somebody_executes", who="engineer")),
         f"{_SERVICES}.executing.execute_plan",
         "require(actor, Action.EXECUTE, incident.service, now=now, incident=incident)", "None"),
    _one("another plan than the one shown is executed", (*APPROVED, turn("somebody_executes", other=True)),
         f"{_SERVICES}.executing.execute_plan", "if plan.instance_digest != digest:", "if False:"),
    _one("a stale page acts", (*APPROVED, turn("somebody_executes", stale=True)), f"{_SERVICES}.locking.lock_incident",
         "if version is not None and incident.version != version:", "if False:"),
    _one("an incident is closed in the middle", (*READY, turn("somebody_closes")),
         f"{_SERVICES}.locking.lock_incident", "if allowed and incident.state not in allowed:", "if False:"),
    _one("an expired question that no sweep has ended is a wall",
         (*ASKED, passes(5 * 3600), turn("it_did_not_help", again=True), DECIDES),
         f"{_SERVICES}.approving.ask_about", "expire_about(subject, now=now)", "None"),
    _one("the record's chain is not carried on", (DECIDES,), "incidents.models.ledger.append_entry",
         '"previous": previous,', '"previous": GENESIS,'),
    _one("public words go out without their approval",
         (*SAID, turn("a_role_is_lost_or_given", person="cto", role="cto"), WORKS), f"{_RULES}.gates._words_unapproved",
         'if situation.approvals.get("P2", False):', "if True:"),
    _one("public words outlast their approver's role",
         (*SAID, turn("a_role_is_lost_or_given", person="cto", role="cto"), WORKS), f"{_QUERIES}.words.are_approved",
         "and not who_lost_the_role(bound.pk)", ""),
)  # fmt: skip
