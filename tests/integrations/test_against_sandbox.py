"""Every client against the world in a box: the whole way from a bad merge to the recovered shop, and its faults."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TypeVar
from urllib.parse import quote

import pytest

from incidents.integrations import alertmanager, github_events
from incidents.integrations.chat import Button
from incidents.integrations.code_host import OWN_REFS, PullRequest, StatusState
from incidents.integrations.credentials import AppCredentials, TokenCredentials
from incidents.integrations.errors import IntegrationError
from incidents.integrations.git import Mirror
from incidents.integrations.github import GitHub
from incidents.integrations.metrics import AlertState, Sample
from incidents.integrations.prometheus import Prometheus
from incidents.integrations.signatures import bearer_holds, github_signature_holds, slack_signature_holds
from incidents.integrations.slack import Slack
from incidents.integrations.slack_actions import ButtonPressed
from incidents.integrations.slack_actions import parse as parse_press
from sandbox import secrets
from sandbox.app import PARTS, make_part
from sandbox.testing import Sandbox, running_sandbox
from tests.integrations.strict import _N, StrictWay

REPO = "acme/shop"
FLOW = ".github/workflows/deploy.yml"
CHANNEL = "C0ENGINC1DT"
APPROVE = Button("approve", "Approve", "request-7")
FREEZE, CONSOLE = "rollback-console/freeze", "https://console.example/incidents/INC-2026-0001/"
RATIO = "shop:http_error_ratio:rate10s"
T = TypeVar("T")


@dataclass
class Console:
    """Answers 202 to every webhook and remembers it."""

    address: str
    heard: list[tuple[dict[str, str], bytes]]


@dataclass
class World:
    sandbox: Sandbox
    console: Console
    code: GitHub
    way: StrictWay

    def fault(self, kind: str, **where: object) -> None:
        self.sandbox.faults.arm(kind, **where)

    def revert(self, sha: str, branch: str) -> str:
        """The push of R1, which is the mirror's work, done here by the sandbox."""
        return str(self.sandbox.control("revert", sha=sha, branch=branch).json()["sha"])

    def open_revert(self, branch: str) -> int:
        merged = self.sandbox.control("merge", title=branch, files={f"{branch}.md": "x\n"}).json()
        self.revert(merged["sha"], branch)
        opened = self.code.open_pull_request(REPO, head=branch, base="master", title=f"Revert: {branch}", body="why")
        return opened.number


def eventually(ask: Callable[[], T], holds: Callable[[T], bool], within: float = 20) -> T:
    until = time.monotonic() + within
    while not holds(found := ask()):
        assert time.monotonic() < until, f"Still {found!r} after {within} s."
        time.sleep(0.02)
    return found


@pytest.fixture(scope="module")
def console() -> Iterator[Console]:
    heard: list[tuple[dict[str, str], bytes]] = []

    class Listening(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Listening) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield Console(f"http://127.0.0.1:{server.server_port}", heard)
        server.shutdown()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, console: Console) -> Iterator[World]:
    parts = [make_part(module) for module in PARTS if module != "sandbox.page"]
    with running_sandbox(tmp_path_factory.mktemp("world"), console=console.address, parts=parts) as sandbox:
        way = StrictWay("/github/api/")
        code = GitHub(f"{sandbox.url}/github/api", TokenCredentials(secrets.GITHUB_TOKEN), transport=way)
        yield World(sandbox, console, code, way)


@pytest.fixture
def slack(world: World) -> Slack:
    return Slack(secrets.SLACK_TOKEN, base_url=f"{world.sandbox.url}/slack/api")


@pytest.fixture
def prometheus(world: World) -> Prometheus:
    return Prometheus(f"{world.sandbox.url}/prometheus")


def test_a_bad_change_is_rolled_back_from_alert_to_recovery(world: World, prometheus: Prometheus):
    sha = break_the_shop(world, prometheus)
    see_the_change(world.code, sha)
    pull = propose_the_revert(world, sha, "revert/INC-2026-0001-p1-abc")
    warn_the_others(world, pull)
    get_it_reviewed(world, pull)
    merged = merge_it(world.code, pull, sha)
    follow_the_deploy(world.code, merged)
    see_the_recovery(prometheus)
    elsewhere = ("access_tokens", "pending_deployments", f"installations/{_N}")
    assert not [operation for operation in world.way.unseen() if not operation.endswith(elsewhere)]


def alert(prometheus: Prometheus) -> AlertState:
    return prometheus.alert_state("ShopErrorRatioHigh", labels={"service": "shop"})


def break_the_shop(world: World, prometheus: Prometheus) -> str:
    [bad] = world.sandbox.control("break", scenario="errors").json()["merged"]
    eventually(lambda: alert(prometheus), lambda state: state is AlertState.FIRING, within=60)
    return str(bad["sha"])


def see_the_change(code: GitHub, sha: str) -> None:
    change = code.commit(REPO, sha)
    assert len(change.parents) == 2
    [pull] = code.pull_requests_of(REPO, sha)
    assert (pull.merged, pull.merge_sha, pull.base_ref) == (True, sha, "master")
    assert code.commits_of(REPO, pull.number) == [change.parents[1]]
    [deployed] = code.deployments(REPO, environment="production", sha=sha)
    assert deployed.state == "success"


def propose_the_revert(world: World, sha: str, branch: str) -> PullRequest:
    code = world.code
    assert code.branch_head(REPO, branch) is None
    assert code.find_pull_request(REPO, head=branch) is None
    head = world.revert(sha, branch)
    assert code.branch_head(REPO, branch) == head
    opened = code.open_pull_request(REPO, head=branch, base="master", title="Revert: it", body="INC-2026-0001")
    found = code.find_pull_request(REPO, head=branch)
    assert found is not None
    assert (found.number, found.author, found.head_sha) == (opened.number, "rollback-console[bot]", head)
    return opened


def warn_the_others(world: World, pull: PullRequest) -> None:
    """While the incident is open, whoever else wants to merge is told by a commit status."""
    code = world.code
    world.sandbox.control("push", branch="other", title="Other", files={"other.md": "x\n"})
    other = code.open_pull_request(REPO, head="other", base="master", title="Other", body="b")
    assert {each.number for each in code.open_pull_requests(REPO, base="master")} >= {pull.number, other.number}
    assert code.open_pull_requests(REPO, base="other") == []
    for state in (StatusState.FAILURE, StatusState.SUCCESS):
        asked = {"context": FREEZE, "state": state, "description": "INC-2026-0001 is open.", "url": CONSOLE}
        code.set_status(REPO, other.head_sha, **asked)
        [status] = code.statuses(REPO, other.head_sha)
        assert (status.context, status.state, status.url) == (FREEZE, state, CONSOLE)
        assert (status.description, status.by) == ("INC-2026-0001 is open.", "rollback-console[bot]")
    assert code.statuses(REPO, pull.head_sha) == []


def get_it_reviewed(world: World, pull: PullRequest) -> None:
    code = world.code
    assert code.branch_rules(REPO, "master").required_approvals == 1
    code.request_reviewers(REPO, pull.number, ["reviewer"])
    eventually(lambda: code.pull_request(REPO, pull.number).mergeable, lambda known: known is not None)
    with pytest.raises(IntegrationError) as refused:
        code.merge(REPO, pull.number, sha=pull.head_sha, method="merge")
    assert (refused.value.status, refused.value.retryable) == (405, False)
    world.sandbox.control("review", number=pull.number, login="reviewer", state="APPROVED")
    [review] = code.reviews(REPO, pull.number)
    assert (review.login, review.state, review.commit_sha) == ("reviewer", "APPROVED", pull.head_sha)


def merge_it(code: GitHub, pull: PullRequest, bad: str) -> str:
    merged = code.merge(REPO, pull.number, sha=pull.head_sha, method="merge")
    assert code.pull_request(REPO, pull.number).merge_sha == merged
    assert code.contains(REPO, sha="master", ancestor=merged)
    assert not code.contains(REPO, sha=bad, ancestor=merged)
    assert code.recent_commits(REPO, "master", limit=1)[0].sha == merged
    return merged


def follow_the_deploy(code: GitHub, merged: str) -> None:
    [run] = eventually(lambda: code.runs(REPO, head_sha=merged), lambda runs: len(runs) == 1)
    assert run.path == FLOW
    done = eventually(lambda: code.run(REPO, run.id), lambda run: run.status == "completed")
    assert done.conclusion == "success"
    assert {job.conclusion for job in code.jobs(REPO, run.id)} == {"success"}
    assert [each.state for each in code.deployments(REPO, environment="production", sha=merged)] == ["success"]


def is_zero(sample: Sample | None) -> bool:
    return sample is not None and sample.value == 0


def see_the_recovery(prometheus: Prometheus) -> None:
    recovered = eventually(
        lambda: prometheus.value(RATIO), lambda sample: bool(sample and sample.value == 0), within=60
    )
    assert recovered is not None
    eventually(lambda: alert(prometheus), lambda state: state is AlertState.INACTIVE, within=30)
    past = prometheus.series(RATIO, start=recovered.at - timedelta(minutes=1), end=recovered.at, step_seconds=1)
    assert max(sample.value or 0 for sample in past) > 0.05


def test_the_webhooks_of_that_are_signed_and_readable(world: World, prometheus: Prometheus):
    world.sandbox.control("merge", title="One more", files={"more.md": "x\n"})
    seen, alerts = set(), []
    for headers, body in list(world.console.heard):
        if "x-github-event" in headers:
            assert github_signature_holds(secrets.GITHUB_WEBHOOK_SECRET, body, headers["x-hub-signature-256"])
            seen.add(type(github_events.parse(headers["x-github-event"], body)).__name__)
        elif "x-slack-signature" not in headers:
            assert bearer_holds(secrets.ALERT_WEBHOOK_TOKEN, headers["authorization"])
            alerts += alertmanager.parse(body)
    assert {"PushSeen", "RunSeen", "DeploymentSeen", "PullRequestSeen", "ReviewSeen"} <= seen
    assert {alert.name for alert in alerts} <= {"ShopErrorRatioHigh", "ShopLatencyHigh"}


@pytest.mark.parametrize(("kind", "took_place"), [("drop_after", True), ("hang", False)])
def test_a_merge_whose_answer_is_lost_is_in_doubt_until_it_is_looked_up(world: World, kind, took_place, monkeypatch):
    number = world.open_revert(f"revert/lost-{kind}")
    world.sandbox.control("review", number=number, login="reviewer", state="APPROVED")
    pull = eventually(lambda: world.code.pull_request(REPO, number), lambda pull: pull.mergeable is not None)
    monkeypatch.setattr("incidents.integrations.outbound.READ_SECONDS", 2.0)
    impatient = GitHub(f"{world.sandbox.url}/github/api", TokenCredentials(secrets.GITHUB_TOKEN))
    world.fault(kind, part="github", method="PUT", path="*/merge", times=1, seconds=30)
    with pytest.raises(IntegrationError) as lost:
        impatient.merge(REPO, number, sha=pull.head_sha, method="merge")
    assert (lost.value.in_doubt, lost.value.retryable) == (True, True)
    found = world.code.pull_request(REPO, number)
    assert (found.merged, found.merge_sha is not None) == (took_place, took_place)
    assert len(world.sandbox.journal.entries(effect="pull_request.merged", key=str(number))) == int(took_place)


def test_a_head_that_moved_is_not_merged(world: World):
    number = world.open_revert("revert/moved")
    world.sandbox.control("review", number=number, login="reviewer", state="APPROVED")
    eventually(lambda: world.code.pull_request(REPO, number).mergeable, lambda known: known is not None)
    with pytest.raises(IntegrationError) as refused:
        world.code.merge(REPO, number, sha="a" * 40, method="merge")
    assert (refused.value.status, refused.value.retryable, refused.value.in_doubt) == (409, False, False)


def test_a_second_pull_request_for_a_branch_is_refused(world: World):
    world.open_revert("revert/twice")
    with pytest.raises(IntegrationError, match="already exists") as refused:
        world.code.open_pull_request(REPO, head="revert/twice", base="master", title="t", body="b")
    assert refused.value.status == 422


@pytest.mark.parametrize(
    ("kind", "status", "retryable"),
    [("500", 500, True), ("502", 502, True), ("429", 429, True), ("secondary_rate_limit", 403, True)],
)
def test_a_passing_fault_is_worth_another_try(world: World, kind, status, retryable):
    world.fault(kind, part="github", path="*/git/ref/*", times=1)
    with pytest.raises(IntegrationError) as caught:
        GitHub(f"{world.sandbox.url}/github/api", TokenCredentials(secrets.GITHUB_TOKEN)).branch_head(REPO, "master")
    assert (caught.value.status, caught.value.retryable) == (status, retryable)
    assert world.code.branch_head(REPO, "master") is not None


@pytest.mark.parametrize("ref", ["0" * 40, "no-such-branch"])
def test_what_is_no_commit_is_refused(world: World, ref):
    with pytest.raises(IntegrationError) as refused:
        world.code.commit(REPO, ref)
    assert refused.value.status in {404, 422}
    assert not refused.value.retryable


def test_another_repository_is_not_there(world: World):
    with pytest.raises(IntegrationError, match="may not see it"):
        world.code.commit("acme/elsewhere", "master")


def test_a_gate_is_told_and_only_people_may_open_it(world: World):
    world.sandbox.control("actions", next="gate")
    sha = world.sandbox.control("merge", title="Gated", files={"gated.md": "x\n"}).json()["sha"]
    [run] = eventually(
        lambda: world.code.runs(REPO, head_sha=sha), lambda runs: [r.status for r in runs] == ["waiting"]
    )
    [gate] = world.code.pending_gates(REPO, run.id)
    assert (gate.environment, gate.can_approve) == ("production", False)
    assert gate.reviewers
    world.sandbox.control("approve-gate", run_id=run.id, login=gate.reviewers[0])
    eventually(lambda: world.code.run(REPO, run.id).conclusion, lambda conclusion: conclusion == "success")
    assert world.code.pending_gates(REPO, run.id) == []


def warn(code: GitHub, sha: str) -> None:
    code.set_status(REPO, sha, context=FREEZE, state=StatusState.FAILURE, description="Frozen.", url="")


@pytest.mark.parametrize(("kind", "set_times"), [("drop_after", 1), ("drop_before", 0), ("500", 0), ("502", 0)])
def test_a_status_whose_answer_is_lost_is_looked_up(world: World, kind, set_times):
    sha = world.sandbox.control("push", branch=f"lost-{kind}", title="x", files={kind: "x"}).json()["sha"]
    world.fault(kind, part="github", method="POST", path="*/statuses/*")
    with pytest.raises(IntegrationError) as lost:
        warn(GitHub(f"{world.sandbox.url}/github/api", TokenCredentials(secrets.GITHUB_TOKEN)), sha)
    assert (lost.value.in_doubt, lost.value.retryable) == (True, True)
    assert [status.context for status in world.code.statuses(REPO, sha)] == [FREEZE] * set_times


def test_a_status_without_the_permission_is_refused_and_readiness_can_tell(world: World):
    key, url = world.sandbox.world.app_private_key, f"{world.sandbox.url}/github/api"
    app = AppCredentials(
        secrets.GITHUB_APP_ID, key, secrets.GITHUB_INSTALLATION_ID, api_url=url, transport=StrictWay("/github/api/")
    )
    code = GitHub(url, app)
    granted = code.grants()
    assert granted is not None
    assert (granted.permissions["statuses"], granted.suspended, "push" in granted.events) == ("write", False, True)
    world.sandbox.control("rules", statuses_permission=False)
    try:
        withheld = code.grants()
        assert withheld is not None
        assert "statuses" not in withheld.permissions
        with pytest.raises(IntegrationError, match="administrator grant it"):
            warn(code, str(world.code.branch_head(REPO, "master")))
    finally:
        world.sandbox.control("rules", statuses_permission=True)


def test_a_required_status_holds_others_up_until_it_is_green(world: World):
    number = world.open_revert("revert/frozen")
    world.sandbox.control("review", number=number, login="reviewer", state="APPROVED")
    pull = eventually(lambda: world.code.pull_request(REPO, number), lambda pull: pull.mergeable is not None)
    world.sandbox.control("rules", required_checks=[FREEZE])
    try:
        warn(world.code, pull.head_sha)
        with pytest.raises(IntegrationError, match=f'"{FREEZE}" is failing'):
            world.code.merge(REPO, number, sha=pull.head_sha, method="merge")
        green = {"context": FREEZE, "state": StatusState.SUCCESS, "description": "", "url": ""}
        world.code.set_status(REPO, pull.head_sha, **green)
        assert world.code.merge(REPO, number, sha=pull.head_sha, method="merge")
    finally:
        world.sandbox.control("rules", required_checks=[])


def test_a_rehearsed_push_leaves_no_branch_no_run_and_no_trace(world: World, tmp_path):
    head = str(world.code.branch_head(REPO, "master"))
    mirror = Mirror(tmp_path / "m", f"{world.sandbox.url}/github/git/{REPO}.git", lambda: secrets.GITHUB_TOKEN)
    mirror.refresh()
    runs = len(world.code.runs(REPO, head_sha=head))
    mirror.rehearse(head, "rehearsal-1")
    moved = world.sandbox.journal.entries(part="github", key=f"refs/{OWN_REFS}/rehearsal-1@{head}")
    assert [entry.effect for entry in moved] == ["ref.pushed", "ref.deleted"]
    assert len(world.code.runs(REPO, head_sha=head)) == runs
    world.code.delete_own_ref(REPO, "rehearsal-1")


def test_what_a_broken_rehearsal_left_behind_is_removed(world: World, tmp_path):
    head = str(world.code.branch_head(REPO, "master"))
    mirror = Mirror(tmp_path / "m", f"{world.sandbox.url}/github/git/{REPO}.git", lambda: secrets.GITHUB_TOKEN)
    mirror.refresh()
    world.fault("drop_after", part="github", method="POST", path="*/git-receive-pack")
    with pytest.raises(IntegrationError) as lost:
        mirror.rehearse(head, "rehearsal-2")
    assert lost.value.retryable
    world.fault("drop_after", part="github", method="DELETE", path="*/git/refs/*")
    with pytest.raises(IntegrationError):
        GitHub(f"{world.sandbox.url}/github/api", TokenCredentials(secrets.GITHUB_TOKEN)).delete_own_ref(
            REPO, "rehearsal-2"
        )
    world.code.delete_own_ref(REPO, "rehearsal-2")
    key = f"refs/{OWN_REFS}/rehearsal-2@{head}"
    assert [each.effect for each in world.sandbox.journal.entries(key=key)] == ["ref.pushed", "ref.deleted"]


def test_the_app_signs_in_with_its_key(world: World):
    key, url = world.sandbox.world.app_private_key, f"{world.sandbox.url}/github/api"
    app = AppCredentials(
        secrets.GITHUB_APP_ID, key, secrets.GITHUB_INSTALLATION_ID, api_url=url, transport=StrictWay("/github/api/")
    )
    assert GitHub(url, app).branch_head(REPO, "master") is not None
    assert app.token().startswith("ghs_")


def test_a_wrong_token_is_told_apart_from_an_absence(world: World):
    stranger = GitHub(f"{world.sandbox.url}/github/api", TokenCredentials("wrong"))
    with pytest.raises(IntegrationError, match="renew them") as refused:
        stranger.branch_head(REPO, "master")
    assert refused.value.status == 401


def test_a_message_is_posted_once_and_found_after_its_answer_was_lost(world: World, slack: Slack):
    since = datetime.now(UTC)
    world.fault("drop_after", part="slack", path="*chat.postMessage", times=1)
    with pytest.raises(IntegrationError) as lost:
        slack.post(CHANNEL, "Rolling back <the shop> & more", key="k-lost")
    assert lost.value.in_doubt
    [found] = slack.find(CHANNEL, key="k-lost", since=since)
    assert found.text == "Rolling back <the shop> & more"
    assert len(world.sandbox.journal.entries(part="slack", effect="message.posted", key="k-lost")) == 1


def test_a_message_that_never_arrived_is_not_found(world: World, slack: Slack):
    world.fault("drop_before", part="slack", path="*chat.postMessage", times=1)
    with pytest.raises(IntegrationError) as lost:
        slack.post(CHANNEL, "x", key="k-never")
    assert lost.value.in_doubt
    assert slack.find(CHANNEL, key="k-never", since=datetime.now(UTC)) == []


def test_slacks_refusals_and_people(world: World, slack: Slack):
    posted = slack.post(CHANNEL, "x", key="k-plain")
    assert posted.url is not None
    assert slack.find(CHANNEL, key="k-plain", since=datetime.now(UTC))[0].ts == posted.ts
    with pytest.raises(IntegrationError, match="catalogue"):
        slack.post("C0NOWHERE00", "x", key="k")
    world.fault("429", part="slack", times=1)
    with pytest.raises(IntegrationError) as limited:
        slack.post(CHANNEL, "x", key="k-limited")
    assert (limited.value.retryable, limited.value.in_doubt) == (True, False)
    assert slack.person_by_email("cto@acme.example") is not None
    assert slack.person_by_email("nobody@acme.example") is None


def test_a_direct_message_is_found_after_its_answer_was_lost(world: World, slack: Slack):
    cto = slack.person_by_email("cto@acme.example")
    assert cto is not None
    channel, since = slack.direct(cto), datetime.now(UTC)
    world.fault("drop_after", part="slack", path="*chat.postMessage", times=1)
    with pytest.raises(IntegrationError) as lost:
        slack.post(channel, "Approve?", key="k-direct", buttons=[APPROVE])
    assert lost.value.in_doubt
    [found] = slack.find(channel, key="k-direct", since=since)
    assert (found.channel, found.text) == (channel, "Approve?")
    assert slack.find(CHANNEL, key="k-direct", since=since) == []


def heard_from_slack(world: World) -> list[ButtonPressed]:
    """Every press that the console was told of, its signature checked."""
    presses = []
    for headers, body in list(world.console.heard):
        if "x-slack-signature" in headers:
            signed = {"signature": headers["x-slack-signature"], "timestamp": headers["x-slack-request-timestamp"]}
            assert slack_signature_holds(secrets.SLACK_SIGNING_SECRET, body, **signed, now=datetime.now(UTC))
            press = parse_press(body)
            assert press is not None
            presses.append(press)
    return presses


def presses_of(world: World, key: str) -> list[ButtonPressed]:
    return [press for press in heard_from_slack(world) if press.key == key]


def test_p2_a_press_comes_back_signed_and_says_who_pressed_what(world: World, slack: Slack):
    cto = slack.person_by_email("cto@acme.example")
    assert cto is not None
    posted = slack.post(slack.direct(cto), "Approve?", key="k-press", buttons=[APPROVE])
    where = {"channel": posted.channel, "ts": posted.ts, "action_id": "approve"}
    world.sandbox.control("slack/press", **where, person="cto")
    [press] = eventually(lambda: presses_of(world, "k-press"), bool)
    assert (press.person, press.action, press.value) == (cto, "approve", "request-7")
    assert (press.channel, press.ts) == (posted.channel, posted.ts)
    offered = quote(f"{world.sandbox.url}/slack/actions/", safe="").encode()
    assert any(offered in body for _, body in list(world.console.heard))
    slack.revise(posted, "Approved.")
    assert world.sandbox.client.post("/control/slack/press", json={**where, "person": "cto"}).status_code == 422
    assert [found.text for found in slack.find(posted.channel, key="k-press", since=datetime.now(UTC))] == ["Approved."]


@pytest.mark.parametrize(("kind", "times"), [("double_webhook", 2), ("missing_webhook", 0)])
def test_a_press_may_come_twice_or_never(world: World, slack: Slack, kind, times):
    posted = slack.post(CHANNEL, "Approve?", key=f"k-{kind}", buttons=[APPROVE])
    world.fault(kind, part="slack", path="block_actions")
    where = {"channel": posted.channel, "ts": posted.ts, "action_id": "approve"}
    world.sandbox.control("slack/press", **where, person="ciso")
    told = world.sandbox.await_entry("webhook.sent" if times else "webhook.lost", key=f"{posted.ts}:approve:ciso")
    assert told.part == "slack"
    presses = eventually(lambda: presses_of(world, f"k-{kind}"), lambda found: len(found) == times)
    assert len({press.id for press in presses}) == min(times, 1)


@pytest.mark.parametrize("kind", ["500", "502", "429", "drop_before", "drop_after"])
def test_opening_a_conversation_is_worth_another_try(world: World, slack: Slack, kind):
    person = slack.person_by_email("ciso@acme.example")
    assert person is not None
    world.fault(kind, part="slack", path="*conversations.open")
    with pytest.raises(IntegrationError) as caught:
        slack.direct(person)
    assert (caught.value.retryable, caught.value.in_doubt) == (True, False)
    assert slack.direct(person).startswith("D")


def test_prometheus_tells_no_data_and_bad_queries_apart(prometheus: Prometheus):
    assert prometheus.value("no_such_metric") is None
    assert prometheus.series("no_such_metric", start=datetime.now(UTC), end=datetime.now(UTC), step_seconds=15) == []
    with pytest.raises(IntegrationError) as refused:
        prometheus.value("rate(")
    assert (refused.value.status, refused.value.retryable) == (400, False)
    assert prometheus.alert_state("NoSuchAlert", labels={}) is AlertState.INACTIVE
