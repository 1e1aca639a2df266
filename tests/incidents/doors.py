"""Every address of the console with what it answers to whom: the whole URL configuration as one table."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.urls import URLPattern, URLResolver, get_resolver

PEOPLE: Final = ("anonymous", "stranger", "elsewhere", "auditor", "engineer", "reviewer", "oncall")
"""In the order of the statuses below; `elsewhere` is an engineer of another service."""

Answers = dict[str, str]


def addresses() -> Mapping[str, str]:
    """Every URL of the configuration: its name with namespaces, or its route where it has none, to its route."""
    return dict(_walk(get_resolver().url_patterns, "", ""))


def _walk(patterns: list[Any], route: str, namespace: str) -> Iterator[tuple[str, str]]:
    for each in patterns:
        whole = route + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _walk(each.url_patterns, whole, f"{namespace}{each.namespace}:" if each.namespace else namespace)
        elif isinstance(each, URLPattern):
            yield (f"{namespace}{each.name}" if each.name else whole), whole


def fill(route: str, values: Mapping[str, object]) -> str:
    """The address of a route with its gaps filled."""
    bare = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", route).replace("^", "").replace("$", "")
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda gap: str(values[gap[1]]), bare)


SEES: Final = "302 200 200 200 200 200 200"
SEES_ANY_SERVICE: Final = "302 403 200 200 200 200 200"
AUDITS: Final = "302 403 403 200 403 403 403"
SEES_THIS_SERVICE: Final = "302 403 403 200 200 200 200"
ENGINEERS: Final = "302 403 403 403 302 403 302"
ON_CALL: Final = "302 403 403 403 403 403 302"
REFUSED_METHOD: Final = "405 405 405 405 405 405 405"


def everybody(status: str) -> str:
    """The same for everybody, whoever they are."""
    return " ".join([status] * len(PEOPLE))


def page(get: str) -> Answers:
    """Something that is only read."""
    return {"GET": get, "POST": REFUSED_METHOD}


def act(post: str) -> Answers:
    """Something that is posted; a 302 leads back to the room."""
    return {"GET": REFUSED_METHOD, "POST": post}


INCIDENTS: Final[Mapping[str, Answers]] = {
    **dict.fromkeys(["dashboard", "dashboard-panels", "live-ticket-dashboard"], page(SEES)),
    **dict.fromkeys(["list", "changes", "catalogue", "procedure", "styleguide"], page(SEES)),
    **dict.fromkeys(["detail", "panels", "controls", "timeline", "live-ticket"], page(SEES_THIS_SERVICE)),
    **dict.fromkeys(["change", "service"], page(SEES_THIS_SERVICE)),
    **dict.fromkeys(["status", "status-feed"], page(everybody("200"))),
    "people": page(SEES_ANY_SERVICE),
    "insights": page(SEES),
    "insights-csv": page(SEES),
    "course": page(SEES_THIS_SERVICE),
    **dict.fromkeys(["audit", "audit-entry", "audit-exports", "audit-exports-rows", "audit-verifier"], page(AUDITS)),
    # No export is there yet, and the form says no shape for one.
    "audit-export": page("302 403 403 404 403 403 403"),
    "audit-exports-ask": act("302 403 403 422 403 403 403"),
    # The public key is nobody's secret.
    "audit-key": page(SEES),
    # One's own logins elsewhere: everybody's own affair. Nothing is claimed yet, so nothing can be proved or parted.
    **dict.fromkeys(["you", "you-places"], page(SEES)),
    # The form names nobody: a mail address is looked up, and the one who has none is asked to type who they are.
    "claim-login": act("302 302 409 302 302 302 302"),
    **dict.fromkeys(["prove-login", "unlink-login"], act("302 409 409 409 409 409 409")),
    # Administrators name deputies, and nobody of these is one.
    "deputy": act("302 403 403 403 403 403 403"),
    **dict.fromkeys(["readiness", "readiness-checks"], page(SEES_ANY_SERVICE)),
    # An engineer of any service may have everything tried.
    "readiness-try": act("302 403 302 403 302 403 302"),
    **dict.fromkeys(["drills", "drill", "drill-state"], page(SEES_ANY_SERVICE)),
    # No sandbox is set here: refused in words, to those who may.
    "start-drill": act("302 403 403 403 409 403 409"),
    "break-off-drill": act("302 403 403 403 302 403 302"),
    "declare": {"GET": "302 403 200 403 200 403 200", "POST": "302 403 422 403 302 403 302"},
    "announce": act(ENGINEERS),
    # The form names no emergency, no flag and no target: refused in words, to those who may (E3, E4).
    **dict.fromkeys(["page-on-call", "flag", "drain", "undrain"], act("302 403 403 403 409 403 409")),
    # Nothing to say stands in the form: 422 brings it back; only the lead writes (P1).
    "words": act("302 403 403 403 403 403 422"),
    **dict.fromkeys(["words-fields", "words-preview"], act("302 403 403 403 403 403 200")),
    # An act that words do not have.
    "words-act": act("302 403 403 404 404 404 404"),
    "hand-drafting": act("302 403 403 403 403 403 302"),
    # What somebody types is only marked; nothing is written.
    "announce-check": act(SEES_THIS_SERVICE),
    "advice": act("302 403 403 403 403 403 200"),
    **dict.fromkeys(["add-suspect", "reapply", "accept-return"], act(ENGINEERS)),
    "take-over": act("302 403 403 403 302 403 409"),
    **dict.fromkeys(["hand-over", "merge", "no-help", "false-alarm", "close", "escalate"], act(ON_CALL)),
    # Answered by those it was escalated to, and nobody has escalated yet.
    "have-it": act("302 403 403 409 409 409 409"),
    # The question stands already: refused in words, to the one who may ask anew (M3).
    **dict.fromkeys(["break-glass"], act("302 403 403 403 403 403 409")),
    "ask-anew": act("302 403 403 403 403 403 409"),
    **dict.fromkeys(["decide", "execute", "stop", "resume", "adopt", "step", "decide-again"], act(ON_CALL)),
    # A rollback follows no fix and brings no credential back: refused in words, to those who may (D5, C1).
    **dict.fromkeys(["fix", "confirm"], act("302 403 403 403 403 403 409")),
    "follow-ups": page(SEES),
    **dict.fromkeys(["retrospective", "retrospective-panels", "history"], page(SEES_THIS_SERVICE)),
    "add-follow-up": act("302 403 403 403 302 302 302"),
    # The form bears the incident's version, not the section's: both texts are shown to those who may write.
    **dict.fromkeys(["save-section", "settle-section"], act("302 403 403 403 409 409 409")),
    "complete-retrospective": act("302 403 403 403 403 403 409"),
    # No intake is set, so it was registered here as it opened: refused in words.
    "register-retrospective": act("302 403 403 403 409 409 409"),
    # An act that follow-ups do not have.
    "follow-up": act("302 403 403 404 404 404 404"),
    **dict.fromkeys(["hook-github", "hook-alertmanager", "hook-slack"], act(everybody("401"))),
}

APPROVALS: Final[Mapping[str, Answers]] = {
    **dict.fromkeys(["inbox", "inbox-panels"], page(SEES)),
    **dict.fromkeys(["detail", "detail-panels"], page(SEES_THIS_SERVICE)),
    # The form says no answer: 400 to whoever may look at the question at all.
    "vote": act("302 403 403 400 400 400 400"),
    "withdraw": act("302 403 403 400 400 400 400"),
    # Only who asked takes a question back.
    "take-back": act("302 403 403 409 409 409 302"),
}
"""The approver's pages, about an M3 question on the incident."""

OTHERS: Final[Mapping[str, Answers]] = {
    **dict.fromkeys(["healthz", "readyz"], page(everybody("200"))),
    "metrics": page(everybody("401")),
}


def alike(get: str, post: str, *names: str) -> dict[str, Answers]:
    """The same answers behind several doors."""
    return {name: {"GET": get, "POST": post} for name in names}


# Signing in and looking after one's own account: what a visitor gets, and what somebody signed in gets.
ACCOUNTS: Final[Mapping[str, Answers]] = {
    **alike("200 302", "200 302", "account_login", "account_signup"),
    **alike("302 200", "302 302", "account_logout", "account_email"),
    **alike("302 200", "302 200", "account_reauthenticate", "account_change_password", "socialaccount_connections"),
    **alike("200 200", "404 404", "account_confirm_email"),
    **alike("200 200", "200 200", "account_reset_password", "account_reset_password_from_key"),
    **alike("200 200", "405 405", "account_inactive", "account_email_verification_sent"),
    **alike("200 200", "405 405", "account_reset_password_done", "account_reset_password_from_key_done"),
    **alike("200 200", "405 405", "socialaccount_login_cancelled"),
    **alike("401 401", "405 405", "socialaccount_login_error"),
    **alike("302 200", "302 405", "mfa_index", "mfa_list_webauthn"),
    **alike("302 302", "302 302", "account_set_password", "account_confirm_login_code", "socialaccount_signup"),
    **alike("302 302", "302 302", "mfa_authenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn"),
    **alike("302 302", "302 302", "mfa_activate_totp", "mfa_generate_recovery_codes", "mfa_add_webauthn"),
    **alike("302 302", "302 302", "mfa_remove_webauthn", "mfa_edit_webauthn", "mfa_login_webauthn"),
    **alike("302 404", "302 404", "mfa_deactivate_totp", "mfa_download_recovery_codes"),
    **alike("302 404", "302 405", "mfa_view_recovery_codes"),
    # No identity provider is set in the tests: its doors are not there.
    **alike("404 404", "405 405", "openid_connect_login", "openid_connect_callback"),
    **alike("302 404", "405 405", "openid_connect_again"),
    **alike("301 301", "301 301", "accounts/social/login/cancelled/", "accounts/social/login/error/"),
    **alike("301 301", "301 301", "accounts/social/signup/", "accounts/social/connections/"),
}

ADMIN_PAGES: Final = (
    "index", "login", "logout", "password_change", "password_change_done", "autocomplete", "jsi18n", "view_on_site",
    "app_list", "auth_user_password_change",
)  # fmt: skip
ADMIN_TABLES: Final = (
    "incidents/service", "incidents/shift", "incidents/identity", "incidents/deputy", "incidents/change",
    "incidents/deployment", "incidents/alert", "incidents/delivery", "incidents/ledgerentry", "auth/user",
    "account/emailaddress", "mfa/authenticator", "socialaccount/socialapp", "socialaccount/socialtoken",
    "socialaccount/socialaccount",
)  # fmt: skip
ADMIN: Final = frozenset(
    {f"admin:{name}" for name in ADMIN_PAGES}
    | {
        f"admin:{table.replace('/', '_')}_{verb}"
        for table in ADMIN_TABLES
        for verb in ("changelist", "add", "history", "delete", "change")
    }
    | {f"admin/{table}/<path:object_id>/" for table in ADMIN_TABLES}
    | {"admin/(?P<url>.*)$"}
)
"""The administrators' pages: nobody of the people above comes in."""


def known() -> frozenset[str]:
    """Every address that a table above speaks of."""
    approvals = {f"approvals:{name}" for name in APPROVALS}
    return frozenset({f"incidents:{name}" for name in INCIDENTS} | approvals) | OTHERS.keys() | ACCOUNTS.keys() | ADMIN
