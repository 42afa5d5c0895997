"""(a) Webhooks acknowledged by one bridge, beside a plain front: the most a second, and how late answers are at 500 a second."""

from __future__ import annotations

from stream.bench.figures import percentile
from stream.bench.http_load import post_all
from stream.bench.load import talk
from stream.bench.processes import Fleet, Running
from stream.bench.scene import SECRET, Place, wait_for_http
from stream.bench.subjects import start_contestant, task_for
from stream.settings import Settings

_PER_S = 500.0
_GROUPS = 60
_WARM = 300  # posts before the clock starts: connections, imports and the broker's own first batches


async def measure_bridge(place: Place, posts: int, paced_s: float) -> dict[str, dict[str, float]]:
    """Return the figures of `bridge` and `plain_front`. Both run all the time; only one of them has work."""
    ours, plain = place.new_scene(), place.new_scene()
    with Fleet(ours.data_dir) as fleet:
        bridge = start_bridge(fleet, ours)
        front = start_front(fleet, plain)
        await wait_for_http(ready_url(ours), bridge)
        await wait_for_http(ready_url(plain), front)
        return {
            "plain_front": await _measure_front(plain.bridge_port, front, posts, paced_s),
            "bridge": await _measure_front(ours.bridge_port, bridge, posts, paced_s),
        }


async def _measure_front(port: int, front: Running, posts: int, paced_s: float) -> dict[str, float]:
    paced = int(_PER_S * paced_s)
    await post_all(port, SECRET, talk(_WARM, _GROUPS, seed=9, prefix="W"))
    before = front.cpu_s()
    fast = await post_all(port, SECRET, talk(posts, _GROUPS, seed=2, prefix="F"))
    cpu_us = (front.cpu_s() - before) * 1e6 / posts
    steady = await post_all(port, SECRET, talk(paced, _GROUPS, seed=3, prefix="P"), _PER_S)
    return {
        "acked_per_s": fast.accepted / fast.seconds,
        "cpu_us": cpu_us,
        "refused": float(posts - fast.accepted + paced - steady.accepted),
        "p50_ms_at_500": percentile(steady.took_ms, 0.5),
        "p99_ms_at_500": percentile(steady.took_ms, 0.99),
        "memory_mb": front.memory_mb(),
    }


def start_bridge(fleet: Fleet, settings: Settings) -> Running:
    """Start Groupdesk's bridge on the port of this scene."""
    return fleet.start_role("bridge", settings)


def start_front(fleet: Fleet, settings: Settings) -> Running:
    """Start the plain front on the port of this scene."""
    return start_contestant(fleet, "plain_front", task_for(settings, "front", port=settings.bridge_port))


def ready_url(settings: Settings) -> str:
    """Return the address that answers 200 once webhooks are taken."""
    return f"http://127.0.0.1:{settings.bridge_port}/readyz"
