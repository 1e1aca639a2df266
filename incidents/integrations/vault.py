"""The secrets that Vault or OpenBao keep, by the metadata half of their key-value store, version 2 (C1).

https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#read-secret-metadata
"""

from typing import Final
from urllib.parse import quote

import httpx

from incidents.integrations.errors import IntegrationError
from incidents.integrations.fields import Fields, Unexpected
from incidents.integrations.outbound import Outbound
from incidents.integrations.secrets import Secret, Version

_BY_HAND: Final = "Meanwhile, confirm by hand with the Secrets Management procedure (C1)."
_STANDBY: Final = f"VAULT_URL names a standby or an older address: have an administrator correct it. {_BY_HAND}"
_ADVICE: Final = {
    301: _STANDBY,
    302: _STANDBY,
    307: _STANDBY,
    308: _STANDBY,
    400: f"Have an administrator compare VAULT_MOUNT: only a key-value store of version 2 has metadata. {_BY_HAND}",
    403: f"VAULT_TOKEN is wrong, expired, or may not read this metadata: have an administrator renew it. {_BY_HAND}",
    404: f"There is no such secret: compare its path with VAULT_MOUNT. {_BY_HAND}",
}


class Vault:
    """Secrets of one mount. Only `metadata` is ever asked for: `data`, which holds values, has no code here."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        mount: str = "secret",
        namespace: str = "",
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"X-Vault-Token": token.strip(), "X-Vault-Request": "true", "Accept": "application/json"}
        within = {"X-Vault-Namespace": namespace} if namespace else {}
        self._out = Outbound("Vault", url, headers=headers | within, advice=_ADVICE, transport=transport)
        self._mount = mount.strip("/")

    def versions(self, path: str) -> Secret:
        doing = f"asking which versions of {path} there are"
        reply = self._out.ask("GET", f"v1/{_at(self._mount)}/metadata/{_at(path.strip('/'))}", doing=doing)
        with self._out.understood(doing):
            told = Fields.parse(reply.body).inside("data")
            found = [_version(name, each) for name, each in told.each_by_name("versions").items()]
            current = told.number("current_version")
        return Secret(path, current, tuple(sorted(found, key=_number, reverse=True)))


def _at(path: str) -> str:
    """A path within an address, which leads nowhere else."""
    parts = path.split("/")
    if not path.isprintable() or {"", ".", ".."} & set(parts):
        raise IntegrationError(f"{path!r} is no path of a secret: correct the catalogue.", retryable=False)
    return "/".join(quote(part, safe="") for part in parts)


def _version(name: str, told: Fields) -> Version:
    if not name.isdecimal():
        raise Unexpected("a version's name is no number")
    return Version(
        int(name), told.moment("created_time"), told.optional_moment("deletion_time"), told.flag("destroyed")
    )


def _number(version: Version) -> int:
    return version.number
