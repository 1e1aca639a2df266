"""The sandbox's Vault: metadata for whoever may, 403 on every value, and what people do to secrets meanwhile."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from incidents.integrations.errors import IntegrationError
from incidents.integrations.vault import Vault
from sandbox import secrets
from sandbox.testing import Sandbox, running_sandbox
from sandbox.vault import PAYMENT, SESSION, VaultPart

HEADERS = {"X-Vault-Token": secrets.VAULT_TOKEN}


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path, parts=[VaultPart()]) as running:
        yield running


@pytest.fixture
def vault(sandbox: Sandbox) -> Vault:
    return Vault(f"{sandbox.url}/vault", secrets.VAULT_TOKEN)


def standing(vault: Vault, path: str = PAYMENT) -> dict[int, bool]:
    now = datetime.now(UTC)
    return {version.number: version.exists(now) for version in vault.versions(path).versions}


def test_destroyed_deleted_replaced_and_current_versions_are_told_apart(vault):
    assert standing(vault) == {4: True, 3: True, 2: False, 1: False}
    words = [version.words(datetime.now(UTC)) for version in vault.versions(PAYMENT).versions]
    assert ["exists, not proven" in each for each in words] == [True, True, False, False]
    assert ("deleted since" in words[2], "destroyed" in words[3]) == (True, True)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("address", [f"secret/data/{PAYMENT}", "sys/seal", "auth/token/lookup-self"])
def test_c1_no_value_is_ever_told(sandbox, method, address):
    refused = sandbox.client.request(method, f"/vault/v1/{address}", headers=HEADERS)
    assert (refused.status_code, "permission denied" in refused.text) == (403, True)


def test_strangers_and_unknown_paths_are_refused_as_vault_does(sandbox, vault):
    assert sandbox.client.get(f"/vault/v1/secret/metadata/{PAYMENT}").status_code == 403
    with pytest.raises(IntegrationError, match="VAULT_TOKEN"):
        Vault(f"{sandbox.url}/vault", "wrong").versions(PAYMENT)
    with pytest.raises(IntegrationError) as unknown:
        vault.versions("shop/nothing")
    assert unknown.value.status == 404


def test_what_people_do_to_a_secret_shows_and_is_written_down(sandbox, vault):
    sandbox.control("secrets", path=SESSION, act="rotate")
    assert (vault.versions(SESSION).current, standing(vault, SESSION)) == (2, {2: True, 1: True})
    sandbox.control("secrets", path=SESSION, act="delete", version=1)
    assert standing(vault, SESSION) == {2: True, 1: False}
    sandbox.control("secrets", path=SESSION, act="undelete", version=1)
    assert standing(vault, SESSION) == {2: True, 1: True}
    sandbox.control("secrets", path=SESSION, act="destroy", version=1)
    assert standing(vault, SESSION) == {2: True, 1: False}
    seen = [(entry.effect, entry.key) for entry in sandbox.journal.entries(part="vault")]
    assert seen[0] == ("secret.rotate", f"{SESSION}@2")
    assert [effect for effect, _ in seen[1:]] == ["secret.delete", "secret.undelete", "secret.destroy"]


@pytest.mark.parametrize(
    "body",
    [
        {"path": "x", "act": "rotate"},
        {"path": SESSION, "act": "read"},
        {"path": SESSION, "act": "delete", "version": 9},
    ],
)
def test_an_order_that_makes_no_sense_changes_nothing(sandbox, body):
    assert sandbox.client.post("/control/secrets", json=body).status_code == 422
    assert sandbox.journal.entries(part="vault") == []


def test_a_rotation_outlives_a_restart(tmp_path):
    for current in (2, 3):
        with running_sandbox(tmp_path, parts=[VaultPart()]) as running:
            running.control("secrets", path=SESSION, act="rotate")
            assert Vault(f"{running.url}/vault", secrets.VAULT_TOKEN).versions(SESSION).current == current


@pytest.mark.parametrize("kind", ["500", "502", "429", "drop_before", "drop_after", "hang"])
def test_a_fault_is_worth_another_try_and_never_in_doubt(sandbox, kind, monkeypatch):
    monkeypatch.setattr("incidents.integrations.outbound.READ_SECONDS", 1.0)
    hasty = Vault(f"{sandbox.url}/vault", secrets.VAULT_TOKEN)
    sandbox.faults.arm(kind, part="vault", seconds=5)
    with pytest.raises(IntegrationError) as caught:
        hasty.versions(PAYMENT)
    assert (caught.value.retryable, caught.value.in_doubt) == (True, False)
    assert standing(hasty)[4]


def test_the_answer_is_shaped_as_documented(sandbox):
    """https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#read-secret-metadata"""
    answer: httpx.Response = sandbox.client.get(f"/vault/v1/secret/metadata/{PAYMENT}", headers=HEADERS)
    told = answer.json()["data"]
    assert {"cas_required", "created_time", "current_version", "delete_version_after", "max_versions"} <= told.keys()
    assert {frozenset(version) for version in told["versions"].values()} == {
        frozenset({"created_time", "deletion_time", "destroyed"})
    }
