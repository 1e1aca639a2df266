"""R3 against the code host's own rules: which way to an approval is left open."""

import pytest

from incidents.procedure.self_approval import Bypass, review_path


@pytest.mark.parametrize(
    ("approvals", "as_app", "bypass", "plain", "says"),
    [
        (0, True, "never", True, "asks for no review"),
        (1, True, "never", True, "or the on-call engineer alone, approves it there as themselves"),
        (1, False, "never", False, "that person can never approve it"),
        (2, True, "never", False, "cannot open the merge"),
        (1, True, "pull_requests_only", True, "lets the console's pull request past its rules"),
        (1, True, "always", False, "a push to the branch included"),
        (0, True, "exempt", False, "leaves no trace"),
        (1, True, "a-new-word", True, "asks for one review"),
    ],
)
def test_r3_the_way_that_the_rules_leave_open_is_one_sentence(
    approvals: int, as_app: bool, bypass: str, plain: bool, says: str
) -> None:
    path = review_path(approvals=approvals, as_app=as_app, bypass=Bypass.known(bypass))
    assert (path.plain, says in path.words) == (plain, True), path.words
