"""The sum of the suites: one line, and a suite that ran nothing has failed."""

import pytest

from tests import suites

REPORT = '<testsuites><testsuite tests="5" failures="{failed}" errors="0" skipped="1"/></testsuites>'


def outcome(tmp_path, *, failed=0, exit_code=0, written=True):
    report = tmp_path / "unit.xml"
    if written:
        report.write_text(REPORT.format(failed=failed))
    return suites.read("unit", report, 3.2, exit_code)


def test_a_suite_is_told_in_one_line(tmp_path):
    assert str(outcome(tmp_path)) == "unit: 4 passed, 1 skipped in 3 s"


def test_a_failure_is_counted(tmp_path):
    failed = outcome(tmp_path, failed=2, exit_code=1)
    assert not failed.good
    assert "2 failed" in str(failed)


@pytest.mark.parametrize("exit_code", [2, 3, 5])
def test_a_suite_that_did_not_run_has_failed(tmp_path, exit_code):
    ended = outcome(tmp_path, written=False, exit_code=exit_code)
    assert not ended.good
    assert f"pytest ended with {exit_code}" in str(ended)


def test_a_suite_without_a_test_is_not_good_even_when_pytest_is_content(tmp_path):
    assert not outcome(tmp_path, written=False, exit_code=0).good


@pytest.mark.parametrize("named", [[], ["unit", "imaginary"]])
def test_only_known_suites_are_run(monkeypatch, named):
    monkeypatch.setattr(suites, "run", lambda _suite: pytest.fail("nothing is to be run"))
    assert suites.main(named) == 2
