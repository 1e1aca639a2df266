"""The runner: takes queued runs one by one, and really deploys the commit into the shop."""

import asyncio
import logging
from functools import partial

from sandbox.actions.book import Book
from sandbox.actions.records import CANCELLED, FAILURE, IN_PROGRESS, QUEUED, STEPS, SUCCESS, Run
from sandbox.codehost.events import Push
from sandbox.codehost.forge import DEFAULT_BRANCH
from sandbox.codehost.refusals import Refused
from sandbox.parts import DeployFailed
from sandbox.world import World

logger = logging.getLogger("sandbox")

BEHAVIOURS = ("ok", "fail", "hang", "gate", "never")
GATE_REVIEWERS = ("reviewer", "cto", "oncall")
SET_UP, CHECK_OUT, DEPLOY, COMPLETE = STEPS


class Rejected(Exception):
    """A required reviewer said no to the environment."""


class Runner:
    """One deploy at a time; a newer push takes the place of those that still wait, as with a concurrency group.

    https://docs.github.com/en/actions/how-tos/write-workflows/choose-when-workflows-run/control-workflow-concurrency
    """

    def __init__(self, world: World, book: Book) -> None:
        self._world = world
        self._book = book
        self._woken = asyncio.Event()
        self._performing: asyncio.Task[None] | None = None
        self._current: Run | None = None

    def start(self) -> None:
        """Take up what was cut off, or deploy for the first time."""
        for run in self._book.unfinished():
            self._book.requeue(run)
        if not self._book.runs:
            self._deploy_the_past()
        self._world.spawn(self._work())

    def _deploy_the_past(self) -> None:
        commits = self._book.forge.repository.log(DEFAULT_BRANCH, first_parent=True)
        for commit in reversed(commits[1:]):
            self._book.remember_success(commit)
        if commits:
            self._book.open_run(commits[0].sha, commits[0].author.who.name, "ok")

    # What others tell it, from any thread

    def on_push(self, push: Push) -> None:
        if push.branch != DEFAULT_BRANCH or push.after is None:
            return
        with self._book.forge.store.lock:
            behaviour, self._book.next = self._book.next, "ok"
            self._book.keep()
            if behaviour == "never":
                return
            for waiting in self._book.unfinished():
                if waiting.status == QUEUED:
                    self._book.end(waiting, CANCELLED, "A newer push took its place.")
            self._book.open_run(push.after, push.pusher, behaviour)
        self._world.spawn_soon(self._wake())

    def answer_gate(self, run: Run, login: str, state: str) -> None:
        """Approve or reject the waiting environment as `login`; 422 where nothing waits, 403 for who may not."""
        if not run.gate_reviewers or run.gate_answer or run.over:
            raise Refused(422, "No pending deployment requests to approve or reject")
        if not self.may_answer(run, login):
            raise Refused(403, f"{login} is not allowed to approve deployments to this environment")
        self._book.answer_gate(run, login, state)
        self._world.spawn_soon(self._wake())

    def may_answer(self, run: Run, login: str) -> bool:
        """A required reviewer may; with prevent_self_review not the one who started the run."""
        own = self._book.forge.store.rules.prevent_self_review and login == run.actor
        return login in run.gate_reviewers and not own

    def cancel(self, run: Run) -> None:
        """409 where it is over already."""
        if run.over:
            raise Refused(409, "Cannot cancel a workflow run that is completed.")
        if run is self._current:
            self._world.spawn_soon(self._cancel_performing(run))
        else:
            self._book.end(run, CANCELLED, "Cancelled by hand.")

    async def _cancel_performing(self, run: Run) -> None:
        if self._performing and run is self._current:
            self._performing.cancel()

    async def _wake(self) -> None:
        self._woken.set()

    # The work

    async def _work(self) -> None:
        while True:
            self._woken.clear()
            queued = [run for run in self._book.unfinished() if run.status == QUEUED]
            if queued:
                await self._take(queued[0])
            else:
                await self._woken.wait()

    async def _take(self, run: Run) -> None:
        self._current, self._performing = run, asyncio.create_task(self._perform(run))
        try:
            await asyncio.wait([self._performing])
            if self._performing.cancelled():
                self._book.end(run, CANCELLED, "Cancelled by hand.")
            elif failure := self._performing.exception():
                logger.error("A run broke off", exc_info=failure)
                self._book.end(run, FAILURE, f"The runner broke off: {failure}")
        finally:
            self._performing.cancel()
            await asyncio.gather(self._performing, return_exceptions=True)
            self._current = self._performing = None

    async def _perform(self, run: Run) -> None:
        await self._world.pause(0.5)
        if not self._book.begin(run):
            return
        try:
            await self._pass_gate(run)
        except Rejected as rejected:
            self._book.end(run, FAILURE, str(rejected))
            return
        deployment = self._book.open_deployment(run)
        try:
            self._book.say(deployment, IN_PROGRESS)
            await self._steps(run)
        except DeployFailed as failed:
            self._book.end_step(run, DEPLOY, FAILURE)
            self._book.say(deployment, FAILURE, str(failed))
            self._book.end(run, FAILURE, str(failed))
        except BaseException:
            self._book.say(deployment, "error", "The run was cut off.")
            raise
        else:
            self._book.say(deployment, SUCCESS)
            self._book.end(run, SUCCESS)

    async def _pass_gate(self, run: Run) -> None:
        """Wait for a required reviewer where the rules, or the next run's orders, want one; raises Rejected."""
        reviewers = list(self._book.forge.store.rules.environment_reviewers)
        if run.behaviour == "gate":
            reviewers = reviewers or list(GATE_REVIEWERS)
        if not reviewers:
            return
        self._book.wait_for_gate(run, reviewers)
        while run.gate_answer is None:
            self._woken.clear()
            await self._woken.wait()
        if run.gate_answer != "approved":
            raise Rejected("The deployment was rejected by a required reviewer.")

    async def _steps(self, run: Run) -> None:
        self._book.begin_step(run, SET_UP)
        await self._world.pause(0.3)
        self._book.end_step(run, SET_UP)
        self._book.begin_step(run, CHECK_OUT)
        await self._world.pause(0.2)
        self._book.end_step(run, CHECK_OUT)
        self._book.begin_step(run, DEPLOY)
        if run.behaviour == "hang":
            await asyncio.Event().wait()
        if run.behaviour == "fail":
            await self._world.pause(0.5)
            raise DeployFailed("The deploy script ended with exit code 1.")
        await self._world.shop.deploy(run.sha, partial(self._book.forge.repository.checkout, run.sha))
        self._book.end_step(run, DEPLOY)
        self._book.begin_step(run, COMPLETE)
        await self._world.pause(0.2)
        self._book.end_step(run, COMPLETE)
