"""Between a vote and whoever hears of it: marked in the pages, and in the workers, where a press becomes a vote."""

from typing import Any

from tests.faults.boundaries import Boundary, of_environment, swap


def mark_listener() -> None:
    """A vote is committed before anybody hears of it, whether it grants or another one is missing."""
    from approvals.quorum import State
    from incidents.receivers import Answers

    marks, hear = of_environment(), Answers.heard

    def marked(self: Answers, news: Any) -> None:
        if news.state in (State.OPEN, State.GRANTED):
            marks.strike(Boundary.HEARD, f"{news.subject.type} {news.state}")
        hear(self, news)

    swap(Answers, "heard", marked)
