"""R2: the pull request "Revert: …", found by its head before one is opened."""

from incidents.effects.orders import Order
from incidents.effects.outcomes import Done, Failed, Outcome
from incidents.effects.wiring import World
from incidents.integrations.code_host import PullRequest
from incidents.procedure.steps import StepKind


class OpenPullRequest:
    """One pull request a branch: the code host itself refuses a second one."""

    def look_up(self, order: Order, world: World) -> Outcome | None:
        pushed = order.before(StepKind.PUSH_REVERT)
        if pushed.get("already_on_branch"):
            return Done("Nothing to open: the change is already undone on the branch.", pushed)
        if "branch" not in pushed:
            return Failed("No revert was pushed. Adopt a branch, or record the pull request by hand (E18).")
        found = world.code_host.find_pull_request(order.repository, head=pushed["branch"])
        if found is None:
            return None
        if found.state == "closed" and not found.merged:
            return Failed(f"Pull request #{found.number} was closed on the code host. Reopen it there, then retry.")
        return _opened(found)

    def act(self, order: Order, world: World) -> Outcome:
        order.ask_lease()
        return _opened(
            world.code_host.open_pull_request(
                order.repository,
                head=order.before(StepKind.PUSH_REVERT)["branch"],
                base=order.service.branch,
                title=str(order.step.parameters["title"]),
                body=str(order.step.parameters["body"]),
            )
        )


def _opened(found: PullRequest) -> Done:
    return Done(
        f"Pull request #{found.number} “{found.title}” is open.",
        {"number": found.number, "head_sha": found.head_sha, "title": found.title},
        found.url,
    )
