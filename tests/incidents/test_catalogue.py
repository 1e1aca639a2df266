"""The catalogue file: every fault with file, line and field; what is applied follows the file, and twice is once."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from incidents.models import LedgerEntry, Service
from incidents.services.catalogue import apply_catalogue
from incidents.services.catalogue_file import CatalogueFault, read_catalogue

WHOLE = """\
services:
  - slug: shop
    name: Shop
    repository: acme/shop
    recovery_samples: 3
    flags: [loyalty-points]
    alert:
      name: ShopErrorRatioHigh
      query: shop:ratio
      threshold: 0.05
      every_seconds: 1
    engineers: [oncall]
    reviewers: [reviewer]
"""

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str) -> Path:
        path = tmp_path / "catalogue.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def faults_of(path: Path) -> list[str]:
    with pytest.raises(CatalogueFault) as refusal:
        read_catalogue(path)
    return refusal.value.faults


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("slug: shop", "slug: Shop Eins", ":2: services[0].slug wants a short name of lower-case letters"),
        ("slug: shop", "slug: shop-", ":2: services[0].slug wants a short name of lower-case letters"),
        ("    name: Shop\n", "", ":2: services[0].name is missing"),
        ("name: Shop\n", "name: 7\n", ":3: services[0].name wants a text of at most 100 characters, not 7"),
        ("name: Shop\n", f"name: {'x' * 101}\n", ":3: services[0].name wants a text of at most 100 characters"),
        ("name: Shop\n", "name: 2026-99-99\n", ":3: services[0].name wants a text of at most 100 characters"),
        ("name: Shop\n", "name: !no-such-tag x\n", ":3: services[0].name wants"),
        ("acme/shop", "acme", ":4: services[0].repository wants owner/name, not 'acme'"),
        ("recovery_samples: 3", "recovery_samples: 0", ":5: services[0].recovery_samples wants a whole number from 1"),
        ("recovery_samples: 3", "recovery_samples: yes", ":5: services[0].recovery_samples wants a whole number"),
        ("recovery_samples: 3", "recovery_sample: 3", ":5: services[0].recovery_sample is not a field"),
        ("recovery_samples: 3", "production: maybe", ":5: services[0].production wants true or false"),
        ("recovery_samples: 3", "dashboard_url: 'javascript:alert(1)'", ":5: services[0].dashboard_url wants an addr"),
        ("recovery_samples: 3", "repository: acme/other", ":5: services[0].repository stands twice"),
        ("[loyalty-points]", "loyalty-points", ":6: services[0].flags wants a list of texts"),
        ("      query: shop:ratio\n", "", ":8: services[0].alert.query is missing"),
        ("threshold: 0.05", "threshold: .nan", ":10: services[0].alert.threshold wants a number"),
        ("every_seconds: 1", "every_seconds: 0", ":11: services[0].alert.every_seconds wants a whole number from 1"),
        ("services:", "service:", ":1: services is missing"),
    ],
)
def test_a_fault_is_told_with_file_line_and_field(write: Write, old: str, new: str, told: str) -> None:
    assert old in WHOLE
    (fault, *_) = faults_of(write(WHOLE.replace(old, new)))
    assert fault.startswith(f"catalogue.yaml{told}")


@pytest.mark.parametrize("text", ["", "services: 3", "- shop", "services: [", "services:\n\t- x", "\x00"])
def test_what_is_no_catalogue_at_all_is_refused_in_words(write: Write, text: str) -> None:
    assert faults_of(write(text))[0].startswith("catalogue.yaml:")


def test_a_missing_file_is_refused_in_words(tmp_path: Path) -> None:
    assert faults_of(tmp_path / "nowhere.yaml") == ["nowhere.yaml: cannot be read: No such file or directory"]


def test_every_fault_is_told_at_once(write: Write) -> None:
    broken = WHOLE.replace("acme/shop", "acme").replace("threshold: 0.05", "threshold: high")
    assert len(faults_of(write(broken + WHOLE.removeprefix("services:\n")))) == 3


@pytest.mark.django_db
def test_a_faulty_file_changes_nothing(write: Write, service: Service) -> None:
    with pytest.raises(CommandError, match=r"catalogue\.yaml:2: services\[0\]\.name is missing"):
        call_command("load_catalogue", str(write(WHOLE.replace("    name: Shop\n", ""))))
    with pytest.raises(CommandError, match=r"catalogue\.yaml:2"):
        call_command("seed_demo", "--catalogue", str(write(WHOLE.replace("    name: Shop\n", ""))))
    assert not LedgerEntry.objects.filter(stream_id="catalogue").exists()
    assert list(Service.objects.in_use()) == [service]


def test_a_whole_file_is_applied_with_its_people(write: Write, oncall: User, reviewer: User, now: datetime) -> None:
    (shop,) = apply_catalogue(services=read_catalogue(write(WHOLE)), now=now)
    assert (shop.recovery_samples, shop.alert_every_seconds, shop.flags) == (3, 1, ["loyalty-points"])
    assert (shop.branch, shop.alert_above) == ("master", True)


def test_applying_it_twice_changes_nothing(write: Write, oncall: User, reviewer: User, now: datetime) -> None:
    apply_catalogue(services=read_catalogue(write(WHOLE)), now=now)
    before = LedgerEntry.objects.count()
    apply_catalogue(services=read_catalogue(write(WHOLE)), now=now)
    assert LedgerEntry.objects.count() == before


@pytest.mark.parametrize(
    ("gone", "column", "then"),
    [
        ("    flags: [loyalty-points]\n", "flags", []),
        ("    recovery_samples: 3\n", "recovery_samples", 5),
        ("      every_seconds: 1\n", "alert_every_seconds", 15),
        (WHOLE[WHOLE.index("    alert:") : WHOLE.index("    engineers")], "alert_query", ""),
    ],
)
def test_what_leaves_the_file_goes_back_to_its_default(
    write: Write, db: None, now: datetime, gone: str, column: str, then: Any
) -> None:
    apply_catalogue(services=read_catalogue(write(WHOLE)), now=now)
    (shop,) = apply_catalogue(services=read_catalogue(write(WHOLE.replace(gone, ""))), now=now)
    assert getattr(shop, column) == then


def test_a_service_that_leaves_the_file_is_retired_and_may_come_back(write: Write, db: None, now: datetime) -> None:
    apply_catalogue(services=read_catalogue(write(WHOLE)), now=now)
    apply_catalogue(services=read_catalogue(write(WHOLE.replace("slug: shop", "slug: other"))), now=now)
    assert list(Service.objects.in_use().values_list("slug", flat=True)) == ["other"]
    apply_catalogue(services=read_catalogue(write(WHOLE)), now=now)
    assert list(Service.objects.in_use().values_list("slug", flat=True)) == ["shop"]
    kinds = LedgerEntry.objects.filter(stream_id="catalogue").values_list("kind", flat=True)
    assert list(kinds).count("service.retired") == 2


def test_rights_follow_the_file_and_are_recorded(write: Write, oncall: User, reviewer: User, now: datetime) -> None:
    (shop,) = apply_catalogue(services=read_catalogue(write(WHOLE)), now=now)
    assert reviewer.has_perm("review_service", shop)
    (shop,) = apply_catalogue(services=read_catalogue(write(WHOLE.replace("[reviewer]", "[oncall]"))), now=now)
    assert not User.objects.get(pk=reviewer.pk).has_perm("review_service", shop)
    assert User.objects.get(pk=oncall.pk).has_perm("review_service", shop)
    told = LedgerEntry.objects.filter(stream_id="access", kind="grant.removed").get()
    assert told.data == {"person": "reviewer", "right": "review_service", "service": "shop"}
