"""The rules of trust.md §2 said a second time, in another way, for the engine to be compared with."""

from collections import defaultdict

from tests.approvals.questions import EXPIRES_AT, SHOWN, Case, Vote


def seats(case: Case) -> dict[str, tuple[int, bool]]:
    return {role: (count, own) for role, count, own in case.rule[2]}


def may_fill(case: Case, person: int, role: str) -> bool:
    """Holds the role or stands in for it, and did not ask, unless the seat lets the asker in."""
    if role not in seats(case) or (person == case.asker and not seats(case)[role][1]):
        return False
    return {(person, role, True), (person, role, False)} & set(case.held) != set()


def standing(case: Case) -> list[Vote]:
    """Every person's last vote on this content, unless it was withdrawn; in a small team the last in each seat."""
    seen, kept = set(), []
    for vote in reversed([vote for vote in case.votes if vote.digest == SHOWN]):
        voter = (vote.person, vote.role) if case.small_team else vote.person
        if voter not in seen and not vote.withdrawn:
            kept.append(vote)
        seen.add(voter)
    return kept[::-1]


def filled(case: Case) -> dict[str, list[int]]:
    """Who fills which seat: first come, first seated; nobody in more than two, and in more than one in a small team."""
    sitting: dict[str, list[int]] = defaultdict(list)
    for vote in standing(case):
        if vote.answer == "approve" and may_fill(case, vote.person, vote.role):
            places = sum(vote.person in people for people in sitting.values())
            if len(sitting[vote.role]) < seats(case)[vote.role][0] and places < 2:
                sitting[vote.role].append(vote.person)
    return sitting


def refusers(case: Case) -> set[int]:
    return {
        vote.person for vote in standing(case) if vote.answer == "refuse" and may_fill(case, vote.person, vote.role)
    }


def state(case: Case) -> str:
    if case.ended:
        return case.ended
    if not case.now < EXPIRES_AT:
        return "expired"
    if refusers(case):
        return "refused"
    return "granted" if satisfied(case) else "open"


def satisfied(case: Case) -> bool:
    sitting = filled(case)
    full = [len(sitting[role]) == count for role, (count, _) in seats(case).items()]
    return all(full) if case.rule[1] == "all" else any(full)


def missing(case: Case) -> dict[str, int]:
    """How many people each seat still lacks; nothing once the rule is satisfied."""
    if satisfied(case):
        return {}
    sitting = filled(case)
    return {role: n - len(sitting[role]) for role, (n, _) in seats(case).items() if n > len(sitting[role])}


def flags(case: Case, person: int, role: str, *, sits: bool) -> frozenset[str]:
    found = {"self"} if person == case.asker else set()
    found |= {"two seats"} if sits else set()
    return frozenset(found | ({"deputy"} if (person, role, False) not in case.held else set()))


def flags_in_seats(case: Case) -> set[str]:
    """Every exception among those who are seated, in the order in which they sat down."""
    sitting, found, sat = filled(case), set(), set()
    for vote in standing(case):
        if vote.answer == "approve" and vote.person in sitting.get(vote.role, []):
            found |= flags(case, vote.person, vote.role, sits=vote.person in sat)
            sat.add(vote.person)
    return found


def refusal(case: Case, vote: Vote) -> str:
    """The name of the refusal a vote meets; "" where it may be cast."""
    if case.ended or not case.now < EXPIRES_AT:
        return "AlreadyEnded"
    if vote.digest != SHOWN:
        return "ContentChanged"
    return _no_seat(case, vote) or _no_second_answer(case, vote) or _no_room(case, vote)


def _no_seat(case: Case, vote: Vote) -> str:
    if vote.role not in seats(case):
        return "NoSuchSeat"
    if vote.person == case.asker and not seats(case)[vote.role][1]:
        return "AskedByYou"
    return "" if may_fill(case, vote.person, vote.role) else "NotEligible"


def _no_second_answer(case: Case, vote: Vote) -> str:
    own = {each.role: each.answer for each in standing(case) if each.person == vote.person}
    if own.get(vote.role) == vote.answer:
        return "AnsweredAlready"
    return "SeatedElsewhere" if len(own.keys() - {vote.role}) >= (2 if case.small_team else 1) else ""


def _no_room(case: Case, vote: Vote) -> str:
    if vote.answer == "refuse":
        return ""
    without = case.but(
        votes=tuple(each for each in standing(case) if (each.person, each.role) != (vote.person, vote.role))
    )
    if state(without) == "granted":
        return "AlreadyGranted"
    full = len(filled(without)[vote.role]) == seats(case)[vote.role][0]
    return "SeatTaken" if full else ""


def vote_flags(case: Case, vote: Vote) -> frozenset[str]:
    elsewhere = any(each.person == vote.person and each.role != vote.role for each in standing(case))
    return flags(case, vote.person, vote.role, sits=elsewhere)


def use(case: Case, content: str) -> str:
    """The name of the refusal to use the grant; "" where it may be used."""
    if case.ended or not case.now < EXPIRES_AT:
        return "AlreadyEnded"
    if content != SHOWN:
        return "ContentChanged"
    return "" if state(case) == "granted" else "NotGranted"
