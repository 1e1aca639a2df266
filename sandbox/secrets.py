"""The demo's secrets. They open nothing but the sandbox, so they are fixed and may be read by anyone."""

from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

GITHUB_TOKEN = "sandbox-github-token"
GITHUB_WEBHOOK_SECRET = "sandbox-github-webhook-secret"
GITHUB_APP_ID = "4711"
GITHUB_INSTALLATION_ID = "815"
SLACK_TOKEN = "xoxb-sandbox-slack-token"
SLACK_SIGNING_SECRET = "sandbox-slack-signing-secret"
ALERT_WEBHOOK_TOKEN = "sandbox-alert-webhook-token"
BETTER_STACK_TOKEN = "sandbox-better-stack-token"
STATUS_PAGE = "4242"
HEARTBEAT_TOKEN = "sandbox-heartbeat-token"
UNLEASH_TOKEN = "*:*.sandbox-unleash-admin-token"
VAULT_TOKEN = "sandbox-vault-token"
UNLEASH_CLIENT_TOKEN = "default:production.sandbox-unleash-client-token"


def app_private_key(state_folder: Path) -> str:
    """The GitHub App's private key (PEM), made at the first start and kept in the state folder."""
    file = state_folder / "github-app.pem"
    if not file.exists():
        file.write_text(_new_key(), encoding="ascii")
        file.chmod(0o600)
    return file.read_text(encoding="ascii")


@cache
def public_key(private_pem: str) -> str:
    """The public half (PEM) of `private_pem`."""
    key = serialization.load_pem_private_key(private_pem.encode(), password=None)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return public.decode()


def _new_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
