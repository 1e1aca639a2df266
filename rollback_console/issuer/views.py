"""The three doors to the issuer: sign in, show that it is still you, and come back with its answer."""

import time
from collections.abc import Mapping
from typing import Any

from allauth.account.utils import get_next_redirect_url
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from requests import RequestException

from rollback_console.issuer.fresh import ASK
from rollback_console.issuer.pages import not_let_in
from rollback_console.issuer.provider import Conversation, Issuer

UNREACHABLE = "The identity provider does not answer."
BY_PASSWORD = "Try again in a moment. A local administrator can sign in by password meanwhile."  # noqa: S105 - words


@require_GET
@never_cache
def sign_in(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Off to the issuer. By GET: a form may lead nowhere but here (form-action), and issuers redirect further."""
    return _off(request, provider_id, AuthProcess.LOGIN)


@require_GET
@never_cache
@login_required
def sign_in_again(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """The same person signs in anew at the issuer; the session stays, and `fresh_oidc_login` then says when."""
    return _off(request, provider_id, AuthProcess.REDIRECT, data={"asked_at": time.time()}, auth_params=dict(ASK))


@require_GET
@never_cache
def come_back(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """The issuer's answer: checked by `Conversation`, judged by `IssuersPeople`."""
    _issuer(request, provider_id)
    answer: HttpResponseBase = OAuth2CallbackView.adapter_view(Conversation(request, provider_id))(request)
    return answer


def _off(
    request: HttpRequest,
    provider_id: str,
    process: str,
    *,
    data: Mapping[str, Any] | None = None,
    auth_params: dict[str, str] | None = None,
) -> HttpResponseBase:
    issuer = _issuer(request, provider_id)
    onward = get_next_redirect_url(request)
    try:
        answer: HttpResponseBase = issuer.redirect(
            request, process, next_url=onward, data=data, auth_params=auth_params or {}
        )
    except (RequestException, ValueError, KeyError, OAuth2Error):
        return not_let_in(request, UNREACHABLE, BY_PASSWORD, status=503)
    return answer


def _issuer(request: HttpRequest, provider_id: str) -> Issuer:
    try:
        found: Issuer = get_adapter().get_provider(request, provider_id)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    return found
