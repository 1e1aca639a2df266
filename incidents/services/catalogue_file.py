"""The catalogue file: services as YAML, read strictly; every error names file, line and field."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode


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


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(_text(each) for each in value)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _labels(value: Any) -> bool:
    return isinstance(value, dict) and all(_text(name) and _text(held) for name, held in value.items())


def _repository(value: Any) -> bool:
    return isinstance(value, str) and value.count("/") == 1 and all(value.split("/"))


TEXT = Field(_text, "a text")
TEXTS = Field(_texts, "a list of texts")
FLAG = Field(_flag, "true or false")

SERVICE: Mapping[str, Field] = {
    "slug": Field(_text, "a short name in lower case", required=True),
    "name": Field(_text, "a text", required=True),
    "repository": Field(_repository, "owner/name", required=True),
    "branch": TEXT,
    "workflow": TEXT,
    "environment": TEXT,
    "production": FLAG,
    "customer_facing": FLAG,
    "dashboard_url": TEXT,
    "flags": TEXTS,
    "drain_targets": TEXTS,
    "minimum_healthy": Field(_whole, "a whole number"),
    "recovery_samples": Field(_whole, "a whole number"),
    "customer_tables": TEXTS,
    "status_components": TEXTS,
    "engineers": TEXTS,
    "reviewers": TEXTS,
    "alert": Field(lambda value: isinstance(value, dict), "a mapping"),
    "channel": Field(lambda value: isinstance(value, dict), "a mapping"),
}
ALERT: Mapping[str, Field] = {
    "name": Field(_text, "a text", required=True),
    "query": Field(_text, "a PromQL expression", required=True),
    "threshold": Field(_number, "a number", required=True),
    "labels": Field(_labels, "a mapping of texts"),
    "unit": TEXT,
    "above": FLAG,
}
CHANNEL: Mapping[str, Field] = {
    "id": Field(_text, "the channel's id", required=True),
    "name": Field(_text, "the channel's name", required=True),
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
        found = {}
        for name, value in self._pairs(node):
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
        value = _plain(node)
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
