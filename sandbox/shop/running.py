"""The shop as a part of the sandbox: two instances, their customers, and a door for the deploy."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from ssl import PROTOCOL_TLS_CLIENT, SSLContext
from typing import cast

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.parts import DeployFailed, Memory
from sandbox.shop import breaking
from sandbox.shop.customers import Customers
from sandbox.shop.front_door import METHODS, FrontDoor
from sandbox.shop.instances import NAMES, Instance
from sandbox.shop.releases import Releases
from sandbox.shop.traffic import SNAPSHOT_SECONDS, Traffic
from sandbox.shop.waiting import until
from sandbox.world import World

_BETWEEN_INSTANCES_SECONDS = 1.5


class ShopPart:
    name = "shop"
    world: World
    client: httpx.AsyncClient
    door: FrontDoor
    releases: Releases
    memory: Memory

    def __init__(self) -> None:
        self.instances: list[Instance] = []
        self.traffic = Traffic()
        self._one_deploy_at_a_time = asyncio.Lock()

    def routes(self, world: World) -> list[BaseRoute]:
        async def serve(request: Request) -> Response:
            return await self.door.serve(request)

        return [Route("/shop/{path:path}", serve, methods=METHODS), *breaking.routes(world)]

    async def start(self, world: World) -> None:
        self.world = world
        folder = world.folder(self.name)
        self.memory = world.memory(self.name)
        self.releases = Releases(folder / "releases")
        # Instances speak plain http: no certificates to load, which takes longer than starting all the rest.
        self.client = httpx.AsyncClient(trust_env=False, timeout=10, verify=SSLContext(PROTOCOL_TLS_CLIENT))
        self.instances = [Instance(name, folder, self.client, flags=f"{world.address}/unleash/api") for name in NAMES]
        self.traffic = Traffic()
        self.door = FrontDoor(self.instances, self.traffic, self.client)
        await self._start_what_ran_before()
        world.spawn(self._watch())
        world.spawn(self._open_for_customers())

    async def stop(self, world: World) -> None:
        for instance in self.instances:
            await instance.stop()
        await self.client.aclose()

    def state(self) -> dict[str, object]:
        return {"instances": [instance.state() for instance in self.instances]}

    async def deploy(self, sha: str, checkout: Callable[[Path], None]) -> None:
        """Run every instance from `sha`, one after the other; raises DeployFailed at the first that does not start."""
        async with self._one_deploy_at_a_time:
            release = await asyncio.to_thread(self.releases.prepare, sha, checkout)
            try:
                await self._roll_out(sha, release)
            except DeployFailed as failed:
                self.world.journal.record(self.name, "shop.deploy_failed", key=sha, words=str(failed))
                raise
            self.world.journal.record(self.name, "shop.deployed", key=sha)

    async def _roll_out(self, sha: str, release: Path) -> None:
        for place, instance in enumerate(self.instances):
            if place:
                await self.world.pause(_BETWEEN_INSTANCES_SECONDS)
            await instance.restart(sha, release)
            self.memory.write({each.name: each.sha for each in self.instances})

    async def _start_what_ran_before(self) -> None:
        ran = self.memory.read()
        for instance in self.instances:
            release = self.releases.folder(ran.get(instance.name, ""))
            if ran.get(instance.name) and release.exists():
                with contextlib.suppress(DeployFailed):  # the page shows it as down, as it was before
                    await instance.restart(ran[instance.name], release)

    async def _watch(self) -> None:
        while True:
            self.traffic.snapshot({instance.name: instance.up for instance in self.instances})
            await asyncio.sleep(SNAPSHOT_SECONDS)

    async def _open_for_customers(self) -> None:
        await until(lambda: any(instance.up for instance in self.instances))
        await Customers(self.door, self.traffic).come()


def shop_of(world: World) -> ShopPart:
    return cast("ShopPart", world.parts["shop"])
