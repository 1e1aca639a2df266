"""Every fault of the frame, on every call: a lost write is in doubt, a lost question is not, and the next try works."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from incidents.integrations.better_stack_status import BetterStackStatusPage
from incidents.integrations.chat import Button, Message
from incidents.integrations.code_host import StatusState
from incidents.integrations.credentials import AppCredentials
from incidents.integrations.errors import IntegrationError
from incidents.integrations.github import GitHub
from incidents.integrations.slack import Slack
from incidents.integrations.status_page import Affected, Health
from incidents.integrations.vault import Vault
from sandbox import secrets
from sandbox.codehost import CodeHost
from sandbox.slack import SlackPart
from sandbox.status import StatusPart
from sandbox.testing import Sandbox, running_sandbox
from sandbox.vault import PAYMENT, VaultPart
from tests.sandbox.codehost.past import short_history

REPO, CHANNEL = "acme/shop", "C0ENGINC1DT"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
KINDS = ("500", "502", "429", "hang", "drop_before", "drop_after")
SAID = {"affected": [Affected("Checkout", Health.DOWNTIME)], "notify": False, "published_at": NOON, "key": "k"}


@dataclass(frozen=True)
class Outside:
    """Impatient clients of one sandbox, and what they need to have found there."""

    sandbox: Sandbox
    page: BetterStackStatusPage
    code: GitHub
    slack: Slack
    vault: Vault
    report: str
    head: str
    message: Message
    person: str


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    parts = [CodeHost(short_history), SlackPart(), StatusPart(), VaultPart()]
    with (
        running_sandbox(tmp_path_factory.mktemp("everywhere"), parts=parts) as sandbox,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr("incidents.integrations.outbound.READ_SECONDS", 0.5)
        url, number = sandbox.url, secrets.GITHUB_INSTALLATION_ID
        app = AppCredentials(secrets.GITHUB_APP_ID, sandbox.world.app_private_key, number, api_url=f"{url}/github/api")
        code, slack = GitHub(f"{url}/github/api", app), Slack(secrets.SLACK_TOKEN, base_url=f"{url}/slack/api")
        page = BetterStackStatusPage(f"{url}/betterstack", secrets.BETTER_STACK_TOKEN, page=secrets.STATUS_PAGE)
        found = {
            "report": page.open_report("First", "x", **SAID).id,
            "head": str(code.branch_head(REPO, "master")),
            "message": slack.post(CHANNEL, "x", key="k"),
            "person": str(slack.person_by_email("cto@acme.example")),
        }
        yield Outside(sandbox, page, code, slack, Vault(f"{url}/vault", secrets.VAULT_TOKEN), **found)


def set_status(at: Outside) -> None:
    at.code.set_status(REPO, at.head, context="c", state=StatusState.PENDING, description="", url="")


Call = Callable[[Outside], object]
QUESTIONS: dict[str, tuple[Call, str]] = {
    "components": (lambda at: at.page.components(), "*/resources"),
    "reports": (lambda at: at.page.reports(since=NOON), "*/status-reports"),
    "updates": (lambda at: at.page.updates(at.report), "*/status-updates"),
    "open pull requests": (lambda at: at.code.open_pull_requests(REPO, base="master"), "*/pulls"),
    "statuses": (lambda at: at.code.statuses(REPO, at.head), "*/commits/*/statuses"),
    "grants": (lambda at: at.code.grants(), "*/app/installations/*"),
    "direct": (lambda at: at.slack.direct(at.person), "*/conversations.open"),
    "versions": (lambda at: at.vault.versions(PAYMENT), "*/metadata/*"),
}
WRITES: dict[str, tuple[Call, str]] = {
    "open report": (lambda at: at.page.open_report("Again", "x", **SAID), "*/status-reports"),
    "post update": (lambda at: at.page.post_update(at.report, "x", **SAID), "*/status-updates"),
    "set status": (set_status, "*/statuses/*"),
    "delete ref": (lambda at: at.code.delete_own_ref(REPO, "none"), "*/git/refs/*"),
    "post with buttons": (
        lambda at: at.slack.post(CHANNEL, "x", key="b", buttons=[Button("a", "b")]), "*/chat.postMessage",
    ),
    "revise": (lambda at: at.slack.revise(at.message, "y"), "*/chat.update"),
}  # fmt: skip


def fails(outside: Outside, call: Call, path: str, kind: str) -> IntegrationError:
    """What the call says when the fault strikes it; the next try works."""
    outside.sandbox.faults.arm(kind, path=path, seconds=3)
    with pytest.raises(IntegrationError) as caught:
        call(outside)
    assert outside.sandbox.faults.armed() == []
    call(outside)
    return caught.value


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", QUESTIONS)
def test_a_lost_question_is_asked_again(outside, name, kind):
    told = fails(outside, *QUESTIONS[name], kind)
    assert (told.retryable, told.in_doubt) == (True, False)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", WRITES)
def test_a_lost_write_is_in_doubt_but_for_a_limit(outside, name, kind):
    told = fails(outside, *WRITES[name], kind)
    assert (told.retryable, told.in_doubt) == (True, kind != "429")
