"""People link their logins elsewhere once, each verified (R3, P2, E15): by a code, or by a sentence written there."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from incidents import dispatch
from incidents.effects import linking, wiring
from incidents.effects.wiring import World
from incidents.integrations.code_host import Review
from incidents.integrations.errors import IntegrationError
from incidents.integrations.paging import Call, Page
from incidents.models import Identity, LedgerEntry, Service
from incidents.models.ledger import first_broken_entry
from incidents.queries.linking import places_of, sentence_of
from incidents.services.linking import LinkRefused, ask_to_look, claim_login, prove_by_code, unlink
from tests.incidents.conftest import NOW
from tests.incidents.presses import Remembering

pytestmark = pytest.mark.django_db(transaction=True)
PULL = "https://github.com/acme/shop/pull/7"


class Knowing(Remembering):
    """A chat that knows one address."""

    def person_by_email(self, email: str) -> str | None:
        return "U0CTO" if email == "cto@example.com" else None


class Ringing:
    """A pager that remembers what it rang."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def page(self, call: Call, *, key: str) -> Page:
        self.calls.append(call)
        return Page("1", key, "sent", "", "")

    def find(self, *, key: str, since: datetime) -> list[Page]:
        return []

    def resolve(self, page: Page) -> None:
        return None


class Reviewed:
    """A code host of which only reviews are asked."""

    def __init__(self) -> None:
        self.found: Sequence[Review] = ()

    def reviews(self, repository: str, number: int) -> list[Review]:
        if not self.found:
            raise IntegrationError("GitHub has no pull request #7.", retryable=False)
        return list(self.found)


@pytest.fixture
def chat() -> Knowing:
    return Knowing()


@pytest.fixture
def pager() -> Ringing:
    return Ringing()


@pytest.fixture
def host() -> Reviewed:
    return Reviewed()


@pytest.fixture(autouse=True)
def world(settings: Settings, monkeypatch: pytest.MonkeyPatch, chat: Knowing, pager: Ringing, host: Reviewed) -> World:
    """A worker that acts at once, at `NOW`."""
    settings.GITHUB_TOKEN = settings.SLACK_TOKEN = "not-used-here"
    wiring.world.cache_clear()
    made: Any = replace(wiring.world(), chat=chat, pager=pager, code_host=host)
    for module in ("incidents.effects.linking", "incidents.views.linking"):
        monkeypatch.setattr(f"{module}.database_now", lambda: NOW)
    monkeypatch.setattr(dispatch, "send_code", lambda pk: linking.send_code(pk, made))
    monkeypatch.setattr(
        dispatch, "look_for_proof", lambda pk, where, number: linking.look_for_proof(pk, where, number, made)
    )
    return made


def claim(actor: User, place: str = "slack", login: str = "U0CTO", now: datetime = NOW) -> Identity:
    claim_login(place=place, login=login, actor=actor, now=now)
    return Identity.objects.get(person=actor, place=place)


def code_in(text: str) -> str:
    found = re.search(r"\d{3} \d{3}", text)
    assert found
    return found[0]


def kinds() -> list[str]:
    assert first_broken_entry("access") is None
    return list(LedgerEntry.objects.filter(kind__startswith="identity.").order_by("seq").values_list("kind", flat=True))


# ── Slack ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_p2_a_code_sent_in_slack_and_typed_here_links_the_person(cto: User, chat: Knowing) -> None:
    claim(cto)
    (told,) = chat.said
    assert told.channel == "D-U0CTO"
    assert "the account cto" in told.text
    linked = prove_by_code(place="slack", code=code_in(told.text), actor=cto, now=NOW + timedelta(minutes=9))
    assert (linked.login, linked.verified_at, linked.challenge) == ("U0CTO", NOW + timedelta(minutes=9), "")
    assert kinds() == ["identity.claimed", "identity.verified"]


def test_p2_the_code_is_nowhere_in_the_row_nor_in_the_record(cto: User, chat: Knowing) -> None:
    row = claim(cto)
    code = code_in(chat.said[0].text).replace(" ", "")
    assert len(row.challenge) == 64
    assert code not in row.challenge + row.words + "".join(LedgerEntry.objects.values_list("text", flat=True))


def test_p2_whoever_types_nothing_is_looked_up_by_their_mail(cto: User, chat: Knowing) -> None:
    assert claim(cto, login=" ").login == "U0CTO"
    assert chat.said


def test_p2_whom_slack_does_not_know_is_told_how_to_go_on(engineer: User, chat: Knowing) -> None:
    row = claim(engineer, login="")
    assert (row.words, chat.said) == ("Slack knows nobody by engineer@example.com: type your member id.", [])
    assert places_of(engineer, NOW)[1].step == "claim"


def test_p2_a_wrong_code_is_counted_recorded_and_the_sixth_try_is_none(cto: User, chat: Knowing) -> None:
    claim(cto)
    right = code_in(chat.said[0].text)
    wrong = "000 000" if right != "000 000" else "000 001"
    for left in ("4 more tries", "3 more", "2 more", "1 more", "the last try"):
        with pytest.raises(LinkRefused, match=left):
            prove_by_code(place="slack", code=wrong, actor=cto, now=NOW)
    with pytest.raises(LinkRefused, match="Too many wrong codes"):
        prove_by_code(place="slack", code=right, actor=cto, now=NOW)
    assert kinds().count("identity.code_refused") == 5
    assert Identity.objects.get().verified_at is None


def test_p2_claiming_anew_wins_no_tries_back(cto: User, chat: Knowing) -> None:
    claim(cto)
    with pytest.raises(LinkRefused):
        prove_by_code(place="slack", code="nonsense", actor=cto, now=NOW)
    with pytest.raises(LinkRefused, match="a moment ago"):
        claim(cto)
    Identity.objects.update(tries=5)
    with pytest.raises(LinkRefused, match="Too many wrong codes"):
        claim(cto, now=NOW + timedelta(minutes=2))
    assert claim(cto, now=NOW + timedelta(minutes=11)).tries == 0
    assert len(chat.said) == 2


def test_p2_a_code_holds_for_ten_minutes(cto: User, chat: Knowing) -> None:
    claim(cto)
    with pytest.raises(LinkRefused, match="ten minutes are over"):
        prove_by_code(place="slack", code=code_in(chat.said[0].text), actor=cto, now=NOW + timedelta(minutes=10))


def test_p2_a_code_links_only_whom_it_was_sent_for(cto: User, ciso: User, chat: Knowing) -> None:
    claim(cto)
    claim(ciso, login="U0CISO")
    with pytest.raises(LinkRefused):
        prove_by_code(place="slack", code=code_in(chat.said[0].text), actor=ciso, now=NOW)


def test_p2_a_message_delivered_twice_sends_one_code(cto: User, chat: Knowing, world: World) -> None:
    row = claim(cto)
    linking.send_code(row.pk, world)
    assert len(chat.said) == 1


def test_p2_a_code_that_slack_did_not_take_is_void_and_another_may_be_asked_for(
    cto: User, chat: Knowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise IntegrationError("Slack gave no answer.", retryable=True, in_doubt=True)

    with monkeypatch.context() as patched:
        patched.setattr(chat, "post", refuse)
        row = claim(cto)
    assert (row.challenge, row.words) == ("", "Slack gave no answer. Ask for another code.")
    assert claim(cto).challenge


# ── one person a login ───────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("login", ["oncall", "OnCall", "@oncall"])
def test_r3_one_login_is_one_persons(oncall: User, engineer: User, login: str) -> None:
    with pytest.raises(LinkRefused, match="is linked to another account already"):
        claim(engineer, "github", login)


def test_r3_a_mere_claim_gives_way_to_whoever_can_prove_it(engineer: User, cto: User) -> None:
    claim(engineer, "github", "shared")
    claim(cto, "github", "shared")
    assert Identity.objects.get(login="shared").person == cto


@pytest.mark.parametrize(
    ("place", "login"), [("github", ""), ("github", "a/b"), ("github", "-x"), ("phone", "123"), ("slack", "<@U1>")]
)
def test_r3_what_can_be_no_login_is_refused(engineer: User, place: str, login: str) -> None:
    with pytest.raises(LinkRefused):
        claim(engineer, place, login)


def test_r3_a_link_is_taken_back_before_another_is_made(oncall: User) -> None:
    with pytest.raises(LinkRefused, match="You are linked as oncall"):
        claim(oncall, "github", "another")
    unlink(place="github", actor=oncall, now=NOW)
    assert claim(oncall, "github", "another").verified_at is None
    assert kinds() == ["identity.unlinked", "identity.claimed"]


def test_r3_what_is_not_linked_is_not_parted(engineer: User) -> None:
    claim(engineer, "github", "engineer")
    with pytest.raises(LinkRefused, match="You are not linked there"):
        unlink(place="github", actor=engineer, now=NOW)


# ── GitHub ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def review(login: str, body: str) -> Review:
    return Review(login, "COMMENTED", "b" * 40, NOW, "https://github.com/acme/shop/pull/7#1", body)


def test_r3_the_sentence_in_a_review_by_that_login_links_it(engineer: User, service: Service, host: Reviewed) -> None:
    row = claim(engineer, "github", "Engineer-1")
    assert sentence_of(row).startswith("I am engineer in the Rollback Console: ")
    host.found = [review("engineer-1", f"Looks fine.\n{sentence_of(row)}")]
    ask_to_look(address=PULL, actor=engineer, now=NOW)
    assert Identity.objects.get(person=engineer, place="github").verified_at == NOW
    assert LedgerEntry.objects.get(kind="identity.verified").data["by"].endswith("pull/7#1")


def test_r3_somebody_elses_review_or_another_sentence_proves_nothing(
    engineer: User, service: Service, host: Reviewed
) -> None:
    row = claim(engineer, "github", "engineer")
    host.found = [review("stranger", sentence_of(row)), review("engineer", "I am engineer in the Rollback Console: x")]
    ask_to_look(address=PULL, actor=engineer, now=NOW)
    row.refresh_from_db()
    assert (row.verified_at, row.words.startswith("No review by engineer with that sentence on #7")) == (None, True)


def test_r3_a_sentence_that_was_made_for_another_claim_proves_nothing(
    engineer: User, service: Service, host: Reviewed
) -> None:
    host.found = [review("engineer", sentence_of(claim(engineer, "github", "engineer")))]
    claim(engineer, "github", "engineer", now=NOW + timedelta(minutes=1))
    ask_to_look(address=PULL, actor=engineer, now=NOW + timedelta(minutes=1))
    assert Identity.objects.get(person=engineer).verified_at is None


@pytest.mark.parametrize("address", ["", "7", "https://github.com/acme/other/pull/7", "https://github.com/acme/shop"])
def test_r3_only_a_pull_request_of_a_known_service_is_read(engineer: User, service: Service, address: str) -> None:
    claim(engineer, "github", "engineer")
    with pytest.raises(LinkRefused, match="a service that this console knows"):
        ask_to_look(address=address, actor=engineer, now=NOW)


def test_r3_what_the_code_host_says_stands_on_the_page(engineer: User, service: Service) -> None:
    claim(engineer, "github", "engineer")
    ask_to_look(address=PULL, actor=engineer, now=NOW)
    assert Identity.objects.get(person=engineer).words == "GitHub has no pull request #7."


# ── phone ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_e15_a_phone_behind_the_signed_webhook_is_rung_with_a_code(
    cto: User, pager: Ringing, settings: Settings
) -> None:
    settings.SIGNED_WEBHOOK_URL, settings.SIGNED_WEBHOOK_SECRET = "https://hooks.example", "a-secret"
    claim(cto, "phone", "+44 20 7946-0000")
    (call,) = pager.calls
    assert call.number == "+442079460000"
    assert prove_by_code(place="phone", code=code_in(call.name), actor=cto, now=NOW).verified_at == NOW


def test_e15_a_phone_that_no_tool_can_ring_with_a_code_waits_for_an_administrator(
    cto: User, pager: Ringing, settings: Settings
) -> None:
    settings.BETTER_STACK_TOKEN = "a-token"
    row = claim(cto, "phone", "+442079460000")
    assert (pager.calls, row.words.endswith("an administrator verifies it.")) == ([], True)


# ── the page ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_page_leads_from_the_claim_to_the_link(client: Client, cto: User, chat: Knowing) -> None:
    client.force_login(cto)
    assert b"Send a code" in client.get("/people/you/").content
    assert client.post("/people/you/slack/claim", {"login": "U0CTO"}).status_code == 302
    assert b"The code that was sent to U0CTO" in client.get("/people/you/").content
    answer = client.post("/people/you/slack/prove", {"proof": code_in(chat.said[0].text)})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/people/you/")
    assert b"You are <strong>U0CTO</strong>" in client.get("/people/you/").content
    assert client.post("/people/you/slack/unlink").status_code == 302
    assert not Identity.objects.exists()


def test_a_refusal_stands_on_the_page_and_keeps_what_was_typed(client: Client, oncall: User, engineer: User) -> None:
    client.force_login(engineer)
    answer = client.post("/people/you/github/claim", {"login": "oncall"})
    assert answer.status_code == 409
    assert b"is linked to another account already" in answer.content
    assert b'value="oncall"' in answer.content


def test_there_is_no_other_place(client: Client, engineer: User) -> None:
    client.force_login(engineer)
    assert client.post("/people/you/carrier-pigeon/claim").status_code == 404
