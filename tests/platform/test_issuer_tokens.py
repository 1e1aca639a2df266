"""An ID token proves nothing unless this issuer signed it, for this console, for this very sign-in."""

import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from rollback_console.issuer.tokens import TokenRefused, claims_of, nonce_of

ISSUER, CONSOLE = "https://id.example", "console"
NONCE = nonce_of("a-verifier")


def pair(kid: str) -> tuple[rsa.RSAPrivateKey, dict[str, Any]]:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(private.public_key()))
    return private, {**public, "kid": kid, "use": "sig", "alg": "RS256"}


OURS, PUBLISHED = pair("one")
THEIRS, _ = pair("one")


def token(key: Any = OURS, algorithm: str = "RS256", kid: str | None = "one", **changes: Any) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": "s", "aud": CONSOLE, "iat": now, "exp": now + 60, "nonce": NONCE} | changes
    told = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(told, key, algorithm=algorithm, headers={"kid": kid} if kid else None)


def read(given: str, *keys: dict[str, Any]) -> dict[str, Any]:
    return claims_of(given, {"keys": keys or [PUBLISHED]}, issuer=ISSUER, audience=CONSOLE, nonce=NONCE)


def test_a_token_that_holds_is_believed():
    assert read(token())["sub"] == "s"
    assert read(token(aud=[CONSOLE, "other"], azp=CONSOLE))["sub"] == "s"


def test_a_token_that_names_no_key_is_tried_by_the_only_one():
    assert read(token(kid=None))["sub"] == "s"
    with pytest.raises(TokenRefused):
        read(token(kid=None), PUBLISHED, pair("two")[1])


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://elsewhere.example"}, {"aud": "other"}, {"aud": [CONSOLE, "other"]}, {"azp": "other"},
        {"nonce": "another"}, {"nonce": None}, {"sub": None}, {"exp": 1}, {"exp": None}, {"iat": None},
    ],
    ids=str,
)  # fmt: skip
def test_one_wrong_or_missing_claim_is_enough(changes):
    with pytest.raises(TokenRefused):
        read(token(**changes))


@pytest.mark.parametrize(
    "forged",
    [
        lambda: token(key=THEIRS),
        lambda: token(kid="two"),
        lambda: token(key="a-secret-that-others-hold-as-well-as-us", algorithm="HS256"),
        lambda: token(key="", algorithm="none"),
        lambda: "no token",
        lambda: "",
    ],
    ids=["another key", "unknown key", "shared secret", "unsigned", "no token", "nothing"],
)
def test_only_the_issuers_own_signature_counts(forged):
    with pytest.raises(TokenRefused):
        read(forged())


def test_the_nonce_follows_from_the_verifier_and_does_not_give_it_away():
    assert nonce_of("a-verifier") == NONCE
    assert nonce_of("another") != NONCE
    assert "verifier" not in NONCE
