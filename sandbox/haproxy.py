"""The front door's runtime API on a unix socket, as HAProxy 2.6 speaks it: one line a connection, empty is success.

https://docs.haproxy.org/2.6/management.html#9.3; the answers are worded as the real one worded them.
"""

import asyncio
import contextlib
from collections.abc import Callable

from starlette.routing import BaseRoute

from sandbox.faults import Fault
from sandbox.parts import Memory, Part
from sandbox.runtime_socket import socket_of
from sandbox.shop.instances import Instance
from sandbox.shop.running import shop_of
from sandbox.world import World

BACKEND = "shop"
_STATES = ("ready", "drain", "maint")
_DRAINED = 8
_STATE_COLUMNS = "be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight"
_STAT_COLUMNS = "# pxname,svname,qcur,qmax,scur,smax,status,weight,act,"
_UNKNOWN = "Unknown command. Please enter one of the following commands only:\n  show stat\n  show servers state\n"


class HAProxyPart:
    """A drained instance gets no new request, and finishes those it has. Faults strike here by the command's line."""

    name = "haproxy"
    world: World
    memory: Memory

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None

    def routes(self, world: World) -> list[BaseRoute]:
        return []

    async def start(self, world: World) -> None:
        self.world, self.memory = world, world.memory(self.name)
        drained = self.memory.read().get("drained", [])
        for instance in self._instances:
            instance.drained = instance.name in drained
        path = socket_of(world.state_folder)
        path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, path)
        path.chmod(0o600)

    async def stop(self, world: World) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        socket_of(world.state_folder).unlink(missing_ok=True)

    def state(self) -> dict[str, object]:
        return {"servers": [{"name": one.name, "drained": one.drained} for one in self._instances]}

    @property
    def _instances(self) -> list[Instance]:
        return shop_of(self.world).instances if "shop" in self.world.parts else []

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            line = (await reader.readline()).decode("utf-8", "replace").strip()
            await self._answer(line, writer)
        writer.close()

    async def _answer(self, line: str, writer: asyncio.StreamWriter) -> None:
        """Commands of one line are parted by semicolons, and each answer ends with an empty line."""
        fault = self.world.faults.strike(self.name, line.partition(" ")[0].upper(), line)
        if fault and await self._held_up(fault):
            return
        said = "".join(f"{self._obey(command.strip())}\n" for command in line.split(";"))
        if fault is None or fault.kind == "slow":
            writer.write(said.encode())
            await writer.drain()

    async def _held_up(self, fault: Fault) -> bool:
        """Whether the fault keeps the command from being obeyed."""
        if fault.kind in ("slow", "hang"):
            await asyncio.sleep(fault.seconds)
        return fault.kind not in ("slow", "drop_after")

    def _obey(self, command: str) -> str:
        words = command.split()
        answers: dict[tuple[str, ...], Callable[[list[str]], str]] = {
            ("show", "stat"): self._show_stat,
            ("show", "servers"): self._show_servers,
            ("set", "server"): self._set_server,
        }
        return answers.get(tuple(words[:2]), _not_known)(words)

    def _show_stat(self, words: list[str]) -> str:
        rows = [_STAT_COLUMNS, *(_stat(instance) for instance in self._instances)]
        serving = sum(one.up and not one.drained for one in self._instances)
        rows.append(f"{BACKEND},BACKEND,0,0,0,0,{'UP' if serving else 'DOWN'},{serving},{serving},")
        return "\n".join(rows) + "\n"

    def _show_servers(self, words: list[str]) -> str:
        if words[3:] not in ([], [BACKEND]):
            return "Can't find backend.\n"
        rows = [f"3 {BACKEND} {place} {_state(one)}" for place, one in enumerate(self._instances, start=1)]
        return "\n".join(["1", f"# {_STATE_COLUMNS}", *rows]) + "\n"

    def _set_server(self, words: list[str]) -> str:
        backend, _, name = words[2].partition("/") if len(words) == 5 else ("", "", "")
        instance = next((one for one in self._instances if one.name == name), None)
        if backend != BACKEND:
            return "No such backend.\n"
        if instance is None:
            return "No such server.\n"
        if words[3] != "state" or words[4] not in _STATES:
            return "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n"
        self._set(instance, drained=words[4] != "ready")
        return ""

    def _set(self, instance: Instance, *, drained: bool) -> None:
        if instance.drained == drained:
            return
        instance.drained = drained
        self.memory.write({"drained": [one.name for one in self._instances if one.drained]})
        self.world.journal.record(self.name, "server.drained" if drained else "server.put_back", key=instance.name)


def part() -> Part:
    return HAProxyPart()


def _not_known(words: list[str]) -> str:
    return _UNKNOWN


def _stat(instance: Instance) -> str:
    status = "DRAIN" if instance.drained else "UP" if instance.up else "DOWN"
    return f"{BACKEND},{instance.name},0,0,{instance.in_flight},0,{status},1,1,"


def _state(instance: Instance) -> str:
    running, admin = 2 if instance.up else 0, _DRAINED if instance.drained else 0
    return f"{instance.name} 127.0.0.1 {running} {admin} 1 1"
