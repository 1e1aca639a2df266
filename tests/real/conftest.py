"""The same people as in the tests of the console's services."""

from tests.incidents.conftest import administrator, auditor, cto, engineer, now, oncall, service

__all__ = ["administrator", "auditor", "cto", "engineer", "now", "oncall", "service"]
