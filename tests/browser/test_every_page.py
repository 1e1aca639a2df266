"""Every page in both themes, wide and on a phone: axe finds nothing serious, nothing overflows, nothing complains."""

import pytest

from tests.browser.conftest import Enter
from tests.browser.looking import look_at

PAGES = {
    "dashboard": "/",
    "incidents": "/incidents/",
    "incidents-none": "/incidents/?q=nothing-is-called-so",
    "declare": "/incidents/declare/",
    "changes": "/changes/",
    "services": "/services/",
    "service": "/services/shop/",
    "people": "/people/",
    "you-elsewhere": "/people/you/",
    "insights": "/insights/?days=30",
    "readiness": "/readiness/",
    "procedure": "/procedure/",
    "styleguide": "/styleguide/",
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_read_by_everybody_everywhere(enter: Enter, name: str) -> None:
    oncall = enter("oncall")
    oncall.goes(PAGES[name])
    assert look_at(oncall.page, name) == []


def test_a_changes_own_page_can_be_read_everywhere(enter: Enter) -> None:
    oncall = enter("oncall")
    oncall.goes("/changes/")
    oncall.page.locator("li.change-row a.title").first.click()
    assert look_at(oncall.page, "change") == []


@pytest.mark.parametrize(("path", "code"), [("/incidents/INC-1999-0001/", "404"), ("/nowhere/", "404")])
def test_what_is_not_there_is_said_in_the_same_look(enter: Enter, path: str, code: str) -> None:
    oncall = enter("oncall")
    with oncall.allowing(code):
        oncall.goes(path)
        oncall.sees("There is nothing at this address.")
        assert look_at(oncall.page, code) == []


def test_the_door_can_be_read_by_everybody_everywhere(enter: Enter) -> None:
    auditor = enter("auditor", fresh=True)
    auditor.page.context.clear_cookies()
    auditor.goes("/")
    assert look_at(auditor.page, "sign-in") == []
