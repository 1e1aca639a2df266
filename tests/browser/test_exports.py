"""An auditor asks for an export, waits for it, downloads it, and verifies that very file without the console."""

import subprocess
import sys
import zipfile
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import Enter
from tests.browser.looking import look_at
from tests.browser.rooms import LATE


def test_the_auditor_downloads_an_export_that_is_verified_without_the_console(
    enter: Enter, declared: str, tmp_path: Path
) -> None:
    auditor = enter("auditor")
    page = auditor.page
    auditor.goes(f"/audit/exports/?incident={declared}")
    auditor.button("Ask for it").click()
    row = page.locator("#exports li", has_text=declared).first
    link = row.get_by_role("link", name="Download")
    expect(link).to_be_visible(timeout=LATE)
    assert look_at(page, "exports") == []
    with page.expect_download() as saved:
        link.click()
    bundle = tmp_path / saved.value.suggested_filename
    saved.value.save_as(bundle)
    with zipfile.ZipFile(bundle) as archive:
        archive.extract("verify.py", tmp_path)
        report = archive.read("report.html").decode()
    command = [sys.executable, "-I", "-S", str(tmp_path / "verify.py"), str(bundle)]
    alone = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (alone.returncode, "Intact" in alone.stdout) == (3, True), alone.stdout
    assert "Declared: Gift notes are cut short" in report
