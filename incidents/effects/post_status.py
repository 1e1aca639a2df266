"""P1: post approved words to the outside status page, at most once: it keeps no key of ours (trust.md §1)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from incidents.effects.orders import Order
from incidents.effects.outcomes import Done, Failed, Outcome
from incidents.effects.wiring import World
from incidents.integrations.status_page import Affected, Health, StatusPage, is_report, is_update
from incidents.models.step import Step
from incidents.models.words import StatusUpdate
from incidents.procedure.public_words import ComponentState, PublicWords
from incidents.procedure.steps import StepKind, StepState

HEALTH: Final = {
    ComponentState.OPERATIONAL: Health.RESOLVED,
    ComponentState.DEGRADED: Health.DEGRADED,
    ComponentState.DOWN: Health.DOWNTIME,
}
BY_HAND: Final = "The console knows no outside status page by now. Post it there by hand, then record it here."


class PostStatus:
    """The first update of an incident opens its report, later ones stand beneath it; in doubt a person looks."""

    def look_up(self, order: Order, world: World) -> Outcome | None:
        """Only what is found counts: the very words, at the very second that we set. Not found proves nothing."""
        if world.status_page is None:
            return Failed(BY_HAND)
        report = _report_of(order, world.status_page)
        if isinstance(report, Failed):
            return report
        return _found(order, world.status_page, report)

    def act(self, order: Order, world: World) -> Outcome:
        page, words = world.status_page, _words(order)
        if page is None:
            return Failed(BY_HAND)
        if words.digest != order.step.parameters["digest"]:
            return Failed("What would be posted is not what was approved.", {"refused": "E13"})
        report = _report_of(order, page)
        if isinstance(report, Failed):
            return report
        order.ask_lease()
        return _post(order, page, words, report)


def _post(order: Order, page: StatusPage, words: PublicWords, report: str) -> Done:
    affected, at = [Affected(each.name, HEALTH[each.state]) for each in words.components], _published_at(order.step)
    if not report:
        opened = page.open_report(
            words.title, words.message, affected=affected, notify=words.notify, published_at=at, key=order.key
        )
        return Done("A report was opened on the outside page.", {"report": opened.id}, opened.url)
    posted = page.post_update(
        report, words.message, affected=affected, notify=words.notify, published_at=at, key=order.key
    )
    return Done("Posted under the report on the outside page.", {"report": report, "posted": posted.id})


def _found(order: Order, page: StatusPage, report: str) -> Done | None:
    words, at = _words(order), _published_at(order.step)
    if report:
        updates = (each for each in page.updates(report) if is_update(each, message=words.message, published_at=at))
        same = next(updates, None)
        return Done("It stands there already.", {"report": report, "posted": same.id}) if same else None
    opened = _opened(page, words, at)
    return Done("Its report stands there already.", {"report": opened}) if opened else None


def _opened(page: StatusPage, words: PublicWords, at: datetime) -> str:
    reports = (each for each in page.reports(since=at) if is_report(each, title=words.title, published_at=at))
    return next((each.id for each in reports), "")


def _report_of(order: Order, page: StatusPage) -> str | Failed:
    """The report that this belongs under; empty where none is open. One opened by hand is found by its words."""
    earlier = list(_posted_before(order.step))
    known = next((str(step.evidence["report"]) for step in earlier if step.evidence.get("report")), "")
    if known or not earlier:
        return known
    found = (_opened(page, _words_of(step), _published_at(step)) for step in earlier)
    return next(filter(None, found), "") or Failed(
        "An earlier update was posted by hand, and its report is not found by its title and time. "
        "Post this one there by hand, too, and record it."
    )


def _posted_before(step: Step) -> Iterator[Step]:
    same = Step.objects.filter(incident_id=step.incident_id, kind=StepKind.POST_STATUS, asked_at__lt=step.asked_at)
    yield from same.filter(state=StepState.DONE).order_by("asked_at")


def _words(order: Order) -> PublicWords:
    return _words_of(order.step)


def _words_of(step: Step) -> PublicWords:
    return StatusUpdate.objects.get(pk=step.parameters["update"]).as_words()


def _published_at(step: Step) -> datetime:
    return datetime.fromisoformat(step.parameters["published_at"])
