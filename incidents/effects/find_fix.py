"""D5, M2: the fix's pull request is there, with exactly the head that was shown when the plan was executed."""

from incidents.effects.fixes import another_patch
from incidents.effects.orders import Order
from incidents.effects.outcomes import Done, Failed, Outcome
from incidents.effects.wiring import World


class FindFix:
    """Reads, and changes nothing: somebody else wrote the fix."""

    def look_up(self, order: Order, world: World) -> Outcome | None:
        number = int(order.step.parameters["number"])
        found = world.code_host.pull_request(order.repository, number)
        if found.state == "closed" and not found.merged:
            return Failed(f"#{number} was closed without a merge. Reopen it on the code host, then retry.")
        moved = another_patch(order, world, found)
        if moved:
            return moved
        how = "is merged already" if found.merged else "is open"
        pushed = "" if found.head_sha == order.fix_head else " It was pushed anew; the patch is the same (E13)."
        evidence = {"number": number, "head_sha": found.head_sha, "patch_id": order.plan.patch_id}
        return Done(f"#{number} “{found.title}” {how}, at {found.head_sha[:8]}.{pushed}", evidence, found.url)

    def act(self, order: Order, world: World) -> Outcome:
        raise AssertionError("A fix is only ever looked for.")
