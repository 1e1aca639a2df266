"""The embedded engines: real, private, durable, gone with whoever started them, and plain about what is wrong."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest
from redis import Redis

from rollback_console import engines
from rollback_console.engines import binaries, child, places
from rollback_console.engines.child import RunAs

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
START_AND_SLEEP = """
import sys, time
from pathlib import Path
from rollback_console import engines
pair = engines.ensure(Path(sys.argv[1]))
print(pair.postgres.server.pid, pair.valkey.server.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def pair():
    """One pair for the tests that only look."""
    folder = Path(tempfile.mkdtemp(prefix="rollback-engines-"))
    running = engines.ensure(folder, durable=False)
    yield running
    throw_away(running, folder)


@pytest.fixture
def folder():
    """A folder of one's own, cleared of data, sockets and servers afterwards."""
    made = Path(tempfile.mkdtemp(prefix="rollback-engines-"))
    sockets = places.sockets_folder(made, owner=os.geteuid())
    sockets.rmdir()
    yield made
    shutil.rmtree(made, ignore_errors=True)
    shutil.rmtree(sockets, ignore_errors=True)


def throw_away(running: engines.Engines, folder: Path) -> None:
    running.stop()
    shutil.rmtree(running.postgres.places.sockets, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def await_that(question, seconds=20.0):
    limit = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < limit, "it did not come about in time"
        time.sleep(0.02)


def sql(address: str, query: str):
    with psycopg.connect(address, autocommit=True) as connection:
        answer = connection.execute(query)
        return answer.fetchall() if answer.description else None


def test_both_engines_listen_on_private_sockets_alone(pair):
    assert sql(pair.postgres.superuser_address(), "SHOW listen_addresses") == [("",)]
    with Redis.from_url(pair.valkey.address) as client:
        assert client.config_get("port") == {"port": "0"}
    assert stat.S_IMODE(pair.postgres.places.sockets.stat().st_mode) == 0o700


def test_the_application_reads_and_writes_what_the_owner_made_but_owns_nothing(pair):
    sql(pair.postgres.address("owner"), "CREATE TABLE note (words text)")
    sql(pair.postgres.address("app"), "INSERT INTO note VALUES ('seen')")
    assert sql(pair.postgres.address("app"), "SELECT words FROM note") == [("seen",)]
    for forbidden in ("ALTER TABLE note ADD x int", "DROP TABLE note", "TRUNCATE note", "CREATE TABLE mine (x int)"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            sql(pair.postgres.address("app"), forbidden)


@pytest.mark.parametrize("role", ["owner", "app"])
def test_neither_role_is_a_superuser_and_both_need_their_password(pair, role):
    assert sql(pair.postgres.address(role), "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == [(False,)]
    address = pair.postgres.address(role).replace(getattr(pair.postgres.places.passwords, role), "guessed")
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(address)


def test_the_broker_needs_its_password(pair):
    assert not Path(pair.valkey.socket).stat().st_mode & 0o077
    with Redis(unix_socket_path=str(pair.valkey.socket)) as client, pytest.raises(Exception, match=r"[Aa]uth"):
        client.ping()


def test_passwords_are_nobody_elses_to_read(pair):
    file = pair.postgres.places.folder / "passwords.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_engines_that_run_already_are_found_and_left_alone(pair):
    second = engines.ensure(pair.postgres.places.folder)
    assert not second.owned
    second.stop()
    assert pair.postgres.answers()
    assert pair.valkey.answers()


def test_what_was_committed_survives_a_killed_server(folder):
    first = engines.ensure(folder)
    sql(first.postgres.address("owner"), "CREATE TABLE note (words text); INSERT INTO note VALUES ('kept')")
    for server in (first.postgres.server, first.valkey.server):
        server.kill()
        server.wait()
    second = engines.ensure(folder)
    try:
        assert second.owned
        assert sql(second.postgres.address("app"), "SELECT words FROM note") == [("kept",)]
        assert second.valkey.answers()
    finally:
        second.stop()


def test_the_lock_of_a_dead_server_whose_number_is_somebody_elses_now_is_no_obstacle(folder):
    engines.ensure(folder).stop()
    (folder / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    (places.sockets_folder(folder, owner=os.geteuid()) / "valkey.sock").touch()
    again = engines.ensure(folder)
    assert again.postgres.answers()
    again.stop()


@LINUX
def test_the_engines_die_with_a_killed_supervisor(folder):
    supervisor = subprocess.Popen([sys.executable, "-c", START_AND_SLEEP, str(folder)], stdout=subprocess.PIPE)
    servers = [int(number) for number in supervisor.stdout.readline().split()]
    assert len(servers) == 2
    supervisor.kill()
    supervisor.wait()
    supervisor.stdout.close()
    await_that(
        lambda: not any(child.runs(server, "") and Path(f"/proc/{server}/cmdline").exists() for server in servers)
    )


def test_where_the_kernel_does_not_see_to_it_a_watcher_ends_the_engine_of_a_dead_parent():
    engine = subprocess.Popen(["sleep", "600"])
    parent = subprocess.Popen(["sleep", "600"])
    watcher = subprocess.Popen(
        [sys.executable, str(child.WATCH), str(parent.pid), str(engine.pid), str(int(signal.SIGTERM))]
    )
    with pytest.raises(subprocess.TimeoutExpired):
        engine.wait(1)
    parent.kill()
    parent.wait()
    assert engine.wait(20) == -signal.SIGTERM
    assert watcher.wait(20) == 0


@AS_ROOT
@pytest.mark.parametrize("run_as", [RunAs.MAPPED, RunAs.NOBODY])
def test_root_runs_postgres_as_somebody_else(folder, run_as):
    if run_as is RunAs.MAPPED and child.who_can_run() is not RunAs.MAPPED:
        pytest.skip("user namespaces are forbidden here")
    running = engines.ensure(folder, durable=False, run_as=run_as)
    try:
        user = Path(f"/proc/{running.postgres.server.pid}").stat().st_uid
        assert user == child.files_owner(run_as)
        assert sql(running.postgres.address("app"), "SELECT 1") == [(1,)]
    finally:
        throw_away(running, folder)
        if run_as is RunAs.NOBODY:
            shutil.rmtree(running.postgres.places.postgres_parent(), ignore_errors=True)


def test_a_folder_for_sockets_that_somebody_made_first_is_refused(folder):
    sockets = places.sockets_folder(folder, owner=os.geteuid())
    sockets.chmod(0o755)
    with pytest.raises(engines.EngineFault, match="private"):
        engines.ensure(folder)
    sockets.rmdir()
    sockets.symlink_to(folder)
    with pytest.raises(engines.EngineFault, match="private"):
        engines.ensure(folder)
    sockets.unlink()


def test_a_temporary_folder_too_long_for_a_socket_is_told(folder, monkeypatch):
    long = folder / ("x" * 100)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    with pytest.raises(engines.EngineFault, match="103 bytes"):
        places.sockets_folder(folder, owner=os.geteuid())


def test_the_run_time_folder_of_the_session_is_taken_first(folder, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    assert places.sockets_folder(folder, owner=os.geteuid()).parent == folder


def test_a_server_that_does_not_come_up_is_told_with_its_last_words(folder):
    engines.ensure(folder).stop()
    (folder / "postgres" / "postgresql.conf").write_text("no_such_setting = on\n")
    with pytest.raises(engines.EngineFault, match="no_such_setting"):
        engines.ensure(folder)


def test_a_missing_package_is_told_with_the_remedy(monkeypatch):
    monkeypatch.setattr(binaries.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(engines.EngineFault, match=r"requirements/demo\.txt"):
        binaries.valkey()


def test_addresses_given_by_the_environment_win(monkeypatch):
    monkeypatch.setattr(engines, "ensure", lambda _folder: pytest.fail("nothing is to be started"))
    for given in ({"CONSOLE_ENV": "demo", "DATABASE_URL": "postgresql://x/y"}, {"CONSOLE_ENV": "production"}, {}):
        before = dict(given)
        engines.lend_to_environment(given)
        assert given == before


def test_a_server_that_will_not_end_when_asked_is_made_to():
    stubborn = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import signal,time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(99)",
        ],
        stdout=subprocess.PIPE,
    )
    stubborn.stdout.readline()
    child.end(stubborn, signal.SIGTERM, signal.SIGKILL, seconds=0.2)
    stubborn.stdout.close()
    assert stubborn.returncode == -signal.SIGKILL
