"""The sandbox's slow answers, made to land: a request that arrived whole takes effect though its sender is gone."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from sandbox.faults import Fault, FaultGate
from tests.faults.boundaries import swap


def make_slow_calls_land() -> None:
    """In the sandbox of this process."""
    disturb = FaultGate._disturb

    async def landing(gate: Any, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.kind != "slow":
            await disturb(gate, fault, scope, receive, send)
            return
        arrived: list[Message] = [{"type": "http.request", "body": await Request(scope, receive).body()}]
        await asyncio.sleep(fault.seconds)

        async def kept() -> Message:
            return arrived.pop() if arrived else await receive()

        await gate._app(scope, kept, send)

    swap(FaultGate, "_disturb", landing)
