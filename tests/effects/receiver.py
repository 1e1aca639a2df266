"""An organisation's own tools behind the signed webhook: checks every signature, does every key once, keeps a state."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "a-secret-of-the-tests"
Facts = dict[str, Any]


class Receiver:
    """`loses` names what happens to the next order's answer: nothing, or it is lost "before" or "after" the effect."""

    def __init__(self) -> None:
        self.url = ""
        self.loses = ""
        self.orders: list[tuple[str, str]] = []
        self.done: dict[str, str] = {}
        self.off: set[str] = set()
        self.drained: set[str] = set()
        self._acts: dict[str, Callable[[Facts], Facts]] = {
            "page.find": lambda facts: {"pages": [{"id": "7"}] if facts["find"] in self.done else []},
            "flag.read": lambda facts: {"on": facts["flag"] not in self.off},
            "target.read": lambda _: {"servers": [self._server(name) for name in ("eu-1", "eu-2")]},
        }

    def answer(self, headers: Any, body: bytes) -> Facts | None:
        """None where the answer is to be lost."""
        check(headers["X-Rollback-Console-Signature"], body)
        facts = json.loads(body)
        if "key" not in facts:
            return self._acts[facts["act"]](facts)
        assert headers["Idempotency-Key"] == facts["key"]
        self.orders.append((facts["act"], facts["key"]))
        loses, self.loses = self.loses, ""
        if loses != "before" and facts["key"] not in self.done:
            self._do(facts)
        return None if loses else {}

    def _do(self, facts: Facts) -> None:
        self.done[facts["key"]] = facts["act"]
        if facts["act"] == "flag.turn_off":
            self.off.add(facts["flag"])
        if facts["act"] == "target.drain":
            self.drained.add(facts["target"])

    def _server(self, name: str) -> Facts:
        return {"name": name, "pool": "shop", "duty": "drained" if name in self.drained else "serving", "sessions": 0}


def check(header: str, body: bytes) -> None:
    """As docs/integrations-webhook.md tells the receiver to."""
    at, _, signed = header.removeprefix("t=").partition(",v1=")
    expected = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(expected, signed)
    assert abs(time.time() - int(at)) < 300


@contextmanager
def running_receiver() -> Iterator[Receiver]:
    receiver = Receiver()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found = receiver.answer(self.headers, self.rfile.read(int(self.headers["Content-Length"])))
            if found is None:
                self.close_connection = True
                return
            body = json.dumps(found).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield receiver
    server.shutdown()
    server.server_close()
