"""The one place where transport and status become words."""

import email.utils
import logging
import socket

import httpx
import pytest

from incidents.integrations import outbound
from incidents.integrations.errors import IntegrationError
from incidents.integrations.outbound import Outbound
from tests.integrations import worlds

SECRET = "ghs_secretsecretsecret"


def ask(url: str, *, writes: bool = False, transport: httpx.BaseTransport | None = None) -> IntegrationError:
    out = Outbound("GitHub", url, headers={}, advice={404: "Check the name."}, transport=transport)
    with pytest.raises(IntegrationError) as caught:
        out.ask("PUT" if writes else "GET", "thing", doing="reading a thing", writes=writes, headers=signed())
    return caught.value


def signed() -> dict[str, str]:
    return {"Authorization": f"Bearer {SECRET}"}


def answered(status: int, content: object = None, *, writes: bool = False, **headers: str) -> IntegrationError:
    table = worlds.Table({f"{'PUT' if writes else 'GET'} /thing": worlds.ok(content, status, **headers)})
    return ask("https://host.example", writes=writes, transport=table.transport)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "READ_SECONDS", 0.2)
    monkeypatch.setattr(outbound, "DEADLINE_SECONDS", 0.3)


BREAKS = [worlds.hang, worlds.drop, worlds.half_an_answer, worlds.garbage, worlds.trickle]


@pytest.mark.parametrize("behave", BREAKS)
def test_a_write_whose_answer_is_lost_is_in_doubt_and_is_sent_once(behave):
    with worlds.breaking_server(behave) as server:
        error = ask(server.url, writes=True)
        assert (error.retryable, error.in_doubt, len(server.received)) == (True, True, 1)
    assert "may have taken place" in error.words


@pytest.mark.parametrize("behave", BREAKS)
def test_a_read_whose_answer_is_lost_is_only_worth_another_try(behave):
    with worlds.breaking_server(behave) as server:
        error = ask(server.url)
    assert (error.retryable, error.in_doubt) == (True, False)
    assert "reading a thing" in error.words


def test_a_write_that_found_nobody_is_not_in_doubt():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    error = ask(f"http://127.0.0.1:{port}", writes=True)
    assert (error.retryable, error.in_doubt) == (True, False)
    assert "Nothing was sent" in error.words


def test_an_answer_without_end_is_not_taken_in(monkeypatch):
    monkeypatch.setattr(outbound, "_LARGEST_ANSWER", 10)
    assert "more than the console takes in" in answered(200, {"long": "answer"}).words


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_write_answered_by_the_other_sides_own_fault_is_in_doubt(status):
    error = answered(status, writes=True)
    assert (error.retryable, error.in_doubt, error.status) == (True, True, status)


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403, 404, 405, 409, 410, 422])
def test_a_refusal_is_neither_repeated_nor_doubted(status):
    error = answered(status, {"message": "So it is."}, writes=True)
    assert (error.retryable, error.in_doubt, error.status) == (False, False, status)
    assert f"answered {status} to reading a thing: So it is." in error.words


def test_the_advice_for_the_status_follows_the_reason():
    assert answered(404, {"message": "Not Found"}).words.endswith("Not Found. Check the name.")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"message": "Validation Failed", "errors": [{"message": "No commits\n between"}]}, "No commits between"),
        ({"message": "Validation Failed", "errors": ["just text"]}, "Validation Failed"),
        ({"error": "parse error"}, "parse error"),
        (["a list"], "answered 422"),
        ({"message": 7}, "answered 422"),
    ],
)
def test_the_other_sides_reason_is_told_in_one_line_where_there_is_one(content, words):
    told = answered(422, content).words
    assert words in told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("status", "headers", "content", "wait"),
    [
        (429, {"retry_after": "7"}, {}, 7),
        (403, {"retry_after": "30"}, {"message": "You have exceeded a secondary rate limit"}, 30),
        (403, {}, {"message": "You have exceeded a secondary rate limit"}, 60),
        (429, {"retry_after": "soon"}, {}, 60),
        (429, {"retry_after": "999999"}, {}, 3600),
        (429, {"retry_after": "0"}, {}, 1),
    ],
)
def test_a_limit_is_retryable_not_before_the_time_it_tells(status, headers, content, wait):
    error = answered(status, content, writes=True, **headers)
    assert (error.retryable, error.in_doubt, error.retry_after) == (True, False, wait)


@pytest.mark.parametrize("reset", ["1000100", "soon"])
def test_a_used_up_limit_tells_its_reset(reset):
    headers = httpx.Headers({"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset})
    assert outbound.is_limit(403, headers, "")
    assert outbound.wait_told(headers, lambda: 1000000.0) == (100 if reset.isdigit() else 60)


def test_a_date_to_wait_for_is_understood():
    headers = {"retry-after": email.utils.formatdate(1000030, usegmt=True)}
    assert outbound.wait_told(headers, lambda: 1000000.0) == 30


def test_a_missing_permission_is_not_taken_for_a_limit():
    assert not answered(403, {"message": "Resource not accessible by integration"}).retryable


def test_an_unavailable_service_tells_when_to_come_back():
    assert answered(503, retry_after="12").retry_after == 12


@pytest.mark.parametrize("behave", [worlds.drop, worlds.garbage])
def test_the_token_is_in_no_words_and_no_log(behave, caplog):
    caplog.set_level(logging.DEBUG)
    with worlds.breaking_server(behave) as server:
        error = ask(server.url, writes=True)
    assert SECRET not in f"{error!r} {error.words} {error.__cause__!r} {caplog.text}"


@pytest.mark.parametrize("bad", ["line\nbreak", "ümlaut"])
def test_a_header_that_cannot_be_sent_is_refused_without_quoting_it(bad):
    with worlds.breaking_server(worlds.drop) as server:
        out = Outbound("GitHub", server.url, headers={}, advice={})
        with pytest.raises(IntegrationError) as caught:
            out.ask("GET", "thing", doing="reading", headers={"Authorization": f"Bearer {SECRET}{bad}"})
    assert SECRET not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_a_password_in_an_address_is_used_but_logged_nowhere(caplog):
    caplog.set_level(logging.DEBUG)
    table = worlds.Table({"GET /thing": worlds.ok({})})
    out = Outbound("Prometheus", "https://me:hush@host.example", headers={}, advice={}, transport=table.transport)
    out.ask("GET", "thing", doing="reading")
    assert table.asked[0].headers["authorization"].startswith("Basic ")
    assert "hush" not in caplog.text + repr(out)


def test_a_redirect_is_not_followed():
    with worlds.breaking_server(worlds.drop) as elsewhere:
        with worlds.breaking_server(worlds.redirect_to(elsewhere.url)) as server:
            error = ask(server.url)
        assert (error.status, elsewhere.received) == (302, [])
