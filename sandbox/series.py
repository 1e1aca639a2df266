"""The shop's traffic as the named series the alerts and the console ask for."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sandbox.promql import Selector
from sandbox.shop.running import shop_of
from sandbox.shop.traffic import Traffic, Window
from sandbox.world import World

ERROR_RATIO = "shop:http_error_ratio:rate10s"
LATENCY = "shop:http_latency_p95:10s"
REQUESTS = "shop:http_requests:rate10s"
WRONG_TOTALS = "shop:wrong_totals:increase10s"
UP = "up"

_FROM_WINDOW: Mapping[str, Callable[[Window], float]] = {
    ERROR_RATIO: lambda window: window.error_ratio,
    LATENCY: lambda window: window.latency(0.95),
    REQUESTS: lambda window: window.rate,
    WRONG_TOTALS: lambda window: float(window.wrong_totals),
}


@dataclass(frozen=True, slots=True)
class Point:
    labels: Mapping[str, str]
    value: float


class Series:
    """`seconds` is what the names call `10s`: the sandbox's own ten seconds, shorter where its pace is faster."""

    def __init__(self, traffic: Traffic, *, seconds: float = 10.0) -> None:
        self._traffic = traffic
        self._seconds = seconds

    def at(self, selector: Selector, moment: float) -> list[Point]:
        """Every series the selector means, as of `moment`; none where the name is unknown or nothing was watched."""
        window = self._traffic.window(end=moment, seconds=self._seconds)
        points = _points(selector.name, window) if window else ()
        return [point for point in points if selector.selects(point.labels)]


def series_of(world: World) -> Series:
    return Series(shop_of(world).traffic, seconds=10.0 * watching_pace(world))


def watching_pace(world: World) -> float:
    """How fast watching may go: customers come at their own pace, so a window must hold enough of them."""
    return min(1.0, max(0.2, world.pace))


def _points(name: str, window: Window) -> Iterable[Point]:
    if name == UP:
        for instance, up in window.up.items():
            yield Point({"__name__": UP, "job": "shop", "instance": instance}, float(up))
    elif name in _FROM_WINDOW:
        yield Point({"__name__": name, "service": "shop"}, _FROM_WINDOW[name](window))
