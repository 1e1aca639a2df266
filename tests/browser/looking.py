"""A page seen in both themes, wide and on a phone: kept as pictures, checked by axe, nothing wider than the screen."""

from typing import Final, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.stage import KEPT

SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
WIDE, PHONE = (1440, 900), (390, 844)
AXE: Final = Axe()
GRAVE: Final = ("serious", "critical")


def look_at(page: Page, name: str) -> list[str]:
    """Keep the page as it looks now; returns what is wrong with it, in words."""
    faults = []
    for width, height in (PHONE, WIDE):
        page.set_viewport_size({"width": width, "height": height})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.evaluate("scrollTo(0, 0)")
            page.screenshot(path=KEPT / f"{name}-{scheme}-{width}.png", full_page=True, caret="initial")
            faults += [f"{name}, {scheme}, {width}: {fault}" for fault in _faults(page, width)]
    page.emulate_media(color_scheme="light")
    return faults


def _faults(page: Page, width: int) -> list[str]:
    found = [
        f"axe {each['impact']} {each['id']}: {[node['target'] for node in each['nodes']][:3]}"
        for each in AXE.run(page).response["violations"]
        if each["impact"] in GRAVE
    ]
    wanted = page.evaluate("document.documentElement.scrollWidth")
    return found if wanted <= width else [*found, f"{wanted} pixels wide"]
