"""One digest over many, by the tree of RFC 6962 §2.1, and the path that proves one of them to be among them."""

import hashlib
from collections.abc import Sequence


def leaf(stream: str, seq: int, entry: str) -> bytes:
    """The leaf of one stream's head: its name, its last number and that entry's hash."""
    return hashlib.sha256(b"\0" + f'["{stream}",{seq},"{entry}"]'.encode()).digest()


def root(leaves: Sequence[bytes]) -> str:
    """The digest over all leaves, in their order, in hex."""
    level = list(leaves)
    if not level:
        return hashlib.sha256(b"").hexdigest()
    while len(level) > 1:
        level = _above(level)
    return level[0].hex()


def path(leaves: Sequence[bytes], index: int) -> list[str]:
    """The neighbours that lead from a leaf to the root, from below; each with its side, `l` or `r`, before it."""
    found, level, at = [], list(leaves), index
    while len(level) > 1:
        beside = at ^ 1
        if beside < len(level):
            found.append(("l" if beside < at else "r") + level[beside].hex())
        level, at = _above(level), at // 2
    return found


def _above(level: list[bytes]) -> list[bytes]:
    """The next level; one without a neighbour goes up as it is, which makes the very tree of RFC 6962."""
    pairs = [_node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
    return pairs + level[len(pairs) * 2 :]


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()
