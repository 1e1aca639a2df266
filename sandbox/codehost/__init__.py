"""The code host: a real bare git repository, and the GitHub around it."""

from sandbox.codehost.part import CodeHost


def part() -> CodeHost:
    from sandbox.shop.seed import history  # here, since a code host with another past needs no shop

    return CodeHost(history)
