"""How grave it is."""

import pytest

from incidents.procedure.severity import SEVERITIES, NoSuchSeverity, severity


def test_there_are_three_severities_the_gravest_first():
    assert [each.name for each in SEVERITIES] == ["SEV 1", "SEV 2", "SEV 3"]


def test_sev_1_is_a_main_function_lost_or_data_at_risk():
    assert severity(1).meaning == "Customers cannot use a main function, or data is at risk."


@pytest.mark.parametrize("level", [0, 4])
def test_there_is_no_other_severity(level):
    with pytest.raises(NoSuchSeverity):
        severity(level)
