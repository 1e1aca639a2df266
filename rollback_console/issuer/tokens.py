"""What an ID token must prove before anybody believes it; pure. OpenID Connect Core 1.0, section 3.1.3.7."""

import base64
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import jwt

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by the issuer's own key: never by a secret that others hold, never none."""
SKEW_SECONDS: Final = 30
_NEEDED: Final = ["iss", "sub", "aud", "exp", "iat", "nonce"]


class TokenRefused(Exception):
    """The token does not prove what it must; the words are for the log and the administrator."""


def nonce_of(verifier: str) -> str:
    """The nonce that belongs to a PKCE verifier: both are this one sign-in's, and only its session knows them."""
    return base64.urlsafe_b64encode(hashlib.sha256(f"nonce:{verifier}".encode()).digest()).rstrip(b"=").decode()


def claims_of(token: str, keys: Mapping[str, Any], *, issuer: str, audience: str, nonce: str) -> dict[str, Any]:
    """The claims of a token that this issuer signed for this client and this very sign-in; TokenRefused otherwise."""
    import jwt  # with its curves it is slow to load, and most pages never see a token

    try:
        claims: dict[str, Any] = jwt.decode(
            token, _key(token, keys), algorithms=ALGORITHMS, issuer=issuer, audience=audience, leeway=SKEW_SECONDS,
            options={"require": _NEEDED},
        )  # fmt: skip
    except jwt.PyJWTError as fault:
        raise TokenRefused(f"The ID token does not hold: {fault}.") from fault
    if claims["nonce"] != nonce:
        raise TokenRefused("The ID token answers another sign-in: its nonce is not ours.")
    if claims.get("azp", audience) != audience or (_is_for_many(claims) and "azp" not in claims):
        raise TokenRefused("The ID token was made for another client.")
    return claims


def _is_for_many(claims: Mapping[str, Any]) -> bool:
    return isinstance(claims["aud"], list) and len(claims["aud"]) > 1


def _key(token: str, keys: Mapping[str, Any]) -> "jwt.PyJWK":
    """The key that the token names; where it names none, the only one."""
    import jwt

    known = jwt.PyJWKSet.from_dict(dict(keys)).keys
    named = jwt.get_unverified_header(token).get("kid")
    fitting = [key for key in known if named is None or key.key_id == named]
    if len(fitting) != 1:
        raise TokenRefused(f"The issuer publishes no single key that the token could be signed by ({named}).")
    return fitting[0]
