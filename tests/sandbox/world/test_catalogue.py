"""The demo's catalogue names what the sandbox really has."""

from pathlib import Path
from typing import Any

import yaml

from incidents.services.catalogue_file import read_catalogue
from sandbox import slack, status
from sandbox.alert_rules import read_rules
from sandbox.codehost.forge import FULL_NAME
from sandbox.shop.instances import NAMES
from sandbox.shop.seed import source

FILE = Path(slack.__file__).with_name("catalogue.yaml")


def service(slug: str) -> dict[str, Any]:
    services = yaml.safe_load(FILE.read_text(encoding="utf-8"))["services"]
    return next(one for one in services if one["slug"] == slug)


def test_the_shop_has_the_alert_of_the_rule_file() -> None:
    alert = service("shop")["alert"]
    rule = next(rule for rule in read_rules() if rule.name == alert["name"])
    assert (alert["query"], alert["threshold"]) == (rule.query, rule.threshold)
    assert alert["labels"].items() <= rule.labels.items()


def test_the_shop_names_real_instances_tables_components_and_channel() -> None:
    shop, program = service("shop"), source()
    assert tuple(shop["drain_targets"]) == NAMES
    assert shop["workflow"] in program
    assert all(
        any(f"TABLE {table.removeprefix('!')} " in text for text in program.values())
        for table in shop["customer_tables"]
    )
    assert tuple(shop["status_components"]) == tuple(status.COMPONENTS.values())
    assert slack.CHANNELS[shop["channel"]["id"]] == shop["channel"]["name"].removeprefix("#")


def test_every_service_has_its_repository_in_the_sandbox() -> None:
    services = yaml.safe_load(FILE.read_text(encoding="utf-8"))["services"]
    assert [one["repository"] for one in services] == [FULL_NAME]


def test_the_console_can_read_it() -> None:
    [shop] = read_catalogue(FILE)
    assert shop["alert"]["every_seconds"] == 1
