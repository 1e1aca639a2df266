"""Whether the suite finds a defect: by the property, else by the state machine; short, or long under PROVE=1."""

import os
from types import ModuleType

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.approvals import properties
from tests.approvals.houses import BareHouse
from tests.approvals.machine import Approvals

LONG = os.environ.get("PROVE") == "1"
QUIET = {
    "deadline": None,
    "database": None,
    "derandomize": not LONG,
    "suppress_health_check": list(HealthCheck),
    "phases": [Phase.generate],
    "print_blob": False,
    "report_multiple_bugs": False,
}
PROPERTY = settings(**QUIET, max_examples=10_000 if LONG else 1_000)
MACHINE = settings(**QUIET, max_examples=1_000 if LONG else 40, stateful_step_count=25)


def run_machine(engine: ModuleType) -> None:
    """The state machine over this engine; raises AssertionError where a rule does not hold."""
    run_state_machine_as_test(lambda: Approvals(lambda: BareHouse(engine)), settings=MACHINE)


CHECKS = (properties.the_engine_says_what_the_rules_say, run_machine)


def found_by(engine: ModuleType) -> str:
    """The name of the first check that does not hold of this engine; "" where all of them do."""
    return next((check.__name__ for check in CHECKS if not holds(check, engine)), "")


def holds(check: object, engine: ModuleType) -> bool:
    settings.register_profile("finding", PROPERTY)
    before = settings.get_current_profile_name()
    settings.load_profile("finding")
    try:
        check(engine)  # type: ignore[operator]
    except Exception:  # noqa: BLE001 - a defect may fail in any way
        return False
    finally:
        settings.load_profile(before)
    return True
