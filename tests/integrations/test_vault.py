"""Vault's metadata: what exists, never what it is, and never more than that it exists (C1, C2).

The body is the documented one: https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#read-secret-metadata
"""

import logging
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from incidents.integrations.errors import IntegrationError
from incidents.integrations.secrets import Secret, Secrets, Version
from incidents.integrations.vault import Vault
from tests.integrations import worlds
from tests.integrations.worlds import Answer, Table, ok

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TOKEN = "s.secret-secret"
AT = "GET /v1/secret/metadata/shop/payment"
VERSIONS = {
    "1": {"created_time": "2026-09-01T02:20:03.660114753Z", "deletion_time": "", "destroyed": True},
    "2": {"created_time": "2026-10-01T02:21:57Z", "deletion_time": "2026-11-20T09:00:00Z", "destroyed": False},
    "10": {"created_time": "2026-11-23T11:00:00.5Z", "deletion_time": "", "destroyed": False},
    "9": {"created_time": "2026-11-01T02:21:57Z", "deletion_time": "", "destroyed": False},
}
BODY = {"data": {"current_version": 10, "oldest_version": 1, "versions": VERSIONS}}


def vault(answer: Answer, **given: str) -> tuple[Secrets, Table]:
    table = Table({AT: answer})
    return Vault("https://host.example", TOKEN, transport=table.transport, **given), table


def version(number: int, **told: object) -> Version:
    return Version(**{"number": number, "created_at": NOON, "deleted_at": None, "destroyed": False} | told)


def test_c1_versions_are_read_newest_first_by_metadata_alone():
    store, table = vault(ok(BODY))
    secret = store.versions("shop/payment")
    assert (secret.current, [each.number for each in secret.versions]) == (10, [10, 9, 2, 1])
    assert [each.exists(NOON) for each in secret.versions] == [True, True, False, False]
    assert table.asked[0].headers["x-vault-token"] == TOKEN
    assert [request.url.path for request in table.asked] == ["/v1/secret/metadata/shop/payment"]


def test_c1_what_was_in_force_before_the_rotation_is_named():
    secret = vault(ok(BODY))[0].versions("shop/payment")
    before = secret.before_the_current()
    assert before is not None
    assert before.number == 9
    assert secret.at(NOON - timedelta(hours=2)) == before
    assert secret.at(datetime(2020, 1, 1, tzinfo=UTC)) is None
    assert Secret("x", 1, (version(1),)).before_the_current() is None


def test_c1_existing_is_never_called_valid():
    words = version(3).words(NOON)
    assert "exists, not proven" in words
    assert "valid" not in words


@pytest.mark.parametrize(
    ("told", "exists", "words"),
    [
        ({"destroyed": True}, False, "is destroyed: rotate forward (C2)"),
        ({"deleted_at": NOON - timedelta(days=1)}, False, "is deleted since 2026-11-22 12:00 UTC: rotate forward (C2)"),
        ({"deleted_at": NOON}, False, "rotate forward (C2)"),
        ({"deleted_at": NOON + timedelta(days=1)}, True, "It is to be deleted at 2026-11-24 12:00 UTC"),
    ],
)
def test_c2_what_is_gone_is_rotated_forward(told, exists, words):
    assert version(3, **told).exists(NOON) is exists
    assert words in version(3, **told).words(NOON)


def test_mount_and_namespace_are_those_of_the_settings():
    table = Table({"GET /v1/kv/apps/metadata/shop/payment": ok(BODY)})
    store = Vault("https://host.example", TOKEN, mount="/kv/apps/", namespace="acme", transport=table.transport)
    store.versions("/shop/payment")
    assert table.asked[0].headers["x-vault-namespace"] == "acme"


@pytest.mark.parametrize("path", ["", "..", "../../sys/seal", "shop/../../data/shop", "a//b", "a\nb"])
def test_a_path_leads_nowhere_else(path):
    store, table = vault(ok(BODY))
    with pytest.raises(IntegrationError, match="correct the catalogue"):
        store.versions(path)
    assert table.asked == []


def test_an_odd_path_is_quoted():
    store, table = vault(ok(BODY))
    with pytest.raises(IntegrationError):
        store.versions("shop/pay?version=1#x")
    assert table.asked[0].url.raw_path == b"/v1/secret/metadata/shop/pay%3Fversion%3D1%23x"


@pytest.mark.parametrize(
    ("answer", "retryable", "words"),
    [
        (ok({"errors": ["permission denied"]}, 403), False, "VAULT_TOKEN.* by hand"),
        (ok({"errors": []}, 404), False, "no such secret"),
        (ok({"errors": []}, 400), False, "VAULT_MOUNT"),
        (httpx.Response(307, headers={"location": "https://elsewhere.example"}), False, "VAULT_URL names a standby"),
        (ok({"errors": ["Vault is sealed"]}, 503), True, "fault is on its side"),
        (httpx.ReadTimeout("late"), True, "did not answer"),
        (ok({"data": {"current_version": 1, "versions": {"one": {}}}}), True, "cannot read"),
        (ok({"data": {"versions": {}}}), True, "cannot read"),
        (ok({"data": {"current_version": 1, "versions": []}}), True, "cannot read"),
    ],
)
def test_what_cannot_be_asked_is_told_and_never_in_doubt(answer, retryable, words):
    store, _ = vault(answer)
    with pytest.raises(IntegrationError, match=words) as caught:
        store.versions("shop/payment")
    assert (caught.value.retryable, caught.value.in_doubt) == (retryable, False)


def test_a_redirect_does_not_carry_the_token_away():
    with worlds.breaking_server(worlds.drop) as elsewhere:
        with worlds.breaking_server(worlds.redirect_to(elsewhere.url)) as server, pytest.raises(IntegrationError):
            Vault(server.url, TOKEN).versions("shop/payment")
        assert elsewhere.received == []


@pytest.mark.parametrize("answer", [ok({"errors": ["no"]}, 403), httpx.ReadError("broke")])
def test_the_token_is_in_no_words_and_no_log(answer, caplog):
    caplog.set_level(logging.DEBUG)
    store, _ = vault(answer)
    with pytest.raises(IntegrationError) as caught:
        store.versions("shop/payment")
    assert TOKEN not in f"{caught.value!r} {caught.value.__cause__!r} {store!r} {caplog.text}"
