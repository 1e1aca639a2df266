"""HAProxy's runtime API: what real 2.6 answered is read here, over a socket of our own.

https://docs.haproxy.org/2.6/management.html#9.3
"""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from incidents.integrations.drains import Drains, Duty
from incidents.integrations.errors import IntegrationError
from incidents.integrations.haproxy import HAProxy

STATES = """1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_fqdn srv_port
3 shop 1 eu-1 127.0.0.1 2 {first} 1 1 - 18991
3 shop 2 eu-2 127.0.0.1 {health} 0 1 1 - 18992
4 spare 1 eu-1b 127.0.0.1 2 0 1 1 - 18993
4 spare 2 eu-3 127.0.0.1 2 0 1 1 - 18994
5 other 1 eu-3 127.0.0.1 2 0 1 1 - 18995

"""
STATS = """# pxname,svname,qcur,qmax,scur,smax,slim,status,weight,
f,FRONTEND,,,0,0,9986,OPEN,,
shop,eu-1,0,0,{sessions},0,,no check,1,
shop,eu-2,0,0,0,0,,no check,1,
shop,BACKEND,0,0,0,0,999,UP,2,
spare,eu-1b,0,0,,0,,no check,1,
spare,eu-3,0,0,0,0,,no check,1,
other,eu-3,0,0,0,0,,no check,1,

"""


class Runtime:
    """Answers by a table, one command a connection."""

    def __init__(self, answers: Mapping[str, bytes]) -> None:
        self.answers = dict(answers)
        self.asked: list[str] = []

    def serve(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                command = connection.makefile().readline().strip()
                self.asked.append(command)
                connection.sendall(self.answers.get(command, b"Unknown command.\n\n"))


@contextmanager
def runtime(path: Path, answers: Mapping[str, bytes]) -> Iterator[Runtime]:
    table = Runtime(answers)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        thread = threading.Thread(target=table.serve, args=(listening,), daemon=True)
        thread.start()
        yield table
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def tables(*, first: int = 0, health: int = 2, sessions: int = 0) -> dict[str, bytes]:
    states, stats = STATES.format(first=first, health=health), STATS.format(sessions=sessions)
    return {"show servers state": states.encode(), "show stat": stats.encode()}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s"


@pytest.mark.parametrize(
    ("mask", "duty"),
    [
        (0x00, Duty.SERVING),
        (0x08, Duty.DRAINED),
        (0x10, Duty.DRAINED),
        (0x01, Duty.MAINTENANCE),
        (0x05, Duty.MAINTENANCE),
        (0x40, Duty.SERVING),
    ],
)
def test_what_an_administrator_set_is_read_from_the_mask(path, mask, duty):
    with runtime(path, tables(first=mask, sessions=3)):
        target = HAProxy(str(path)).read("eu-1").target
    assert (target.duty, target.sessions, target.pool) == (duty, 3, "shop")


@pytest.mark.parametrize(("health", "left"), [(2, 1), (0, 0), (1, 1)])
def test_e22_counts_the_healthy_of_the_same_pool_only(path, health, left):
    with runtime(path, tables(health=health)):
        assert HAProxy(str(path)).read("eu-1").left_serving == left


def test_a_name_of_two_pools_must_name_its_own(path):
    with runtime(path, tables()):
        haproxy = HAProxy(f"unix://{path}")
        with pytest.raises(IntegrationError, match="write backend/server"):
            haproxy.read("eu-3")
        assert haproxy.read("spare/eu-3").target.pool == "spare"


@pytest.mark.parametrize(("act", "word"), [("drain", "drain"), ("put_back", "ready")])
def test_an_empty_line_is_success(path, act, word):
    with runtime(path, tables() | {f"set server shop/eu-1 state {word}": b"\n"}) as asked:
        getattr(HAProxy(str(path)), act)("eu-1", key="k1")
    assert asked.asked[-1] == f"set server shop/eu-1 state {word}"


def test_any_text_is_a_refusal(path):
    with runtime(path, tables() | {"set server shop/eu-1 state drain": b"Permission denied\n\n"}):
        drains: Drains = HAProxy(str(path))
        with pytest.raises(IntegrationError, match="Permission denied") as caught:
            drains.drain("eu-1", key="k1")
    assert not caught.value.retryable


@pytest.mark.parametrize("answer", [b"", b"half a l"])
def test_a_lost_answer_to_a_drain_is_in_doubt(path, answer):
    lost = runtime(path, tables() | {"set server shop/eu-1 state drain": answer})
    with lost, pytest.raises(IntegrationError, match="looked up") as caught:
        HAProxy(str(path)).drain("eu-1", key="k1")
    assert (caught.value.retryable, caught.value.in_doubt) == (True, True)


def test_a_lost_answer_to_a_question_is_not(path):
    with runtime(path, {"show servers state": b""}), pytest.raises(IntegrationError) as caught:
        HAProxy(str(path)).read("eu-1")
    assert (caught.value.retryable, caught.value.in_doubt) == (True, False)


@pytest.mark.parametrize("address", ["/nowhere/haproxy.sock", "127.0.0.1:1"])
def test_nothing_is_in_doubt_where_nobody_listens(address):
    with pytest.raises(IntegrationError, match="Nothing was sent") as caught:
        HAProxy(address).read("eu-1")
    assert (caught.value.retryable, caught.value.in_doubt) == (True, False)


@pytest.mark.parametrize("target", ["eu-9", "", "shop/eu-9", "eu-1; disable frontend f"])
def test_a_target_that_is_not_there_is_named(path, target):
    with runtime(path, tables()) as asked, pytest.raises(IntegrationError, match="knows no server"):
        HAProxy(str(path)).drain(target, key="k1")
    assert set(asked.asked) == {"show servers state", "show stat"}


def test_another_programs_answer_is_not_believed(path):
    answers = {"show servers state": b"# be_name srv_name\nshop eu-1\n", "show stat": STATS.encode()}
    with runtime(path, answers), pytest.raises(IntegrationError, match="cannot read"):
        HAProxy(str(path)).read("eu-1")
