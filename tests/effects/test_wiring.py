"""From settings to the world: each tool is spoken to where it is set, else the signed webhook, else nobody."""

from collections.abc import Iterator
from typing import Any

import pytest

from incidents.effects import wiring
from incidents.integrations.better_stack_status import BetterStackStatusPage
from incidents.integrations.vault import Vault
from incidents.integrations.webhook_providers import WebhookSecrets, WebhookStatusPage

HOOK = {"SIGNED_WEBHOOK_URL": "https://host.example/hook", "SIGNED_WEBHOOK_SECRET": "x" * 32}
PAGE = {"BETTER_STACK_TOKEN": "t", "BETTER_STACK_STATUS_PAGE": "4242"}
VAULT = {"VAULT_URL": "https://vault.example", "VAULT_TOKEN": "t"}
NONE = dict.fromkeys([*HOOK, *PAGE, *VAULT], "")


@pytest.fixture
def built(settings: Any) -> Iterator[Any]:
    """Builds the world anew with these settings, everything optional else unset."""

    def build(chosen: dict[str, str]) -> wiring.World:
        for name, value in (NONE | {"GITHUB_APP_ID": "", "GITHUB_TOKEN": "t"} | chosen).items():
            setattr(settings, name, value)
        return wiring.world()

    wiring.world.cache_clear()
    yield build
    wiring.world.cache_clear()


@pytest.mark.parametrize(
    ("chosen", "client"),
    [
        (PAGE, BetterStackStatusPage),
        (PAGE | HOOK, BetterStackStatusPage),
        ({**PAGE, "BETTER_STACK_STATUS_PAGE": ""}, type(None)),
        ({**PAGE, "BETTER_STACK_STATUS_PAGE": ""} | HOOK, WebhookStatusPage),
        ({"BETTER_STACK_STATUS_PAGE": "4242"}, type(None)),
        ({}, type(None)),
    ],
)
def test_p1_the_status_page_is_better_stacks_or_the_webhooks_or_none(built, chosen, client):
    assert type(built(chosen).status_page) is client


@pytest.mark.parametrize(
    ("chosen", "client"),
    [
        (VAULT, Vault),
        (VAULT | HOOK, Vault),
        ({"VAULT_URL": "https://vault.example"}, type(None)),
        (HOOK, WebhookSecrets),
        ({}, type(None)),
    ],
)
def test_c1_secrets_are_vaults_or_the_webhooks_or_nobodys(built, chosen, client):
    assert type(built(chosen).secrets) is client
