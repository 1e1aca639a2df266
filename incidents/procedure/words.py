"""Words the console writes itself: for the channel, the CTO, the commit and the pull request. Facts only (S4)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from incidents.procedure.answers import Answer
from incidents.procedure.decision import PATH_WORDS, Path
from incidents.procedure.rules import PROCEDURE_VERSION

SHORT: Final = 400
LONGEST_TITLE: Final = 256  # GitHub refuses longer ones

_UNDER_WHICH_RULES: Final = (
    "The revert is its own commit; the original stays in the history (R1). "
    "Expedited review under the same Code Review rules (R3). "
    f"Rollback procedure {PROCEDURE_VERSION}."
)

_CUSTOMERS: Final = {
    Answer.YES: "Customers are affected.",
    Answer.NO: "Customers are not affected.",
    Answer.UNKNOWN: "Whether customers are affected is being checked.",
}


def too_long(text: str) -> str | None:
    """What to say to an author whose message for the channel is not short (S4); None where it is."""
    over = len(text.strip()) - SHORT
    return f"A short message (S4): {over} characters more than {SHORT}." if over > 0 else None


def stamped(text: str, at: datetime) -> str:
    """The text as posted: under its time, in UTC."""
    return f"{at.astimezone(UTC):%H:%M:%S} UTC · {text}"


def announcement(
    *,
    incident: str,
    service: str,
    severity: int,
    seen: str,
    customer_impact: Answer,
    at: datetime,
    url: str = "",
) -> str:
    """The first message of an incident: what is seen, not why."""
    head = stamped(f"{incident} · SEV {severity} · {service}", at)
    return _lines(head, f"Seen: {_one_line(seen)}", _CUSTOMERS[customer_impact], url)


def decided(*, incident: str, service: str, path: Path, change_title: str, at: datetime, url: str = "") -> str:
    """The message at the decision: which path, about which change."""
    head = stamped(f"{incident} · {service} · decided: {PATH_WORDS[path]}", at)
    return _lines(head, f"Change: {_one_line(change_title)}" if change_title else "", url)


def recovered(*, incident: str, service: str, at: datetime, url: str = "") -> str:
    """The message at the end of the rollback."""
    return _lines(stamped(f"{incident} · {service} · recovered", at), url)


def informing_the_cto(
    *, incident: str, service: str, path: Path, change_title: str, at: datetime, url: str = ""
) -> str:
    """D7: the CTO is informed; nothing waits for an answer."""
    told = decided(incident=incident, service=service, path=path, change_title=change_title, at=at, url=url)
    return _lines(told, "Customers feel this service, so you are informed (D7). Nothing waits for you.")


def escalated(*, incident: str, title: str, why: str, owner: str) -> str:
    """X2: what CISO and CTO are woken with, and what the channel is told."""
    reason = f"{_one_line(why).rstrip('.')}." if why else ""
    head = f"{incident} is escalated to the CISO and the CTO: {_one_line(title).rstrip('.')}."
    return " ".join(filter(None, (head, reason, f"The Incident Response Plan governs; its owner: {owner}.")))


def revert_title(change_title: str) -> str:
    """The pull request's title: `Revert: …` (R2)."""
    return titled("Revert", change_title)


def titled(what: str, change_title: str) -> str:
    """The title of a pull request about a change, on one line that GitHub accepts."""
    title = f"{what}: {_one_line(change_title)}"
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1]}…"


def revert_message(*, change_title: str, commits: Sequence[str], mainline: int | None, incident: str) -> str:
    """The revert's commit message; the same facts give the same text, so that a retry makes the same commit."""
    trailers = f"Incident: {incident}\nProcedure: {PROCEDURE_VERSION} R1"
    return f"{revert_title(change_title)}\n\n{_taken_back(commits, mainline)}\n\n{trailers}\n"


def pull_request_body(*, commits: Sequence[str], mainline: int | None, incident: str, url: str = "") -> str:
    """What the reviewer reads: what is taken back, and under which rules."""
    why = f"Incident: [{incident}]({url})" if url else f"Incident: {incident}"
    return f"{_taken_back(commits, mainline)}\n\n{why}\n\n{_UNDER_WHICH_RULES}"


def _taken_back(commits: Sequence[str], mainline: int | None) -> str:
    if len(commits) > 1:
        return "\n".join(("This reverts these commits, newest first:", "", *(f"- {sha}" for sha in commits)))
    if mainline is not None:
        return f"This reverts the merge commit {commits[0]},\nback to its parent {mainline}."
    return f"This reverts commit {commits[0]}."


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _lines(*lines: str) -> str:
    return "\n".join(line for line in lines if line)
