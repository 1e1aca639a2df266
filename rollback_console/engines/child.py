"""Starting an engine as somebody PostgreSQL accepts, so that it dies with whoever started it."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Final

CLONE_NEWUSER: Final = 0x10000000
PR_SET_PDEATHSIG: Final = 1
OVERFLOW_ID: Final = 65534
WATCH: Final = Path(__file__).with_name("watch.py")
ON_LINUX: Final = sys.platform == "linux"


class RunAs(StrEnum):
    """PostgreSQL refuses root; these are the ways round it."""

    SELF = "self"  # an ordinary user
    MAPPED = "mapped"  # root outside, 65534 in a user namespace of its own: root's files stay reachable
    NOBODY = "nobody"  # where such namespaces are forbidden


def who_can_run() -> RunAs:
    """The way that works for this user on this machine."""
    if os.geteuid() != 0:
        return RunAs.SELF
    return RunAs.MAPPED if _namespaces_are_allowed() else RunAs.NOBODY


def nobody() -> tuple[int, int]:
    """User and group of the account that owns nothing."""
    entry = pwd.getpwnam("nobody")
    return entry.pw_uid, entry.pw_gid


def files_owner(run_as: RunAs) -> int:
    """Who, seen from outside, owns what the engine writes."""
    return nobody()[0] if run_as is RunAs.NOBODY else os.geteuid()


def before_exec(run_as: RunAs, last_signal: signal.Signals) -> Callable[[], None]:
    """What the child does between fork and exec: become the right user, and ask for a signal at its parent's death."""
    parent = os.getpid()
    libc = ctypes.CDLL(None, use_errno=True)

    def prepare() -> None:
        os.setpgid(0, 0)
        if run_as is RunAs.MAPPED:
            _enter_namespace(libc)
        elif run_as is RunAs.NOBODY:
            _become_nobody()
        if ON_LINUX:
            libc.prctl(PR_SET_PDEATHSIG, int(last_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def start(
    command: list[str], log: Path, run_as: RunAs, last_signal: signal.Signals, said: str = ""
) -> subprocess.Popen[bytes]:
    """Start a server whose words go to the log, and tell it what to hear on its standard input."""
    with log.open("ab") as lines:
        server = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=lines,
            stderr=lines,
            cwd="/",
            preexec_fn=before_exec(run_as, last_signal),  # noqa: PLW1509  # no thread runs yet; nothing else changes the user
        )
    if server.stdin:
        server.stdin.write(said.encode())
        server.stdin.close()
    if not ON_LINUX:
        watch_over(server.pid, last_signal)
    return server


def watch_over(engine: int, last_signal: signal.Signals) -> None:
    """Have the engine ended when this process is gone, where the kernel does not see to it."""
    command = [sys.executable, str(WATCH), str(os.getpid()), str(engine), str(int(last_signal))]
    subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)


def end(server: subprocess.Popen[bytes], ask: signal.Signals, force: signal.Signals, *, seconds: float) -> None:
    """Ask the server to end, force it after some seconds, and wait until it is gone."""
    server.send_signal(ask)
    try:
        server.wait(seconds)
    except subprocess.TimeoutExpired:
        server.send_signal(force)
        server.wait()


def runs(process_id: int, program: str) -> bool:
    """Is this process alive, and is it that program?"""
    found = subprocess.run(["ps", "-o", "command=", "-p", str(process_id)], capture_output=True, text=True, check=False)
    return program in found.stdout


def _enter_namespace(libc: ctypes.CDLL) -> None:
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{OVERFLOW_ID} 0 1")
    Path("/proc/self/gid_map").write_text(f"{OVERFLOW_ID} 0 1")


def _become_nobody() -> None:
    user, group = nobody()
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)


def _namespaces_are_allowed() -> bool:
    if not ON_LINUX:
        return False
    try:
        subprocess.run(["/bin/true"], preexec_fn=before_exec(RunAs.MAPPED, signal.SIGTERM), check=True)
    except (OSError, subprocess.SubprocessError):
        return False
    return True
