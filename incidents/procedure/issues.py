"""What a follow-up's issue says: a title, a body with the way back, and the mark by which it is found again (T2)."""

from typing import Final

LONGEST_TITLE: Final = 120


def issue_mark(follow_up: str) -> str:
    """A comment that no reader sees: by it the issue is looked up before it is opened, and known as ours."""
    return f"<!-- rollback-console follow-up {follow_up} -->"


def issue_title(words: str) -> str:
    """The first line, no longer than a list shows."""
    first = " ".join(words.strip().splitlines()[:1]).strip()
    return first if len(first) <= LONGEST_TITLE else f"{first[: LONGEST_TITLE - 1].rstrip()}…"


def issue_body(
    *, follow_up: str, kind: str, words: str, incident: str, title: str, url: str, owner: str, due_on: str
) -> str:
    """The words whole, where they come from, whose they are; closing the issue settles the follow-up."""
    told = [f"Follow-up ({kind}) of [{incident}]({url}), “{title}” (T2)."]
    told += [f"Owner: {owner}."] if owner else []
    told += [f"Due on {due_on}."] if due_on else []
    told.append("Closing this issue settles the follow-up in the Rollback Console.")
    return f"{words.strip()}\n\n---\n{' '.join(told)}\n\n{issue_mark(follow_up)}\n"
