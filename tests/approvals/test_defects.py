"""The mutant score: every planted defect of the engine is found. Long under PROVE=1."""

import pytest

from approvals import quorum
from tests.approvals.defects import DEFECTS
from tests.approvals.finding import found_by


@pytest.mark.timeout(3600)
def test_the_suite_is_green_on_the_right_engine_and_finds_every_planted_defect(record_property):
    assert found_by(quorum) == ""
    finders = {}
    for defect in DEFECTS:
        with defect.planted() as engine:
            finders[defect.name] = found_by(engine)
    missed = [name for name, finder in finders.items() if not finder]
    score = f"{len(DEFECTS) - len(missed)} of {len(DEFECTS)} planted defects found"
    record_property("score", f"mutant score of approvals: {score}")
    assert len(DEFECTS) >= 20
    assert not missed
