"""A real OpenID Connect provider over HTTP, which also holds its client to PKCE and notes what it was asked."""

import base64
import hashlib
import io
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import oidc_provider_mock
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

Application = Callable[[Mapping[str, Any], Callable[..., Any]], Any]


@dataclass
class Provider:
    """Where it is, what it was asked to authorize, and how many verifiers it has accepted."""

    inner: Application
    address: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    challenges: dict[str, str] = field(default_factory=dict)
    verified: int = 0
    moved: str = ""

    def __call__(self, environ: Mapping[str, Any], start: Callable[..., Any]) -> Any:
        """The mock knows no PKCE, so this door keeps it: no code without a challenge, no token without its verifier."""
        request = Request(dict(environ))
        if self.moved and request.path == "/jwks":
            return Response(status=302, headers={"Location": self.moved})(environ, start)
        if request.path == "/oauth2/token":
            body = request.get_data(cache=True)
            if not self._proves(parse_qs(body.decode())):
                return Response('{"error": "invalid_grant"}', 400, content_type="application/json")(environ, start)
            environ = {**environ, "wsgi.input": io.BytesIO(body)}
        return self.inner(environ, start)

    def _proves(self, form: dict[str, list[str]]) -> bool:
        verifier, code = form.get("code_verifier", [""])[0], form.get("code", [""])[0]
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        proved = bool(verifier) and self.challenges.get(code) == digest
        self.verified += proved
        return proved

    def know(self, sub: str, **claims: Any) -> None:
        """A person with these claims; those of the protocol overrule what the provider would say itself."""
        httpx.put(f"{self.address}/users/{sub}", json=claims, trust_env=False).raise_for_status()

    def authorize(self, address: str, sub: str) -> str:
        """What a person does there: they sign in, and are sent back with a code."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        self.asked.append(asked)
        answer = httpx.post(address, data={"sub": sub}, trust_env=False)
        assert answer.status_code == 302, answer.text
        back = answer.headers["Location"]
        code = parse_qs(urlsplit(back).query)["code"][0]
        if asked.get("code_challenge_method") == "S256":
            self.challenges[code] = asked["code_challenge"]
        return str(back)


@contextmanager
def running() -> Iterator[Provider]:
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback has no TLS
    provider = Provider(oidc_provider_mock.app(require_nonce=True))
    server = make_server("127.0.0.1", 0, provider, threaded=True)
    provider.address = f"http://127.0.0.1:{server.server_port}"
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    serving.start()
    try:
        yield provider
    finally:
        server.shutdown()
        serving.join(10)
        server.server_close()
