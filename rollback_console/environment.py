"""The environment as settings read it: text, secrets from files, and every fault of it named at once."""

from base64 import b64decode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

KINDS: Final = ("production", "demo", "test")
NOT_FOR_PRODUCTION: Final = "not-for-production-this-key-is-in-the-public-source-code"
NOT_FOR_PRODUCTION_SEED: Final = "bm90LWZvci1wcm9kdWN0aW9uLW5vdC1mb3ItcHJvZC4="
SEED_BYTES: Final = 32
LEAST_KEY_LENGTH: Final = 32
LEAST_KEY_LETTERS: Final = 10
TRUE_WORDS: Final = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS: Final = frozenset({"", "0", "false", "no", "off"})


class UnfitEnvironment(Exception):
    """The console cannot start with these variables; the words name every fault, one a line."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("The console does not start with this environment:\n" + "\n".join(f"  - {f}" for f in faults))
        self.faults = faults


class Environment:
    """Reads variables and collects what is wrong with them, so that all of it is told at once."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.faults: list[str] = []
        self.read: set[str] = set()
        self.kind = self._kind()

    @property
    def production(self) -> bool:
        return self.kind == "production"

    def text(self, name: str, default: str = "") -> str:
        """The value of NAME, else what the file named by NAME_FILE holds, else the default."""
        self.read.add(name)
        if name in self._variables:
            return self._variables[name]
        if file := self._variables.get(f"{name}_FILE"):
            return self._contents(f"{name}_FILE", Path(file), default)
        return default

    def required(self, name: str, elsewhere: str = "") -> str:
        """A value that production must be given; outside production it may be missing."""
        value = self.text(name)
        if not value and self.production:
            self.faults.append(f"{name} is missing (or {name}_FILE, naming a file that holds it).")
        return value or ("" if self.production else elsewhere)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A switch; words that are neither on nor off are a fault."""
        word = self.text(name, "on" if default else "off").strip().lower()
        if word not in TRUE_WORDS | FALSE_WORDS:
            self.faults.append(f"{name} is {word!r}; say on or off.")
        return word in TRUE_WORDS

    def number(self, name: str, default: int, *, least: int = 1) -> int:
        """A whole number, not below `least`."""
        value = self.text(name, str(default)).strip()
        if not value.isdecimal() or int(value) < least:
            self.faults.append(f"{name} is {value!r}; it must be a whole number of at least {least}.")
            return default
        return int(value)

    def names(self, name: str, default: str = "") -> list[str]:
        """A list separated by commas."""
        return [word.strip() for word in self.text(name, default).split(",") if word.strip()]

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        """One of a few words."""
        value = self.text(name, default)
        if value not in choices:
            self.faults.append(f"{name} is {value!r}; it must be one of {', '.join(choices)}.")
            return default
        return value

    def link(self, name: str) -> str:
        """An address that pages link to; only the web's own, since a page must not run what a setting says."""
        value = self.text(name).strip()
        if value and not value.startswith(("https://", "http://")):
            self.faults.append(f"{name} is {value!r}; it must begin with https:// or http://.")
            return ""
        return value

    def zone(self, name: str, default: str) -> str:
        """The name of a time zone that this machine knows."""
        value = self.text(name, default).strip()
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.faults.append(f"{name} is {value!r}; it must be a time zone's name, like Europe/Berlin.")
            return default
        return value

    def address(self, name: str, read: Callable[[str], dict[str, Any]], value: str) -> dict[str, Any]:
        """What `read` makes of an address; one it cannot read is a fault, named without showing the address."""
        try:
            return read(value) if value else {}
        except ValueError as fault:
            self.faults.append(f"{name}: {fault}")
            return {}

    def require_one_of(self, *groups: tuple[str, ...]) -> None:
        """In production, at least one group of names must be given in full."""
        if self.production and not any(all(self.text(name) for name in names) for names in groups):
            self.faults.append("Missing: " + ", or ".join(" with ".join(names) for names in groups) + ".")

    def require_together(self, *names: str) -> None:
        """Where one of these is given, all must be, in production or not."""
        missing = [name for name in names if not self.text(name)]
        if missing and len(missing) < len(names):
            self.faults.append(f"{', '.join(missing)} missing: {', '.join(names)} are given together or not at all.")

    def refuse_unencrypted(self, name: str) -> None:
        """In production, an address that is asked over the network in clear text is a fault."""
        if self.production and self.text(name) and not self.text(name).startswith("https://"):
            self.faults.append(f"{name} must begin with https://.")

    def refuse_key(self, key: str) -> None:
        """A key that anybody can read or guess is a fault."""
        if key and (key == NOT_FOR_PRODUCTION or len(key) < LEAST_KEY_LENGTH or len(set(key)) < LEAST_KEY_LETTERS):
            self.faults.append(
                f"SECRET_KEY is a default or too simple; it needs {LEAST_KEY_LENGTH} characters or more, at random."
            )

    def signing_key(self, name: str) -> bytes:
        """The 32 bytes of an Ed25519 key, as base64; outside production one that anybody can read."""
        value = self.required(name, NOT_FOR_PRODUCTION_SEED)
        try:
            seed = b64decode(value, validate=True)
        except ValueError:
            seed = b""
        guessable = value == NOT_FOR_PRODUCTION_SEED or len(set(seed)) < LEAST_KEY_LETTERS
        if value and (len(seed) != SEED_BYTES or (self.production and guessable)):
            self.faults.append(f"{name} is not {SEED_BYTES} bytes at random, as base64: openssl rand -base64 32.")
        return seed

    def refuse_debug(self, debug: bool) -> None:
        """DEBUG shows secrets to strangers."""
        if debug:
            self.faults.append("DEBUG is on; it must be off in production.")

    def refuse_if_unfit(self) -> None:
        """Raise UnfitEnvironment where any fault was found."""
        if self.faults:
            raise UnfitEnvironment(self.faults)

    def _kind(self) -> str:
        return self.choice("CONSOLE_ENV", KINDS, "production")

    def _contents(self, name: str, file: Path, default: str) -> str:
        try:
            return file.read_text().rstrip("\n")
        except OSError as fault:
            self.faults.append(f"{name} names {file}, which cannot be read: {fault.strerror}.")
            return default
