"""A small past for the code host, and people to speak to it as."""

from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from sandbox import secrets
from sandbox.testing import Sandbox

REPO = "/github/api/repos/acme/shop"


@dataclass(frozen=True, slots=True)
class Step:
    title: str
    author: str
    files: Mapping[str, str | None]
    merge: str = "direct"


def short_history() -> list[Step]:
    return [
        Step("Open the shop", "engineer", {"shop.py": "price = 1\n", "README.md": "The shop\n"}),
        Step("Add a basket", "engineer", {"basket.py": "items = []\n"}, "merge"),
        Step("Say hello", "oncall", {"hello.py": "print('hello')\n"}, "squash"),
    ]


def merge_of(github: httpx.Client, number: int) -> str:
    """The commit that a merged pull request became."""
    [merged] = github.get(f"/issues/{number}/events").raise_for_status().json()
    return merged["commit_id"]


def speaking_as(sandbox: Sandbox, token: str = secrets.GITHUB_TOKEN) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}", "X-GitHub-Api-Version": "2026-03-10"}
    return httpx.Client(base_url=sandbox.url + REPO, headers=headers, timeout=20, trust_env=False)
