"""The warm mirror against a real smart-http server: fetched, pushed to once, and true words when the host fails."""

import base64
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from incidents.integrations.errors import IntegrationError
from incidents.integrations.git import Limits, Mirror

TOKEN = "a-token"
QUICK = Limits(clone=10, fetch=10, push=10, local=10)
IMPATIENT = Limits(clone=1, fetch=1, push=1, local=10)


class GitServer(ThreadingHTTPServer):
    """`git http-backend` over `folder`, with faults: what to do instead of answering, by the ending of the path."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Backend)
        self.folder = folder
        self.faults: dict[str, str] = {}
        self.requests: list[str] = []
        self.released = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that gave up is part of the tests."""


class _Backend(BaseHTTPRequestHandler):
    server: GitServer

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self._body())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _serve(self, body: bytes) -> None:
        self.server.requests.append(self.path)
        fault = next((f for ending, f in self.server.faults.items() if self.path.endswith(ending)), "")
        expected = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {expected}":
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic")
            self.end_headers()
        elif fault.isdigit():
            self.send_response(int(fault))
            self.end_headers()
        elif fault == "hang":
            self.server.released.wait(20)
        elif fault == "drop":
            self.close_connection = True
        else:
            answer = self._backend(body)
            if fault != "drop after":
                self._pass_on(answer)

    def _pass_on(self, answer: bytes) -> None:
        head, _, content = answer.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _backend(self, body: bytes) -> bytes:
        path, _, query = self.path.partition("?")
        surroundings = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.server.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "REMOTE_USER": "console",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        done = subprocess.run(["git", "http-backend"], env=surroundings, input=body, capture_output=True, check=True)
        return done.stdout


class Hosted:
    """The bare repository at the host."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "--quiet", "--bare", "-b", "master")
        self.commit("master")

    def git(self, *arguments: str) -> str:
        person = {
            f"GIT_{who}_{what}": "engineer@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        surroundings = {"PATH": os.environ["PATH"], "HOME": os.devnull, "GIT_CONFIG_GLOBAL": os.devnull, **person}
        command = ["git", *arguments]
        done = subprocess.run(command, cwd=self.folder, env=surroundings, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self, branch: str) -> str:
        parents = self.git("for-each-ref", "--format=-p %(objectname)", f"refs/heads/{branch}").split()
        tree = self.git("hash-object", "-t", "tree", "-w", os.devnull)
        sha = self.git("commit-tree", tree, *parents, "-m", f"on {branch} {time.monotonic_ns()}")
        self.git("update-ref", f"refs/heads/{branch}", sha)
        return sha

    def branches(self) -> dict[str, str]:
        lines = self.git("for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads").splitlines()
        return dict(line.split() for line in lines)


@pytest.fixture
def hosted(tmp_path: Path) -> Hosted:
    (tmp_path / "host").mkdir()
    return Hosted(tmp_path / "host" / "shop.git")


@pytest.fixture
def server(tmp_path: Path, hosted: Hosted) -> Iterator[GitServer]:
    with GitServer(tmp_path / "host") as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.released.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def mirror(tmp_path: Path, server: GitServer) -> Mirror:
    return at(server, tmp_path)


def at(
    server: GitServer, tmp_path: Path, *, name: str = "shop.git", token: str = TOKEN, limits: Limits = QUICK
) -> Mirror:
    url = f"http://127.0.0.1:{server.server_port}/{name}"
    return Mirror(tmp_path / "mirrors" / "shop.git", url, lambda: token, limits)


def test_the_first_refresh_clones_and_the_next_ones_follow(mirror: Mirror, hosted: Hosted) -> None:
    mirror.refresh()
    assert mirror.head("master") == hosted.branches()["master"]
    later, other = hosted.commit("master"), hosted.commit("feature/x")
    mirror.refresh()
    assert (mirror.head("master"), mirror.head("feature/x")) == (later, other)


def test_a_branch_that_is_gone_at_the_host_is_gone_here(mirror: Mirror, hosted: Hosted) -> None:
    hosted.commit("topic")
    mirror.refresh()
    hosted.git("update-ref", "-d", "refs/heads/topic")
    hosted.commit("topic/now-a-folder")
    mirror.refresh()
    assert mirror.head("topic/now-a-folder")
    with pytest.raises(IntegrationError, match="no branch topic") as failure:
        mirror.head("topic")
    assert not failure.value.retryable


def test_a_forced_branch_is_followed(mirror: Mirror, hosted: Hosted) -> None:
    mirror.refresh()
    hosted.git("update-ref", "-d", "refs/heads/master")
    rewritten = hosted.commit("master")
    mirror.refresh()
    assert mirror.head("master") == rewritten


def test_two_workers_refresh_the_same_mirror_in_peace(mirror: Mirror, hosted: Hosted) -> None:
    with ThreadPoolExecutor(4) as workers:
        list(workers.map(lambda _: mirror.refresh(), range(4)))
    assert mirror.head("master") == hosted.branches()["master"]


def test_a_clone_that_fails_leaves_no_half_a_mirror(mirror: Mirror, server: GitServer) -> None:
    server.faults["/git-upload-pack"] = "500"
    with pytest.raises(IntegrationError) as failure:
        mirror.refresh()
    assert failure.value.retryable
    assert {path.name for path in mirror.folder.parent.iterdir()} == {"shop.git.lock"}
    server.faults.clear()
    mirror.refresh()
    assert mirror.head("master")


def test_what_a_killed_git_left_behind_stops_nobody(mirror: Mirror, hosted: Hosted) -> None:
    mirror.refresh()
    for left in ("packed-refs.lock", "refs/heads/master.lock", "config.lock"):
        (mirror.path / left).touch()
    (mirror.folder.parent / ".shop.git-abandoned").mkdir()
    later = hosted.commit("master")
    mirror.refresh()
    assert mirror.head("master") == later
    (mirror.path / "HEAD").unlink()
    mirror.refresh()
    assert {path.name for path in mirror.folder.parent.iterdir()} == {"shop.git", "shop.git.lock"}


def test_many_fetches_leave_few_packs(mirror: Mirror, hosted: Hosted) -> None:
    for _ in range(25):
        hosted.commit("master")
        mirror.refresh()
    assert len(list((mirror.path / "objects/pack").glob("*.pack"))) < 20
    assert mirror.head("master") == hosted.branches()["master"]


def test_the_token_is_in_no_file_of_the_mirror(mirror: Mirror) -> None:
    mirror.refresh()
    secrets = (TOKEN.encode(), base64.b64encode(f"x-access-token:{TOKEN}".encode()))
    kept = b"".join(path.read_bytes() for path in mirror.path.rglob("*") if path.is_file())
    assert not any(secret in kept for secret in secrets)


def test_a_push_creates_the_branch_and_the_same_again_changes_nothing(mirror: Mirror, hosted: Hosted) -> None:
    mirror.refresh()
    sha = mirror.head("master")
    mirror.push(sha, "revert/INC-2026-0042-p1-abc")
    mirror.push(sha, "revert/INC-2026-0042-p1-abc")
    assert hosted.branches()["revert/INC-2026-0042-p1-abc"] == sha


def test_a_commit_that_only_the_scratch_folder_has_is_pushed(mirror: Mirror, hosted: Hosted, tmp_path: Path) -> None:
    mirror.refresh()
    objects = tmp_path / 'scratch: "objects"'
    sha = built(mirror, objects)
    mirror.push(sha, "revert/x", objects=objects)
    assert hosted.branches()["revert/x"] == sha
    mirror.refresh()
    assert mirror.head("revert/x") == sha


def built(mirror: Mirror, objects: Path) -> str:
    """A commit on master whose objects are in `objects` alone."""
    objects.mkdir()
    surroundings = {
        **{f"GIT_{who}_{what}": "console@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        "PATH": os.environ["PATH"],
        "GIT_DIR": str(mirror.path),
        "GIT_OBJECT_DIRECTORY": str(objects),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(mirror.path / "objects"),
    }
    command = ["git", "commit-tree", "master^{tree}", "-p", "master", "-m", "Revert"]
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_branch_with_other_content_is_never_moved(mirror: Mirror, hosted: Hosted) -> None:
    other = hosted.commit("revert/x")
    mirror.refresh()
    with pytest.raises(IntegrationError, match="exists with other content") as failure:
        mirror.push(mirror.head("master"), "revert/x")
    assert (failure.value.retryable, failure.value.in_doubt) == (False, False)
    assert hosted.branches()["revert/x"] == other


def test_even_a_descendant_does_not_move_a_branch(mirror: Mirror, hosted: Hosted) -> None:
    hosted.git("update-ref", "refs/heads/revert/x", "master")
    hosted.commit("master")
    mirror.refresh()
    with pytest.raises(IntegrationError, match="exists with other content"):
        mirror.push(mirror.head("master"), "revert/x")


@pytest.mark.parametrize("branch", ["", "a b", "a..b", "x/", "x.lock", "a:b", "x\n"])
def test_a_name_that_no_branch_can_have_is_refused(mirror: Mirror, hosted: Hosted, branch: str) -> None:
    mirror.refresh()
    with pytest.raises(IntegrationError, match="cannot be a branch's name"):
        mirror.push(mirror.head("master"), branch)
    assert set(hosted.branches()) == {"master"}


def test_a_rule_of_the_host_is_told_in_its_words(mirror: Mirror, hosted: Hosted) -> None:
    mirror.refresh()
    hook = hosted.folder / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(IntegrationError, match="does not take the branch revert/x: hook declined") as failure:
        mirror.push(mirror.head("master"), "revert/x")
    assert not failure.value.retryable


def test_wrong_credentials_are_no_matter_for_a_retry(server: GitServer, tmp_path: Path) -> None:
    with pytest.raises(IntegrationError, match="refuses the console's credentials") as failure:
        at(server, tmp_path, token="stale").refresh()
    assert not failure.value.retryable


def test_an_unknown_repository_is_no_matter_for_a_retry(server: GitServer, tmp_path: Path) -> None:
    with pytest.raises(IntegrationError, match="knows no such repository") as failure:
        at(server, tmp_path, name="other.git").refresh()
    assert not failure.value.retryable


@pytest.mark.parametrize(
    ("url", "words", "retryable"),
    [
        ("http://127.0.0.1:1/shop.git", "cannot be reached", True),
        ("https://127.0.0.1:1/shop.git", "cannot be reached", True),
        ("http://no-such-host.invalid/shop.git", "name cannot be resolved", True),
        ("ext::sh -c id", "transport that is not allowed", False),
    ],
)
def test_a_host_that_is_not_there(tmp_path: Path, url: str, words: str, retryable: bool) -> None:
    with pytest.raises(IntegrationError, match=words) as failure:
        Mirror(tmp_path / "shop.git", url, None, QUICK).refresh()
    assert (failure.value.retryable, failure.value.in_doubt) == (retryable, False)


@pytest.mark.parametrize(
    ("ending", "fault", "in_doubt", "arrives"),
    [
        ("service=git-receive-pack", "503", False, False),
        ("service=git-receive-pack", "429", False, False),
        ("service=git-receive-pack", "drop", False, False),
        ("/git-receive-pack", "502", True, False),
        ("/git-receive-pack", "drop", True, False),
        ("/git-receive-pack", "drop after", True, True),
        ("/git-receive-pack", "hang", True, False),
    ],
)
def test_a_push_that_breaks_off_is_worth_a_retry_and_in_doubt_once_it_was_sent(
    mirror: Mirror,
    server: GitServer,
    hosted: Hosted,
    tmp_path: Path,
    ending: str,
    fault: str,
    in_doubt: bool,
    arrives: bool,
) -> None:
    mirror.refresh()
    sha = built(mirror, tmp_path / "objects")
    server.faults[ending] = fault
    hurried = Mirror(mirror.folder, mirror.url, mirror.token, IMPATIENT)
    with pytest.raises(IntegrationError) as failure:
        (hurried if fault == "hang" else mirror).push(sha, "revert/x", objects=tmp_path / "objects")
    assert (failure.value.retryable, failure.value.in_doubt) == (True, in_doubt), failure.value.words
    assert ("revert/x" in hosted.branches()) == arrives
    server.faults.clear()
    mirror.push(sha, "revert/x", objects=tmp_path / "objects")
    assert hosted.branches()["revert/x"] == sha


def test_a_fetch_that_hangs_is_given_up_on(mirror: Mirror, server: GitServer, tmp_path: Path) -> None:
    mirror.refresh()
    server.faults["service=git-upload-pack"] = "hang"
    with pytest.raises(IntegrationError, match="did not finish within 1 s") as failure:
        at(server, tmp_path, limits=IMPATIENT).refresh()
    assert failure.value.retryable


def test_a_worker_that_waits_too_long_for_another_gives_up(mirror: Mirror, server: GitServer, tmp_path: Path) -> None:
    mirror.refresh()
    server.faults["service=git-upload-pack"] = "hang"
    before = len(server.requests)
    with ThreadPoolExecutor(1) as workers:
        first = workers.submit(mirror.refresh)
        while len(server.requests) == before:
            time.sleep(0.01)
        with pytest.raises(IntegrationError, match="Another worker") as failure:
            at(server, tmp_path, limits=IMPATIENT).refresh()
        server.released.set()
        with pytest.raises(IntegrationError):
            first.result()
    assert failure.value.retryable


def test_a_repository_on_disk_is_mirrored_too(hosted: Hosted, tmp_path: Path) -> None:
    mirror = Mirror(tmp_path / "shop.git", f"file://{hosted.folder}", None, QUICK)
    mirror.refresh()
    mirror.push(mirror.head("master"), "revert/x")
    assert hosted.branches()["revert/x"] == hosted.branches()["master"]


def test_a_rehearsed_push_is_made_and_taken_back(mirror: Mirror, hosted: Hosted, server: GitServer) -> None:
    mirror.refresh()
    before = hosted.git("for-each-ref")
    mirror.rehearse(mirror.head("master"), "rehearsal")
    assert hosted.git("for-each-ref") == before
    assert len([path for path in server.requests if path.endswith("/git-receive-pack")]) == 2


@pytest.mark.parametrize("left_at", ["master", "other"])
def test_a_rehearsal_cleans_up_after_one_that_was_cut_off(mirror: Mirror, hosted: Hosted, left_at: str) -> None:
    hosted.commit("other")
    mirror.refresh()
    before = hosted.git("for-each-ref")
    hosted.git("update-ref", "refs/rollback-console/rehearsal", mirror.head(left_at))
    mirror.rehearse(mirror.head("master"), "rehearsal")
    assert hosted.git("for-each-ref") == before


@pytest.mark.parametrize("name", ["", "a..b", "x/../../heads/master", "with space"])
def test_a_rehearsal_stays_in_its_own_corner(mirror: Mirror, hosted: Hosted, name: str) -> None:
    mirror.refresh()
    before = hosted.git("for-each-ref")
    with pytest.raises(IntegrationError):
        mirror.rehearse(mirror.head("master"), name)
    assert hosted.git("for-each-ref") == before


def test_a_rehearsal_tells_what_a_push_would_meet(mirror: Mirror, server: GitServer) -> None:
    mirror.refresh()
    server.faults["/git-receive-pack"] = "403"
    with pytest.raises(IntegrationError, match="refuses the console's credentials"):
        mirror.rehearse(mirror.head("master"), "rehearsal")
