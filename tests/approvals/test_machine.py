"""The state machine over the services and their rows: what holds of the engine holds of the house."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from approvals import quorum
from tests.approvals.conftest import account
from tests.approvals.finding import LONG, run_machine
from tests.approvals.houses import RealHouse
from tests.approvals.machine import Approvals
from tests.approvals.questions import PEOPLE

REAL = settings(
    max_examples=300 if LONG else 12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_every_order_of_events_comes_to_what_the_rules_say_on_the_bare_engine():
    run_machine(quorum)


@pytest.mark.timeout(3600)
def test_every_order_of_events_comes_to_what_the_rules_say_on_services_and_rows(db):
    people = {number: account(f"person {number}") for number in reversed(PEOPLE)}
    run_state_machine_as_test(lambda: Approvals(lambda: RealHouse(people)), settings=REAL)
