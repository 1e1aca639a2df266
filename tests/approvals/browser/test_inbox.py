"""An approver on a phone: reads the question, answers it, and nothing overflows, in both themes."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from approvals import quorum
from approvals.clock import database_now
from approvals.models import ApprovalRequest
from approvals.ports import Subject
from approvals.quorum import Rule, Seat
from tests.approvals.houses import content_of

pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestRemovedIn10Warning"),  # pytest-base-url 2.1 and its own hooks
    pytest.mark.django_db(transaction=True),
]
M3 = Rule("M3", quorum.How.ALL, (Seat("cto", "CTO"), Seat("dba", "on-call DBA")))


@pytest.fixture
def now(db):
    return database_now()


@pytest.fixture
def phone(page: Page, client, live_server, asked, votes, cto, now, dba):
    """The DBA's browser, with one question that waits, one answered, and one used."""
    waits = asked(
        rule=M3, now=now - timedelta(seconds=72), deputies_from=now + timedelta(minutes=15),
        content=content_of(
            urgency="SEV 1", otherwise="Until then nothing is rolled back; draining and the flag stay open.",
            evidence={
                "1 migration": {"0042_points": "AddField orders.points", "reverse migration": "none runs"},
                "6 files": ["shop/checkout.py", "shop/models.py", "shop/points.py", "templates/cart.html"],
            },
        ),
    )  # fmt: skip
    votes(waits, cto, "cto", now=now - timedelta(seconds=40))
    other = asked(rule=M3, subject=Subject("plan", "0041"), content=content_of("d" * 64, label="INC-2026-0041"))
    votes(other, dba, "dba")
    client.force_login(dba)
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )  # fmt: skip
    page.goto(f"{live_server.url}/approvals/")
    return page


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_the_question_is_read_and_answered(phone: Page, theme, width, tmp_path: Path):
    phone.emulate_media(color_scheme=theme)
    phone.set_viewport_size({"width": width, "height": 844})
    phone.reload()
    expect(phone.get_by_role("heading", name="May checkout be rolled back")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= width
    for name in ("Refuse", "Approve as on-call DBA"):
        assert phone.get_by_role("button", name=name).bounding_box()["height"] >= 48
    assert not [each for each in Axe().run(phone).response["violations"] if each["impact"] in {"serious", "critical"}]
    phone.screenshot(path=tmp_path / f"inbox-{theme}-{width}.png", full_page=True)
    phone.get_by_role("textbox", name="Reason").fill("The column stays; the old code ignores it.")
    phone.get_by_role("button", name="Approve as on-call DBA").click()
    expect(phone).to_have_url(re.compile(r"/approvals/[0-9a-f-]+/$"))
    expect(phone.get_by_text("You approved as on-call DBA").first).to_be_visible()
    phone.screenshot(path=tmp_path / f"answered-{theme}-{width}.png", full_page=True)
    assert ApprovalRequest.objects.get(subject_id="0042").state == "granted"
