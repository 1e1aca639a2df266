"""A way to GitHub that validates every body, both ways, by models generated from GitHub's own description."""

import json
import re
from functools import reduce
from operator import or_
from typing import Any

import httpx
from githubkit_schemas.v2026_03_10 import models as github
from pydantic import TypeAdapter

_RULE: Any = reduce(or_, (getattr(github, f"RepositoryRuleDetailedOneof{number}") for number in range(25)))
_R, _N = "repos/[^/]+/[^/]+", "[0-9]+"
_ANSWERS: dict[str, Any] = {
    f"POST app/installations/{_N}/access_tokens": github.InstallationToken,
    f"GET app/installations/{_N}": github.Installation,
    f"GET {_R}": github.FullRepository,
    f"GET {_R}/commits": list[github.Commit],
    f"GET {_R}/commits/[^/]+": github.Commit,
    f"GET {_R}/commits/[^/]+/statuses": list[github.Status],
    f"POST {_R}/statuses/[^/]+": github.Status,
    f"GET {_R}/commits/[^/]+/pulls": list[github.PullRequestSimple],
    f"GET {_R}/git/ref/.+": github.GitRef,
    f"GET {_R}/compare/.+": github.CommitComparison,
    f"GET {_R}/pulls": list[github.PullRequestSimple],
    f"POST {_R}/pulls": github.PullRequest,
    f"GET {_R}/pulls/{_N}": github.PullRequest,
    f"GET {_R}/pulls/{_N}/commits": list[github.Commit],
    f"GET {_R}/pulls/{_N}/reviews": list[github.PullRequestReview],
    f"POST {_R}/pulls/{_N}/requested_reviewers": github.PullRequestSimple,
    f"PUT {_R}/pulls/{_N}/merge": github.PullRequestMergeResult,
    f"GET {_R}/rules/branches/.+": list[_RULE],
    f"GET {_R}/rulesets/{_N}": github.RepositoryRuleset,
    f"GET {_R}/actions/runs": github.ReposOwnerRepoActionsRunsGetResponse200,
    f"GET {_R}/actions/runs/{_N}": github.WorkflowRun,
    f"GET {_R}/actions/runs/{_N}/jobs": github.ReposOwnerRepoActionsRunsRunIdJobsGetResponse200,
    f"GET {_R}/actions/runs/{_N}/pending_deployments": list[github.PendingDeployment],
    f"GET {_R}/deployments": list[github.Deployment],
    f"GET {_R}/deployments/{_N}/statuses": list[github.DeploymentStatus],
    f"GET {_R}/issues/{_N}/events": list[dict[str, Any]],
}
_BODIES: dict[str, Any] = {
    f"POST {_R}/pulls": github.ReposOwnerRepoPullsPostBody,
    f"POST {_R}/pulls/{_N}/requested_reviewers": github.ReposOwnerRepoPullsPullNumberRequestedReviewersPostBodyAnyof0,
    f"PUT {_R}/pulls/{_N}/merge": github.ReposOwnerRepoPullsPullNumberMergePutBody,
    f"POST {_R}/statuses/[^/]+": github.ReposOwnerRepoStatusesShaPostBody,
}


class StrictWay(httpx.BaseTransport):
    """Sends for real; a body that is not GitHub's is an error; `seen` holds the operations that were answered well."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._real = httpx.HTTPTransport()
        self.seen: set[str] = set()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        operation = f"{request.method} {request.url.path.removeprefix(self._prefix)}"
        if request.content:
            _validate(_model(_BODIES, operation), json.loads(request.content))
        response = self._real.handle_request(request)
        body = response.read()
        if response.status_code == httpx.codes.NO_CONTENT:
            assert body == b""
            self.seen.add(operation)
        elif response.status_code < 300:
            _validate(_model(_ANSWERS, operation), json.loads(body))
            self.seen.add(operation)
        elif 400 <= response.status_code < 500:
            _validate(github.ValidationError | github.BasicError | github.ValidationErrorSimple, json.loads(body))
        return httpx.Response(response.status_code, headers=response.headers, content=body)

    def unseen(self) -> set[str]:
        """The operations that the client knows and nobody asked for."""
        return {known for known in _ANSWERS if not any(re.fullmatch(known, operation) for operation in self.seen)}

    def close(self) -> None:
        self._real.close()


def _validate(model: Any, body: object) -> None:
    TypeAdapter(model).validate_python(body)


def _model(models: dict[str, Any], operation: str) -> Any:
    found = [model for pattern, model in models.items() if re.fullmatch(pattern, operation)]
    assert len(found) == 1, f"{operation} is known {len(found)} times"
    return found[0]
