"""The console's signature under its checkpoints: Ed25519 (RFC 8032), the key from settings alone."""

from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def sign(content: bytes) -> str:
    """The signature over exactly these bytes, in hex."""
    return _key().sign(content).hex()


def public_key() -> str:
    """The key that verifies them, in hex: 32 bytes, to be published and held elsewhere."""
    return _key().public_key().public_bytes_raw().hex()


@cache
def _key() -> "Ed25519PrivateKey":
    # Imported here: only workers sign, and the pages start without it.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(settings.CHECKPOINT_KEY)
