"""The sweep's chores stand alone: one that fails keeps none of the others from being done."""

from datetime import datetime

import pytest
from django.db import OperationalError

from incidents.services import minding


def test_a_chore_that_fails_keeps_no_other(db: None, monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    done: list[datetime] = []
    monkeypatch.setattr(minding, "warn_where_open", _stumbles)
    monkeypatch.setattr(minding, "wake_deputies", done.append)
    assert minding.mind_questions(now=now) == 1
    assert done == [now]


def test_without_its_database_it_does_not_go_on(db: None, monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    def away(_: datetime) -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(minding, "warn_where_open", away)
    with pytest.raises(OperationalError):
        minding.mind_questions(now=now)


def _stumbles(_: datetime) -> None:
    raise LookupError("a row that nobody foresaw")
