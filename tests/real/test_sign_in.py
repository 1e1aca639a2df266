"""The whole sign-in against a real identity provider, over HTTP: code, PKCE, nonce, groups, and who stays out."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.mfa.totp.internal import auth as totp_auth
from django.contrib.auth.models import Group, User
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from approvals.authentication import authentication_of, ways_to_prove
from incidents.models import LedgerEntry, Service
from incidents.procedure.duty import Role
from incidents.queries.duty import roles_of, visible_services
from rollback_console.issuer.fresh import fresh_oidc_login
from tests.real.identity_provider import Provider, running

SIGN_IN = "/accounts/oidc/issuer/login/"
AGAIN = "/accounts/oidc/issuer/again/"
MAPPING = {
    "sre": frozenset({"engineer", "reviewer:shop"}),
    "board": frozenset({"cto"}),
    "platform": frozenset({"administrator"}),
}

pytestmark = [
    pytest.mark.django_db,
    # Warned by the provider about itself, in its own thread.
    pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def shared_provider() -> Iterator[Provider]:
    with running() as found:
        yield found


@pytest.fixture
def provider(shared_provider: Provider, settings: Any) -> Provider:
    """The provider as the console's issuer, as settings read it from OIDC_*."""
    shared_provider.asked.clear()
    shared_provider.moved = ""
    settings.OIDC_ISSUER = shared_provider.address
    settings.OIDC_NAME = "Example ID"
    settings.OIDC_GROUPS = MAPPING
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "provider_class": "rollback_console.issuer.provider.Issuer",
            "APPS": [
                {"provider_id": "issuer", "name": "Example ID", "client_id": "console", "secret": "hush",
                 "settings": {"server_url": shared_provider.address}},
            ],
        }
    }  # fmt: skip
    return shared_provider


@pytest.fixture
def come_in(provider: Provider, client: Client) -> Callable[..., HttpResponse]:
    """Sign in at the provider as this person, with these groups and whatever else it says."""

    def came(sub: str = "s-1", door: str = SIGN_IN, **claims: Any) -> HttpResponse:
        provider.know(sub, **{"preferred_username": "newcomer", "email": f"{sub}@example.com"} | claims)
        leaving = client.get(door)
        assert leaving.status_code == 302, leaving.content
        answer = client.get(provider.authorize(leaving.headers["Location"], sub))
        assert isinstance(answer, HttpResponse)
        return answer

    return came


def signed_in(client: Client) -> User | None:
    found = client.session.get("_auth_user_id")
    return User.objects.get(pk=found) if found else None


def roles(username: str) -> set[str]:
    return set(User.objects.get(username=username).groups.values_list("name", flat=True))


def entries(kind: str) -> list[dict[str, Any]]:
    return [each.data for each in LedgerEntry.objects.filter(stream_id="access", kind=kind).order_by("seq")]


def test_a_mapped_group_lets_somebody_in_and_gives_the_roles(
    come_in: Callable[..., HttpResponse], client: Client, service: Service, now: Any
) -> None:
    answer = come_in(groups=["sre", "cooks"])
    person = signed_in(client)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert person is not None
    assert roles("newcomer") == {"engineer", "reviewer:shop"}
    assert {Role.ENGINEER, Role.REVIEWER} <= roles_of(person, service, now=now)
    assert list(visible_services(person)) == [service]
    assert not person.has_usable_password()
    assert client.get("/").status_code == 200


def test_the_first_sign_in_and_every_change_of_roles_stand_in_the_ledger(
    come_in: Callable[..., HttpResponse], client: Client
) -> None:
    come_in(groups=["board"])
    come_in(groups=["board"])
    come_in(groups=["sre"])
    (added,), (changed,) = entries("person.added"), entries("person.roles_changed")
    assert added == {"person": "newcomer", "added": ["cto"], "removed": [], "by": "issuer"}
    assert changed == {
        "person": "newcomer", "added": ["engineer", "reviewer:shop"], "removed": ["cto"], "by": "issuer",
    }  # fmt: skip


def test_a_removed_group_removes_its_role_and_leaves_roles_that_no_mapping_names(
    come_in: Callable[..., HttpResponse], client: Client
) -> None:
    come_in(groups=["board", "sre"])
    User.objects.get(username="newcomer").groups.add(Group.objects.get_or_create(name="dba")[0])
    come_in(groups=["sre"])
    assert roles("newcomer") == {"engineer", "reviewer:shop", "dba"}


def test_who_lost_every_mapped_group_loses_the_roles_and_stays_out(
    come_in: Callable[..., HttpResponse], client: Client
) -> None:
    come_in(groups=["platform"])
    assert User.objects.get(username="newcomer").is_staff
    client.logout()
    answer = come_in(groups=["cooks"])
    assert (answer.status_code, signed_in(client)) == (403, None)
    assert roles("newcomer") == set()
    assert not User.objects.get(username="newcomer").is_staff


@pytest.mark.parametrize("groups", [[], ["cooks"], "cooks", None, {"sre": True}, [["sre"]]])
def test_without_a_mapped_group_no_account_is_made_and_the_page_says_so(
    come_in: Callable[..., HttpResponse], client: Client, groups: Any
) -> None:
    answer = come_in(groups=groups)
    assert answer.status_code == 403
    assert "none of your groups has a role" in answer.content.decode()
    assert not User.objects.exists()


def test_a_deactivated_account_stays_out_whatever_its_groups(
    come_in: Callable[..., HttpResponse], client: Client
) -> None:
    come_in(groups=["sre"])
    client.logout()
    User.objects.update(is_active=False)
    answer = come_in(groups=["sre", "board"])
    assert answer.headers["Location"] == reverse("account_inactive")
    assert signed_in(client) is None
    assert "cto" not in roles("newcomer")


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"iss": "https://elsewhere.example"},
        {"aud": ["somebody-else"]},
        {"aud": ["console", "somebody-else"]},
        {"azp": "somebody-else"},
        {"exp": 1_000_000_000},
    ],
    ids=lambda claims: "-".join(f"{name}" for name in claims),
)
def test_a_token_that_does_not_prove_what_it_must_signs_nobody_in(
    come_in: Callable[..., HttpResponse], client: Client, claims: dict[str, Any]
) -> None:
    answer = come_in(groups=["sre"], **claims)
    assert (answer.status_code, signed_in(client)) == (401, None)
    assert not User.objects.exists()


def test_a_description_that_speaks_for_another_issuer_is_refused(
    provider: Provider, client: Client, settings: Any
) -> None:
    settings.OIDC_ISSUER = provider.address.replace("127.0.0.1", "localhost")
    assert client.get(SIGN_IN).status_code == 503


def test_pkce_is_used_and_another_verifier_gets_no_token(
    come_in: Callable[..., HttpResponse], provider: Provider, client: Client
) -> None:
    before = provider.verified
    come_in(groups=["sre"])
    assert provider.asked[-1]["code_challenge_method"] == "S256"
    assert provider.verified == before + 1
    client.logout()
    leaving = client.get(SIGN_IN).headers["Location"]
    session = client.session
    ((state, *_),) = session["socialaccount_states"].values()
    state["pkce_code_verifier"] = "x" * 64
    session.save()
    assert client.get(provider.authorize(leaving, "s-1")).status_code == 401
    assert (signed_in(client), provider.verified) == (None, before + 1)


def test_an_answer_counts_once_and_in_its_own_session_alone(
    come_in: Callable[..., HttpResponse], provider: Provider, client: Client
) -> None:
    provider.know("s-1", groups=["sre"], preferred_username="newcomer")
    back = provider.authorize(client.get(SIGN_IN).headers["Location"], "s-1")
    assert Client().get(back).status_code == 401
    assert client.get(back).status_code == 302
    client.logout()
    assert client.get(back).status_code == 401


def test_a_redirect_of_the_issuers_own_addresses_is_not_followed(
    come_in: Callable[..., HttpResponse], provider: Provider, client: Client
) -> None:
    provider.moved = f"{provider.address}/elsewhere"
    assert come_in(groups=["sre"]).status_code == 503
    assert signed_in(client) is None


@pytest.mark.parametrize("taken", [{"username": "Newcomer"}, {"username": "other", "email": "S-1@example.com"}])
def test_an_account_that_is_kept_here_is_never_taken_over_by_its_name_or_address(
    come_in: Callable[..., HttpResponse], client: Client, taken: dict[str, str]
) -> None:
    User.objects.create_user(**taken, password="a-password-of-the-tests")
    answer = come_in(groups=["sre"], email_verified=True)
    assert (answer.status_code, signed_in(client)) == (403, None)
    assert "s-1" in answer.content.decode()
    assert User.objects.count() == 1


def test_a_local_administrator_signs_in_by_password_when_the_issuer_is_down(
    provider: Provider, client: Client, administrator: User, settings: Any
) -> None:
    apps = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    apps[0]["settings"] = {"server_url": "http://127.0.0.1:1"}
    assert client.get(SIGN_IN).status_code == 503
    page = client.get("/accounts/login/").content.decode()
    assert page.index("Sign in with Example ID") < page.index("Sign in by password")
    form = {"login": administrator.username, "password": "a-password-of-the-tests"}
    assert client.post("/accounts/login/", form).status_code == 302
    assert signed_in(client) == administrator


def test_who_comes_by_the_issuer_comes_by_no_password(come_in: Callable[..., HttpResponse], client: Client) -> None:
    come_in(groups=["sre"])
    client.logout()
    person = User.objects.get(username="newcomer")
    person.set_password("a-password-of-the-tests")
    person.save()
    answer = client.post("/accounts/login/", {"login": "newcomer", "password": "a-password-of-the-tests"})
    assert (answer.status_code, signed_in(client)) == (403, None)
    assert "signs in with Example ID" in answer.content.decode()


def test_a_second_factor_that_is_enrolled_here_is_asked_for_after_the_issuer(
    come_in: Callable[..., HttpResponse], client: Client
) -> None:
    come_in(groups=["sre"])
    client.logout()
    secret = totp_auth.generate_totp_secret()
    totp_auth.TOTP.activate(User.objects.get(username="newcomer"), secret)
    assert come_in(groups=["sre"]).headers["Location"] == reverse("mfa_authenticate")
    assert signed_in(client) is None
    code = totp_auth.format_hotp_value(totp_auth.hotp_value(secret, int(time.time()) // 30))
    assert client.post(reverse("mfa_authenticate"), {"code": code}).status_code == 302
    assert signed_in(client) is not None


def proof(client: Client) -> Any:
    request = RequestFactory().get("/")
    request.session, request.user = client.session, signed_in(client)
    return fresh_oidc_login(request)


def test_e16_an_ordinary_sign_in_never_counts_as_fresh(come_in: Callable[..., HttpResponse], client: Client) -> None:
    come_in(groups=["sre"], auth_time=int(time.time()))
    assert proof(client) is None


def test_e16_signing_in_anew_at_the_issuer_proves_when(
    come_in: Callable[..., HttpResponse], provider: Provider, client: Client
) -> None:
    come_in(groups=["sre"])
    session, at = client.session.session_key, int(time.time())
    answer = come_in(door=f"{AGAIN}?next=/changes/", groups=["sre"], auth_time=at)
    assert {name: provider.asked[-1][name] for name in ("prompt", "max_age")} == {"prompt": "login", "max_age": "0"}
    assert answer.headers["Location"] == "/changes/"
    assert proof(client).timestamp() == at
    assert client.session.session_key == session


def test_e16_a_vote_is_proved_by_it_and_leads_there(
    come_in: Callable[..., HttpResponse], client: Client, rf: RequestFactory
) -> None:
    at = int(time.time())
    come_in(groups=["board"])
    person = signed_in(client)
    assert person is not None
    assert ways_to_prove(person) == [AGAIN]
    come_in(door=AGAIN, groups=["board"], auth_time=at)
    request = rf.get("/")
    request.session, request.user = client.session, person
    assert authentication_of(request).fresh


@pytest.mark.parametrize(
    ("sub", "claims"),
    [
        ("s-2", {"auth_time": 4_000_000_000, "preferred_username": "other"}),
        ("s-1", {"auth_time": 1_700_000_000}),
        ("s-1", {"auth_time": 4_000_000_000}),
        ("s-1", {"auth_time": None}),
    ],
    ids=["somebody else", "not asked again", "in the future", "not said when"],
)
def test_e16_what_does_not_prove_a_fresh_sign_in_of_this_person_does_not_count(
    come_in: Callable[..., HttpResponse], client: Client, sub: str, claims: dict[str, Any]
) -> None:
    come_in(groups=["sre"])
    person = signed_in(client)
    answer = come_in(sub, door=AGAIN, **{"groups": ["sre"]} | claims)
    assert answer.status_code == 403
    assert (proof(client), signed_in(client)) == (None, person)


def test_where_the_sign_in_leads_is_within_the_console(come_in: Callable[..., HttpResponse], client: Client) -> None:
    assert come_in(door=f"{SIGN_IN}?next=https://elsewhere.example/", groups=["sre"]).headers["Location"] == "/"
