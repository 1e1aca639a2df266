"""When this session last proved itself at the issuer by signing in anew (E16, settled.md: Step-up)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.socialaccount.models import SocialLogin
from django.http import HttpRequest

from rollback_console.issuer.provider import PROVIDER
from rollback_console.issuer.tokens import SKEW_SECONDS

METHOD: Final = "socialaccount"
ASK: Final[Mapping[str, str]] = {"prompt": "login", "max_age": "0"}


def fresh_oidc_login(request: HttpRequest) -> datetime | None:
    """The issuer's `auth_time` of the newest sign-in that was asked for anew; None where there is none.

    An ordinary sign-in never counts: the issuer may have answered it from a session of its own.
    """
    records: list[Mapping[str, Any]] = get_authentication_records(request, request.user)
    times = [float(each["auth_time"]) for each in records if each.get("provider") == PROVIDER and "auth_time" in each]
    return datetime.fromtimestamp(max(times), tz=UTC) if times else None


def why_not_fresh(sociallogin: SocialLogin, person: Any, *, now: float) -> str:
    """What keeps the answer from proving that this very person signed in just now; empty where it proves it."""
    auth_time = sociallogin.account.extra_data.get("auth_time")
    asked_at = (sociallogin.state.get("data") or {}).get("asked_at")
    if not person.is_authenticated or sociallogin.account.user_id != person.pk:
        return "You signed in there as somebody else. Sign in as the person whose session this is."
    if not isinstance(auth_time, int | float) or asked_at is None:
        return "The identity provider does not say when you signed in (auth_time), so this proves nothing."
    if not asked_at - SKEW_SECONDS <= auth_time <= now + SKEW_SECONDS:
        return "The identity provider did not ask you again just now, so this proves nothing."
    return ""


def record_fresh_login(request: HttpRequest, sociallogin: SocialLogin) -> None:
    """Note the proof in the session, where allauth keeps the others."""
    record_authentication(
        request, request.user, METHOD, provider=PROVIDER, uid=sociallogin.account.uid, reauthenticated=True,
        auth_time=sociallogin.account.extra_data["auth_time"],
    )  # fmt: skip
