"""Places outside the machine that keep checkpoints: a file elsewhere, an HTTP address, an object store."""

import json
import os
from pathlib import Path
from typing import Final, Protocol

import httpx

from incidents.integrations.errors import IntegrationError
from incidents.integrations.outbound import Outbound
from incidents.integrations.signed_webhook import SignedWebhook

_DOING: Final = "pinning a checkpoint"
_ADVICE: Final = {
    401: "It does not accept the token: correct CHECKPOINT_STORE_TOKEN.",
    403: "The token may not write there: correct CHECKPOINT_STORE_TOKEN, or what it may do.",
    404: "There is no such place: correct CHECKPOINT_STORE_URL.",
}


class Sink(Protocol):
    """A place that takes checkpoints; taking the same one twice does no harm."""

    name: str

    def pin(self, number: int, line: str) -> None:
        """Keep one checkpoint, as one line of JSON, for ever; IntegrationError where it may not be kept."""
        ...


class FileSink:
    """A file that only grows, on a disk that is another's: a mount, or what a log shipper carries away."""

    name = "file"

    def __init__(self, path: Path) -> None:
        self._path = path

    def pin(self, number: int, line: str) -> None:
        """Append and force to the disk; a line cut off by a crash is ended first, so that the next one stands alone."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                whole = os.fstat(file).st_size == 0 or os.pread(file, 1, os.fstat(file).st_size - 1) == b"\n"
                os.write(file, (b"" if whole else b"\n") + line.encode() + b"\n")
                os.fsync(file)
            finally:
                os.close(file)
        except OSError as error:
            words = f"The checkpoints' file cannot be written: {error.strerror}. Correct CHECKPOINT_FILE."
            raise IntegrationError(words, retryable=True) from error


class AddressSink:
    """An HTTP address that is sent each checkpoint, signed as every order of the console is."""

    name = "address"

    def __init__(self, url: str, secret: str, *, transport: httpx.BaseTransport | None = None) -> None:
        self._hook = SignedWebhook(url, secret, transport=transport)

    def pin(self, number: int, line: str) -> None:
        """Sent under its number: a repeat is known as one."""
        self._hook.order("ledger.checkpoint", _DOING, key=f"checkpoint-{number}", pinned=json.loads(line))


class StoreSink:
    """An object store that takes a PUT with a bearer token; one object a checkpoint."""

    name = "store"

    def __init__(self, url: str, token: str, *, transport: httpx.BaseTransport | None = None) -> None:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._out = Outbound("The checkpoints' store", url, headers=headers, advice=_ADVICE, transport=transport)
        self._url = str(httpx.URL(url.rstrip("/")).copy_with(userinfo=b""))

    def pin(self, number: int, line: str) -> None:
        """The same object at the same address, whatever was lost before."""
        address = f"{self._url}/checkpoint-{number:010}.json"
        self._out.ask("PUT", address, doing=_DOING, writes=True, content=line.encode())


def sinks(*, file: str, url: str, secret: str, store: str, token: str) -> tuple[Sink, ...]:
    """Those that are named; none where nothing is."""
    found: list[Sink] = []
    if file:
        found.append(FileSink(Path(file)))
    if url:
        found.append(AddressSink(url, secret))
    if store:
        found.append(StoreSink(store, token))
    return tuple(found)
