"""Logs never show a secret."""

import pytest

from rollback_console.logging import HIDDEN, hide_secrets


@pytest.mark.parametrize("name", ["password", "GITHUB_TOKEN", "Authorization", "cookie", "app_private_key", "ticket"])
def test_a_secret_by_name_is_hidden(name):
    assert hide_secrets(None, "", {name: "hush"}) == {name: HIDDEN}


@pytest.mark.parametrize(
    "text",
    [
        "GET /live/stream?incident=1&ticket=hush&last=4",
        "GET /accounts/oidc/issuer/login/callback/?code=hush&state=1",
        "cannot reach postgresql://rollback_app:hush@database/console",
        "unix://:hush@/tmp/valkey.sock",
        "Authorization: Bearer hush",
    ],
)
def test_a_secret_inside_a_text_is_hidden(text):
    shown = hide_secrets(None, "", {"event": text})["event"]
    assert "hush" not in shown
    assert HIDDEN in shown


def test_what_is_no_secret_stays():
    event = {"event": "step_done", "incident": "INC-2026-0042", "seconds": 3}
    assert hide_secrets(None, "", dict(event)) == event
