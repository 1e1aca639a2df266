"""The difference that an approver sees is empty exactly where nothing differs."""

import json

from hypothesis import given
from hypothesis import strategies as st

from approvals.difference import Change, difference, same

scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3)
)


@given(values, values)
def test_there_is_a_difference_exactly_where_the_written_text_differs(before, after):
    written = [json.dumps(value, sort_keys=True) for value in (before, after)]
    assert bool(difference(before, after)) == (written[0] != written[1])
    assert same(before, after) == (written[0] == written[1])


def test_each_change_names_its_place():
    before = {"exactly": "tree 1", "evidence": {"Files": ["a.py"], "Base": "x"}}
    after = {"exactly": "tree 2", "evidence": {"Files": ["a.py"], "Paths": 3}}
    assert difference(before, after) == (
        Change("evidence › Base", "x", None),
        Change("evidence › Paths", None, 3),
        Change("exactly", "tree 1", "tree 2"),
    )
