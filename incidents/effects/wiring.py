"""From settings to the world: the only builder of clients, once a process."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings

from incidents.integrations.better_stack import BetterStack
from incidents.integrations.better_stack_status import BetterStackStatusPage
from incidents.integrations.chat import Chat
from incidents.integrations.code_host import CodeHost
from incidents.integrations.credentials import AppCredentials, Credentials, TokenCredentials
from incidents.integrations.drains import Drains
from incidents.integrations.flags import Flags
from incidents.integrations.git import Mirror
from incidents.integrations.github import GitHub
from incidents.integrations.haproxy import HAProxy
from incidents.integrations.heartbeat import Heartbeat
from incidents.integrations.metrics import Metrics
from incidents.integrations.paging import Pager
from incidents.integrations.pinning import Sink, sinks
from incidents.integrations.prometheus import Prometheus
from incidents.integrations.rehearsal_stage import RehearsalStage
from incidents.integrations.retro_intake import RetroIntake, WebhookRetroIntake
from incidents.integrations.secrets import Secrets
from incidents.integrations.signed_webhook import SignedWebhook
from incidents.integrations.slack import Slack
from incidents.integrations.status_page import StatusPage
from incidents.integrations.unleash import Unleash
from incidents.integrations.vault import Vault
from incidents.integrations.webhook_providers import (
    WebhookChat,
    WebhookDrains,
    WebhookFlags,
    WebhookPager,
    WebhookSecrets,
    WebhookStatusPage,
)


@dataclass(frozen=True)
class World:
    """Everything outside that the console speaks to; None where no tool is named for it (S1, S2, S3, P1, C1, T1)."""

    code_host: CodeHost
    chat: Chat
    metrics: Metrics
    mirror: Callable[[str], Mirror]
    pager: Pager | None = None
    flags: Flags | None = None
    drains: Drains | None = None
    status_page: StatusPage | None = None
    secrets: Secrets | None = None
    sinks: tuple[Sink, ...] = ()
    heartbeat: Heartbeat | None = None
    retro_intake: RetroIntake | None = None
    stage: RehearsalStage | None = None


@cache
def world() -> World:
    """The world as settings name it (tokens from the environment only, never from a row)."""
    credentials, hook = _credentials(), _signed_webhook()

    def mirror(repository: str) -> Mirror:
        folder = Path(settings.MIRROR_FOLDER) / repository.replace("/", "__")
        return Mirror(folder, f"{settings.GITHUB_GIT_URL}/{repository}.git", credentials.token)

    return World(
        code_host=GitHub(settings.GITHUB_API_URL, credentials),
        chat=_chat(hook),
        metrics=Prometheus(settings.PROMETHEUS_URL),
        mirror=mirror,
        pager=_pager(hook),
        flags=_flags(hook),
        drains=_drains(hook),
        status_page=_status_page(hook),
        secrets=_secrets(hook),
        sinks=sinks(
            file=settings.CHECKPOINT_FILE,
            url=settings.CHECKPOINT_URL,
            secret=settings.CHECKPOINT_SECRET,
            store=settings.CHECKPOINT_STORE_URL,
            token=settings.CHECKPOINT_STORE_TOKEN,
        ),
        heartbeat=Heartbeat(settings.HEARTBEAT_URL) if settings.HEARTBEAT_URL else None,
        retro_intake=_retro_intake(),
        stage=RehearsalStage(settings.SANDBOX_URL) if settings.SANDBOX_URL else None,
    )


def _signed_webhook() -> SignedWebhook | None:
    if not (settings.SIGNED_WEBHOOK_URL and settings.SIGNED_WEBHOOK_SECRET):
        return None
    return SignedWebhook(settings.SIGNED_WEBHOOK_URL, settings.SIGNED_WEBHOOK_SECRET)


def _chat(hook: SignedWebhook | None) -> Chat:
    if hook and not settings.SLACK_TOKEN:
        return WebhookChat(hook)
    return Slack(settings.SLACK_TOKEN, base_url=settings.SLACK_API_URL)


def _pager(hook: SignedWebhook | None) -> Pager | None:
    if not settings.BETTER_STACK_TOKEN:
        return WebhookPager(hook) if hook else None
    return BetterStack(
        settings.BETTER_STACK_URL,
        settings.BETTER_STACK_TOKEN,
        team=settings.BETTER_STACK_TEAM,
        policy=settings.BETTER_STACK_POLICY,
    )


def _flags(hook: SignedWebhook | None) -> Flags | None:
    if not (settings.UNLEASH_URL and settings.UNLEASH_TOKEN):
        return WebhookFlags(hook) if hook else None
    return Unleash(
        settings.UNLEASH_URL,
        settings.UNLEASH_TOKEN,
        project=settings.UNLEASH_PROJECT,
        environment=settings.UNLEASH_ENVIRONMENT,
    )


def _drains(hook: SignedWebhook | None) -> Drains | None:
    if not settings.HAPROXY_ADDRESS:
        return WebhookDrains(hook) if hook else None
    return HAProxy(settings.HAPROXY_ADDRESS)


def _status_page(hook: SignedWebhook | None) -> StatusPage | None:
    if not (settings.BETTER_STACK_TOKEN and settings.BETTER_STACK_STATUS_PAGE):
        return WebhookStatusPage(hook) if hook else None
    return BetterStackStatusPage(
        settings.BETTER_STACK_STATUS_URL,
        settings.BETTER_STACK_TOKEN,
        page=settings.BETTER_STACK_STATUS_PAGE,
        public_url=settings.STATUS_PAGE_URL,
    )


def _secrets(hook: SignedWebhook | None) -> Secrets | None:
    if not (settings.VAULT_URL and settings.VAULT_TOKEN):
        return WebhookSecrets(hook) if hook else None
    return Vault(
        settings.VAULT_URL,
        settings.VAULT_TOKEN,
        mount=settings.VAULT_MOUNT,
        namespace=settings.VAULT_NAMESPACE,
    )


def _retro_intake() -> RetroIntake | None:
    if not (settings.RETRO_INTAKE_WEBHOOK_URL and settings.RETRO_INTAKE_WEBHOOK_SECRET):
        return None
    hook = SignedWebhook(
        settings.RETRO_INTAKE_WEBHOOK_URL, settings.RETRO_INTAKE_WEBHOOK_SECRET, name="The retrospective intake",
        setting="RETRO_INTAKE_WEBHOOK",
    )  # fmt: skip
    return WebhookRetroIntake(hook)


def _credentials() -> Credentials:
    if settings.GITHUB_APP_ID:
        return AppCredentials(
            app_id=settings.GITHUB_APP_ID,
            private_key=settings.GITHUB_APP_PRIVATE_KEY,
            installation_id=settings.GITHUB_INSTALLATION_ID,
            api_url=settings.GITHUB_API_URL,
        )
    return TokenCredentials(settings.GITHUB_TOKEN)
