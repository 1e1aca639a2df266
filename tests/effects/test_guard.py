"""The guard and the reapply: what was taken back ships again only knowingly (R1, R4)."""

import threading
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection

from incidents.assessment.git import RepositoryUnreadable
from incidents.effects import guarding, wiring
from incidents.models import Change, Incident, LedgerEntry, Reversion, Step
from incidents.procedure.refusals import Refusal
from incidents.queries.changes import change_page
from incidents.queries.lists import dashboard
from incidents.services.clock import database_now
from incidents.services.guarding import accept_return
from incidents.services.reapplying import NothingToReapply, ReapplyUnderWay, reapply
from tests.effects.conftest import Drill

pytestmark = pytest.mark.timeout(400)  # a whole rollback, then what came after it


@pytest.fixture
def taken_back(drill: Drill) -> Reversion:
    """A change that was rolled back, its incident recovered; the console has seen the branch since."""
    incident = drill.declare(drill.break_shop())
    drill.execute(drill.decide(incident))
    drill.work_until(drill.reaches("review", "watching"), "the review waits")
    number = drill.step("open_pull_request").evidence["number"]
    drill.sandbox.control("review", number=number, login="reviewer", state="APPROVED")
    drill.work_until(drill.reaches("merge", "done"), "the revert is merged")
    Incident.objects.filter(pk=incident.pk).update(state="recovered", recovered_at=database_now())
    drill.refresh()
    return Reversion.objects.get()


def ask(taken: Reversion, who: str = "engineer") -> Step:
    return reapply(
        incident_id=taken.incident_id, change_sha=taken.change.sha, actor=User.objects.get(username=who),
        now=database_now(),
    )  # fmt: skip


def brought_back(drill: Drill, taken: Reversion) -> str:
    """Somebody takes the revert back by hand, past the console, onto the branch."""
    return str(drill.sandbox.control("revert", sha=taken.revert_sha, author="engineer", merge=True).json()["merged_as"])


def lines() -> list[str]:
    engineer = User.objects.get(username="engineer")
    return [each.words for each in dashboard(engineer, database_now()).shipped_again]


def test_r4_a_merged_revert_is_guarded_and_nothing_is_said_while_it_holds(taken_back: Reversion) -> None:
    merge = Step.objects.get(kind="merge")
    assert taken_back.revert_sha == merge.evidence["merge_sha"]
    assert taken_back.judged["on the branch"] == {"sha": taken_back.revert_sha, "back": False}
    assert Change.objects.get(pk=taken_back.change_id).reverted_by == taken_back.revert_sha
    assert not LedgerEntry.objects.filter(kind="guard.shipped_again").exists()


def test_r4_the_change_back_beside_its_revert_is_said_once_a_commit_everywhere(
    drill: Drill, taken_back: Reversion
) -> None:
    sha = brought_back(drill, taken_back)
    drill.refresh()
    drill.refresh()
    said = LedgerEntry.objects.filter(kind="guard.shipped_again", text__contains=f'"sha":"{sha}"')
    assert said.count() == 1
    assert f"ships again with {sha[:8]}" in lines()[0]
    drill.work_until(drill.reaches("announce", "done"), "the channel is told")
    assert "its lines are back, though its revert is in there" in drill.step("announce").parameters["text"]
    assert Step.objects.filter(kind="announce").count() == 1


def test_r4_a_repository_that_cannot_be_read_leaves_it_to_the_next_refresh(
    drill: Drill, taken_back: Reversion, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: object, **__: object) -> bool:
        raise RepositoryUnreadable("Git gave no answer within 30 s.")

    sha, before = brought_back(drill, taken_back), taken_back.judged
    with monkeypatch.context() as broken:
        broken.setattr(guarding, "contains", unreadable)
        drill.refresh()
    taken_back.refresh_from_db()
    assert taken_back.judged == before
    drill.refresh()
    taken_back.refresh_from_db()
    assert taken_back.judged["on the branch"] == {"sha": sha, "back": True}


def test_r4_a_branch_that_lost_the_revert_is_found_by_the_commit_graph(drill: Drill, taken_back: Reversion) -> None:
    """As after a reset of the branch: the revert never was on the line that is looked at."""
    Reversion.objects.update(revert_sha="0" * 40, judged={})
    brought_back(drill, taken_back)
    drill.refresh()
    assert "is not in there any more" in LedgerEntry.objects.get(kind="guard.shipped_again").data["words"]


def test_r4_once_it_is_gone_again_the_dashboard_is_calm(drill: Drill, taken_back: Reversion) -> None:
    sha = brought_back(drill, taken_back)
    drill.refresh()
    assert lines()
    drill.sandbox.control("revert", sha=sha, branch="once-more", author="engineer", merge=True)
    drill.refresh()
    assert Reversion.objects.get().judged["on the branch"]["back"] is False


def test_r4_an_engineer_may_say_that_it_is_meant_with_a_reason(drill: Drill, taken_back: Reversion) -> None:
    brought_back(drill, taken_back)
    drill.refresh()
    told = {"incident_id": taken_back.incident_id, "change_sha": taken_back.change.sha, "now": database_now()}
    engineer = User.objects.get(username="engineer")
    with pytest.raises(Refusal, match="Say why"):
        accept_return(actor=engineer, reason=" ", **told)
    accept_return(actor=engineer, reason="fixed by hand", **told)
    assert lines() == []
    assert LedgerEntry.objects.get(kind="change.reapplied").data["reason"] == "fixed by hand"


def test_r1_a_reapply_is_the_revert_of_the_revert_and_people_merge_it(drill: Drill, taken_back: Reversion) -> None:
    ask(taken_back)
    drill.work_until(drill.reaches("propose_reapply", "done"), "the pull request is open")
    number = drill.step("propose_reapply").evidence["number"]
    pull = wiring.world().code_host.pull_request("acme/shop", number)
    assert (pull.title, pull.merged) == (f"Reapply: {taken_back.change.title}", False)
    assert pull.head_ref == f"reapply/{taken_back.incident.number}-{taken_back.change.sha[:12]}"
    drill.sandbox.control("review", number=number, login="reviewer", state="APPROVED")
    wiring.world().code_host.merge("acme/shop", number, sha=pull.head_sha, method="merge")
    drill.refresh()
    taken_back.refresh_from_db()
    assert taken_back.reapplied_at
    assert not LedgerEntry.objects.filter(kind="guard.shipped_again").exists()
    with pytest.raises(NothingToReapply):
        ask(taken_back)


def test_r1_a_reapply_works_after_the_close_and_shows_on_the_changes_page(drill: Drill, taken_back: Reversion) -> None:
    Incident.objects.filter(pk=taken_back.incident_id).update(
        state="closed", closed_at=database_now(), resolution="recovered"
    )
    assert change_page(taken_back.change, actionable=True).reversions[0].reapply_url
    ask(taken_back)
    drill.work_until(drill.reaches("propose_reapply", "done"), "the pull request is open")
    shown = change_page(taken_back.change, actionable=True).reversions[0]
    assert (shown.reapply_url, bool(shown.link)) == ("", True)


def test_r1_a_reapply_that_conflicts_says_in_which_files(drill: Drill, taken_back: Reversion) -> None:
    touched = "shop/checkout.py"
    drill.sandbox.control("push", branch="master", title="Rewrite it", files={touched: "x = 1\n"}, author="engineer")
    ask(taken_back)
    drill.work_until(drill.reaches("push_reapply", "failed"), "the conflict is told")
    assert touched in drill.step("push_reapply").sentence
    assert ask(taken_back).state == "blocked"


def test_r1_a_revert_that_is_not_on_the_branch_cannot_be_taken_back(drill: Drill, taken_back: Reversion) -> None:
    aside = drill.sandbox.control("push", branch="aside", title="Aside", files={"A.md": "a"}, author="engineer").json()
    Reversion.objects.update(revert_sha=aside["sha"])
    ask(taken_back)
    drill.work_until(drill.reaches("push_reapply", "failed"), "it is told")
    assert "is not on master" in drill.step("push_reapply").sentence


def test_r1_of_eight_who_ask_at_once_one_reapplies_and_seven_are_told_who(drill: Drill, taken_back: Reversion) -> None:
    people = [User.objects.get(username=name) for name in ("oncall", "engineer")] * 4
    gate, told = threading.Barrier(8), []

    def press(person: User) -> None:
        try:
            gate.wait(20)
            reapply(
                incident_id=taken_back.incident_id, change_sha=taken_back.change.sha, actor=person, now=database_now()
            )
            told.append("asked")
        except ReapplyUnderWay as refusal:
            told.append(refusal.words)
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=(person,)) for person in people]
    run(threads)
    assert sorted(each == "asked" for each in told) == [False] * 7 + [True]
    assert all("asked for it at" in each for each in told if each != "asked")
    drill.work_until(drill.reaches("propose_reapply", "done"), "the pull request is open")
    opened = [each for each in drill.effects("pull_request.opened") if each.key.startswith("reapply/")]
    assert len(opened) == 1


def run(threads: list[threading.Thread]) -> None:
    each: Callable[[threading.Thread], None]
    for each in (threading.Thread.start, threading.Thread.join):
        for thread in threads:
            each(thread)
