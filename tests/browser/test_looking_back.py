"""Looking back: the record searched by the auditor, the figures in light, dark and print, one incident on a line."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Enter
from tests.browser.looking import AXE, GRAVE, look_at
from tests.browser.stage import KEPT


def test_the_auditor_finds_who_declared_and_unfolds_the_whole_entry(enter: Enter, declared: str) -> None:
    auditor = enter("auditor")
    auditor.goes("/")
    auditor.page.get_by_role("link", name="Audit", exact=True).click()
    auditor.page.get_by_label("Incident", exact=True).fill(declared.lower())
    auditor.page.get_by_label("Kind", exact=True).select_option("incident.declared")
    auditor.button("Search").click()
    expect(auditor.page).to_have_url(re.compile(rf"incident={declared.lower()}&.*kind=incident\.declared"))
    row = auditor.page.locator(".record details")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("oncall")
    row.locator("summary").press("Enter")
    expect(row.locator("pre")).to_contain_text(f'"incident": "{declared}"')
    assert look_at(auditor.page, "audit") == []
    row.get_by_role("link", name="its own page").click()
    auditor.sees("its text is what was hashed")
    assert look_at(auditor.page, "audit-entry") == []


def test_a_search_that_makes_no_sense_is_said_beside_its_field(enter: Enter) -> None:
    auditor = enter("auditor")
    auditor.goes("/audit/?incident=42&person=console")
    auditor.sees("An incident’s number looks like INC-2026-0042.")
    expect(auditor.page.get_by_label("Person", exact=True)).to_have_value("console")
    assert look_at(auditor.page, "audit-refused") == []


def test_nobody_but_the_auditor_reads_the_whole_record(enter: Enter) -> None:
    oncall = enter("oncall")
    with oncall.allowing("403"):
        oncall.goes("/audit/")
        oncall.sees("The auditor reads the whole record.")
    expect(oncall.page.get_by_role("link", name="Audit", exact=True)).to_have_count(0)


def test_the_figures_can_be_read_in_both_themes_and_on_paper(enter: Enter, declared: str) -> None:
    oncall = enter("oncall")
    oncall.goes("/insights/")
    oncall.sees("Who waited for whom")
    oncall.page.get_by_label("By month, service, severity").select_option("decide")
    oncall.button("Show").click()
    oncall.sees("To decide, by month")
    assert look_at(oncall.page, "insights-decide") == []
    oncall.page.emulate_media(media="print", color_scheme="dark")
    oncall.page.set_viewport_size({"width": 794, "height": 1123})
    expect(oncall.page.locator(".filters")).to_be_hidden()
    assert oncall.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert oncall.page.evaluate("document.documentElement.scrollWidth") <= 794
    assert [each["id"] for each in AXE.run(oncall.page).response["violations"] if each["impact"] in GRAVE] == []
    oncall.page.screenshot(path=KEPT / "insights-print.png", full_page=True)


def test_one_incident_is_seen_on_a_line(enter: Enter, declared: str) -> None:
    oncall = enter("oncall")
    oncall.goes(f"/incidents/{declared}/")
    oncall.page.get_by_role("link", name="its course on a line").click()
    oncall.sees("It waited for somebody, or an alert, to say so.")
    assert look_at(oncall.page, "course") == []
