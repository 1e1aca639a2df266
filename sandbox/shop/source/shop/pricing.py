"""What an order costs, in cents."""

from shop.database import Row

FREE_SHIPPING_FROM = 5000
SHIPPING = 490
BULK_FROM = 20000
BULK_PERCENT = 10


def subtotal(lines: list[Row]) -> int:
    return sum(line["cents"] * line["quantity"] for line in lines)


def discount(goods: int) -> int:
    if goods < BULK_FROM:
        return 0
    return -(-goods * BULK_PERCENT // 100)  # rounded in the customer's favour


def shipping(goods: int) -> int:
    return 0 if goods >= FREE_SHIPPING_FROM else SHIPPING


def total(lines: list[Row]) -> int:
    goods = subtotal(lines)
    return goods - discount(goods) + shipping(goods)
