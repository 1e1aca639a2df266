"""Vault's key-value store, version 2, at `/vault/v1/secret`: its metadata half. Whoever asks for a value gets 403.

https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#read-secret-metadata
`POST /control/secrets` rotates, deletes, restores and destroys, as people would.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import secrets
from sandbox.control import body_of
from sandbox.parts import Memory, Part
from sandbox.world import World

MOUNT = "secret"
PAYMENT, SESSION = "shop/payment-provider", "shop/session-key"
ACTS = ("rotate", "delete", "undelete", "destroy")
_AT = f"/vault/v1/{MOUNT}"

Versions = dict[str, dict[str, Any]]


class VaultPart:
    """Each secret is its versions by their number; there is no value to be had anywhere."""

    name = "vault"
    world: World
    memory: Memory
    secrets: dict[str, Versions]

    async def start(self, world: World) -> None:
        self.world, self.memory = world, world.memory(self.name)
        self.secrets = self.memory.read().get("secrets") or _first_day()

    async def stop(self, world: World) -> None:
        """Nothing runs here."""

    def routes(self, world: World) -> list[BaseRoute]:
        return [
            Route(f"{_AT}/metadata/{{path:path}}", self.show, methods=["GET"]),
            Route("/vault/v1/{path:path}", self.forbid, methods=["GET", "POST", "PUT", "DELETE", "PATCH"]),
            Route("/control/secrets", self.change, methods=["POST"]),
        ]

    def state(self) -> dict[str, object]:
        return {"secrets": {path: list(versions.values()) for path, versions in self.secrets.items()}}

    async def show(self, request: Request) -> Response:
        path = request.path_params["path"]
        if not _knows(request):
            return _forbidden()
        if path not in self.secrets:
            return JSONResponse({"errors": []}, status_code=404)
        return JSONResponse(_answer(self.secrets[path]))

    async def forbid(self, request: Request) -> Response:
        """The console's policy grants metadata and nothing else: a value is never told, whoever asks."""
        return _forbidden()

    async def change(self, request: Request) -> Response:
        """{path, act: rotate | delete | undelete | destroy, version}: the current version where none is named."""
        asked = await body_of(request)
        path, act = str(asked.get("path", "")), str(asked.get("act", ""))
        versions = self.secrets.get(path)
        number = str(asked.get("version") or (_current(versions) if versions else ""))
        if versions is None or act not in ACTS or number not in versions:
            raise HTTPException(422, f"path is one of {', '.join(self.secrets)}; act one of {', '.join(ACTS)}.")
        number = _changed(versions, act, number)
        self.memory.write({"secrets": self.secrets})
        self.world.journal.record(self.name, f"secret.{act}", key=f"{path}@{number}")
        return JSONResponse(_answer(versions)["data"])


def part() -> Part:
    return VaultPart()


def _first_day() -> dict[str, Versions]:
    """The payment provider's key was rotated three times: one is destroyed, one deleted, one merely replaced."""
    now = datetime.now(UTC)
    payment = {str(number): _version(now - timedelta(days=40 - 10 * number)) for number in range(1, 5)}
    payment["1"]["destroyed"] = True
    payment["2"]["deletion_time"] = _written(now - timedelta(days=5))
    return {PAYMENT: payment, SESSION: {"1": _version(now - timedelta(days=90))}}


def _changed(versions: Versions, act: str, number: str) -> str:
    """Does it, and says to which version."""
    now = datetime.now(UTC)
    if act == "rotate":
        number = str(_current(versions) + 1)
        versions[number] = _version(now)
    elif act == "destroy":
        versions[number]["destroyed"] = True
    else:
        versions[number]["deletion_time"] = _written(now) if act == "delete" else ""
    return number


def _answer(versions: Versions) -> dict[str, Any]:
    times = [version["created_time"] for version in versions.values()]
    told = {
        "cas_required": False,
        "created_time": min(times),
        "current_version": _current(versions),
        "custom_metadata": None,
        "delete_version_after": "0s",
        "max_versions": 0,
        "oldest_version": min(map(int, versions)),
        "updated_time": max(times),
        "versions": versions,
    }
    frame = {"lease_id": "", "renewable": False, "lease_duration": 0, "wrap_info": None, "warnings": None, "auth": None}
    return {"request_id": str(uuid4()), **frame, "data": told}


def _current(versions: Versions) -> int:
    return max(map(int, versions))


def _version(at: datetime) -> dict[str, Any]:
    return {"created_time": _written(at), "deletion_time": "", "destroyed": False}


def _written(at: datetime) -> str:
    """Go writes nanoseconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


def _knows(request: Request) -> bool:
    return request.headers.get("x-vault-token") == secrets.VAULT_TOKEN


def _forbidden() -> Response:
    return JSONResponse({"errors": ["1 error occurred:\n\t* permission denied\n\n"]}, status_code=403)
