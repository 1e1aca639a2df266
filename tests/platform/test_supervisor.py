"""The demo's supervisor: words prefixed, all stopped together, nothing left behind."""

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sandbox import demo
from sandbox.supervisor import Child, ChildEnded, Supervisor

STAY = "import time; print('here', flush=True); time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('here', flush=True); time.sleep(600)"
WITH_A_CHILD = (
    "import subprocess, sys, time; p = subprocess.Popen(['sleep', '600']); print(p.pid, flush=True); time.sleep(600)"
)


def python(name: str, code: str, **more) -> Child:
    return Child(name, (sys.executable, "-c", code), **more)


@pytest.fixture
def supervisor():
    supervised = Supervisor(os.environ, out=io.StringIO())
    yield supervised
    supervised.stop()


def words(supervisor: Supervisor) -> str:
    return supervisor._out.getvalue()


def alive(process_id: int) -> bool:
    status = Path(f"/proc/{process_id}/status")
    return status.exists() and "\nState:\tZ" not in status.read_text()


def test_each_line_bears_the_name_of_who_said_it(supervisor):
    supervisor.finish(python("speaker", "print('one'); print('two')"))
    assert words(supervisor) == "speaker  │ one\nspeaker  │ two\n"


def test_last_words_without_an_end_of_line_are_heard_too(supervisor):
    supervisor.finish(python("speaker", "print('unfinished', end='')"))
    assert "unfinished" in words(supervisor)


def test_what_is_not_worth_saying_is_not_passed_on(supervisor):
    supervisor.finish(python("speaker", "print('GET 200'); print('GET 500')", unsaid=demo.re.compile("200")))
    assert words(supervisor) == "speaker  │ GET 500\n"


def test_a_preparation_that_fails_stops_everything(supervisor):
    with pytest.raises(ChildEnded, match="migrate ended by itself with 3"):
        supervisor.finish(python("migrate", "raise SystemExit(3)"))


def test_a_child_that_ends_by_itself_is_told_with_its_last_words(supervisor):
    supervisor.start(python("stays", STAY))
    supervisor.start(python("fails", "print('because'); raise SystemExit(1)"))
    with pytest.raises(ChildEnded, match="fails"):
        supervisor.attend(lambda: False, seconds=60)
    assert "fails    │ because" in words(supervisor)


def test_waiting_ends_when_it_is_so_or_when_the_time_is_up(supervisor):
    supervisor.start(python("stays", STAY))
    assert supervisor.attend(lambda: "here" in words(supervisor), seconds=60)
    assert not supervisor.attend(lambda: False, seconds=0.1)


def test_a_child_that_will_not_end_when_asked_is_made_to(supervisor):
    stubborn = supervisor.start(python("stubborn", STUBBORN, grace_seconds=0.2))
    supervisor.attend(lambda: "here" in words(supervisor), seconds=60)
    supervisor.stop()
    assert stubborn.process.returncode == -signal.SIGKILL


def test_what_a_child_started_ends_with_it(supervisor):
    supervisor.start(python("parent", WITH_A_CHILD))
    supervisor.attend(lambda: words(supervisor).endswith("\n"), seconds=60)
    grandchild = int(words(supervisor).split("│")[1])
    assert alive(grandchild)
    supervisor.stop()
    limit = time.monotonic() + 20
    while alive(grandchild):
        assert time.monotonic() < limit
        time.sleep(0.02)


def test_a_taken_port_is_told_and_another_is_offered(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(demo.Ports, "taken", lambda ports: [ports.pages] if ports.pages == 8000 else [])
    monkeypatch.setattr(demo.engines, "ensure", lambda _folder: pytest.fail("nothing is to be started"))
    assert demo.main(["--folder", str(tmp_path)]) == 1
    told = capsys.readouterr().err
    assert "Port 8000 taken" in told
    assert "make demo PORT=8010" in told


def test_whoever_listens_on_a_port_is_noticed():
    with demo.socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        assert port in demo.Ports(port).taken()


def test_every_variable_of_the_demo_is_one_that_settings_read(tmp_path):
    from rollback_console.settings import VARIABLES_READ

    assert set(demo.variables(demo.Ports(8000), tmp_path)) <= VARIABLES_READ | {"CONSOLE_ENV", "PYTHONUNBUFFERED"}


def test_the_demos_catalogue_leads_to_where_the_sandbox_is(tmp_path):
    written = Path(demo.variables(demo.Ports(9000), tmp_path)["CATALOGUE_FILE"]).read_text()
    assert "http://127.0.0.1:9790" in written
    assert demo.USUAL_SANDBOX not in written


@pytest.mark.timeout(400)
def test_the_demo_starts_answers_stops_and_can_be_forgotten(tmp_path):
    port = demo._free_pages_port(20_000 + os.getpid() % 20_000)
    command = [sys.executable, "-m", "sandbox.demo", "--port", str(port), "--folder", str(tmp_path / "demo")]
    heard = tmp_path / "heard"
    with heard.open("w") as out:
        started = subprocess.Popen(command, cwd=demo.ROOT, stdout=out, stderr=subprocess.STDOUT)
    try:
        limit = time.monotonic() + 300
        while "Ready in" not in heard.read_text() and started.poll() is None and time.monotonic() < limit:
            time.sleep(0.2)
        found = demo.readiness(demo.Ports(port))
        assert found, heard.read_text()
        assert [part["words"] for part in found.values() if not part["ok"]] == []
        started.send_signal(signal.SIGINT)
        assert started.wait(60) == 0
    finally:
        started.kill()
        started.wait()
    assert demo.Ports(port).taken() == []
    assert "Stopped." in heard.read_text()
    assert demo.main(["--reset", "--folder", str(tmp_path / "demo")]) == 0
    assert not (tmp_path / "demo").exists()
