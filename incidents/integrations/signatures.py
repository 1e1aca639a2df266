"""Whether a delivery really comes from its sender; compared in constant time."""

import hashlib
import hmac


def github_signature_holds(secret: str, body: bytes, header: str | None) -> bool:
    """Whether `X-Hub-Signature-256` signs exactly this raw body; without a secret nothing holds.

    https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    """
    if not secret or header is None:
        return False
    signed = "sha256=" + hmac.new(_bytes(secret), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(_bytes(signed), _bytes(header))


def bearer_holds(token: str, header: str | None) -> bool:
    """Whether an `Authorization` header carries this bearer token; without a token nothing holds."""
    if not token or header is None:
        return False
    scheme, _, carried = header.partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(_bytes(token), _bytes(carried.strip()))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
