"""GitHub: is the branch seen, may a pull request be opened, what do the rules leave for R3, can a deploy be seen."""

from collections.abc import Iterator
from functools import partial
from typing import Final

from django.conf import settings

from incidents.assessment.changes import has_file
from incidents.effects.rehearsing.checks import Check, Finding, caveat, missing, ready
from incidents.effects.wiring import World
from incidents.integrations.code_host import OWN_REFS, CodeHost
from incidents.integrations.errors import IntegrationError
from incidents.models.service import Service
from incidents.procedure.self_approval import Bypass, review_path

UNPROCESSABLE = 422
LEVELS: Final = ("", "read", "write", "admin")
NEEDED: Final = {"contents": "write", "pull_requests": "write", "actions": "read", "deployments": "read"}
USEFUL: Final = {
    "statuses": ("write", "to warn of other merges"),
    "workflows": ("write", "for a revert that touches a workflow"),
}
EVENTS: Final = ("push", "pull_request", "pull_request_review", "workflow_run", "deployment_status")


def checks(world: World, services: list[Service]) -> Iterator[Check]:
    """What the console's account needs of the code host, and what each service does."""
    if services:
        yield Check(
            "code_host.grants", "The console's account may do what it must", "R1", partial(grants, world.code_host)
        )
    for each in services:
        name = each.name
        yield Check(
            f"code_host.push:{each.slug}", f"{name}: a revert may be pushed", "R1", partial(push, each, world),
            writes=f"pushes refs/{OWN_REFS}/{_rehearsal(each)} to {each.repository}, and removes it",
        )  # fmt: skip
        yield Check(f"code_host.branch:{each.slug}", f"{name}: its branch is seen", "R1", partial(branch, each, world))
        yield Check(
            f"code_host.pull_request:{each.slug}", f"{name}: a pull request may be opened", "R2",
            partial(pull_request, each, world.code_host),
        )  # fmt: skip
        yield Check(
            f"code_host.review:{each.slug}", f"{name}: who can approve the revert", "R3",
            partial(review, each, world.code_host),
        )  # fmt: skip
        yield Check(
            f"code_host.deploy:{each.slug}", f"{name}: the deploy can be followed", "R4", partial(deploy, each, world)
        )


def branch(service: Service, world: World) -> Finding:
    """The token holds, the repository is seen, the deploy branch is there, and git can fetch it."""
    head = world.code_host.branch_head(service.repository, service.branch)
    if head is None:
        return missing(f"{service.repository} has no branch {service.branch}: correct the catalogue.")
    mirror = world.mirror(service.repository)
    mirror.refresh()
    return ready(f"{service.branch} of {service.repository} is at {mirror.head(service.branch)[:8]}, fetched by git.")


def push(service: Service, world: World) -> Finding:
    """Push the branch's own head under a name that is no branch, and take it away: nothing is built of it."""
    mirror = world.mirror(service.repository)
    mirror.refresh()
    mirror.rehearse(mirror.head(service.branch), _rehearsal(service))
    return ready(f"A throw-away ref was pushed to {service.repository} and removed again.")


def _rehearsal(service: Service) -> str:
    return f"rehearsal-{service.slug}"


def grants(host: CodeHost) -> Finding:
    """What the App's installation says; a plain token does not tell, so its pushes and requests must."""
    found = host.grants()
    if found is None:
        return caveat("The console acts by a token, which does not tell what it may: an App would, and is no person.")
    lacking = [f"{name}: {need}" for name, need in NEEDED.items() if not _holds(found.permissions.get(name, ""), need)]
    if found.suspended:
        return missing("The App's installation is suspended: an owner of the organisation lifts that.")
    if lacking:
        return missing(f"The App lacks {', '.join(lacking)}: grant it in the App's settings, then accept it.")
    unheard = [event for event in EVENTS if event not in found.events]
    wanting = [f"{name}: {need} ({why})" for name, (need, why) in USEFUL.items()
               if not _holds(found.permissions.get(name, ""), need)]  # fmt: skip
    if unheard or wanting:
        events = f"It is not told of {', '.join(unheard)}, and polls instead." if unheard else ""
        return caveat(f"{'The App lacks ' + ', '.join(wanting) + '.' if wanting else ''} {events}".strip())
    return ready("The App holds every permission, and is told of every event.")


def _holds(granted: str, needed: str) -> bool:
    return LEVELS.index(granted if granted in LEVELS else "") >= LEVELS.index(needed)


def pull_request(service: Service, host: CodeHost) -> Finding:
    """Ask for a pull request that cannot be: from the branch onto itself. Whoever may not open one is told 403 or 404,
    whoever may is told 422, and nothing is opened.
    """
    try:
        host.open_pull_request(
            service.repository, head=service.branch, base=service.branch, title="Rehearsal", body="Never opened."
        )
    except IntegrationError as refusal:
        if refusal.status == UNPROCESSABLE:
            return ready("GitHub would take a pull request from the console: asked for an empty one, refused as empty.")
        raise
    return caveat("GitHub opened an empty pull request, which it never should: close it there, and look who answers.")


def review(service: Service, host: CodeHost) -> Finding:
    """Which way R3 is left open by the branch's rules, and what of them would stop the merge (R4)."""
    rules = host.branch_rules(service.repository, service.branch)
    path = review_path(
        approvals=rules.required_approvals, as_app=bool(settings.GITHUB_APP_ID), bypass=Bypass.known(rules.bypass)
    )
    checks_named = ", ".join(rules.required_checks)
    words = path.words + (f" The merge also waits for the checks {checks_named}." if checks_named else "")
    facts = {"approvals": rules.required_approvals, "bypass": rules.bypass, "checks": list(rules.required_checks)}
    if rules.signed_commits:
        return missing(
            f"{service.branch} wants signed commits, and the revert is not signed: exempt the console. {words}"
        )
    if rules.merge_queue:
        return missing(
            f"{service.branch} has a merge queue, which the console cannot use: merge by hand there. {words}"
        )
    if not rules.merge_methods:
        return missing(f"The rules of {service.branch} allow no way to merge: allow merge commits. {words}")
    return ready(words, **facts) if path.plain else caveat(words, **facts)


def deploy(service: Service, world: World) -> Finding:
    """The workflow that carries the revert out is on the branch, and its environment has been deployed to."""
    mirror = world.mirror(service.repository)
    mirror.refresh()
    if not has_file(mirror.path, at=mirror.head(service.branch), path=service.workflow):
        return missing(f"{service.workflow} is not on {service.branch}: correct the workflow in the catalogue.")
    newest = world.code_host.deployments(service.repository, environment=service.environment, limit=1)
    if not newest:
        return caveat(
            f"GitHub tells of no deployment to {service.environment} yet: without one the console waits in vain."
            " Name the environment in the workflow's job, or correct it in the catalogue."
        )
    return ready(f"{service.workflow} is there; {newest[0].sha[:8]} was deployed to {service.environment} last.")
