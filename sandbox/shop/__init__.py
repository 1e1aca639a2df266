"""The shop: a small real service that a bad merge breaks and a revert mends."""

from sandbox.parts import Part


def part() -> Part:
    from sandbox.shop.running import ShopPart  # the story and the seed stand without the running shop

    return ShopPart()
