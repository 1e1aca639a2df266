"""Outside systems for the tests: one that answers by a table, and one that breaks on purpose."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


@dataclass
class Table:
    """Answers by method and path, records what it was asked; an unknown path is a 404."""

    answers: dict[str, Answer | list[Answer]] = field(default_factory=dict)
    asked: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.get(f"{request.method} {request.url.raw_path.decode().partition('?')[0]}")
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if answer is None:
            return httpx.Response(404, json={"message": "Not Found"})
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(request)

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self)

    def bodies(self, method: str) -> list[Any]:
        return [json.loads(request.content) for request in self.asked if request.method == method]


def ok(content: object, status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(
        status, json=content, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


@dataclass
class Breaking:
    """A server on this machine that takes one request after the other and treats each as `behave` says."""

    url: str
    received: list[bytes]


@contextmanager
def breaking_server(behave: Callable[[socket.socket], None]) -> Iterator[Breaking]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        world = Breaking(f"http://127.0.0.1:{listening.getsockname()[1]}", [])
        thread = threading.Thread(target=_serve, args=(listening, world, behave), daemon=True)
        thread.start()
        yield world
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def _serve(listening: socket.socket, world: Breaking, behave: Callable[[socket.socket], None]) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection:
            connection.settimeout(5)
            world.received.append(connection.recv(65536))
            with_luck(behave, connection)


def with_luck(behave: Callable[[socket.socket], None], connection: socket.socket) -> None:
    """The other side may leave first."""
    try:
        behave(connection)
    except OSError:
        return


def hang(connection: socket.socket) -> None:
    connection.recv(1)  # returns when the other side gives up


def drop(connection: socket.socket) -> None:
    """The request was taken in, the connection ends without an answer."""


def half_an_answer(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")


def garbage(connection: socket.socket) -> None:
    connection.sendall(b"this is not HTTP at all\r\n\r\n")


def trickle(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        connection.sendall(b" ")
        threading.Event().wait(0.02)


def redirect_to(address: str) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: {address}\r\nContent-Length: 0\r\n\r\n".encode())

    return behave
