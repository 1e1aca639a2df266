"""Words for the public (P1): templates say what is seen and nothing else, and the digest holds every word (E13)."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from incidents.procedure.public_words import (
    LONGEST_MESSAGE,
    LONGEST_TITLE,
    Audience,
    Component,
    ComponentState,
    Known,
    Phase,
    PublicWords,
    following,
    message_for,
    state_for,
    title_for,
)
from incidents.procedure.speculation import speculation_in

SINCE, UNTIL = datetime(2026, 5, 8, 23, 50, tzinfo=UTC), datetime(2026, 5, 9, 0, 20, tzinfo=UTC)
KNOWN = Known(service="Shop", components=["Storefront", "Checkout"], since=SINCE, until=UNTIL)
WORDS = PublicWords(
    phase=Phase.INVESTIGATING,
    title="Disruption of Checkout",
    message="Some orders fail.",
    components=(Component("Checkout", ComponentState.DEGRADED),),
    notify=True,
)


@pytest.mark.parametrize("components", [[], ["Checkout"], ["Storefront", "Checkout"], ["A", "B", "C"]])
@pytest.mark.parametrize("phase", Phase)
def test_p1_a_template_names_no_cause_no_guess_no_person_and_no_promise(phase: Phase, components: list[str]) -> None:
    for until in (None, UNTIL):
        known = replace(KNOWN, components=components, until=until)
        assert speculation_in(f"{title_for(known)} {message_for(phase, known)}") == ()
        assert len(message_for(phase, known)) < LONGEST_MESSAGE


def test_p1_a_template_is_filled_with_what_is_affected_and_since_when() -> None:
    assert message_for(Phase.INVESTIGATING, KNOWN).startswith(
        "We are investigating a disruption of Storefront and Checkout, seen since 23:50 UTC on 8 May."
    )
    assert message_for(Phase.RESOLVED, KNOWN).endswith("began at 23:50 UTC on 8 May and ended at 00:20 UTC on 9 May.")
    assert message_for(Phase.RESOLVED, replace(KNOWN, until=None)).endswith("began at 23:50 UTC on 8 May.")


@pytest.mark.parametrize(
    ("components", "words"),
    [([], "Shop"), (["A"], "A"), (["A", "B"], "A and B"), (["A", "B", "C"], "A, B and C")],
)
def test_a_service_without_components_is_named_itself(components: list[str], words: str) -> None:
    assert title_for(replace(KNOWN, components=components)) == f"Disruption of {words}"


def test_a_title_fits_its_page() -> None:
    assert len(title_for(replace(KNOWN, components=["x" * 90, "y" * 90]))) == LONGEST_TITLE


@pytest.mark.parametrize(
    ("told", "recovered", "next_"),
    [
        (None, False, "investigating"), ("investigating", False, "identified"), ("identified", False, "monitoring"),
        ("monitoring", False, "monitoring"), ("resolved", False, "monitoring"), (None, True, "monitoring"),
        ("investigating", True, "monitoring"), ("identified", True, "monitoring"), ("monitoring", True, "resolved"),
        ("resolved", True, "resolved"),
    ],
)  # fmt: skip
def test_p1_what_is_likely_said_next_follows_what_was_told(told: str | None, recovered: bool, next_: str) -> None:
    assert following(Phase(told) if told else None, recovered=recovered) == next_


def test_a_component_fares_as_the_phase_says() -> None:
    assert [str(state_for(phase)) for phase in Phase] == ["degraded", "degraded", "operational", "operational"]


@pytest.mark.parametrize(
    "other",
    [
        {"phase": Phase.IDENTIFIED}, {"title": "Disruption of Checkout."}, {"message": "Some orders fail. "},
        {"components": ()}, {"components": (Component("Checkout", ComponentState.DOWN),)}, {"notify": False},
        {"audiences": (Audience.CONSOLE, Audience.OUTSIDE)}, {"corrects": "an earlier one"},
    ],
)  # fmt: skip
def test_e13_another_word_state_switch_or_page_is_another_content(other: dict[str, object]) -> None:
    assert replace(WORDS, **other).digest != WORDS.digest
    assert replace(WORDS).digest == WORDS.digest


def test_p2_the_approver_reads_all_of_it() -> None:
    both = replace(WORDS, audiences=(Audience.CONSOLE, Audience.OUTSIDE))
    assert both.to_the_letter() == (
        "Disruption of Checkout · investigating\n\nSome orders fail.\n\nComponents: Checkout degraded.\n"
        "Subscribers: notified.\nPosted on the console's own public page and the outside status page."
    )
    assert (
        "Components: none named.\nSubscribers: not notified."
        in replace(WORDS, components=(), notify=False).to_the_letter()
    )
