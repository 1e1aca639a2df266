"""Each rule in words a newcomer follows, and where in the console it is met; the exact text stands in `rules`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Place(StrEnum):
    """A place in the console, in the words of its heading."""

    NOW = "Now"
    DECLARE = "Declare an incident"
    BLEED = "Incident room: Stop the bleed"
    SUSPECT = "Incident room: The suspected change"
    DECIDE = "Incident room: Decide"
    PLAN = "Incident room: Plan"
    ROOM_PEOPLE = "Incident room: People"
    CUSTOMERS = "Incident room: Customers"
    ENDING = "Incident room: How it ended"
    RETROSPECTIVE = "Retrospective"
    APPROVALS = "Approvals"
    CHANGES = "Changes"
    PEOPLE = "People"
    SERVICES = "Services"
    STATUS = "The public status page"
    READINESS = "Readiness"


@dataclass(frozen=True, slots=True)
class PlainWords:
    """What a rule asks of whom, in one or two sentences, and where that is done."""

    words: str
    places: tuple[Place, ...]


_P = Place

PLAIN: Final[Mapping[str, PlainWords]] = MappingProxyType(
    {
        "U1": PlainWords(
            "A deploy to production that ends in failure is reason enough: the console opens an incident by itself, "
            "or an engineer of the service does.",
            (_P.NOW, _P.DECLARE),
        ),
        "U2": PlainWords(
            "Somebody notices that something which worked no longer does. Any engineer of the service declares it; "
            "no proof is needed first.",
            (_P.DECLARE, _P.CHANGES),
        ),
        "U3": PlainWords(
            "An alert says that customers feel a change. The console opens the incident and names the last change "
            "that was deployed; a person decides what happens.",
            (_P.NOW,),
        ),
        "D1": PlainWords(
            "If the alert for errors, slowness or load has crossed its line, roll back, unless there is a reason not "
            "to. You need not know why it crossed.",
            (_P.DECIDE,),
        ),
        "D2": PlainWords(
            "If customers see wrong results, or could, roll back, even where nothing fails and no alert fires.",
            (_P.DECIDE,),
        ),
        "D3": PlainWords(
            "If every retry makes the damage worse (charging twice, deleting, sending again), roll back instead of "
            "waiting for a fix.",
            (_P.DECIDE,),
        ),
        "D4": PlainWords(
            "If nobody on call knows the cause yet, roll back first and look for it afterwards.", (_P.DECIDE,)
        ),
        "D5": PlainWords(
            "Deploying a fix instead of rolling back takes four things at once: it is small, you understand it, it is "
            "already written, and rolling back would be the more dangerous way.",
            (_P.DECIDE,),
        ),
        "D6": PlainWords(
            "One person decides: whoever is on call for the service. Others advise; the console advises, too, and "
            "obeys.",
            (_P.DECIDE, _P.PEOPLE),
        ),
        "D7": PlainWords(
            "When customers feel the rollback, the CTO gets a message. Nobody waits for an answer.", (_P.DECIDE,)
        ),
        "S1": PlainWords(
            "If you see it first and are not on call, wake the person who is, by the Better Stack form. Only for "
            "emergencies in production.",
            (_P.BLEED,),
        ),
        "S2": PlainWords(
            "If what fails can be switched off by a feature flag, switch it off now; the repair can follow.",
            (_P.BLEED,),
        ),
        "S3": PlainWords("If only some servers or one region fail, send customers to the others for now.", (_P.BLEED,)),
        "S4": PlainWords(
            "Tell the engineers' channel what is seen, in a few words and with the time. Leave out causes, guesses, "
            "names and promises.",
            (_P.BLEED,),
        ),
        "R1": PlainWords(
            "The bad change is undone by a new commit that takes it back. Nothing is deleted or overwritten, so "
            "everybody can read later what happened.",
            (_P.SUSPECT, _P.PLAN),
        ),
        "R2": PlainWords(
            "That commit is proposed as a pull request whose title begins with “Revert:”, like any other change.",
            (_P.PLAN,),
        ),
        "R3": PlainWords(
            "Somebody reviews it, quickly. If nobody else is there, the on-call engineer may approve it alone, and "
            "that is recorded.",
            (_P.PLAN, _P.READINESS),
        ),
        "R4": PlainWords(
            "Merge it. The usual pipeline brings it to production; nobody copies files to servers by hand.", (_P.PLAN,)
        ),
        "R5": PlainWords(
            "Watch the same alert that told you of the trouble until it says that the trouble is over.", (_P.PLAN,)
        ),
        "M1": PlainWords(
            "If the change only added to the database (a new column, a new table), rolling the code back is safe: the "
            "old code does not look at what was added.",
            (_P.DECIDE,),
        ),
        "M2": PlainWords(
            "If the change renamed, dropped or retyped something in the database, never turn that back during a "
            "rollback. Deploy a fix that copes with the new form, or switch the failing part off until there is one.",
            (_P.DECIDE,),
        ),
        "M3": PlainWords(
            "If a migration touches what customers own, two people say yes before anything runs: the CTO and the "
            "on-call DBA.",
            (_P.DECIDE, _P.APPROVALS),
        ),
        "C1": PlainWords(
            "If rolling back would bring an old password, key or token into use again, first make sure that it still "
            "works.",
            (_P.DECIDE,),
        ),
        "C2": PlainWords(
            "If the old one no longer works, do not roll back to it: make a new one and move on to that.", (_P.DECIDE,)
        ),
        "P1": PlainWords(
            "If customers are affected, they are told on the status page. Whoever leads the incident writes the words.",
            (_P.CUSTOMERS, _P.STATUS),
        ),
        "P2": PlainWords(
            "Nothing is published before the CTO or the CISO has said yes to exactly these words.",
            (_P.CUSTOMERS, _P.APPROVALS),
        ),
        "T1": PlainWords(
            "Within a day after the rollback, a retrospective is opened, so that what was learnt is not lost.",
            (_P.RETROSPECTIVE,),
        ),
        "T2": PlainWords(
            "It says what happened when, how far it reached, what set it off, what was done, and what is to be mended "
            "so that it does not happen again.",
            (_P.RETROSPECTIVE,),
        ),
        "X1": PlainWords(
            "Some changes cannot be taken back: data is gone, a payment went out, something was stored at the "
            "customer's. Then this procedure ends, and the Incident Response Plan begins.",
            (_P.DECIDE,),
        ),
        "X2": PlainWords(
            "Call the CISO and the CTO. From then on they, and that plan, say what is done.", (_P.DECIDE,)
        ),
        "E1": PlainWords(
            "Where rules disagree, the more careful one wins: first what cannot be taken back, then the database, "
            "then the ordinary choice between rolling back and forward.",
            (_P.DECIDE,),
        ),
        "E2": PlainWords(
            "A dropped column is a matter of M2 while a fix or a flag helps, and of X1 when the old code needs what "
            "is gone. Whoever does not know is asked, and counts as a yes until then.",
            (_P.DECIDE,),
        ),
        "E3": PlainWords(
            "Every engineer of the service may stop the bleed at once, whoever is on call and whatever is being "
            "decided.",
            (_P.BLEED,),
        ),
        "E4": PlainWords(
            "Waking somebody is offered for production only, and asks once whether it is an emergency.", (_P.BLEED,)
        ),
        "E5": PlainWords(
            "The roster says who is on call. If that person gives no sign for some minutes, or nobody is on the "
            "roster, you may take over with one click.",
            (_P.ROOM_PEOPLE, _P.PEOPLE),
        ),
        "E6": PlainWords(
            "One person leads: the on-call engineer, until they hand over. The writing for customers can be given to "
            "somebody else.",
            (_P.ROOM_PEOPLE, _P.CUSTOMERS),
        ),
        "E7": PlainWords(
            "The console computes the undoing commit itself and shows it before anybody clicks. It is the same that "
            "git would make.",
            (_P.SUSPECT, _P.CHANGES),
        ),
        "E8": PlainWords(
            "“Only added” means that the old code can still write. A new column that must be filled, without a "
            "default in the database, is not only added.",
            (_P.DECIDE,),
        ),
        "E9": PlainWords(
            "What the console cannot see for itself is one question to the on-call engineer. “Don't know” is a fair "
            "answer and counts as the careful one.",
            (_P.DECIDE,),
        ),
        "E10": PlainWords(
            "“Before execution” means before the undoing commit is pushed; an organisation may choose before it is "
            "merged.",
            (_P.PLAN,),
        ),
        "E11": PlainWords(
            "Whether another reviewer is available is the on-call engineer's own judgement, recorded at once; no "
            "clock has to run down.",
            (_P.PLAN,),
        ),
        "E12": PlainWords(
            "Recovery counts when the alert's own measurements are good for a while after the deploy. Silence is "
            "never recovery; where there are no measurements, the on-call engineer says what they saw.",
            (_P.PLAN,),
        ),
        "E13": PlainWords(
            "A yes is a yes to exactly what was shown. If that changes, the yes is void, the difference is shown, and "
            "the question is asked again.",
            (_P.APPROVALS,),
        ),
        "E14": PlainWords(
            "Nobody says yes to their own request, and nobody counts twice. A named deputy stands in; a very small "
            "team may be allowed an exception, which is marked.",
            (_P.APPROVALS, _P.PEOPLE),
        ),
        "E15": PlainWords(
            "Whoever is asked for a yes is woken by phone, chat and mail; after some minutes their deputy is, too.",
            (_P.APPROVALS, _P.READINESS),
        ),
        "E16": PlainWords(
            "A yes under M3 asks you to prove once more that you are you. Starting the plan does not.",
            (_P.APPROVALS, _P.PLAN),
        ),
        "E17": PlainWords(
            "Anything that has not begun can be stopped. If it did not help, decide again with the next suspect; if "
            "it was a false alarm, say why and close it.",
            (_P.PLAN, _P.ENDING),
        ),
        "E18": PlainWords(
            "If somebody already did a step by hand, the console takes it over and goes on from there, after "
            "comparing it with what it would have done.",
            (_P.PLAN,),
        ),
        "E19": PlainWords(
            "As soon as it is decided, the commands for doing everything by hand stand in the channel, in case the "
            "console goes down, too.",
            (_P.PLAN,),
        ),
        "E20": PlainWords(
            "After the escalation the console's rollback stands still. Stopping the bleed, telling customers and "
            "keeping the record go on.",
            (_P.PLAN,),
        ),
        "E21": PlainWords(
            "The retrospective opens by itself when the rollback is done. The service's own term says by when it is "
            "to be complete.",
            (_P.RETROSPECTIVE,),
        ),
        "E22": PlainWords(
            "The console refuses to take away the last healthy servers. The on-call engineer may insist, and says why.",
            (_P.BLEED, _P.SERVICES),
        ),
    }
)
