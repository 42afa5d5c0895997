"""What the bridge tells of itself and of the rest: /healthz, /readyz, /metrics and GET /webhook/cs-tickets.

The report is open, as the original system's was: it holds counts and states, no names, numbers or texts. The metrics are for
this machine, or for whoever knows the webhook's secret.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from stream import __version__
from stream.adapters.topics import Topic
from stream.bridge.auth import HEADER, Gate
from stream.bridge.heartbeats import Heartbeats
from stream.bridge.inbox import Inbox
from stream.bridge.pairing import InstanceView, Pairing
from stream.bridge.report import Part, build_report
from stream.bridge.tally import Tally
from stream.bridge.webhook import Webhook
from stream.core.status import Health
from stream.settings import Settings

_LEVELS = {Health.OK.value: 1.0, Health.DEGRADED.value: 0.5, Health.DOWN.value: 0.0}
# Evolution says `connecting` for as long as it tries; a phone that is switched on answers within seconds.
_CONNECTING_FOR = timedelta(minutes=5)


class HealthPages:
    """The pages that tell how things are. `register` adds their metrics to the bridge's."""

    def __init__(
        self,
        *,
        inbox: Inbox,
        heartbeats: Heartbeats,
        webhook: Webhook,
        pairing: Pairing,
        tally: Tally,
        gate: Gate,
        registry: CollectorRegistry,
        settings: Settings,
    ) -> None:
        self._inbox = inbox
        self._heartbeats = heartbeats
        self._webhook = webhook
        self._pairing = pairing
        self._tally = tally
        self._gate = gate
        self._registry = registry
        self._settings = settings
        self._instance = settings.cs_instance
        self._since: dict[str, tuple[Health, datetime]] = {}
        registry.register(self)

    async def alive(self, _request: web.Request) -> web.Response:
        """GET /healthz: the process answers."""
        return _json(200, {"status": "ok", "version": __version__})

    async def ready(self, _request: web.Request) -> web.Response:
        """GET /readyz: webhooks can be stored, right now: in Kafka, or on the disk until Kafka is back."""
        state = self._inbox.state()
        return _json(503 if state.status is Health.DOWN else 200, {"status": state.status.value, "detail": state.detail})

    async def report(self, _request: web.Request) -> web.Response:
        """GET /webhook/cs-tickets: everything, as JSON; 503 when the whole is down."""
        report = self.build(datetime.now(UTC))
        return _json(503 if report["status"] == Health.DOWN.value else 200, report)

    async def metrics(self, request: web.Request) -> web.Response:
        """GET /metrics: the same for Prometheus, from this machine or with the secret."""
        if not _is_local(request) and not self._gate.knows(request.headers.get(HEADER, "")):
            return web.Response(status=401)
        return web.Response(body=generate_latest(self._registry), headers={"Content-Type": "text/plain; version=0.0.4"})

    def build(self, now: datetime) -> dict[str, Any]:
        """Return the report of this moment."""
        sight = self._heartbeats.sight
        own = {**self._stores(now), "bridge": self.bridge_part(now), "whatsapp": self._whatsapp(now)}
        return build_report(
            own_parts=own,
            beats=[beat for beat in sight.beats.values() if beat.part != "bridge"],
            received=sight.totals.get(Topic.INBOUND, 0),
            dead_letters=sight.totals.get(Topic.DEAD_LETTER, 0),
            rates=self._tally.gauges(time.monotonic()),
            versions={"groupdesk": __version__},
            now=now,
            not_set_up=self._not_set_up(),
        )

    def _not_set_up(self) -> list[str]:
        settings = self._settings
        unset: list[str] = []
        if not (settings.openai_api_key.get_secret_value() or settings.openai_base_url):
            unset.append("model")
        if not settings.evolution_api_url:
            if not settings.cloud_api_token.get_secret_value():
                unset.append("sender")
            unset.append("whatsapp")
        return unset

    def collect(self) -> Iterable[Metric]:
        """Give the report's figures to Prometheus."""
        report = self.build(datetime.now(UTC))
        parts = GaugeMetricFamily("groupdesk_part_health", "1 ok, 0.5 degraded, 0 down", labels=["part"])
        for name, part in report["parts"].items():
            parts.add_metric([name], _LEVELS[part["status"]])
        counts = GaugeMetricFamily("groupdesk_count", "Counts of the health report", labels=["what", "of"])
        for name, count in report["counts"].items():
            for of, value in (count if isinstance(count, dict) else {"": count}).items():
                counts.add_metric([name, of], value)
        gauges = GaugeMetricFamily("groupdesk_gauge", "Figures that the parts report", labels=["part", "what"])
        for name, figures in {**report["gauges"], "bridge": report["rates"]}.items():
            for what, value in figures.items():
                gauges.add_metric([name, what], value)
        return [parts, counts, gauges]

    def _stores(self, now: datetime) -> dict[str, Part]:
        return {
            name: Part(state.status, state.detail, self._since_when(name, state.status, now))
            for name, state in self._inbox.parts().items()
        }

    def bridge_part(self, now: datetime) -> Part:
        """Return how the bridge itself is."""
        status, detail = Health.OK, "receives webhooks"
        if self._webhook.lost_senders:
            lost = len(self._webhook.lost_senders)
            status = Health.DEGRADED
            detail = f"webhooks of {lost} known sender(s) come with a wrong secret and are lost; run `groupdesk whatsapp connect`"
        return Part(status, detail, self._since_when("bridge", status, now))

    def _whatsapp(self, now: datetime) -> Part:
        """Return the connection as the bridge heard it: for installations without a part that watches it."""
        view = self._pairing.view(self._instance, now)
        since = view.since or now
        if not self._settings.evolution_api_url:
            return self._whatsapp_unset(view, now)
        if view.state == "open":
            return Part(Health.OK, f"{self._instance} is connected", since)
        if view.state == "connecting" and now - since < _CONNECTING_FOR:
            return Part(Health.DEGRADED, f"{self._instance} is connecting", since)
        if view.state == "unknown" and view.last_event_at is not None:
            return Part(Health.OK, f"{self._instance} sends events; its connection was not told since the bridge started", since)
        if view.state == "unknown":
            return Part(Health.DEGRADED, f"nothing heard of {self._instance} since the bridge started", since)
        return Part(Health.DEGRADED, f"{self._instance} is not connected ({view.state}): open /qr-cs", since)

    def _whatsapp_unset(self, view: InstanceView, now: datetime) -> Part:
        """Return the connection without EVOLUTION_API_URL: whatever comes is taken in, and no group is written to.

        An Evolution that posts here and says that its phone is gone is `down`: somebody has set it up, and it ails.
        """
        unset = "EVOLUTION_API_URL is not set, nothing is sent"
        if self._settings.cloud_api_token.get_secret_value():
            unset = "EVOLUTION_API_URL is not set, nothing is sent to groups"
        since = view.since or self._since_when("whatsapp", Health.DEGRADED, now)
        if view.last_event_at is None:
            return Part(Health.DEGRADED, f"no WhatsApp is connected: {unset}", since)
        known = {"open": "is connected", "unknown": "sends events"}
        if now - since < _CONNECTING_FOR:
            known["connecting"] = "is connecting"
        status = Health.DEGRADED if view.state in known else Health.DOWN
        heard = known.get(view.state, f"is not connected ({view.state})")
        return Part(status, f"{self._instance} {heard}; {unset}", since)

    def _since_when(self, part: str, status: Health, now: datetime) -> datetime:
        known = self._since.get(part)
        if known is None or known[0] is not status:
            known = self._since[part] = (status, now)
        return known[1]


def _is_local(request: web.Request) -> bool:
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False  # a proxy on this machine speaks for somebody else
    try:
        return ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        return False


def _json(status: int, content: Any) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(content), content_type="application/json")
