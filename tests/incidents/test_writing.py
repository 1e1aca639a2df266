"""Two people write one retrospective: versions are compared, and no word of either is lost (T2)."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from incidents.models import Incident, LedgerEntry, RetrospectiveSection, SectionDraft, SectionRevision
from incidents.procedure.retrospective import LONGEST_SECTION, Section
from incidents.queries.duty import NotPermitted
from incidents.services.retrospectives import open_retrospective
from incidents.services.writing import (
    Choice,
    Saving,
    SectionTooLong,
    WrittenMeanwhile,
    save_section,
    settle_draft,
)
from tests.incidents.crowds import at_once


@pytest.fixture
def opened(incident: Incident, now: datetime) -> Incident:
    with transaction.atomic():
        open_retrospective(incident, now)
    return incident


def saving(incident: Incident, actor: User, now: datetime, version: int, sitting: str = "") -> Saving:
    return Saving(
        incident_id=incident.pk, section=Section.TRIGGER, actor=actor, now=now, version=version, sitting=sitting
    )


def section() -> RetrospectiveSection:
    return RetrospectiveSection.objects.get(name="trigger")


def kept_texts() -> list[tuple[str, bool]]:
    return list(SectionRevision.objects.order_by("written_at", "version").values_list("text", "set_aside"))


def test_t2_a_save_makes_the_next_version_and_keeps_the_records_own_words(
    opened: Incident, engineer: User, now: datetime
) -> None:
    saved = save_section(saving(opened, engineer, now, 0), text="It was\r\nthe cache.\0")
    assert (saved.text, saved.version, saved.written_by) == ("It was\nthe cache.", 1, engineer)
    (first, last) = SectionRevision.objects.order_by("version")
    assert (first.version, first.written_by) == (0, None)
    assert "Loyalty points" in first.text
    entry = LedgerEntry.objects.get(kind="retrospective.edited")
    assert (entry.data["version"], entry.data["length"], last.text) == (1, 17, "It was\nthe cache.")


def test_t2_a_sitting_leaves_one_revision_and_an_entry_of_every_save(
    opened: Incident, engineer: User, oncall: User, now: datetime
) -> None:
    for version, words in enumerate(("It", "It was", "It was it.")):
        save_section(saving(opened, engineer, now + timedelta(seconds=version), version), text=words)
    save_section(saving(opened, oncall, now + timedelta(seconds=9), 3), text="It was not.")
    save_section(saving(opened, oncall, now + timedelta(minutes=9), 4), text="It was, after all.")
    assert [text for text, _ in kept_texts()[1:]] == ["It was it.", "It was not.", "It was, after all."]
    assert LedgerEntry.objects.filter(kind="retrospective.edited").count() == 5


def test_saving_the_same_words_again_changes_nothing(opened: Incident, engineer: User, now: datetime) -> None:
    save_section(saving(opened, engineer, now, 0), text="The cache.")
    assert save_section(saving(opened, engineer, now, 1), text="The cache.").version == 1


def test_t2_who_is_too_late_is_told_and_their_words_are_kept(
    opened: Incident, engineer: User, oncall: User, now: datetime
) -> None:
    save_section(saving(opened, oncall, now, 0), text="The cache.")
    with pytest.raises(WrittenMeanwhile, match="oncall has written “Trigger” meanwhile"):
        save_section(saving(opened, engineer, now, 0), text="The queue.")
    assert section().text == "The cache."
    draft = SectionDraft.objects.get()
    assert (draft.person, draft.text, draft.based_on) == (engineer, "The queue.", 0)


@pytest.mark.parametrize(
    ("choice", "text", "kept"),
    [
        (Choice.MINE, "The queue.", [("The cache.", False), ("The queue.", False)]),
        (Choice.THEIRS, "The cache.", [("The cache.", False), ("The queue.", True)]),
        (Choice.BOTH, "The cache.\nThe queue.", [("The cache.", False), ("The cache.\nThe queue.", False)]),
    ],
)
def test_t2_whatever_is_chosen_both_texts_stay_in_the_history(
    opened: Incident, engineer: User, oncall: User, now: datetime, choice: Choice, text: str,
    kept: list[tuple[str, bool]],
) -> None:  # fmt: skip
    save_section(saving(opened, oncall, now, 0), text="The cache.")
    with pytest.raises(WrittenMeanwhile):
        save_section(saving(opened, engineer, now, 0), text="The queue.")
    later = now + timedelta(seconds=5)
    assert settle_draft(saving(opened, engineer, later, 1), choice=choice, text="The queue.").text == text
    assert kept_texts()[1:] == kept
    assert not SectionDraft.objects.exists()


def test_t2_an_emptied_field_that_is_chosen_leaves_the_section_empty(
    opened: Incident, engineer: User, oncall: User, now: datetime
) -> None:
    save_section(saving(opened, oncall, now, 0), text="The cache.")
    with pytest.raises(WrittenMeanwhile):
        save_section(saving(opened, engineer, now, 0), text="The queue.")
    assert settle_draft(saving(opened, engineer, now, 1), choice=Choice.MINE, text="").text == ""


def test_t2_the_choice_itself_may_come_too_late_again(
    opened: Incident, engineer: User, oncall: User, now: datetime
) -> None:
    save_section(saving(opened, oncall, now, 0), text="The cache.")
    save_section(saving(opened, oncall, now, 1), text="The cache, at noon.")
    with pytest.raises(WrittenMeanwhile):
        settle_draft(saving(opened, engineer, now, 1), choice=Choice.MINE, text="The queue.")
    assert SectionDraft.objects.get().text == "The queue."


def test_an_answer_that_was_lost_is_no_conflict_with_oneself(opened: Incident, engineer: User, now: datetime) -> None:
    save_section(saving(opened, engineer, now, 0, "page-1"), text="The")
    assert save_section(saving(opened, engineer, now, 0, "page-1"), text="The cache.").version == 2
    with pytest.raises(WrittenMeanwhile):
        save_section(saving(opened, engineer, now, 0, "page-2"), text="Another window of one's own.")


def test_a_text_longer_than_a_section_holds_is_refused_whole(opened: Incident, engineer: User, now: datetime) -> None:
    with pytest.raises(SectionTooLong, match="100,001 characters; a section holds 100,000"):
        save_section(saving(opened, engineer, now, 0), text="x" * (LONGEST_SECTION + 1))
    assert section().version == 0


@pytest.mark.parametrize("who", ["auditor", "administrator", "stranger"])
def test_t2_who_only_reads_writes_nothing(
    opened: Incident, now: datetime, who: str, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(NotPermitted):
        save_section(saving(opened, request.getfixturevalue(who), now, 0), text="Mine.")


@pytest.mark.django_db(transaction=True)
def test_t2_of_two_transactions_at_once_one_saves_and_the_other_keeps_a_draft(
    opened: Incident, engineer: User, oncall: User, now: datetime
) -> None:
    def write(person: User) -> str:
        try:
            return save_section(saving(opened, person, now, 0), text=f"By {person.username}.").text
        except WrittenMeanwhile:
            return "too late"

    outcomes = at_once([partial(write, engineer), partial(write, oncall)])
    assert outcomes.count("too late") == 1
    assert {section().text, SectionDraft.objects.get().text} == {"By engineer.", "By oncall."}
    assert LedgerEntry.objects.filter(kind="retrospective.edited").count() == 1
