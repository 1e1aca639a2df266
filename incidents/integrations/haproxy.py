"""The balancer that is HAProxy (S3), by its runtime API: one command a connection, an empty answer is success.

https://docs.haproxy.org/2.6/management.html#9.3; a target is written `server`, or `backend/server` where two share it.
"""

import csv
import re
import socket
import time
from collections.abc import Mapping
from typing import Final

from incidents.integrations.drains import Duty, Pool, Server
from incidents.integrations.errors import IntegrationError
from incidents.integrations.outbound import CONNECT_SECONDS, DOUBT, READ_SECONDS

_LARGEST_ANSWER: Final = 5_000_000
_FORCED_MAINTENANCE: Final = 0x01 | 0x02 | 0x04 | 0x20
_FORCED_DRAIN: Final = 0x08 | 0x10
_SOUND: Final = re.compile(r"[\w.:-]+(/[\w.:-]+)?")
_BY_HAND: Final = "Correct the service's drain targets in the catalogue, or drain it by hand."


class HAProxy:
    """Drains by a unix socket (`/run/haproxy/admin.sock`), or by `host:port` where that lies in a guarded network."""

    def __init__(self, address: str, *, read_seconds: float = READ_SECONDS) -> None:
        self._address = address.removeprefix("unix://")
        self._read_seconds = read_seconds

    def read(self, target: str) -> Pool:
        """Duty is what an administrator set, health what the checks say; a server without checks counts as healthy."""
        doing = f"asking how {target} stands"
        servers = _servers(self._ask("show servers state", doing), self._ask("show stat", doing))
        own = _the_one(target, servers)
        return Pool(own, tuple(each for each in servers if each.pool == own.pool and each.name != own.name))

    def drain(self, target: str, *, key: str) -> None:
        self._set(target, "drain", f"draining {target}")

    def put_back(self, target: str, *, key: str) -> None:
        self._set(target, "ready", f"putting {target} back in service")

    def _set(self, target: str, state: str, doing: str) -> None:
        own = self.read(target).target
        answer = self._ask(f"set server {own.pool}/{own.name} state {state}", doing, writes=True)
        if answer.strip():
            said = " ".join(answer.split())[:200].rstrip(".")
            raise IntegrationError(f"HAProxy refused {doing}: {said}. {_BY_HAND}", retryable=False)

    def _ask(self, command: str, doing: str, *, writes: bool = False) -> str:
        try:
            connection = self._connect()
        except OSError as error:
            words = f"HAProxy cannot be reached at HAPROXY_ADDRESS while {doing} ({error.strerror or 'no answer'})."
            raise IntegrationError(f"{words} Nothing was sent.", retryable=True) from error
        try:
            with connection:
                connection.sendall(f"{command}\n".encode())
                return _taken_in(connection, time.monotonic() + self._read_seconds)
        except (OSError, _Unfinished) as error:
            words = f"HAProxy broke off, or did not answer within {self._read_seconds:.0f} s, while {doing}."
            raise IntegrationError(words + (DOUBT if writes else ""), retryable=True, in_doubt=writes) from error

    def _connect(self) -> socket.socket:
        host, colon, port = self._address.rpartition(":")
        if colon and port.isdecimal() and "/" not in self._address:
            connection = socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_SECONDS)
        else:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.settimeout(CONNECT_SECONDS)
            try:
                connection.connect(self._address)
            except OSError:
                connection.close()
                raise
        connection.settimeout(self._read_seconds)
        return connection


class _Unfinished(Exception):
    """The answer did not come to its end: every whole one ends with a line's end."""


def _taken_in(connection: socket.socket, until: float) -> str:
    answer = bytearray()
    while piece := connection.recv(65536):
        answer += piece
        if len(answer) > _LARGEST_ANSWER or time.monotonic() > until:
            raise _Unfinished
    if not answer.endswith(b"\n"):
        raise _Unfinished
    return answer.decode("utf-8", "replace")


def _servers(states: str, stats: str) -> list[Server]:
    """Both tables name their columns, which differ between versions."""
    try:
        figures = {(row["# pxname"], row["svname"]): row for row in csv.DictReader(stats.strip().splitlines())}
        found = [
            _server(row, figures[row["be_name"], row["srv_name"]])
            for row in _rows(states)
            if (row["be_name"], row["srv_name"]) in figures
        ]
    except (KeyError, ValueError) as error:
        words = f"HAProxy gave an answer that the console cannot read: {error}."
        raise IntegrationError(words, retryable=False) from error
    return found


def _rows(states: str) -> list[dict[str, str]]:
    """A version, a line of column names behind `#`, then a line a server."""
    columns: list[str] = []
    rows = []
    for line in states.splitlines():
        if line.startswith("#"):
            columns = line.removeprefix("#").split()
        elif columns and line.strip():
            rows.append(dict(zip(columns, line.split(), strict=False)))
    return rows


def _server(state: Mapping[str, str], figures: Mapping[str, str]) -> Server:
    admin = int(state["srv_admin_state"])
    running = state["srv_op_state"] != "0"
    return Server(state["srv_name"], state["be_name"], _duty(admin), running, int(figures["scur"] or 0))


def _duty(admin: int) -> Duty:
    """`srv_admin_state` is a mask: forced, inherited or configured maintenance, forced or inherited drain."""
    if admin & _FORCED_MAINTENANCE:
        return Duty.MAINTENANCE
    return Duty.DRAINED if admin & _FORCED_DRAIN else Duty.SERVING


def _the_one(target: str, servers: list[Server]) -> Server:
    pool, _, name = target.rpartition("/")
    found = [each for each in servers if each.name == name and pool in ("", each.pool)]
    if len(found) == 1 and _SOUND.fullmatch(target):
        return found[0]
    what = f"knows no server {target}" if not found else f"has {target} in {len(found)} backends: write backend/server"
    raise IntegrationError(f"HAProxy {what}. {_BY_HAND}", retryable=False)
