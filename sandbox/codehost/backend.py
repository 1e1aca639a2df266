"""Smart http for git: `git http-backend` as a CGI program behind Starlette.

https://git-scm.com/docs/git-http-backend
"""

import asyncio
import base64
import binascii
import os
import subprocess

from starlette.requests import Request
from starlette.responses import Response

from sandbox.codehost.forge import FULL_NAME, Forge
from sandbox.codehost.refusals import Refused, bad_credentials

_CHALLENGE = {"WWW-Authenticate": 'Basic realm="GitHub"'}


class GitDoor:
    """Serves clones and pushes of the one repository. Pushes go one after the other, so that each is told once."""

    def __init__(self) -> None:
        self._pushing = asyncio.Lock()

    async def answer(self, request: Request, forge: Forge) -> Response:
        try:
            login = _login(request, forge)
        except Refused as refused:
            return Response(refused.message, 401, _CHALLENGE)
        if request.path_params["repository"] != FULL_NAME:
            return Response("Repository not found.", 404)
        if not request.url.path.endswith("/git-receive-pack"):
            return await _run(request, forge, login)
        async with self._pushing:
            return await self._push(request, forge, login)

    async def _push(self, request: Request, forge: Forge, login: str) -> Response:
        before = await asyncio.to_thread(forge.repository.refs)
        response = await _run(request, forge, login)
        after = await asyncio.to_thread(forge.repository.refs)
        for ref in sorted(before.keys() | after.keys()):
            old, new = before.get(ref), after.get(ref)
            # What else moved meanwhile moved by the code host's own hand, on the default branch, and was told there.
            if old != new and ref in _named(await request.body()):
                await asyncio.to_thread(forge.ref_moved, ref, old, new, login)
        return response


def _named(body: bytes) -> set[str]:
    """The refs a push asks to move: pkt-lines `old new refs/heads/…`, up to the flush packet."""
    named: set[str] = set()
    while len(body) > 4 and (length := int(body[:4], 16)) > 4:
        named.add(body[4:length].split(b"\0")[0].split()[-1].decode("utf-8", "replace"))
        body = body[length:]
    return named


def _login(request: Request, forge: Forge) -> str:
    """`Basic x-access-token:TOKEN`; the user's name means nothing, as at GitHub."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        raise bad_credentials()
    try:
        _, _, token = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as wrong:
        raise bad_credentials() from wrong
    return forge.tokens.login(token)


async def _run(request: Request, forge: Forge, login: str) -> Response:
    body = await request.body()
    environment = _environment(request, forge, login, len(body))
    output = await asyncio.to_thread(_answer_of_git, body, environment)
    head, _, content = output.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n") if ": " in line)
    status = int(headers.pop("Status", "200").split(" ")[0])
    return Response(content, status, headers)


def _answer_of_git(body: bytes, environment: dict[str, str]) -> bytes:
    program = ("git", "http-backend")
    return subprocess.run(program, input=body, capture_output=True, check=False, timeout=120, env=environment).stdout


def _environment(request: Request, forge: Forge, login: str, length: int) -> dict[str, str]:
    folder = forge.repository.folder
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_PROJECT_ROOT": str(folder),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": "/" + request.path_params["service"],
        "QUERY_STRING": request.url.query,
        "REQUEST_METHOD": request.method,
        "REMOTE_USER": login,
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(length),
    }
    for header, name in (("git-protocol", "GIT_PROTOCOL"), ("content-encoding", "HTTP_CONTENT_ENCODING")):
        if value := request.headers.get(header):
            environment[name] = value
    return environment
