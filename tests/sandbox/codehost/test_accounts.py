"""Who may speak: tokens, and the App's JWT.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
"""

import time

import httpx
import jwt
import pytest

from sandbox import secrets
from sandbox.codehost.accounts import APP
from tests.sandbox.codehost.past import speaking_as

_OTHER_KEY = "another-key-that-is-long-enough-for-hs256"


def issued(sandbox, installation=secrets.GITHUB_INSTALLATION_ID, key=None, algorithm="RS256", **claims):
    now = int(time.time())
    content = {"iat": now - 30, "exp": now + 540, "iss": secrets.GITHUB_APP_ID, **claims}
    signed = jwt.encode(content, key or sandbox.world.app_private_key, algorithm=algorithm)
    address = f"{sandbox.url}/github/api/app/installations/{installation}/access_tokens"
    return httpx.post(address, headers={"Authorization": f"Bearer {signed}"}, trust_env=False)


def test_the_app_gets_a_token_for_its_jwt(sandbox):
    answer = issued(sandbox)
    assert answer.status_code == 201
    with speaking_as(sandbox, answer.json()["token"]) as client:
        assert client.get("/commits").status_code == 200
        assert client.get(f"{sandbox.url}/github/api/user").json()["login"] == APP


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "12"},
        {"exp": 4_000_000_000},
        {"exp": 1},
        {"installation": "12"},
        {"key": _OTHER_KEY, "algorithm": "HS256"},
    ],
)
def test_a_wrong_jwt_gets_none(sandbox, wrong):
    assert issued(sandbox, **wrong).status_code == 401


@pytest.mark.parametrize("token", ["wrong", "", "ghs_made_up"])
def test_a_wrong_token_opens_nothing(sandbox, token):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = httpx.get(f"{sandbox.url}/github/api/repos/acme/shop/commits", headers=headers, trust_env=False)
    assert answer.status_code == 401


def test_another_repository_is_not_found(sandbox, github):
    assert github.get(f"{sandbox.url}/github/api/repos/acme/other/commits").status_code == 404


def test_the_apps_key_survives_a_reset(sandbox):
    before = sandbox.world.app_private_key
    sandbox.control("reset")
    assert issued(sandbox, key=before).status_code == 201
