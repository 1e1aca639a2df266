"""GitHub: is the branch seen, may a pull request be opened, what do the rules leave for R3, can a deploy be seen."""

from collections.abc import Iterator
from functools import partial

from django.conf import settings

from incidents.assessment.changes import has_file
from incidents.effects.rehearsing.checks import Check, Finding, caveat, missing, ready
from incidents.effects.wiring import World
from incidents.integrations.code_host import CodeHost
from incidents.integrations.errors import IntegrationError
from incidents.models.service import Service
from incidents.procedure.self_approval import Bypass, review_path

UNPROCESSABLE = 422


def checks(world: World, services: list[Service]) -> Iterator[Check]:
    """What each service needs of the code host."""
    for each in services:
        name = each.name
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
