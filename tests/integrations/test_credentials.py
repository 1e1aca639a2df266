"""Who the console is to the code host."""

from datetime import UTC, datetime

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from incidents.integrations.code_host import Grants
from incidents.integrations.credentials import AppCredentials, TokenCredentials
from incidents.integrations.errors import IntegrationError
from incidents.integrations.github import GitHub
from tests.integrations.worlds import Table, ok

NOW = 1_800_000_000.0
ROUTE = "POST /app/installations/42/access_tokens"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def pem(key: rsa.RSAPrivateKey) -> str:
    unencrypted = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, unencrypted).decode()


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def granted(name: str, lasts: float = 3600) -> httpx.Response:
    return ok({"token": name, "expires_at": datetime.fromtimestamp(NOW + lasts, UTC).isoformat()}, 201)


def app(pem: str, table: Table, clock: Clock) -> AppCredentials:
    return AppCredentials("7", pem, "42", api_url="https://host.example", transport=table.transport, clock=clock)


def test_the_app_signs_in_by_a_short_token_of_its_own(pem, key):
    table, clock = Table({ROUTE: granted("ghs_one")}), Clock()
    assert app(pem, table, clock).token() == "ghs_one"
    scheme, _, signed = table.asked[0].headers["authorization"].partition(" ")
    claims = jwt.decode(
        signed, key.public_key(), algorithms=["RS256"], options={"verify_exp": False, "verify_iat": False}
    )
    assert (scheme, claims["iss"]) == ("Bearer", "7")
    assert claims["iat"] < NOW
    assert claims["exp"] - claims["iat"] <= 600


@pytest.mark.parametrize(("later", "token"), [(0, "one"), (3299, "one"), (3300, "two"), (9999, "two")])
def test_an_installation_token_is_kept_until_five_minutes_before_its_end(pem, later, token):
    clock = Clock()
    credentials = app(pem, Table({ROUTE: [granted("one"), granted("two")]}), clock)
    assert credentials.token() == "one"
    clock.now += later
    assert credentials.token() == token


def test_a_token_that_was_refused_is_not_given_out_again(pem):
    clock = Clock()
    table = Table({ROUTE: [granted("one"), granted("two")], "GET /repos/acme/shop/pulls/7": ok({}, 401)})
    credentials = app(pem, table, clock)
    with pytest.raises(IntegrationError, match="401"):
        GitHub("https://host.example", credentials, transport=table.transport).pull_request("acme/shop", 7)
    assert credentials.token() == "two"


def test_a_key_that_cannot_be_read_is_named_and_not_quoted():
    with pytest.raises(IntegrationError, match="GITHUB_APP_PRIVATE_KEY") as caught:
        app("-----BEGIN hush-----", Table(), Clock()).token()
    assert "hush" not in caught.value.words
    assert not caught.value.retryable


def test_a_write_that_never_got_a_token_is_not_in_doubt(pem):
    table = Table({ROUTE: httpx.ReadTimeout("slow")})
    with pytest.raises(IntegrationError) as caught:
        GitHub("https://host.example", app(pem, table, Clock()), transport=table.transport).merge(
            "acme/shop", 7, sha="a" * 40, method="merge"
        )
    assert (caught.value.in_doubt, caught.value.retryable) == (False, True)


@pytest.mark.parametrize("token", ["", "  ", "a\nb", "tökén"])
def test_what_can_be_no_token_is_refused_unquoted(token):
    with pytest.raises(IntegrationError) as caught:
        TokenCredentials(token)
    assert token.strip() == "" or token not in caught.value.words


def test_the_line_end_of_a_secrets_file_is_no_part_of_the_token():
    assert TokenCredentials("ghp_x\n").token() == "ghp_x"


def test_credentials_show_nothing(pem):
    credentials = app(pem, Table({ROUTE: granted("ghs_one")}), Clock())
    credentials.token()
    assert "ghs_one" not in repr(credentials)
    assert "ghp_x" not in repr(TokenCredentials("ghp_x"))


@pytest.mark.parametrize(("suspended_at", "suspended"), [(None, False), ("2026-11-23T12:00:00Z", True)])
def test_an_installation_tells_what_the_app_may_do(pem, suspended_at, suspended):
    told = {"permissions": {"statuses": "write"}, "events": ["push"], "suspended_at": suspended_at}
    table = Table({"GET /app/installations/42": ok(told)})
    granted = app(pem, table, Clock()).grants()
    assert granted == Grants({"statuses": "write"}, ("push",), suspended)
    assert table.asked[0].headers["authorization"].startswith("Bearer ey")
