"""The catalogue file: services as YAML, read strictly; every error names file, line and field."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from incidents.models.service import Database


class CatalogueFault(Exception):
    """The file cannot be used; `faults` are sentences, each with file, line and field."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Field:
    """What one field may hold, and whether it must be there."""

    reads: Callable[[Any], bool]
    wants: str
    required: bool = False


SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and "\0" not in value


def _up_to(length: int) -> Callable[[Any], bool]:
    return lambda value: _text(value) and len(value) <= length


def _slug(value: Any) -> bool:
    return _up_to(50)(value) and SLUG.fullmatch(value) is not None


def _address(value: Any) -> bool:
    return _up_to(200)(value) and urlsplit(value).scheme in {"http", "https"}


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(_text(each) for each in value)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _between(least: int, most: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _labels(value: Any) -> bool:
    return isinstance(value, dict) and all(_text(name) and _text(held) for name, held in value.items())


def _repository(value: Any) -> bool:
    return _up_to(200)(value) and value.count("/") == 1 and all(value.split("/"))


TEXT = Field(_up_to(200), "a text of at most 200 characters")
SHORT = Field(_up_to(100), "a text of at most 100 characters")
TEXTS = Field(_texts, "a list of texts")
FLAG = Field(_flag, "true or false")

DATABASES = tuple(Database.values)
SERVICE: Mapping[str, Field] = {
    "slug": Field(_slug, "a short name of lower-case letters, digits and hyphens", required=True),
    "name": Field(_up_to(100), "a text of at most 100 characters", required=True),
    "repository": Field(_repository, "owner/name", required=True),
    "branch": TEXT,
    "workflow": TEXT,
    "environment": SHORT,
    "production": FLAG,
    "customer_facing": FLAG,
    "dashboard_url": Field(_address, "an address that begins with http:// or https://"),
    "flags": TEXTS,
    "drain_targets": TEXTS,
    "minimum_healthy": Field(_between(0, 1000), "a whole number from 0 to 1000"),
    "recovery_samples": Field(_between(1, 100), "a whole number from 1 to 100"),
    "retrospective_days": Field(_between(1, 365), "a whole number from 1 to 365"),
    "customer_tables": TEXTS,
    "status_components": TEXTS,
    "database": Field(lambda value: value in DATABASES, f"one of {', '.join(DATABASES)}"),
    "flag_wrappers": TEXTS,
    "engineers": TEXTS,
    "reviewers": TEXTS,
    "alert": Field(lambda value: isinstance(value, dict), "a mapping"),
    "channel": Field(lambda value: isinstance(value, dict), "a mapping"),
}
ALERT: Mapping[str, Field] = {
    "name": Field(_up_to(200), "a text of at most 200 characters", required=True),
    "query": Field(_text, "a PromQL expression", required=True),
    "threshold": Field(_number, "a number", required=True),
    "labels": Field(_labels, "a mapping of texts"),
    "unit": Field(_up_to(20), "a text of at most 20 characters"),
    "above": FLAG,
    "every_seconds": Field(_between(1, 120), "a whole number from 1 to 120"),
}
CHANNEL: Mapping[str, Field] = {
    "id": Field(_up_to(100), "the channel's id", required=True),
    "name": Field(_up_to(100), "the channel's name", required=True),
}
PARTS: Mapping[str, Mapping[str, Field]] = {"alert": ALERT, "channel": CHANNEL}


def read_catalogue(path: Path) -> list[dict[str, Any]]:
    """The services of the file; raises `CatalogueFault` with every fault at once."""
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as fault:
        raise CatalogueFault([f"{path.name}: cannot be read: {fault.strerror}"]) from None
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        raise CatalogueFault([f"{path.name}: is no YAML: {' '.join(str(fault).split())}"]) from None
    reader = _Reader(path.name)
    found = reader.services(root)
    if reader.faults:
        raise CatalogueFault(reader.faults)
    return found


class _Reader:
    """Walks the nodes, which know their lines, and gathers every fault on the way."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.faults: list[str] = []

    def services(self, root: Node | None) -> list[dict[str, Any]]:
        listed = dict(self._pairs(root)).get("services") if isinstance(root, MappingNode) else None
        if not isinstance(listed, SequenceNode):
            self._fault(root, "services", "is missing: it wants a list of services")
            return []
        found = [self._mapping(each, f"services[{place}]", SERVICE) for place, each in enumerate(listed.value)]
        self._refuse_twins(listed, found)
        return found

    def _mapping(self, node: Node, place: str, fields: Mapping[str, Field]) -> dict[str, Any]:
        if not isinstance(node, MappingNode):
            self._fault(node, place, "wants a mapping of fields")
            return {}
        found: dict[str, Any] = {}
        for name, value in self._pairs(node):
            if name in found:
                self._fault(value, f"{place}.{name}", "stands twice")
            found[name] = self._value(value, f"{place}.{name}", fields.get(name), name)
        for name, field in fields.items():
            if field.required and name not in found:
                self._fault(node, f"{place}.{name}", f"is missing: it wants {field.wants}")
        return found

    def _value(self, node: Node, place: str, field: Field | None, name: str) -> Any:
        if field is None:
            self._fault(node, place, "is not a field of the catalogue")
            return None
        if name in PARTS and isinstance(node, MappingNode):
            return self._mapping(node, place, PARTS[name])
        try:
            value = _plain(node)
        except (yaml.YAMLError, ValueError):
            self._fault(node, place, f"wants {field.wants}, and cannot be read")
            return None
        if not field.reads(value):
            self._fault(node, place, f"wants {field.wants}, not {value!r}")
        return value

    def _pairs(self, node: MappingNode) -> Iterator[tuple[str, Node]]:
        for key, value in node.value:
            yield str(key.value), value

    def _refuse_twins(self, listed: SequenceNode, found: list[dict[str, Any]]) -> None:
        seen: set[str] = set()
        for node, service in zip(listed.value, found, strict=True):
            slug = str(service.get("slug"))
            if slug in seen:
                self._fault(node, "slug", f"“{slug}” stands twice")
            seen.add(slug)

    def _fault(self, node: Node | None, place: str, words: str) -> None:
        line = node.start_mark.line + 1 if node is not None else 1
        self.faults.append(f"{self.name}:{line}: {place} {words}.")


def _plain(node: Node) -> Any:
    if isinstance(node, ScalarNode | SequenceNode | MappingNode):
        loader = yaml.SafeLoader("")
        try:
            return loader.construct_object(node, deep=True)
        finally:
            loader.dispose()
    return None
