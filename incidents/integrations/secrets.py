"""Secrets by their metadata alone, never a value: whether the credential a rollback brings back still exists (C1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a secret; `deleted_at` may lie ahead, where its store is to delete it then."""

    number: int
    created_at: datetime
    deleted_at: datetime | None
    destroyed: bool

    def exists(self, now: datetime) -> bool:
        """Whether its value can still be read. That it still *works* where it is used, nobody knows by this."""
        return not self.destroyed and (self.deleted_at is None or self.deleted_at > now)

    def words(self, now: datetime) -> str:
        """What can be said of it, for the on-call engineer: existing is never called valid (C1)."""
        if self.destroyed:
            return f"Version {self.number} is destroyed: rotate forward (C2)."
        if self.deleted_at and self.deleted_at <= now:
            return f"Version {self.number} is deleted since {self.deleted_at:%Y-%m-%d %H:%M} UTC: rotate forward (C2)."
        ends = f" It is to be deleted at {self.deleted_at:%Y-%m-%d %H:%M} UTC." if self.deleted_at else ""
        return f"Version {self.number} exists, not proven: confirm that it still works where it is used (C1).{ends}"


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret as its store tells it; `versions` newest first, those that the store still knows of."""

    path: str
    current: int
    versions: Sequence[Version]

    def at(self, moment: datetime) -> Version | None:
        """The newest version that had been created by then: what was in force before a rotation."""
        return next((version for version in self.versions if version.created_at <= moment), None)

    def before_the_current(self) -> Version | None:
        """The version that the newest rotation replaced."""
        return next((version for version in self.versions if version.number < self.current), None)


class Secrets(Protocol):
    """Reads only. It asks with a token that may read metadata and nothing else, so no value can reach the console."""

    def versions(self, path: str) -> Secret:
        """The secret at a path within the store's mount; IntegrationError(status=404) where there is none."""
