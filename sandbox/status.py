"""What the public sees at `/status`: the shop's components, and the updates posted about them."""

from html import escape
from pathlib import Path
from string import Template

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.parts import Part
from sandbox.world import World

COMPONENTS = ("Storefront", "Checkout")
_PAGE = Template((Path(__file__).parent / "page" / "status.html").read_text(encoding="utf-8"))


class StatusPart:
    """Nothing posts here yet: the public sees what was announced, not what is measured."""

    name = "status"

    def routes(self, world: World) -> list[BaseRoute]:
        async def page(request: Request) -> Response:
            return HTMLResponse(_PAGE.substitute(components="".join(_component(name) for name in COMPONENTS)))

        return [Route("/status", page)]

    async def start(self, world: World) -> None:
        """It remembers nothing yet."""

    async def stop(self, world: World) -> None:
        """Nothing runs here."""

    def state(self) -> dict[str, object]:
        return {"components": [{"name": name, "status": "operational"} for name in COMPONENTS], "updates": []}


def part() -> Part:
    return StatusPart()


def _component(name: str) -> str:
    return f'<li><span>{escape(name)}</span><span class="badge" data-tone="ok">✓ operational</span></li>'
