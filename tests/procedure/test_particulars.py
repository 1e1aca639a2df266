"""What was typed for a path to go by: a pull request, a flag, the name of a credential."""

import pytest

from incidents.procedure.decision import Path
from incidents.procedure.particulars import UnreadableName, fix_number, read_particulars
from incidents.procedure.planning import NothingToGoBy

SHOP = "acme/shop"


def read(path: Path, flags: tuple[str, ...] = (), **typed: str) -> dict[str, str | int]:
    return read_particulars(path, typed, repository=SHOP, flags=flags)


@pytest.mark.parametrize(
    "text",
    [
        "12",
        "#12",
        " 12 ",
        "https://github.com/acme/shop/pull/12",
        "https://github.com/Acme/Shop/pull/12/files",
        "http://127.0.0.1:8200/github/acme/shop/pull/12#discussion",
    ],
)
def test_d5_a_fix_is_named_by_its_number_or_its_address(text: str) -> None:
    assert fix_number(text, SHOP) == 12


@pytest.mark.parametrize(
    "text",
    ["", "0", "twelve", "12a", "-1", "12345678901", "https://github.com/acme/shop/issues/12", "javascript:12", "1\n2"],
)
def test_d5_what_is_no_pull_request_is_refused_in_words(text: str) -> None:
    with pytest.raises(UnreadableName, match="is no pull request"):
        fix_number(text, SHOP)


def test_d5_a_pull_request_of_another_repository_is_refused() -> None:
    with pytest.raises(UnreadableName, match="one of acme/search"):
        fix_number("https://github.com/acme/search/pull/12", SHOP)


@pytest.mark.parametrize(("path", "rule"), [("roll_forward", "D5"), ("isolate", "M2"), ("rotate_forward", "C2")])
def test_d5_m2_c2_what_a_path_needs_at_once_is_asked_for_by_its_rule(path: str, rule: str) -> None:
    with pytest.raises(NothingToGoBy) as refusal:
        read(Path(path))
    assert refusal.value.rule == rule


@pytest.mark.parametrize("path", [Path.HOTFIX, Path.ROLLBACK, Path.ESCALATE])
def test_m2_a_hotfix_need_not_be_prepared_already(path: Path) -> None:
    assert read(path) == {}


def test_each_path_takes_its_own_thing_and_nothing_else() -> None:
    typed = {"fix": "#12", "flag": "loyalty-points", "credential": "shop/payments"}
    assert read(Path.ROLL_FORWARD, **typed) == read(Path.HOTFIX, **typed) == {"fix": 12}
    assert read(Path.ISOLATE, **typed) == {"flag": "loyalty-points"}
    assert read(Path.ROTATE_FORWARD, **typed) == read(Path.ROLLBACK, **typed) == {"credential": "shop/payments"}
    assert read(Path.ESCALATE, **typed) == {}


def test_m2_only_a_flag_of_the_catalogue_isolates_where_it_names_any() -> None:
    assert read(Path.ISOLATE, ("loyalty-points",), flag="loyalty-points")
    with pytest.raises(UnreadableName, match="names no flag"):
        read(Path.ISOLATE, ("loyalty-points",), flag="checkout")


@pytest.mark.parametrize("text", ["../../etc\nx", "a\tb", "-x", "naïve", "x" * 201, "a;b", "$(id)"])
@pytest.mark.parametrize(("path", "field"), [(Path.ISOLATE, "flag"), (Path.ROTATE_FORWARD, "credential")])
def test_c2_a_name_is_a_name_and_never_a_value_or_a_command(path: Path, field: str, text: str) -> None:
    with pytest.raises(UnreadableName):
        read(path, **{field: text})
