"""A steady stream of people who look around, fill a cart and pay, and who notice a wrong total."""

import asyncio
import json
import random
from typing import Any

from sandbox.shop.front_door import FrontDoor
from sandbox.shop.traffic import Traffic

_AT_ONCE = 10
_REQUESTS_A_SECOND = 20.0
_FREE_SHIPPING_FROM, _SHIPPING = 5000, 490
_BULK_FROM, _BULK_DIVISOR = 20000, 10


class _WalkedAway(Exception):
    """The shop did not answer as it should, so this customer leaves."""


class Customers:
    def __init__(self, door: FrontDoor, traffic: Traffic) -> None:
        self._door = door
        self._traffic = traffic

    async def come(self) -> None:
        """Shop until cancelled."""
        async with asyncio.TaskGroup() as crowd:
            for _ in range(_AT_ONCE):
                crowd.create_task(self._come_again_and_again())

    async def _come_again_and_again(self) -> None:
        await asyncio.sleep(random.random() * _AT_ONCE / _REQUESTS_A_SECOND)
        while True:
            try:
                await self._shop_once(random.randrange(1, 10_000_000))
            except _WalkedAway:
                continue

    async def _shop_once(self, customer: int) -> None:
        products = await self._ask("GET", "/products")
        await self._ask("GET", "/products")
        for _ in range(random.randint(1, 3)):
            line = {"customer": customer, "product": random.choice(products)["id"], "quantity": random.randint(1, 2)}
            await self._ask("POST", "/cart", line)
        order = await self._ask("POST", "/checkout", {"customer": customer})
        if order["total"] != expected_total(order["lines"]):
            self._traffic.record_wrong_total()

    async def _ask(self, method: str, path: str, body: object = None) -> Any:
        await asyncio.sleep(_AT_ONCE / _REQUESTS_A_SECOND * random.uniform(0.8, 1.2))
        content = json.dumps(body).encode() if body else b""
        answer = await self._door.ask(method, path, content=content, content_type="application/json")
        if answer.status != 200:
            raise _WalkedAway
        return json.loads(answer.body)


def expected_total(lines: list[dict[str, Any]]) -> int:
    """What the shop advertises, in cents: ten percent off from 200 euros, free shipping from 50."""
    goods: int = sum(line["cents"] * line["quantity"] for line in lines)
    discount = -(-goods // _BULK_DIVISOR) if goods >= _BULK_FROM else 0
    return goods - discount + (0 if goods >= _FREE_SHIPPING_FROM else _SHIPPING)
