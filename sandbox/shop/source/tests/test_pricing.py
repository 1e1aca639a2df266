# ruff: noqa: INP001, S101
"""What an order costs."""

from shop.pricing import total


def test_a_small_order_pays_for_its_shipping() -> None:
    assert total([{"cents": 890, "quantity": 2}]) == 1780 + 490


def test_an_order_of_fifty_euros_is_sent_free() -> None:
    assert total([{"cents": 2500, "quantity": 2}]) == 5000


def test_a_large_order_is_cheaper() -> None:
    assert total([{"cents": 14900, "quantity": 2}]) == 29800 - 2980
