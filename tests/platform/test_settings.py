"""Settings: production refuses to start on a default, on DEBUG, or on what is missing, and names it all at once."""

import runpy
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

import rollback_console.settings as console_settings
from rollback_console.environment import NOT_FOR_PRODUCTION_SEED

SETTINGS = Path(console_settings.__file__)
FIT = {
    "CONSOLE_ENV": "production",
    "SECRET_KEY": "kX93-this-key-is-long-enough-and-for-tests-alone",
    "ALLOWED_HOSTS": "console.example",
    "PUBLIC_URL": "https://console.example",
    "DATABASE_URL": "postgresql://rollback_app:pass%40word@database:5433/rollback_console",
    "REDIS_URL": "redis://:password@redis:6379/0",
    "CATALOGUE_FILE": "/catalogue.yaml",
    "MIRROR_FOLDER": "/mirrors",
    "STATUS_FOLDER": "/status",
    "EXPORT_FOLDER": "/exports",
    "CHECKPOINT_KEY": "wLbuM6yqQ5xVyd7BTLzdlF4LSY2Pp2gYxSkmiMdIZc8=",
    "GITHUB_TOKEN": "token",
    "GITHUB_WEBHOOK_SECRET": "webhook",
    "SLACK_TOKEN": "slack",
    "PROMETHEUS_URL": "https://prometheus.example",
    "ALERT_WEBHOOK_TOKEN": "alerts",
    "EMAIL_URL": "smtp://user:password@mail.example:587?tls=on",
}


@pytest.fixture
def start(monkeypatch):
    """Read the settings anew with exactly these variables."""

    def start_with(**variables: str | None) -> dict[str, Any]:
        monkeypatch.setattr("os.environ", {name: value for name, value in variables.items() if value is not None})
        return runpy.run_path(str(SETTINGS))

    return start_with


def refusal(start, **changes: str | None) -> str:
    with pytest.raises(ImproperlyConfigured) as refused:
        start(**(FIT | changes))
    return str(refused.value)


def test_production_starts_with_everything_given(start):
    settings = start(**FIT)
    assert settings["PRODUCTION"]
    assert settings["DEBUG"] is False
    assert settings["SESSION_COOKIE_SECURE"]


@pytest.mark.parametrize("name", [name for name in FIT if name not in {"CONSOLE_ENV", "GITHUB_TOKEN"}])
def test_production_names_what_is_missing(start, name):
    assert name in refusal(start, **{name: None})


def test_production_names_all_that_is_missing_at_once(start):
    with pytest.raises(ImproperlyConfigured) as refused:
        start()
    missing = set(FIT) - {"CONSOLE_ENV"}
    assert {name for name in missing if name in str(refused.value)} == missing


def test_what_is_missing_is_told_once(start):
    assert refusal(start, SECRET_KEY=None).count("\n") == 1


def test_production_wants_a_github_token_or_a_whole_app(start):
    assert "GITHUB_APP_PRIVATE_KEY" in refusal(start, GITHUB_TOKEN=None, GITHUB_APP_ID="1")
    app = {"GITHUB_APP_ID": "1", "GITHUB_APP_PRIVATE_KEY": "key", "GITHUB_INSTALLATION_ID": "2"}
    assert start(**(FIT | {"GITHUB_TOKEN": None} | app))["GITHUB_APP_ID"] == "1"


def test_a_signed_webhook_stands_in_for_slack_but_not_without_its_secret(start):
    hook = {"SIGNED_WEBHOOK_URL": "https://tools.example/hook", "SLACK_TOKEN": None}
    assert "SIGNED_WEBHOOK_SECRET" in refusal(start, **hook)
    assert start(**(FIT | hook | {"SIGNED_WEBHOOK_SECRET": "secret"}))["SLACK_TOKEN"] == ""


OIDC = {
    "OIDC_ISSUER": "https://id.example/",
    "OIDC_CLIENT_ID": "console",
    "OIDC_CLIENT_SECRET": "hush",
    "OIDC_GROUPS": '{"sre": "engineer"}',
}


def test_an_identity_provider_is_read_from_the_environment(start):
    settings = start(**FIT, **OIDC, OIDC_NAME="Example ID")
    (app,) = settings["SOCIALACCOUNT_PROVIDERS"]["openid_connect"]["APPS"]
    assert (app["name"], app["client_id"], app["secret"]) == ("Example ID", "console", "hush")
    assert settings["OIDC_GROUPS"] == {"sre": {"engineer"}}
    assert start(**FIT)["SOCIALACCOUNT_PROVIDERS"]["openid_connect"]["APPS"] == []


@pytest.mark.parametrize("name", OIDC)
def test_an_identity_provider_is_given_whole_or_not_at_all(start, name):
    words = refusal(start, **(OIDC | {name: None}))
    assert f"{name} missing" in words
    assert "hush" not in words


@pytest.mark.parametrize(
    ("name", "value"),
    [("OIDC_ISSUER", "http://id.example"), ("OIDC_GROUPS", "sre=engineer"), ("OIDC_GROUPS", '{"sre": "oncall"}')],
)
def test_an_identity_provider_that_cannot_be_meant_is_refused(start, name, value):
    assert name in refusal(start, **(OIDC | {name: value}))


@pytest.mark.parametrize(
    "key", [console_settings.NOT_FOR_PRODUCTION, "short", "a" * 60, "changemechangemechangemechangeme"]
)
def test_production_refuses_a_secret_that_anyone_can_guess(start, key):
    words = refusal(start, SECRET_KEY=key)
    assert "SECRET_KEY" in words
    assert key not in words


@pytest.mark.parametrize("key", [NOT_FOR_PRODUCTION_SEED, "c2hvcnQ=", "not base64", "A" * 43 + "="])
def test_production_refuses_a_signing_key_that_anyone_can_guess_or_nobody_can_read(start, key):
    words = refusal(start, CHECKPOINT_KEY=key)
    assert "CHECKPOINT_KEY" in words
    assert key not in words


def test_a_place_for_checkpoints_is_given_with_its_secret(start):
    assert "CHECKPOINT_SECRET missing" in refusal(start, CHECKPOINT_URL="https://elsewhere.example")
    assert "CHECKPOINT_STORE_TOKEN missing" in refusal(start, CHECKPOINT_STORE_URL="https://store.example")


def test_production_refuses_debug(start):
    assert "DEBUG" in refusal(start, DEBUG="on")


def test_an_address_that_cannot_be_read_is_named_but_never_shown(start):
    words = refusal(start, DATABASE_URL="mysql://root:hush@database/console")
    assert "DATABASE_URL" in words
    assert "hush" not in words


def test_the_demo_starts_with_nothing_given(start):
    assert start(CONSOLE_ENV="demo")["PRODUCTION"] is False


def test_scripts_and_styles_come_from_here_and_nothing_is_inline(start):
    policy = start(**FIT)["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == ["'self'"]
    assert policy["default-src"] == policy["frame-ancestors"] == ["'none'"]


def test_a_live_process_elsewhere_may_be_connected_to(start):
    policy = start(**FIT, LIVE_URL="https://live.example/")["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
    assert policy["connect-src"] == ["'self'", "https://live.example"]


def test_nobody_signs_up_by_themselves(client, db):
    answer = client.post("/accounts/signup/", {"username": "stranger", "password1": "x" * 20, "password2": "x" * 20})
    assert answer.status_code == 200
    assert not client.session.get("_auth_user_id")
