"""The procedure's rules as data: part 1 word for word, part 2 (E) with its reasons and switches."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

PROCEDURE_VERSION: Final = "1.0"

SHORT_TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "U": "When to use it",
        "D": "Decide",
        "S": "Stop the bleed",
        "R": "Revert the code",
        "M": "Schema and data",
        "C": "Credentials",
        "P": "Customers",
        "T": "Retrospective",
        "X": "Escalate",
        "E": "How it is enforced",
    }
)
"""The sections in a word or two, for a table of contents."""

SECTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "U": "Use it when",
        "D": "Decide: rollback or roll-forward",
        "S": "Stop the bleed",
        "R": "Revert the code (production deploys go through GitHub Actions from master)",
        "M": "Schema and data changes",
        "C": "Secrets and credentials",
        "P": "Customer communication",
        "T": "Post-rollback retrospective",
        "X": "When the change cannot be rolled back",
        "E": "How the console enforces it",
    }
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `text` is Markdown, `why` and `switch` stand only where the console chose (part 2)."""

    id: str
    text: str
    why: str | None = None
    switch: str | None = None

    @property
    def section(self) -> str:
        return self.id[0]

    @property
    def title(self) -> str:
        return SECTIONS[self.section]


@dataclass(frozen=True, slots=True)
class Version:
    """One line of the document's history; author and approver are named in the organisation's document."""

    number: str
    date: str
    change: str
    author: str = "as named in the organisation's document"
    approver: str = "as named in the organisation's document"


@dataclass(frozen=True, slots=True)
class LeansOn:
    """Another document of the organisation, linked where its rules apply; `setting` names its address."""

    title: str
    setting: str
    rules: tuple[str, ...] = ()


VERSIONS: Final = (Version(PROCEDURE_VERSION, "2026-05-08", "Initial version"),)

LEANS_ON: Final = (
    LeansOn("Change Management", "DOCUMENT_CHANGE_MANAGEMENT"),
    LeansOn("Code Review", "DOCUMENT_CODE_REVIEW", ("R3", "E11")),
    LeansOn("Secrets Management", "DOCUMENT_SECRETS_MANAGEMENT", ("C1", "C2")),
    LeansOn("Customer Communications", "DOCUMENT_CUSTOMER_COMMUNICATIONS", ("P1", "P2")),
    LeansOn("Emergency Change Retro intake", "DOCUMENT_RETRO_INTAKE", ("T1", "T2", "E21")),
    LeansOn("Incident Response Plan", "DOCUMENT_INCIDENT_RESPONSE_PLAN", ("X1", "X2", "E20")),
    LeansOn("Better Stack incident-reporting form", "PAGE_FORM_URL", ("S1", "E4")),
)
"""Change Management is the parent of the whole procedure, so it belongs to no rule alone."""

_IN_ORDER: Final = (
    Rule("U1", "a deploy fails"),
    Rule("U2", "a regression is detected"),
    Rule("U3", "monitoring alerts indicate a customer-impacting change"),
    Rule("D1", "Default to rollback if the error-rate, latency or saturation alert threshold has been exceeded,"),
    Rule("D2", "or a correctness defect is producing, or could produce, wrong customer-facing output,"),
    Rule("D3", "or the change involves a destructive or non-idempotent operation that is likely to compound on retry,"),
    Rule("D4", "or the on-call engineer has not yet identified a root cause."),
    Rule(
        "D5",
        "Choose roll-forward only when the fix is small **and** well understood **and** already prepared "
        "**and** the rollback path itself is risky (a database migration that cannot be cleanly reversed, "
        "say).",
    ),
    Rule("D6", "The on-call engineer owns the decision."),
    Rule("D7", "The CTO is informed if the rollback affects customer-impacting services."),
    Rule(
        "S1",
        "Page on-call if you are not the on-call engineer: file the Better Stack incident-reporting form "
        "(production emergencies only).",
    ),
    Rule("S2", "Disable the failing surface if a feature flag exists."),
    Rule("S3", "Drain traffic from the failing instance or region if possible."),
    Rule("S4", "Communicate in #engineering-incidents: a short message, time-stamped, no speculation."),
    Rule(
        "R1",
        "`git revert <merge-sha>` on master. No force-push, no deletion of the original commit: the revert is"
        " its own commit, so history stays auditable.",
    ),
    Rule("R2", 'Open a "Revert: …" pull request.'),
    Rule(
        "R3",
        "Expedited review under the same Code Review rules; the on-call engineer can self-approve if no other"
        " reviewer is available.",
    ),
    Rule("R4", "Merge. The standard GitHub Actions deploy pipeline rolls the revert into production."),
    Rule("R5", "Monitor recovery via the same alert dashboard that flagged the issue."),
    Rule(
        "M1",
        "Forward-compatible migrations (additive columns, new tables): the revert is safe, because the old "
        "code ignores the new schema.",
    ),
    Rule(
        "M2",
        "Backwards-incompatible migrations (column rename, drop, type change): do not run a reverse migration"
        " as part of rollback. Roll forward with a hotfix that tolerates the new schema, or isolate the "
        "failing surface behind a flag while the fix is prepared.",
    ),
    Rule(
        "M3",
        "For any migration touching customer data, the CTO and the on-call DBA approve the rollback path "
        "before execution.",
    ),
    Rule(
        "C1",
        "If rollback restores a previous credential surface (the change rotated a secret, say), confirm with "
        "the Secrets Management procedure that the previous credential is still valid;",
    ),
    Rule("C2", "if not, rotate forward to a fresh credential rather than rolling back."),
    Rule(
        "P1",
        "For changes affecting customers, post a status-page update per Customer Communications. The on-call "
        "lead drafts;",
    ),
    Rule("P2", "the CTO or the CISO approves before posting."),
    Rule("T1", "Open a retrospective entry via the Emergency Change Retro intake within 24 hours."),
    Rule(
        "T2",
        "Document: timeline, blast radius, the trigger, the rollback action taken, follow-ups (test gaps, "
        "monitoring gaps, runbook updates).",
    ),
    Rule(
        "X1",
        "If rollback is not feasible (destructive migration, irreversible third-party API call, customer-side"
        " state change), treat this as an incident under the Incident Response Plan.",
    ),
    Rule("X2", "Escalate to the CISO and the CTO. The plan governs from that point."),
    Rule(
        "E1",
        "Precedence: X1 over M2 over D1–D5. Where X1 holds, only the escalation is open. Where M2 holds, a "
        "plain rollback is not offered: hotfix or isolation are, and M2's hotfix need not be \"already "
        'prepared". Where neither holds, rollback is open always, roll-forward only with all of D5; the '
        "missing conditions are named",
        why="the rules would otherwise contradict each other",
    ),
    Rule(
        "E2",
        "A drop is M2 when a hotfix can tolerate the new schema or a flag can isolate; it is X1 when data is "
        "gone that the old code needs. The form asks X1's three questions in plain words; \"don't know\" is yes"
        " until answered",
        why='"destructive" stands in both',
    ),
    Rule(
        "E3",
        "S is open from the moment of declaring, to every engineer of the service, in any order, each with "
        "one click; no approval, shift or plan holds it up",
        why="seconds count, on-call may be waking",
    ),
    Rule(
        "E4",
        'S1 is offered for a production service only, asks "is this a production emergency?" once, links the '
        "form and files it by API where configured",
        why="the rule's own limit",
    ),
    Rule(
        "E5",
        "Who is on call comes from shifts. With no shift, or no sign of that person within 5 minutes, another"
        " engineer of the service **takes over** with one click: recorded, the on-call told",
        why="a stale roster must not stop a rollback",
        switch="minutes",
    ),
    Rule(
        "E6",
        "The incident has a **lead** (the on-call engineer unless handed over, with one click). The lead may "
        "hand the drafting of public words to another engineer",
        why="repairing and writing are two hands",
    ),
    Rule(
        "E7",
        "The revert is computed without a work tree and pushed to its own branch, since R2 wants a pull "
        "request; its tree is the one `git revert` makes",
        why="auditable, and previewed before the click",
    ),
    Rule(
        "E8",
        "M1's *additive* is judged by what it is there for: can the old code still write? An added NOT NULL "
        "column without a database default is M2",
        why="the old code cannot ignore it",
    ),
    Rule(
        "E9",
        "What the console cannot judge (an unknown operation, a table it does not know) is **one question** "
        'to the on-call engineer, answered once, recorded; "don\'t know" counts as the careful answer. On a '
        "listed customer table, M3",
        why="unknown must not pass as safe, nor wake executives for nothing",
    ),
    Rule(
        "E10",
        "Execution begins with R1's push; M3 holds it",
        why='"before execution", read strictly',
        switch="push or merge",
    ),
    Rule(
        "E11",
        "R3's \"no other reviewer available\" is the on-call engineer's recorded word, at once; nobody has to "
        "wait for a clock",
        why="the rule gives that judgement to a person",
    ),
    Rule(
        "E12",
        "Recovery (R5) is proved on the flagging alert's own series where there is one (inactive, and under "
        "the threshold for N samples newer than the deploy; silence or missing data is never recovery). Where"
        " none exists (declared by hand, D2, U1), or draining has emptied it, the on-call engineer attests it"
        " with evidence",
        why="not every incident has an alert",
        switch="N",
    ),
    Rule(
        "E13",
        "An approval is bound to the digest of exactly what will run or be posted; a change voids it and "
        "shows the difference; the same patch on a moved base keeps it",
        why="what was approved is what happens",
    ),
    Rule(
        "E14",
        "Nobody approves what they asked for, R3's exception apart; one person fills one seat. Where a role's"
        " holder cannot (on call, asking, away), the named **deputy** of that role is asked; a team too small"
        " for that may allow one person two seats: flagged, and reviewed in the retrospective",
        why="separation of duties without deadlock",
        switch="SMALL_TEAM",
    ),
    Rule(
        "E15",
        "Approvers are **woken**: page by phone (Better Stack), chat and mail, with a link that opens the "
        "question; the deputy after N minutes",
        why="approvers sleep",
        switch="N",
    ),
    Rule(
        "E16",
        "An M3 vote asks for a fresh passkey, TOTP or password. *Execute* does not: one clear confirmation, "
        "nothing typed",
        why="strong where it is rare, quick where it hurts",
    ),
    Rule(
        "E17",
        "One step may be halted before it starts by **Stop**; what has happened stays and is shown with what "
        "would undo it. *It didn't help* leads back to the decision with the next suspect; *false alarm* "
        "closes with a reason",
        why="the first answer is not always right",
    ),
    Rule(
        "E18",
        "A revert, branch or pull request that somebody made outside is **adopted**, compared with the "
        "preview, and the plan goes on from there. A conflict: resolve it on your own branch, the console "
        "adopts that",
        why="people act outside tools",
    ),
    Rule(
        "E19",
        "At the decision, the commands for every remaining step are posted to the channel",
        why="the console, or single sign-on, may be down next",
        switch="on",
    ),
    Rule(
        "E20",
        "X2 freezes the console's rollback plan and hands over to the plan's owner; S, P, the record and the "
        "retrospective go on",
        why="the plan governs",
    ),
    Rule(
        "E21",
        "The retrospective opens by itself when the rollback (or what replaced it) is done, is registered "
        "with the intake (address or webhook), and is to be opened within 24 hours and complete within the "
        "service's own term",
        why="T1 is about opening",
        switch="term",
    ),
    Rule(
        "E22",
        "A drain that would leave fewer healthy servers than the service's minimum is refused; the on-call "
        "engineer may override with a reason",
        why="draining must not be the outage",
        switch="minimum",
    ),
)

RULES: Final[Mapping[str, Rule]] = MappingProxyType({each.id: each for each in _IN_ORDER})


class NoSuchRule(LookupError):
    """The procedure has no rule of that id."""


def rule(rule_id: str) -> Rule:
    """The rule `M3`, say; raises `NoSuchRule`."""
    try:
        return RULES[rule_id]
    except KeyError:
        raise NoSuchRule(rule_id) from None


def rules_of(section: str) -> tuple[Rule, ...]:
    """All rules of a section, in the procedure's order."""
    return tuple(each for each in _IN_ORDER if each.section == section)
