"""Who does what next in a drill, and what it is judged by."""

from dataclasses import replace

import pytest

from incidents.procedure.answers import QUESTIONS
from incidents.procedure.drills import ANSWERS, SCRIPTS, Act, Course, Part, Situation, judged, next_acts
from incidents.procedure.rules import RULES
from incidents.procedure.steps import IncidentState as State

GOOD = Course(
    on_call_seen=True, announced=True, decided_by_on_call=True, cto_informed=True, commands_posted=True,
    reviewed_by_another=True, recovery_proved=True, told_the_public=True, told_the_end=True, broken_glass=False,
    steps_by_hand=0, closed=True,
)  # fmt: skip
ON_CALL = Part.ON_CALL


@pytest.mark.parametrize(
    ("situation", "acts"),
    [
        (Situation(state=State.DECLARED), {ON_CALL: Act.ANNOUNCE}),
        (Situation(state=State.DECLARED, announced=True), {}),
        (Situation(state=State.DECLARED, announced=True, known=True), {ON_CALL: Act.SUSPECT}),
        (Situation(state=State.DECLARED, announced=True, known=True, suspected=True), {ON_CALL: Act.DECIDE}),
        (Situation(state=State.DECIDED, planned=True), {ON_CALL: Act.EXECUTE}),
        (Situation(state=State.EXECUTING), {ON_CALL: Act.TELL}),
        (Situation(state=State.EXECUTING, told=True, review_waits=True), {Part.REVIEWER: Act.REVIEW}),
        (Situation(state=State.EXECUTING, told=True, push_failed=True), {Part.ENGINEER: Act.RESOLVE}),
        (Situation(state=State.EXECUTING, push_failed=True, resolved=True), {ON_CALL: Act.ADOPT}),
        (Situation(state=State.EXECUTING, push_failed=True, resolved=True, found_outside=True), {ON_CALL: Act.ACCEPT}),
        (Situation(state=State.EXECUTING, words_asked=True, words_in_work=True), {Part.CTO: Act.ALLOW}),
        (Situation(state=State.RECOVERED, told=True), {ON_CALL: Act.TELL_THE_END}),
        (Situation(state=State.RECOVERED, told=True, words_in_work=True), {}),
        (Situation(state=State.RECOVERED, told=True, told_the_end=True), {ON_CALL: Act.CLOSE}),
        (Situation(state=State.CLOSED, told=True), {}),
    ],
)
def test_each_part_does_what_is_most_urgent_and_waits_for_machines(situation, acts):
    assert next_acts(situation) == acts


def test_the_stand_in_answers_every_question_of_the_procedure():
    assert set(ANSWERS) <= set(QUESTIONS)
    assert ANSWERS["threshold_exceeded"] == "yes"


def test_a_good_course_keeps_every_rule_by_an_id_that_the_procedure_knows():
    kept = judged(GOOD)
    assert all(each.kept for each in kept)
    assert {each.rule for each in kept} <= set(RULES)
    assert {rule for script in SCRIPTS.values() for rule in script.rules} <= set(RULES)


@pytest.mark.parametrize(
    ("missed", "rule"),
    [
        ({"announced": False}, "S4"),
        ({"decided_by_on_call": False}, "D6"),
        ({"cto_informed": False}, "D7"),
        ({"reviewed_by_another": False}, "R3"),
        ({"recovery_proved": False}, "R5"),
        ({"broken_glass": True}, "M3"),
        ({"told_the_public": False}, "P1"),
        ({"told_the_end": False}, "P1"),
        ({"on_call_seen": False}, "E5"),
        ({"steps_by_hand": 2}, "E18"),
        ({"commands_posted": False}, "E19"),
        ({"closed": False}, "E17"),
    ],
)
def test_what_was_missed_is_named_by_its_rule(missed, rule):
    assert [each.rule for each in judged(replace(GOOD, **missed)) if not each.kept] == [rule]
