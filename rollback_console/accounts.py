"""How people come in: accounts are made by an administrator or by the identity provider, never by strangers."""

import time
from collections.abc import Mapping
from typing import Any, Final

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthError, AuthProcess
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from requests import RequestException, Session

from incidents.queries.duty import with_roles
from incidents.services.admitting import admit_person, name_is_free
from incidents.services.clock import database_now
from incidents.services.knocking import THROTTLED, note_failed_sign_in
from rollback_console.issuer import mapping
from rollback_console.issuer.fresh import record_fresh_login, why_not_fresh
from rollback_console.issuer.pages import not_let_in
from rollback_console.issuer.provider import PROVIDER
from rollback_console.issuer.views import BY_PASSWORD, UNREACHABLE
from rollback_console.witness import address_of

log = structlog.get_logger()
_LONGEST_REASON: Final = 300


class ClosedDoor(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """There is no public sign-up, and who comes by the identity provider comes by no other door."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_login(self, request: HttpRequest, user: User, **given: Any) -> HttpResponse | None:
        """Else a password or passkey would outlive what the identity provider took away."""
        by_issuer = "sociallogin" in (given["signal_kwargs"] or {})
        if settings.OIDC_ISSUER and not by_issuer and _is_linked(user):
            words = f"This account signs in with {settings.OIDC_NAME}."
            return not_let_in(request, words, "Passwords and passkeys open only accounts that are kept here.")
        refused: HttpResponse | None = super().pre_login(request, user, **given)
        return refused

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Who tries too often is put off, and counted all the same."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            _note_failure(request, credentials, THROTTLED)
            raise

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """A wrong password, or nobody of that name: the record hears of it within a minute."""
        super().authentication_failed(request, **credentials)
        _note_failure(request, credentials, "password")

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        """Who is tied to the identity provider can show there that it is still them (E16)."""
        ways: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if settings.OIDC_ISSUER and _is_linked(user):
            again = reverse("openid_connect_again", args=[PROVIDER])
            ways.insert(0, {"id": PROVIDER, "description": f"Sign in anew with {settings.OIDC_NAME}", "url": again})
        return ways


class Accounts(AuthenticationBackend):  # type: ignore[misc]  # allauth ships no types
    """The accounts as allauth knows them; who asks for a page comes with their roles, in one query a request."""

    def get_user(self, user_id: int) -> User | None:
        person = with_roles(User.objects.all()).filter(pk=user_id).first()
        return person if person and self.user_can_authenticate(person) else None


class IssuersPeople(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Whom the identity provider sends: let in by its groups alone, their roles following it at each sign-in."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Asked with every answer of the issuer, when it holds and before anybody is signed in."""
        if sociallogin.state.get("process") == AuthProcess.REDIRECT:
            _witness(request, sociallogin)
            return
        roles = _roles(sociallogin)
        if sociallogin.is_existing and sociallogin.user.is_active:
            _admit(sociallogin.user, roles, new=False)
        if not roles:
            words = f"{settings.OIDC_NAME} knows you, but none of your groups has a role in this console."
            _refuse(request, words, "Ask whoever looks after the groups there for one that this console knows.")
        if not sociallogin.is_existing and not name_is_free(sociallogin.user.username, sociallogin.user.email):
            words = f"An account named {sociallogin.user.username}, or with that mail address, is kept here already."
            _refuse(request, words, f"An administrator links it to you: your subject is {_subject(sociallogin)}.")

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: Mapping[str, Any]) -> User:
        """An account is named as the issuer names the person; who has no such name, by the address or the subject."""
        named = data.get("username") or data.get("email") or _subject(sociallogin)
        person: User = super().populate_user(request, sociallogin, {**data, "username": named})
        return person

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return bool(_roles(sociallogin))

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return True

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        """The new account with its roles, in one transaction."""
        with transaction.atomic():
            person: User = super().save_user(request, sociallogin, form)
            _admit(person, _roles(sociallogin), new=True)
        return person

    def validate_disconnect(self, account: SocialAccount, accounts: Any) -> None:
        raise ValidationError("Only an administrator parts an account from the identity provider.")

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        """The issuer's answer did not hold, or did not come: said in words, with the reason in the log alone."""
        if error == AuthError.CANCELLED:
            return
        log.warning("sign_in_by_issuer_refused", reason=str(exception or error)[:_LONGEST_REASON])
        if isinstance(exception, RequestException):
            _refuse(request, UNREACHABLE, BY_PASSWORD, status=503)
        words = "The identity provider's answer does not hold, so nobody was signed in."
        _refuse(request, words, "Begin once more from the sign-in page. The log of the console has the reason.", 401)

    def get_requests_session(self) -> Session:
        """Only the addresses that the issuer gives are asked: redirects are not followed."""
        session: Session = super().get_requests_session()
        session.max_redirects = 0
        return session


def _note_failure(request: HttpRequest, credentials: Mapping[str, Any], how: str) -> None:
    login = str(credentials.get("username") or credentials.get("email") or "")
    note_failed_sign_in(login=login, address=address_of(request), how=how, now=database_now())


def _roles(sociallogin: SocialLogin) -> frozenset[str]:
    return mapping.roles_of(mapping.groups_in(sociallogin.account.extra_data), settings.OIDC_GROUPS)


def _admit(person: User, roles: frozenset[str], *, new: bool) -> None:
    ruled = mapping.roles_named(settings.OIDC_GROUPS)
    admit_person(person_id=person.pk, roles=roles, ruled=ruled, new=new, now=database_now())


def _subject(sociallogin: SocialLogin) -> str:
    return str(sociallogin.account.extra_data.get("sub", ""))


def _is_linked(person: User) -> bool:
    linked: bool = SocialAccount.objects.filter(user=person, provider=PROVIDER).exists()
    return linked


def _witness(request: HttpRequest, sociallogin: SocialLogin) -> None:
    """A fresh sign-in of the person whose session this is; nobody else's counts (E16)."""
    if words := why_not_fresh(sociallogin, request.user, now=time.time()):
        _refuse(request, words, "Nothing was approved. Your session here is as it was.")
    record_fresh_login(request, sociallogin)


def _refuse(request: HttpRequest, words: str, remedy: str, status: int = 403) -> None:
    raise ImmediateHttpResponse(not_let_in(request, words, remedy, status=status))
