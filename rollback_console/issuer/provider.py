"""allauth's OpenID Connect provider with what it leaves out: nonce, issuer and signature checked, PKCE always."""

from collections.abc import Mapping
from typing import Any, Final

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.utils import generate_code_challenge
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest

from rollback_console.issuer.tokens import TokenRefused, claims_of, nonce_of

PROVIDER: Final = "issuer"
"""In addresses, and where an account's link to the issuer is kept."""
KEPT: Final = ("iss", "sub", "preferred_username", "email", "email_verified", "groups", "auth_time")
_LONGEST_SUBJECT: Final = 191
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_SIGNED: Final = ("iss", "sub", "auth_time")


class Conversation(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth ships no types
    """One sign-in's talk with the issuer."""

    nonce = ""

    @property
    def openid_config(self) -> dict[str, Any]:
        """The issuer's own description; one that speaks for another issuer is refused (Discovery 1.0, section 4.3)."""
        found: dict[str, Any] = super().openid_config
        if str(found.get("issuer")).rstrip("/") != settings.OIDC_ISSUER:
            raise OAuth2Error("The description found at OIDC_ISSUER is that of another issuer.")
        if missing := [name for name in _ENDPOINTS if not found.get(name)]:
            raise OAuth2Error(f"The issuer's description lacks {', '.join(missing)}.")
        return found

    def get_access_token_data(
        self, request: HttpRequest, app: Any, client: Any, pkce_code_verifier: str | None = None
    ) -> dict[str, Any]:
        if not pkce_code_verifier:
            raise OAuth2Error("This sign-in was begun without PKCE.")
        self.nonce = nonce_of(pkce_code_verifier)
        told: dict[str, Any] = super().get_access_token_data(request, app, client, pkce_code_verifier)
        return told

    def complete_login(self, request: HttpRequest, app: Any, token: SocialToken, **given: Any) -> SocialLogin:
        """What the signed token says, and beside it what the issuer tells of the same person on asking."""
        signed = self._signed(app.client_id, str(given["response"].get("id_token", "")))
        told = self._fetch_user_info(token.token) if "userinfo_endpoint" in self.openid_config else {}
        if told and told.get("sub") != signed["sub"]:
            raise OAuth2Error("The issuer answered about somebody else.")
        claims = {**signed, **told, **{name: signed[name] for name in _SIGNED if name in signed}}
        return self.get_provider().sociallogin_from_response(request, claims)

    def _signed(self, audience: str, id_token: str) -> dict[str, Any]:
        described = self.openid_config
        with get_adapter().get_requests_session() as session:
            answer = session.get(described["jwks_uri"])
            answer.raise_for_status()
        try:
            return claims_of(
                id_token, answer.json(), issuer=described["issuer"], audience=audience, nonce=self.nonce
            )  # fmt: skip
        except TokenRefused as refused:
            raise OAuth2Error(str(refused)) from refused


class Issuer(OpenIDConnectProvider):  # type: ignore[misc]  # allauth ships no types
    """The one identity provider that settings name."""

    oauth2_adapter_class = Conversation

    def get_pkce_params(self) -> dict[str, Any]:
        """PKCE whatever settings say, and the nonce that goes with its verifier."""
        pair: dict[str, Any] = generate_code_challenge()
        return {**pair, "nonce": nonce_of(pair["code_verifier"])}

    def extract_uid(self, data: Mapping[str, Any]) -> str:
        """The subject is unique at its issuer alone: another issuer's is another person."""
        return subject_of(str(data["sub"]))

    def extract_extra_data(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Only what the console uses is kept."""
        return {name: data[name] for name in KEPT if name in data}


def subject_of(sub: str) -> str:
    """How a person of this issuer is known here; OAuth2Error where the subject is missing or too long."""
    subject = f"{sub}@{settings.OIDC_ISSUER}"
    if not sub or len(subject) > _LONGEST_SUBJECT:
        raise OAuth2Error("The issuer's identifier of the person is missing or too long.")
    return subject


provider_classes = [Issuer]
