"""Whether a delivery really comes from its sender; compared in constant time."""

import hashlib
import hmac
import re
from datetime import datetime


def github_signature_holds(secret: str, body: bytes, header: str | None) -> bool:
    """Whether `X-Hub-Signature-256` signs exactly this raw body; without a secret nothing holds.

    https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    """
    if not secret or header is None:
        return False
    signed = "sha256=" + hmac.new(_bytes(secret), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(_bytes(signed), _bytes(header))


def slack_signature_holds(
    secret: str, body: bytes, *, signature: str | None, timestamp: str | None, now: datetime
) -> bool:
    """Whether `X-Slack-Signature` signs this raw body at `X-Slack-Request-Timestamp`, at most five minutes from `now`.

    https://docs.slack.dev/authentication/verifying-requests-from-slack; without a secret nothing holds.
    """
    if not secret.strip() or signature is None or timestamp is None:
        return False
    if not signature.isascii() or not re.fullmatch("[0-9]{1,12}", timestamp):  # neither may break the verifier
        return False
    from slack_sdk.signature import Clock, SignatureVerifier  # brings all of slack_sdk: not at the start of the pages

    class Stopped(Clock):
        """A clock that shows one moment."""

        def now(self) -> float:
            return now.timestamp()

    try:
        return SignatureVerifier(secret, Stopped()).is_valid(body, timestamp, signature)
    except UnicodeDecodeError:  # Slack's forms are UTF-8
        return False


def bearer_holds(token: str, header: str | None) -> bool:
    """Whether an `Authorization` header carries this bearer token; without a token nothing holds."""
    if not token or header is None:
        return False
    scheme, _, carried = header.partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(_bytes(token), _bytes(carried.strip()))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
