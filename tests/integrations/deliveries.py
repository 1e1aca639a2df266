"""Webhook bodies as their senders document them, and ways to spoil them."""

import copy
from typing import Any

from hypothesis import strategies as st

# https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
ALERTMANAGER: dict[str, Any] = {
    "version": "4",
    "groupKey": '{}:{alertname="ErrorRate"}',
    "truncatedAlerts": 0,
    "status": "firing",
    "receiver": "console",
    "groupLabels": {"alertname": "ErrorRate"},
    "commonLabels": {"alertname": "ErrorRate"},
    "commonAnnotations": {},
    "externalURL": "http://alertmanager.example",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "ErrorRate", "service": "shop"},
            "annotations": {"summary": "Customers get errors"},
            "startsAt": "2026-11-23T12:00:00.123456789Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.example/graph?g0.expr=x",
            "fingerprint": "c1f1e0a2b3d4e5f6",
        }
    ],
}

SHA, ZERO = "a" * 40, "0" * 40
REPOSITORY = {"id": 1, "full_name": "acme/shop"}
# https://docs.github.com/en/webhooks/webhook-events-and-payloads, what the console reads of them
GITHUB: dict[str, dict[str, Any]] = {
    "push": {"ref": "refs/heads/master", "before": ZERO, "after": SHA, "forced": False, "repository": REPOSITORY},
    "workflow_run": {
        "action": "completed",
        "repository": REPOSITORY,
        "workflow_run": {
            "id": 30433642,
            "run_attempt": 1,
            "status": "completed",
            "conclusion": "failure",
            "head_sha": SHA,
            "head_branch": "master",
            "path": ".github/workflows/deploy.yml",
            "html_url": "https://github.example/acme/shop/actions/runs/30433642",
        },
    },
    "deployment_status": {
        "action": "created",
        "repository": REPOSITORY,
        "deployment": {"id": 3, "sha": SHA, "environment": "production"},
        "deployment_status": {"state": "failure", "log_url": "https://run", "created_at": "2026-11-23T12:00:00Z"},
    },
    "pull_request": {"action": "closed", "number": 7, "repository": REPOSITORY, "pull_request": {"number": 7}},
    "pull_request_review": {"action": "submitted", "repository": REPOSITORY, "pull_request": {"number": 7}},
}

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def spoiled(draw: st.DrawFn, delivery: dict[str, Any]) -> dict[str, Any]:
    """A good delivery in which one to three values, at any depth, are something else, or gone."""
    whole = copy.deepcopy(delivery)
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(whole))
        if not places:
            break
        inside, key = draw(st.sampled_from(places))
        if draw(st.booleans()):
            inside[key] = draw(anything)
        else:
            del inside[key]
    return whole


def _places(value: Any) -> Any:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield value, key
        yield from _places(inner)
