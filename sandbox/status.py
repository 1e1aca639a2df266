"""What the public sees at `/status`: the shop's components, and what was published about them."""

from html import escape
from pathlib import Path
from string import Template

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import status_reports
from sandbox.parts import NotStarted, Part
from sandbox.status_reports import COMPONENTS, Entry, StatusReports
from sandbox.world import World

_PAGE = Template((Path(__file__).parent / "page" / "status.html").read_text(encoding="utf-8"))
_SHOWN = 20
_TONES = {"operational": "ok", "degraded": "warn", "downtime": "danger"}
_MARKS = {"operational": "✓", "degraded": "!", "downtime": "✕"}
_NOTHING = '<p class="soft">No update has been posted.</p>'


class StatusPart:
    """The public sees what was published, not what is measured."""

    name = "status"

    def __init__(self) -> None:
        self._book: StatusReports | None = None

    @property
    def book(self) -> StatusReports:
        if self._book is None:
            raise NotStarted("the status page")
        return self._book

    def routes(self, world: World) -> list[BaseRoute]:
        async def page(request: Request) -> Response:
            return HTMLResponse(page_of(self.book), headers={"Cache-Control": "no-store"})

        return [Route("/status", page), *status_reports.routes(lambda: self.book)]

    async def start(self, world: World) -> None:
        self._book = StatusReports(world.address, world.memory(self.name), world.journal)

    async def stop(self, world: World) -> None:
        self._book = None

    def state(self) -> dict[str, object]:
        """Newest update first."""
        titles = {report["id"]: report["attributes"]["title"] for report in self.book.reports}
        updates = [_told(update, titles) for update in self.book.updates[: -_SHOWN - 1 : -1]]
        health = self.book.health()
        return {
            "components": [{"name": name, "status": health[number]} for number, name in COMPONENTS.items()],
            "updates": updates,
        }


def part() -> Part:
    return StatusPart()


def page_of(book: StatusReports) -> str:
    """The public page, whole."""
    health = book.health()
    reports = [_report(book, report) for report in reversed(book.reports[-_SHOWN:])]
    return _PAGE.substitute(
        headline=_headline(health),
        components="".join(_component(name, health[number]) for number, name in COMPONENTS.items()),
        reports="".join(reports) or _NOTHING,
    )


def _headline(health: dict[str, str]) -> str:
    hit = [COMPONENTS[number] for number, word in health.items() if word != "operational"]
    return f"{' and '.join(hit)}: not as it should be" if hit else "All systems operational"


def _component(name: str, word: str) -> str:
    badge = f'<span class="badge" data-tone="{_TONES[word]}">{_MARKS[word]} {word}</span>'
    return f"<li><span>{escape(name)}</span>{badge}</li>"


def _report(book: StatusReports, report: Entry) -> str:
    updates = "".join(_update(update) for update in reversed(book.under(report)))
    return f'<section class="card"><header><h2>{escape(report["attributes"]["title"])}</h2></header>{updates}</section>'


def _update(update: Entry) -> str:
    said = update["attributes"]
    at = escape(said["published_at"])
    return (
        f'<div class="in"><p>{escape(said["message"])}</p>'
        f'<p class="soft"><time datetime="{at}">{at[:16].replace("T", " ")} UTC</time>'
        f"{' · sent to subscribers' if said['notify_subscribers'] else ''}</p></div>"
    )


def _told(update: Entry, titles: dict[str, str]) -> dict[str, object]:
    said = update["attributes"]
    title = titles.get(str(said["status_report_id"]), "")
    return {"title": title, "message": said["message"], "at": said["published_at"], "sent": said["notify_subscribers"]}
