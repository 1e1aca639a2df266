"""What must hold after everything that happens: the invariants of PROCEDURE.md and trust.md."""

import json
from collections import Counter
from collections.abc import Iterable
from uuid import UUID

from hypothesis.stateful import RuleBasedStateMachine, invariant

from approvals.models import ApprovalRequest
from incidents.models import Incident, LedgerEntry, Plan, StatusUpdate, Step
from incidents.models.ledger import LedgerStream, digest
from tests.incidents.outside import BY_BRANCH, WATCHED, Outside
from tests.incidents.reckoning import Reckoning

ENDED = ("done", "skipped", "cancelled")
ROLLBACK = ["push_revert", "open_pull_request", "review", "merge", "deploy", "prove_recovery"]


class Kept(RuleBasedStateMachine):
    """`known` is what people did, `outside` what the world has seen; `ended`, `done`, `seen`: what held before."""

    known: Reckoning
    outside: Outside
    incident_id: UUID
    stream: str
    head: str
    seen: str
    seen_seq: int
    ended: dict[UUID, str]
    done: Counter[str]

    def holds(self) -> None:
        """Every invariant, asked at once; the machine asks them by itself after each rule it draws."""
        for each in self.invariants:
            each.function(self)

    def incident(self) -> Incident:
        return Incident.objects.get(pk=self.incident_id)

    @invariant()
    def nothing_happens_that_the_procedure_forbids(self) -> None:
        assert [(each.kind, each.forbidden) for each in self.outside.happened if each.forbidden] == []

    @invariant()
    def nothing_happens_twice(self) -> None:
        assert [key for key, times in Counter(each.key for each in self.outside.happened).items() if times > 1] == []

    @invariant()
    def what_is_done_is_done_and_what_has_ended_stays_so(self) -> None:
        steps = Step.objects.filter(incident=self.incident_id).select_related("plan")
        for step in steps:
            assert self.ended.get(step.pk, step.state) == step.state, f"{step.kind} was {self.ended[step.pk]}"
            if step.state in ENDED:
                self.ended[step.pk] = step.state
            if step.state == "done" and step.pk not in self.known.by_people and step.kind not in WATCHED:
                key = f"{step.kind} {step.plan.branch}" if step.kind in BY_BRANCH and step.plan else str(step.key)
                assert self.outside.stands(key), f"{step.kind} is lost"
            if step.plan and step.plan.replaced_at:
                assert step.state in ENDED, f"{step.kind} of a replaced plan is {step.state}"

    @invariant()
    def the_rows_are_what_people_did(self) -> None:
        incident = self.incident()
        assert incident.state == self.known.state
        rows = Plan.objects.filter(incident=incident).order_by("number")
        acts = [[at is not None for at in (row.executed_at, row.stopped_at, row.replaced_at)] for row in rows]
        assert acts == [[plan.executed, plan.stopped, plan.replaced] for plan in self.known.plans]

    @invariant()
    def no_step_undoes_a_schema(self) -> None:
        """M2: a plan is the rollback's six steps, and no step at all runs a migration."""
        for row in Plan.objects.filter(incident=self.incident_id):
            assert list(row.steps.in_order().values_list("kind", flat=True)) == ROLLBACK
        for step in Step.objects.filter(incident=self.incident_id, plan__isnull=False):
            assert "migrate" not in json.dumps(step.parameters), "a step runs a migration"

    @invariant()
    def every_grant_was_given_for_this_by_the_right_people(self) -> None:
        used = ApprovalRequest.objects.filter(subject_id=str(self.incident_id), state="consumed")
        numbers = dict(Plan.objects.filter(incident=self.incident_id).values_list("pk", "number"))
        plans = {f"plan:{pk}": self.known.plans[number - 1] for pk, number in numbers.items()}
        for request in used:
            assert plans[request.consumed_by].bound, "a grant was used that nobody had given for this plan"
        approved = StatusUpdate.objects.filter(incident=self.incident_id, state__in=["approved", "posted"])
        assert not approved.exists() or (self.known.words and self.known.words.approved), "words that nobody approved"

    @invariant()
    def every_change_is_in_the_record_and_the_record_is_whole(self) -> None:
        fresh = LedgerEntry.objects.filter(stream_id=self.stream, seq__gt=self.seen_seq).order_by("seq")
        entries = list(fresh)
        for entry in entries:
            told = json.loads(entry.text)
            assert (entry.seq, told["seq"]) == (self.seen_seq + 1,) * 2, "a gap in the record"
            assert not self.head or told["previous"] == self.head, "a broken chain"
            assert digest(entry.text) == entry.hash
            self.seen_seq, self.head = entry.seq, entry.hash
            if entry.kind in ("step.done", "step.recorded_by_hand", "step.attested"):
                self.done[told["data"]["step"]] += 1
        assert LedgerStream.objects.get(name=self.stream).seq == self.seen_seq
        self._every_change_is_told(entries)

    def _every_change_is_told(self, entries: Iterable[LedgerEntry]) -> None:
        seen = self._fingerprint()
        assert seen == self.seen or entries, "something changed that the record does not tell"
        self.seen = seen
        done = Step.objects.filter(incident=self.incident_id, state="done").values_list("pk", flat=True)
        assert {str(pk) for pk in done} == set(self.done), "a step is done, and the record does not tell"
        assert set(self.done.values()) <= {1}, "a step was done twice"

    def _fingerprint(self) -> str:
        """All that people and auditors would call the state."""
        steps = Step.objects.filter(incident=self.incident_id).exclude(state__in=["blocked", "gated"])
        plans = Plan.objects.filter(incident=self.incident_id)
        rows = [
            self.incident().state,
            sorted(map(str, steps.values_list("pk", "state"))),
            sorted(map(str, plans.values_list("number", "executed_at", "stopped_at", "replaced_at"))),
            sorted(map(str, ApprovalRequest.objects.values_list("pk", "state", "version"))),
        ]
        return str(rows)
