"""Unleash: off, on, and read back. Behaviour measured against the real server: design/integrations.md."""

import httpx
import pytest

from incidents.integrations.errors import IntegrationError
from incidents.integrations.flags import Flags
from incidents.integrations.unleash import Unleash
from tests.integrations.worlds import Answer, Table, ok

PATH = "/unleash/api/admin/projects/default/features/loyalty-points/environments/production"


def flags(**answers: Answer) -> tuple[Flags, Table]:
    methods = {"read": f"GET {PATH}", "on": f"POST {PATH}/on", "off": f"POST {PATH}/off"}
    table = Table({methods[name]: answer for name, answer in answers.items()})
    url = "https://host.example/unleash"
    return Unleash(url, "*:*.secret", project="default", environment="production", transport=table.transport), table


@pytest.mark.parametrize("on", [True, False])
def test_a_flag_is_read_as_its_environment_tells_it(on):
    unleash, table = flags(read=ok({"name": "production", "enabled": on}))
    found = unleash.read("loyalty-points")
    assert (found.on, found.environment) == (on, "production")
    assert found.url == "https://host.example/unleash/projects/default/features/loyalty-points"
    assert table.asked[0].headers["authorization"] == "*:*.secret"  # no "Bearer": docs.getunleash.io


@pytest.mark.parametrize(("on", "word"), [(True, "on"), (False, "off")])
def test_an_empty_answer_is_success(on, word):
    unleash, table = flags(**{word: httpx.Response(200)})
    unleash.turn("loyalty-points", on=on, key="k1")
    assert [request.url.path for request in table.asked] == [f"{PATH}/{word}"]


def test_a_flag_that_tells_neither_on_nor_off_is_not_taken_for_off():
    unleash, _ = flags(read=ok({"name": "production"}))
    with pytest.raises(IntegrationError, match="cannot read"):
        unleash.read("loyalty-points")


def test_a_name_cannot_leave_its_place_in_the_address():
    unleash, table = flags()
    with pytest.raises(IntegrationError):
        unleash.read("../../tokens?x=")
    assert table.asked[0].url.raw_path.decode().count("/") == PATH.count("/")


@pytest.mark.parametrize(
    ("answer", "words", "in_doubt"),
    [
        (ok({"name": "NotFoundError", "message": "Could not find feature"}, 404), "catalogue", False),
        (ok({"name": "AuthenticationRequired"}, 401), "UNLEASH_TOKEN", False),
        (ok({"name": "PermissionError"}, 403), "change request", False),
        (ok({}, 500), "its side", True),
        (httpx.ReadTimeout("late"), "did not answer", True),
    ],
)
def test_a_refusal_says_what_to_do(answer, words, in_doubt):
    unleash, _ = flags(off=answer)
    with pytest.raises(IntegrationError, match=words) as caught:
        unleash.turn("loyalty-points", on=False, key="k1")
    assert caught.value.in_doubt is in_doubt
