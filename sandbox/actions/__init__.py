"""Actions: workflow runs, environments and deployments."""

from sandbox.actions.part import Actions


def part() -> Actions:
    return Actions()
