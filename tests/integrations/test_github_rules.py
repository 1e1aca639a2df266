"""What a branch asks of a merge, from rulesets, classic protection and settings together."""

import pytest

from incidents.integrations.credentials import TokenCredentials
from incidents.integrations.errors import IntegrationError
from incidents.integrations.github import GitHub
from tests.integrations.worlds import Answer, Table, ok

AT = "/repos/acme/shop"
ALL = ("merge", "squash", "rebase")


def rules(*found: dict[str, object], bypass: dict[int, str] | None = None, **more: Answer):
    answers = {
        f"GET {AT}/rules/branches/master": ok(list(found)),
        f"GET {AT}": more.get("settings", ok({})),
        f"GET {AT}/branches/master/protection": more.get("classic", ok({"message": "Branch not protected"}, 404)),
    }
    for number, may in (bypass or {}).items():
        answers[f"GET {AT}/rulesets/{number}"] = ok({"current_user_can_bypass": may} if may else {})
    table = Table(answers)
    return GitHub("https://host.example", TokenCredentials("t"), transport=table.transport).branch_rules(
        "acme/shop", "master"
    )


def pull_request_rule(approvals: int, *methods: str, ruleset: int = 1) -> dict[str, object]:
    parameters = {"required_approving_review_count": approvals, "allowed_merge_methods": list(methods)}
    return {"type": "pull_request", "ruleset_id": ruleset, "parameters": parameters}


def test_a_branch_without_rules_asks_nothing():
    found = rules()
    assert (found.required_approvals, found.merge_methods, found.required_checks) == (0, ALL, ())
    assert (found.signed_commits, found.merge_queue, found.bypass) == (False, False, "never")


def test_of_several_rulesets_the_strictest_counts():
    found = rules(
        pull_request_rule(1, "merge", "squash"),
        pull_request_rule(2, "squash", "rebase", ruleset=2),
        bypass={1: "always", 2: "never"},
    )
    assert (found.required_approvals, found.merge_methods, found.bypass) == (2, ("squash",), "never")


def test_checks_signatures_and_queue_are_told():
    checks = {"required_status_checks": [{"context": "tests"}, {"context": "lint", "integration_id": 1}]}
    found = rules(
        {"type": "required_status_checks", "ruleset_id": 1, "parameters": checks},
        {"type": "required_signatures", "ruleset_id": 1},
        {"type": "merge_queue", "ruleset_id": 1, "parameters": {}},
        {"type": "a_rule_of_tomorrow", "ruleset_id": 1},
        bypass={1: "pull_requests_only"},
    )
    assert (found.required_checks, found.signed_commits, found.merge_queue) == (("tests", "lint"), True, True)
    assert found.bypass == "pull_requests_only"


def test_linear_history_forbids_merge_commits():
    assert rules({"type": "required_linear_history"}).merge_methods == ("squash", "rebase")


def test_the_settings_of_the_repository_count():
    settings = ok({"allow_merge_commit": False, "allow_squash_merge": True})
    assert rules(settings=settings).merge_methods == ("squash", "rebase")


@pytest.mark.parametrize("may", ["", "whatever_comes"])
def test_a_bypass_that_is_not_told_is_none(may):
    assert rules(pull_request_rule(1), bypass={1: may}).bypass == "never"


def test_classic_protection_counts_where_it_may_be_seen():
    classic = ok(
        {
            "required_pull_request_reviews": {"required_approving_review_count": 2},
            "required_status_checks": {"contexts": ["tests"]},
            "required_signatures": {"enabled": True},
            "required_linear_history": {"enabled": True},
        }
    )
    found = rules(pull_request_rule(1), bypass={1: "always"}, classic=classic)
    assert (found.required_approvals, found.required_checks, found.signed_commits) == (2, ("tests",), True)
    assert (found.merge_methods, found.bypass) == (("squash", "rebase"), "never")


def test_protection_that_may_not_be_seen_is_passed_over_but_a_limit_is_not():
    assert rules(classic=ok({"message": "Resource not accessible by integration"}, 403)).required_approvals == 0
    with pytest.raises(IntegrationError):
        rules(classic=ok({"message": "You have exceeded a secondary rate limit"}, 403))
