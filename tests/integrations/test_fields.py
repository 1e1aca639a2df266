"""Reading JSON by tolerant eyes."""

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.integrations.fields import Fields, Unexpected, parse_json, read_moment

WHOLE = Fields({"a": {"text": "x", "number": 7, "flag": True, "null": None, "list": ["x"], "pairs": {"k": "v"}}})


def test_what_is_there_is_read():
    assert WHOLE.text("a", "text") == "x"
    assert WHOLE.number("a", "number") == 7
    assert WHOLE.flag("a", "flag")
    assert WHOLE.texts("a", "list") == ("x",)
    assert WHOLE.texts_by_name("a", "pairs") == {"k": "v"}
    assert WHOLE.has("a", "text")


@pytest.mark.parametrize("path", [("a", "null"), ("a", "missing"), ("missing", "deeper"), ("a", "text", "deeper")])
def test_null_and_missing_are_the_same(path):
    assert WHOLE.optional_text(*path) is None
    assert WHOLE.text(*path, default="d") == "d"
    assert WHOLE.number(*path, default=3) == 3
    assert WHOLE.optional_flag(*path) is None
    assert WHOLE.optional_moment(*path) is None
    assert WHOLE.each(*path) == []
    assert WHOLE.texts_by_name(*path) == {}
    assert not WHOLE.has(*path)


@pytest.mark.parametrize(
    "read",
    [
        lambda whole: whole.text("a", "number"),
        lambda whole: whole.text("a", "null"),
        lambda whole: whole.text("a", "number", default=""),
        lambda whole: whole.number("a", "flag"),
        lambda whole: whole.number("a", "text"),
        lambda whole: whole.number("a", "missing"),
        lambda whole: whole.flag("a", "text"),
        lambda whole: whole.moment("a", "text"),
        lambda whole: whole.each("a", "text"),
        lambda whole: whole.each("a", "list"),
        lambda whole: whole.texts("a", "pairs"),
        lambda whole: whole.texts_by_name("a", "list"),
    ],
)
def test_another_type_is_told_by_the_fields_name(read):
    with pytest.raises(Unexpected, match=r"^a\."):
        read(WHOLE)


def test_an_item_is_named_by_its_place():
    with pytest.raises(Unexpected, match=r"^rows\[1\]\.id is not a whole number"):
        [row.number("id") for row in Fields({"rows": [{"id": 1}, {"id": "2"}]}).each("rows")]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-23T12:00:00Z", datetime(2026, 11, 23, 12, tzinfo=UTC)),
        ("2026-11-23T14:00:00.123456789+02:00", datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_in_utc(text, at):
    assert read_moment(text) == at


@pytest.mark.parametrize(
    "text", ["", "noon", "2026-11-23T12:00:00", "9999-12-31T23:59:59-01:00", "2026-02-30T00:00:00Z"]
)
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError):
        read_moment(text)


@settings(deadline=None)
@given(st.text())
def test_any_text_is_a_time_or_refused(text):
    with suppress(ValueError):
        assert read_moment(text).tzinfo is UTC


@settings(deadline=None)
@given(st.binary())
def test_any_bytes_are_json_or_refused(body):
    with suppress(Unexpected):
        assert parse_json(body) == json.loads(body)
