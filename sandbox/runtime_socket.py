"""Where the front door's runtime socket lies; for the demo too, which starts before the sandbox is imported."""

import hashlib
import tempfile
from pathlib import Path

_LONGEST_PATH = 100  # a unix socket's path has 108 bytes at most


def socket_of(state_folder: Path) -> Path:
    """Where the socket lies: in the state folder, or among temporary files where that path would be too long."""
    usual = state_folder.resolve() / "haproxy.sock"
    if len(str(usual)) <= _LONGEST_PATH:
        return usual
    name = hashlib.sha256(str(usual).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"haproxy-{name}.sock"
