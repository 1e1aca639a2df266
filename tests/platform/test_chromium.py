"""Which Chromium the browser tests run, and what is said where there is none."""

import pytest

from tests.browser import chromium
from tests.browser.chromium import NoBrowser


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """A machine without any Chromium."""
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "playwright"))
    monkeypatch.setattr(chromium, "CACHE", tmp_path / "cache")
    return tmp_path


def program(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o755)
    return path


def test_one_that_is_named_wins(nowhere, monkeypatch):
    program(nowhere / "bin" / "chromium")
    named = program(nowhere / "mine")
    monkeypatch.setenv("CHROMIUM", str(named))
    assert chromium.find() == named


def test_one_named_wrongly_is_never_passed_over(nowhere, monkeypatch):
    program(nowhere / "bin" / "chromium")
    monkeypatch.setenv("CHROMIUM", str(nowhere / "missing"))
    with pytest.raises(NoBrowser, match="cannot be run"):
        chromium.find()


@pytest.mark.parametrize(
    "place",
    [
        "bin/chromium",
        "bin/google-chrome",
        "cache/chromium",
        "playwright/chromium_headless_shell-1/linux/headless_shell",
    ],
)
def test_one_that_is_here_is_found(nowhere, place):
    here = program(nowhere / place)
    assert chromium.find() == here


def test_the_path_comes_before_the_cache(nowhere):
    program(nowhere / "cache" / "chromium")
    on_path = program(nowhere / "bin" / "chromium")
    assert chromium.find() == on_path


def test_without_any_every_way_is_tried_and_told_with_the_remedy(nowhere, monkeypatch):
    def from_the_moon():
        raise OSError("too far")

    def from_the_sea():
        raise NoBrowser("too deep")

    monkeypatch.setattr(chromium, "WAYS", (from_the_moon, from_the_sea))
    with pytest.raises(NoBrowser, match=r"from_the_moon: too far\nfrom_the_sea: too deep\n.*make test-unit"):
        chromium.find_or_install()


@pytest.mark.parametrize(("user", "sandboxed"), [(0, False), (1000, True)])
def test_only_root_gives_up_chromiums_own_sandbox(monkeypatch, user, sandboxed):
    monkeypatch.setattr(chromium.os, "geteuid", lambda: user)
    assert ("--no-sandbox" not in chromium.launch_flags()) is sandboxed
