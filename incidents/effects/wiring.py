"""From settings to the world: the only builder of clients, once a process."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings

from incidents.integrations.chat import Chat
from incidents.integrations.code_host import CodeHost
from incidents.integrations.credentials import AppCredentials, Credentials, TokenCredentials
from incidents.integrations.git import Mirror
from incidents.integrations.github import GitHub
from incidents.integrations.metrics import Metrics
from incidents.integrations.prometheus import Prometheus
from incidents.integrations.slack import Slack


@dataclass(frozen=True)
class World:
    """Everything outside that the console speaks to."""

    code_host: CodeHost
    chat: Chat
    metrics: Metrics
    mirror: Callable[[str], Mirror]


@cache
def world() -> World:
    """The world as settings name it (tokens from the environment only, never from a row)."""
    credentials = _credentials()

    def mirror(repository: str) -> Mirror:
        folder = Path(settings.MIRROR_FOLDER) / repository.replace("/", "__")
        return Mirror(folder, f"{settings.GITHUB_GIT_URL}/{repository}.git", credentials.token)

    return World(
        code_host=GitHub(settings.GITHUB_API_URL, credentials),
        chat=Slack(settings.SLACK_TOKEN, base_url=settings.SLACK_API_URL),
        metrics=Prometheus(settings.PROMETHEUS_URL),
        mirror=mirror,
    )


def _credentials() -> Credentials:
    if settings.GITHUB_APP_ID:
        return AppCredentials(
            app_id=settings.GITHUB_APP_ID,
            private_key=settings.GITHUB_APP_PRIVATE_KEY,
            installation_id=settings.GITHUB_INSTALLATION_ID,
            api_url=settings.GITHUB_API_URL,
        )
    return TokenCredentials(settings.GITHUB_TOKEN)
