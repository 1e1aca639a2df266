"""What a rollback will do, and whether it is still the same."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from incidents.procedure.commands import manual_commands
from incidents.procedure.decision import Path, open_paths
from incidents.procedure.planning import (
    STEPS_OF,
    Fix,
    NothingToGoBy,
    PlanFacts,
    canonical_json,
    content_digest,
    instance_digest,
    outline,
    revert_branch,
)
from tests.procedure.situations import PLAIN, YES, every_answer, plain

SHA = "4be19c0a77d2" + "0" * 28
FACTS = PlanFacts(
    incident="INC-2026-0042",
    repository="acme/shop",
    branch="master",
    change_title="Loyalty points at checkout",
    commits=(SHA,),
    mainline=1,
    workflow=".github/workflows/deploy.yml",
    environment="production",
    incident_url="https://console.example/incidents/INC-2026-0042/",
)
STEPS = outline(Path.ROLLBACK, FACTS)
VERDICTS = {"revert": "clean"}


def content(**changes):
    return content_digest(**{"patch_id": "p1", "verdicts": VERDICTS, "answers": PLAIN, "steps": STEPS} | changes)


def instance(**changes):
    known = {"content": content(), "base": "b1", "tree": "t1", "branch": "revert/x", "steps": STEPS}
    return instance_digest(**known | changes)


def test_r1_to_r5_are_the_steps_of_a_rollback_in_their_order():
    assert [step.kind.value for step in STEPS] == [
        "push_revert", "open_pull_request", "review", "merge", "deploy", "prove_recovery",
    ]  # fmt: skip


WHOLE = replace(FACTS, fix=Fix(12, "f" * 40, "Mend it"), flag="loyalty-points", credential="shop/payments")


@pytest.mark.parametrize(
    ("path", "kinds"),
    [
        ("roll_forward", ["find_fix", "review", "merge", "deploy", "prove_recovery"]),
        ("hotfix", ["find_fix", "review", "merge", "deploy", "prove_recovery"]),
        ("isolate", ["isolate", "prove_recovery"]),
        ("rotate_forward", ["rotate_credential", "prove_recovery"]),
    ],
)
def test_d5_m2_c2_every_other_path_has_its_steps_and_ends_in_a_proof(path, kinds):
    assert [step.kind.value for step in outline(Path(path), WHOLE)] == kinds


def test_x2_an_escalation_has_no_steps_of_ours():
    assert outline(Path.ESCALATE, FACTS) == ()


@pytest.mark.parametrize(
    ("path", "rule", "unnamed"),
    [
        ("rollback", "R1", {"commits": ()}),
        ("roll_forward", "D5", {"fix": None}),
        ("hotfix", "M2", {"fix": None}),
        ("isolate", "M2", {"flag": ""}),
        ("rotate_forward", "C2", {"credential": ""}),
    ],
)
def test_a_path_whose_one_thing_is_not_named_is_refused_under_its_rule(path, rule, unnamed):
    with pytest.raises(NothingToGoBy) as refusal:
        outline(Path(path), replace(WHOLE, **unnamed))
    assert refusal.value.rule == rule


def test_e13_another_head_of_the_fix_is_another_content():
    moved = replace(WHOLE, fix=Fix(12, "e" * 40, "Mend it"))
    steps = [outline(Path.ROLL_FORWARD, facts) for facts in (WHOLE, moved)]
    assert content(steps=steps[0]) != content(steps=steps[1])


@settings(max_examples=300)
@given(every_answer)
def test_e1_no_open_path_is_without_its_steps(answers):
    """No answer of the decision form leads to a wall."""
    for path in open_paths(answers):
        assert [step.kind for step in outline(path, WHOLE)] == list(STEPS_OF[path])
        assert path is Path.ESCALATE or len(manual_commands(WHOLE, path=path)) == len(STEPS_OF[path])


def test_r2_the_pull_request_says_revert():
    assert STEPS[1].parameters["title"] == "Revert: Loyalty points at checkout"


def test_e7_the_branch_is_named_for_incident_plan_and_change():
    assert revert_branch("INC-2026-0042", 2, SHA) == "revert/INC-2026-0042-p2-4be19c0a77d2"


def test_no_parameter_moves_with_the_base():
    assert {name for step in STEPS for name in step.parameters}.isdisjoint({"base", "tree", "head"})


@pytest.mark.parametrize(
    "changes",
    [
        {"patch_id": "p2"},
        {"verdicts": {"revert": "conflict"}},
        {"answers": plain(migration=YES)},
        {"steps": outline(Path.ROLLBACK, replace(FACTS, commits=(SHA, "f" * 40), mainline=None))},
        {"steps": outline(Path.ROLLBACK, replace(FACTS, change_title="Something else"))},
        {"steps": STEPS[:-1]},
    ],
    ids=["patch", "verdict", "answer", "commits", "words", "steps"],
)
def test_e13_whatever_was_approved_changes_the_content(changes):
    assert content(**changes) != content()


def test_e13_the_same_patch_on_a_moved_base_is_the_same_content_and_another_instance():
    moved = instance(base="b2", tree="t2")
    assert moved != instance()
    assert content() == content()


@pytest.mark.parametrize(
    "changes",
    [{"content": "c2"}, {"base": "b2"}, {"tree": "t2"}, {"branch": "revert/y"}, {"steps": STEPS[::-1]}],
    ids=["content", "base", "tree", "branch", "order"],
)
def test_whatever_execute_compares_changes_the_instance(changes):
    assert instance(**changes) != instance()


def test_the_order_is_no_content():
    assert content(steps=STEPS[::-1]) == content()


def test_the_same_facts_give_the_same_plan_every_time():
    assert outline(Path.ROLLBACK, replace(FACTS)) == STEPS
    assert len(content()) == len(instance()) == 64


def test_canonical_json_is_one_text_for_one_value():
    assert canonical_json({"b": [1, None], "a": "é"}) == '{"a":"é","b":[1,null]}'


def test_canonical_json_refuses_what_json_cannot_say():
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(float("nan"))
