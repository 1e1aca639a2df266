"""OIDC_GROUPS: whose groups hold which roles, and what cannot be meant."""

import json
from typing import Any

import pytest

from rollback_console.issuer import mapping

SAID = {"sre": ["engineer", "reviewer:shop"], "board": "cto", "cn=ops,ou=groups": ["engineer:search"]}


@pytest.fixture
def read() -> dict[str, Any]:
    return mapping.read(json.dumps(SAID))


@pytest.mark.parametrize(
    ("groups", "roles"),
    [
        ([], set()),
        (["cooks"], set()),
        (["board"], {"cto"}),
        (["sre", "cooks"], {"engineer", "reviewer:shop"}),
        (["cn=ops,ou=groups", "board"], {"engineer:search", "cto"}),
        (["Board"], set()),
    ],
)
def test_the_issuers_groups_become_the_roles_that_the_mapping_names(read, groups, roles):
    assert mapping.roles_of(groups, read) == roles


def test_a_sign_in_rules_over_the_named_roles_alone(read):
    assert mapping.roles_named(read) == {"engineer", "reviewer:shop", "cto", "engineer:search"}


@pytest.mark.parametrize(
    ("claims", "groups"),
    [
        ({}, set()),
        ({"groups": None}, set()),
        ({"groups": "sre"}, {"sre"}),
        ({"groups": ["sre", 7, ["board"], None]}, {"sre"}),
        ({"groups": {"board": True}}, set()),
        ({"roles": ["board"]}, set()),
    ],
)
def test_only_names_in_the_claim_groups_are_groups(claims, groups):
    assert mapping.groups_in(claims) == groups


@pytest.mark.parametrize("text", ["sre=engineer", "[]", "{}", '"sre"', '{"sre": []}', '{"sre": {"engineer": true}}'])
def test_what_is_no_mapping_is_refused_with_its_form(text):
    with pytest.raises(ValueError, match="JSON object"):
        mapping.read(text)


@pytest.mark.parametrize("role", ["root", "cto:shop", "engineer:", "engineer:a b", "lead", 7, None])
def test_a_role_that_does_not_exist_is_refused_by_name(role):
    with pytest.raises(ValueError, match="no role"):
        mapping.read(json.dumps({"sre": [role]}))


@pytest.mark.parametrize("role", ["oncall", "on_call", "on-call"])
def test_e5_being_on_call_is_never_mapped(role):
    with pytest.raises(ValueError, match="shift"):
        mapping.read(json.dumps({"sre": role}))
