"""Whether the shop really recovered and every effect took place exactly once, by the sandbox's journal."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from sandbox.drill.sight import Sight
from sandbox.drill.stage import Stage

MESSAGES = ("announce", "inform_cto", "post_commands", "wake_by_chat")


def judge(stage: Stage) -> list[str]:
    """What is to be said against the drill; empty when the shop recovered and every effect took place exactly once."""
    return miscounted(stage.journal(), stage.sight) + _sickness(stage)


def miscounted(entries: Sequence[Mapping[str, Any]], sight: Sight) -> list[str]:
    """Every effect that the journal does not hold exactly once."""
    merge = sight.step("merge").get("evidence", {}).get("merge_sha", "")
    number = str(sight.step("review").get("evidence", {}).get("number", ""))
    branch = sight.step("push_revert").get("evidence", {}).get("branch", "")
    wanted = (
        ("branch.pushed", f"{branch}@"),
        ("pull_request.opened", branch),
        ("pull_request.merged", number),
        ("run.started", merge),
        ("deployment.succeeded", merge),
    )
    counts = {(effect, key): sum(_is(entry, effect, key) for entry in entries) for effect, key in wanted}
    faults = [f"{effect} {key}: {times} times, not once" for (effect, key), times in counts.items() if times != 1]
    keys = Counter(str(e["key"]) for e in entries if e["effect"] == "message.posted")
    faults += [f"message {key}: {times} times" for key, times in keys.items() if times > 1]
    asked = [step for step in sight.steps if step["kind"] in MESSAGES]
    if len(keys) != len(asked):
        faults.append(f"{len(asked)} messages were asked for, {len(keys)} were posted")
    return faults


def _is(entry: Mapping[str, Any], effect: str, key: str) -> bool:
    """A push is known by its branch, `BRANCH@`, whatever commit it brought."""
    found = str(entry["key"])
    return entry["effect"] == effect and (found == key or (key.endswith("@") and found.startswith(key)))


def _sickness(stage: Stage) -> list[str]:
    """Whether customers are served again, by the front door itself and by the alert's own series."""
    query = {"query": "shop:http_error_ratio:rate10s"}
    answer = httpx.get(f"{stage.ports.sandbox_address}/prometheus/api/v1/query", params=query, trust_env=False).json()
    values = [float(each["value"][1]) for each in answer["data"]["result"]]
    return [] if values and max(values) < 0.05 else [f"the shop's error ratio is {values or 'unknown'}"]
