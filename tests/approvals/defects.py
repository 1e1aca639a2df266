"""Planted defects: one line of the engine each, put wrong, for the properties to find."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

from approvals import quorum

SOURCE = Path(quorum.__file__).read_text()


@dataclass(frozen=True)
class Defect:
    """What a careless change would break, and the text of that change."""

    name: str
    right: str
    wrong: str

    @contextmanager
    def planted(self) -> Iterator[ModuleType]:
        """An engine of its own with this one defect. A defect that no longer fits the source is an error."""
        if SOURCE.count(self.right) != 1:
            raise LookupError(f"{self.name}: the engine holds {self.right!r} {SOURCE.count(self.right)} times")
        name = "tests.approvals.defective_quorum"
        spec = spec_from_loader(name, loader=None)
        engine = module_from_spec(spec)
        sys.modules[name] = engine
        try:
            exec(compile(SOURCE.replace(self.right, self.wrong), f"<{self.name}>", "exec"), vars(engine))
            yield engine
        finally:
            del sys.modules[name]


DEFECTS = (
    Defect("an asker votes", "person != question.asked_by or seat.self_allowed", "True"),
    Defect("an asker never votes", "person != question.asked_by or seat.self_allowed", "person != question.asked_by"),
    Defect("anybody fills a self seat only",
           "person != question.asked_by or seat", "person == question.asked_by or seat"),
    Defect("a lost role still counts", "        and holding(holdings, ballot.person, seat.role) is not None\n", ""),
    Defect("any role fills any seat", "if each.role == role]", "]"),
    Defect("a deputy comes before the holder", "key=lambda each: each.deputy", "key=lambda each: not each.deputy"),
    Defect("a withdrawn vote stands", "if not ballot.withdrawn]", "]"),
    Defect("a withdrawal revives the vote before", "        last.pop(place, None)\n        last[place] = ballot\n",
           "        last.pop(place, None) if not ballot.withdrawn else None\n"
           "        last.setdefault(place, ballot) if ballot.withdrawn else last.update({place: ballot})\n"),
    Defect("the first vote counts", "        last.pop(place, None)\n        last[place] = ballot\n",
           "        last.setdefault(place, ballot)\n"),
    Defect("a changed vote keeps its turn", "        last.pop(place, None)\n", ""),
    Defect("votes on other content stand", "if ballot.digest != question.digest:", "if False:"),
    Defect("one person sits twice everywhere", 'ballot.role if question.small_team else ""', "ballot.role"),
    Defect("a small team is like any other", 'ballot.role if question.small_team else ""', '""'),
    Defect("a small team's person sits three times", "SEATS_OF_ONE: Final = 2", "SEATS_OF_ONE: Final = 3"),
    Defect("refusals do not block", "    if refused:\n        return State.REFUSED\n", ""),
    Defect("a refusal outlasts the refuser's role", "for ballot in counted if ballot.answer is Answer.REFUSE",
           "for ballot in standing if ballot.answer is Answer.REFUSE"),
    Defect("one refusal of two is overlooked", "    if refused:", "    if len(refused) > 1:"),
    Defect("a grant never expires", "    if now >= question.expires_at:\n        return State.EXPIRED\n", ""),
    Defect("it expires a moment late", "    if now >= question.expires_at:\n        return State.EXPIRED\n",
           "    if now > question.expires_at:\n        return State.EXPIRED\n"),
    Defect("votes are taken after the expiry",
           "    if now >= question.expires_at:\n        raise",
           "    if False:\n        raise"),
    Defect("votes are taken a moment after the expiry", "    if now >= question.expires_at:\n        raise",
           "    if now > question.expires_at:\n        raise"),
    Defect("the ended lives on", "    if question.ended is not None:\n        return question.ended\n", ""),
    Defect("votes are taken after the end",
           "    if question.ended is not None:\n        raise",
           "    if False:\n        raise"),
    Defect("any seat of all is enough", "not short if rule.how is How.ALL else", "len(short) == 0 or"),
    Defect("any is all", "else len(short) < len(rule.seats)", "else not short"),
    Defect("one of two persons is enough", "each.seat == seat for each in seated)) for seat",
           "(each.seat == seat) * 2 for each in seated)) for seat"),
    Defect("a seat has room for everybody", "sum(each.seat == seat for each in seated) >= seat.count", "False"),
    Defect("a seat counts persons of every seat", "sum(each.seat == seat for each in seated) >= seat.count",
           "len(list(seated)) >= seat.count"),
    Defect("a stale page votes", "    if vote.digest != question.digest:", "    if False:"),
    Defect("a stranger votes", "    if held is None:\n        raise refusals.NotEligible",
           "    if False:\n        raise refusals.NotEligible"),
    Defect("an answer is given twice", "any(ballot.answer is vote.answer for ballot in here)", "False"),
    Defect("an answer cannot be changed", "any(ballot.answer is vote.answer for ballot in here)", "here"),
    Defect("one person answers in every seat", "if len(elsewhere) >= allowed:", "if False:"),
    Defect("no small team at the door", "SEATS_OF_ONE if question.small_team else 1", "1"),
    Defect("approving what is granted", "    if others.state is State.GRANTED:", "    if False:"),
    Defect("the seat is never taken", "    if _full(seat, others.seated):", "    if False:"),
    Defect("a person's own vote takes their seat", "if ballot not in own or ballot.role != vote.role]", "]"),
    Defect("a refusal needs room, too", "    if vote.answer is Answer.APPROVE:\n", "    if True:\n"),
    Defect("other content runs", "    if content != approved:", "    if False:"),
    Defect("what is open runs",
           "    if weighing.state is not State.GRANTED:", "    if weighing.state is State.REFUSED:"),
    Defect("what is refused runs",
           "    if weighing.state is not State.GRANTED:", "    if weighing.state is State.OPEN:"),
    Defect("self is not flagged", "Flag.SELF: person == question.asked_by", "Flag.SELF: False"),
    Defect("a deputy is not flagged", "Flag.DEPUTY: held.deputy", "Flag.DEPUTY: False"),
    Defect("two seats are not flagged", "Flag.TWO_SEATS: sits > 0", "Flag.TWO_SEATS: sits > 1"),
)  # fmt: skip
