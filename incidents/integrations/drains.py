"""Draining in our words: how traffic is led away from a failing instance or region (S3)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Duty(StrEnum):
    """Whether a server is given new requests by its balancer."""

    SERVING = "serving"
    DRAINED = "drained"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class Server:
    """One server of a pool; `sessions` are those still running on it, `healthy` what its checks say."""

    name: str
    pool: str
    duty: Duty
    healthy: bool
    sessions: int

    @property
    def serves(self) -> bool:
        """Whether customers can rely on it."""
        return self.healthy and self.duty is Duty.SERVING


@dataclass(frozen=True, slots=True)
class Pool:
    """A target with the servers beside it, which would take over its requests."""

    target: Server
    others: tuple[Server, ...]

    @property
    def left_serving(self) -> int:
        """How many healthy servers a drain of the target would leave (E22)."""
        return sum(server.serves for server in self.others)


class Drains(Protocol):
    """Keyed (trust.md §1): draining what is drained changes nothing, so a repeat is harmless."""

    def read(self, target: str) -> Pool:
        """The target among its pool; IntegrationError where there is none of that name."""

    def drain(self, target: str, *, key: str) -> None:
        """No new requests for the target; running ones end normally. Read back what came of it."""

    def put_back(self, target: str, *, key: str) -> None:
        """The target serves again. Read back what came of it."""
