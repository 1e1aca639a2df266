"""A sandbox that is stopped takes the shop with it, and brings it back."""

from pathlib import Path

import httpx
import pytest

from sandbox.shop.running import shop_of
from sandbox.testing import running_sandbox
from tests.sandbox.world.conftest import await_measured


def test_the_shop_ends_with_the_sandbox_and_comes_back_with_it(tmp_path: Path) -> None:
    with running_sandbox(tmp_path) as before:
        before.await_entry("run.succeeded", within=30)
        first = shop_of(before.world).instances[0]
        sha, address = first.sha, f"http://127.0.0.1:{first.port}/health"
        assert httpx.get(address, trust_env=False).json()["release"] == sha
    with pytest.raises(httpx.TransportError):
        httpx.get(address, trust_env=False)
    with running_sandbox(tmp_path) as after:
        assert after.client.get("/shop/health").json()["release"] == sha
        await_measured(after)
        assert len(after.journal.entries(effect="shop.deployed")) == 1
