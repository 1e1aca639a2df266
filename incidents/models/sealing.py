"""Personal values of an entry: salted commitments in the hashed text, the clear values beside it, to be redacted."""

import hashlib
import os
from collections.abc import Mapping
from typing import Any, Final

PERSONAL: Final = frozenset(
    {
        *("person", "to", "was", "lead", "owner", "author", "approved_by", "self_approved_by", "by", "asked"),
        *("login", "email", "phone", "address", "logins", "addresses"),
        *("title", "words", "message", "reason", "why", "said", "text", "evidence", "checked"),
    }
)
"""Names of facts, at any depth, that say who somebody is, or that somebody typed: people type names, too."""
SEALED: Final = "sealed"
REDACTED: Final = "redacted"
_SALT_BYTES: Final = 16

Clear = dict[str, list[str] | None]
"""By commitment: the salt and the value; None once it is redacted."""


def seal(facts: Any, clear: Clear) -> Any:
    """The facts with each personal text replaced by its commitment; salts and texts are added to `clear`."""
    if isinstance(facts, Mapping):
        return {name: (_sealed if name in PERSONAL else seal)(value, clear) for name, value in facts.items()}
    if isinstance(facts, (list, tuple)):
        return [seal(each, clear) for each in facts]
    return facts


def seal_text(text: str, clear: Clear) -> dict[str, str] | str:
    """One text as its commitment; nothing said is nothing to hide."""
    if not text:
        return text
    salt = os.urandom(_SALT_BYTES).hex()
    made = commitment(salt, text)
    clear[made] = [salt, text]
    return {SEALED: made}


def unseal(told: Any, clear: Mapping[str, list[str] | None]) -> Any:
    """What was told with the clear texts back in their places; what was redacted says so."""
    if isinstance(told, dict):
        if told.keys() == {SEALED}:
            kept = clear.get(told[SEALED])
            return kept[1] if kept else REDACTED
        return {name: unseal(value, clear) for name, value in told.items()}
    if isinstance(told, list):
        return [unseal(each, clear) for each in told]
    return told


def commitment(salt: str, text: str) -> str:
    """SHA-256 over the salt's bytes and the text's, in hex."""
    return hashlib.sha256(bytes.fromhex(salt) + text.encode()).hexdigest()


def opens(told: str, clear: Mapping[str, list[str] | None]) -> bool:
    """Whether every clear text is the one that the hashed text commits to."""
    return all(
        f'"{SEALED}":"{made}"' in told and (kept is None or commitment(*kept) == made) for made, kept in clear.items()
    )


def _sealed(value: Any, clear: Clear) -> Any:
    if isinstance(value, str):
        return seal_text(value, clear)
    if isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value):
        return [seal_text(each, clear) for each in value]
    return seal(value, clear)
