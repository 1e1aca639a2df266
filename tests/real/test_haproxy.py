"""S3 against a real HAProxy: drained, read back, put back, and nobody's running request is cut off."""

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from incidents.integrations.drains import Duty
from incidents.integrations.errors import IntegrationError
from incidents.integrations.haproxy import HAProxy
from tests.real.balancer import Balancer, running
from tests.real.waiting import until


@pytest.fixture
def balancer() -> Iterator[Balancer]:
    with tempfile.TemporaryDirectory(prefix="haproxy-") as folder, running(Path(folder)) as found:
        yield found


@pytest.fixture
def drains(balancer: Balancer) -> HAProxy:
    return HAProxy(balancer.address)


def test_s3_a_pool_is_read_as_it_stands(drains: HAProxy) -> None:
    pool = drains.read("eu-1")
    assert (pool.target.pool, pool.target.duty, pool.target.healthy) == ("shop", Duty.SERVING, True)
    assert (pool.left_serving, [other.name for other in pool.others]) == (1, ["eu-2"])


def test_s3_a_drained_target_gets_no_new_request_and_reads_back_as_drained(balancer: Balancer, drains: HAProxy) -> None:
    assert balancer.visits() == {"eu-1", "eu-2"}
    drains.drain("eu-1", key="k")
    assert drains.read("eu-1").target.duty is Duty.DRAINED
    assert balancer.visits() == {"eu-2"}


def test_s3_draining_twice_changes_nothing(drains: HAProxy) -> None:
    drains.drain("eu-1", key="k")
    first = drains.read("eu-1")
    drains.drain("eu-1", key="k")
    assert drains.read("eu-1") == first


def test_s3_the_undo_puts_the_target_back_in_service(balancer: Balancer, drains: HAProxy) -> None:
    drains.drain("shop/eu-1", key="k")
    drains.put_back("shop/eu-1", key="k")
    assert drains.read("shop/eu-1").target.duty is Duty.SERVING
    assert balancer.visits() == {"eu-1", "eu-2"}


def test_e22_the_healthy_servers_that_a_drain_would_leave_are_counted(drains: HAProxy) -> None:
    drains.drain("eu-2", key="k")
    assert drains.read("eu-1").left_serving == 0


@pytest.mark.parametrize("target", ["eu-9", "other/eu-1", "eu-1; shutdown sessions"])
def test_s3_an_unknown_server_is_refused_and_nothing_is_drained(
    balancer: Balancer, drains: HAProxy, target: str
) -> None:
    with pytest.raises(IntegrationError, match="knows no server") as refused:
        drains.drain(target, key="k")
    assert not refused.value.retryable
    assert balancer.visits() == {"eu-1", "eu-2"}


def test_s3_a_running_request_ends_normally_while_its_server_drains(balancer: Balancer, drains: HAProxy) -> None:
    with ThreadPoolExecutor() as customers:
        running_request = customers.submit(balancer.visit, "/slow")
        until(lambda: any(shop.begun.is_set() for shop in balancer.shops))
        busy = next(shop for shop in balancer.shops if shop.begun.is_set())
        drains.drain(busy.name, key="k")
        held = drains.read(busy.name).target
        assert (held.duty, held.sessions) == (Duty.DRAINED, 1)
        assert busy.name not in balancer.visits()
        assert not running_request.done()
        busy.let_go.set()
        assert running_request.result(timeout=30) == busy.name
    until(lambda: drains.read(busy.name).target.sessions == 0)


def test_s3_a_balancer_that_is_gone_is_told_as_such_with_nothing_sent() -> None:
    with pytest.raises(IntegrationError, match="Nothing was sent") as failed:
        HAProxy("/nowhere/admin.sock").read("eu-1")
    assert failed.value.retryable
    assert not failed.value.in_doubt
