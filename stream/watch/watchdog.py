"""The watchdog: looks at connection, webhook settings and silence, mends what it may, and says how WhatsApp is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from pydantic import SecretStr

from stream import logs
from stream.core.calendar import BusinessCalendar
from stream.core.status import Health
from stream.errors import BrokerError
from stream.transport.evolution_client import EvolutionClient
from stream.transport.failures import CallFailed
from stream.transport.interface import OutgoingText, Transport
from stream.transport.pairing import reason_in_words
from stream.watch.backfill import Backfill
from stream.watch.ears import Ears
from stream.watch.groups import Groups

log = logs.get(__name__)


class Times(NamedTuple):
    """How often to look, in seconds, and how long to wait."""

    round_s: float = 2.0
    state_s: float = 30.0
    fill_s: float = 300.0
    webhook_s: float = 600.0
    silence_s: float = 60.0
    echo_s: float = 60.0
    reopen_s: float = 60.0
    connecting_s: float = 300.0


class Office(Protocol):
    """What the watchdog needs to know of the team: when it works, where it may be told, and whether anything may be said."""

    def calendar(self) -> BusinessCalendar: ...
    def ops_group(self) -> str | None: ...
    def watched_groups(self) -> list[str]: ...
    def may_speak(self) -> bool: ...


class Watchdog:
    """`look` does what is due; `health` says how it is. A call that fails is a finding, never an exception."""

    def __init__(
        self,
        *,
        client: EvolutionClient,
        transport: Transport,
        ears: Ears,
        backfill: Backfill,
        groups: Groups,
        office: Office,
        webhook_url: str,
        webhook_secret: SecretStr,
        clock: Callable[[], datetime],
        times: Times | None = None,
    ) -> None:
        self._client = client
        self._transport = transport
        self._ears = ears
        self._backfill = backfill
        self._groups = groups
        self._office = office
        self._webhook_url = webhook_url
        self._webhook_secret = webhook_secret
        self._clock = clock
        self._times = times or Times()
        self._due: dict[str, datetime] = {}
        self._state: str | None = None
        self._state_since = clock()
        self._opened = ears.opened
        self._told = ears.connection
        self._has_restarted = False
        self._unreachable: str | None = None
        self._settings_problem: str | None = None
        self._silence_problem: str | None = None
        self._alarm: str | None = None
        self.restarts = 0

    async def watch(self, stopped: Callable[[], bool], tell: Callable[[], None]) -> None:
        """Look every few seconds until `stopped`; `tell` is called after each look."""
        while not stopped():
            await self.look()
            tell()
            await asyncio.sleep(self._times.round_s)

    async def look(self) -> None:
        """Do every check that is due."""
        if self._ears.connection is not self._told:
            self._told = self._ears.connection
            self._due.pop("state", None)  # it was told to have changed: ask at once
        await self._when_due("state", self._times.state_s, self._look_at_state)
        if self._ears.opened != self._opened:
            # It was told to be open: whatever came in between is in the store by now.
            self._opened = self._ears.opened
            self._note_state("open")
            self._due.pop("fill", None)
        if self._state != "open":
            return
        await self._when_due("webhook", self._times.webhook_s, self._look_at_webhook)
        await self._when_due("fill", self._times.fill_s, self._fill)
        await self._when_due("groups", self._times.round_s, self._refresh_groups)
        await self._when_due("silence", self._times.silence_s, self._look_at_silence)

    def health(self) -> tuple[Health, str]:
        """Return how the connection is, with the sentence that helps most."""
        if self._unreachable is not None:
            return Health.DOWN, self._unreachable
        if self._state != "open":
            return self._not_open()
        if self._alarm is not None:
            return Health.DOWN, self._alarm
        for problem in (self._settings_problem, self._silence_problem):
            if problem is not None:
                return Health.DEGRADED, problem
        return Health.OK, "; ".join(["connected", *self._notes()])

    def _notes(self) -> list[str]:
        """Return what an operator may want to know of a connection that is well."""
        told = []
        if (heard := self._ears.last_event_at) is not None:
            told.append(f"the last event came at {heard:%H:%M:%S} UTC")
        if quiet := self._ears.quiet_groups(self._office.calendar(), self._clock()):
            told.append(f"quieter than usual: {_listed(quiet)}")
        if missing := sorted(self._groups.not_in & {*self._office.watched_groups()}):
            told.append(f"our number is not in {_listed(missing)}, which rules/groups.yaml names")
        return told

    def gauges(self) -> dict[str, float]:
        """Return figures for the Health page."""
        now, calendar = self._clock(), self._office.calendar()
        silence = self._ears.silence(calendar, now)
        heard = self._ears.last_event_at
        found = {"silent_s": silence.lasts.total_seconds(), "allowed_silence_s": silence.allowed.total_seconds()}
        found["quiet_groups"] = float(len(self._ears.quiet_groups(calendar, now)))
        return found if heard is None else found | {"last_event_s": (now - heard).total_seconds()}

    def _not_open(self) -> tuple[Health, str]:
        told = self._ears.connection
        reason = reason_in_words(told.reason) if told is not None and told.state != "open" else None
        why = f": {reason}" if reason else ""
        if self._state == "connecting":
            stuck = self._clock() - self._state_since > timedelta(seconds=self._times.connecting_s)
            return (
                (Health.DOWN, f"it has been connecting for long{why}; look at /qr-cs")
                if stuck
                else (Health.DEGRADED, "connecting")
            )
        if self._state == "unknown":
            return Health.DEGRADED, "Evolution has not loaded the instance yet"
        if self._state == "absent":
            return Health.DOWN, "the instance does not exist yet; open /qr-cs, or run `groupdesk whatsapp connect`"
        return Health.DOWN, f"not connected{why}; open /qr-cs and scan the code"

    async def _when_due(self, name: str, every_s: float, check: Callable[[], Awaitable[None]]) -> None:
        now = self._clock()
        if now < self._due.get(name, now):
            return
        self._due[name] = now + timedelta(seconds=every_s)
        try:
            await check()
        except CallFailed as problem:
            if name == "state":
                self._unreachable = str(problem)
            log.warning("check failed", check=name, reason=str(problem))
        except BrokerError as problem:
            log.warning("check failed", check=name, reason=str(problem))

    async def _look_at_state(self) -> None:
        try:
            state = await self._client.state()
        except CallFailed as problem:
            if problem.status != 404:
                raise
            state = "absent"
        self._unreachable = None
        if state == "open" and self._state not in (None, "open"):
            self._due.pop("fill", None)
        self._note_state(state)

    def _note_state(self, state: str) -> None:
        if state == self._state:
            return
        log.info("connection", state=state, before=self._state)
        self._state, self._state_since = state, self._clock()

    async def _look_at_webhook(self) -> None:
        """Set the webhook right where it is ours; one that points elsewhere may be another installation's."""
        info = await self._client.info()
        wrong = await self._client.webhook_differences(self._webhook_url, self._webhook_secret)
        if info is not None and info.ignores_groups:
            self._settings_problem = "the instance's setting groupsIgnore is on, so no group message ever comes; switch it off"
        elif "url" in wrong:
            self._settings_problem = "the instance's webhook points elsewhere; `groupdesk whatsapp connect` points it here"
        else:
            if wrong:
                await self._client.set_webhook(self._webhook_url, self._webhook_secret)
                log.warning("webhook set right", fields=wrong)
            self._settings_problem = None

    async def _fill(self) -> None:
        await self._backfill.fill(self._clock())

    async def _refresh_groups(self) -> None:
        known = sorted({*self._office.watched_groups(), *self._ears.groups()})
        await self._groups.refresh_one([group for group in known if group.endswith("@g.us")], self._clock())

    async def _look_at_silence(self) -> None:
        silence = self._ears.silence(self._office.calendar(), self._clock())
        if not silence.is_odd:
            if self._ears.last_live_at is not None and self._ears.last_live_at > self._state_since:
                self._has_restarted, self._alarm = False, None
            self._silence_problem = None
            return
        minutes = round(silence.lasts.total_seconds() / 60)
        if await self._is_heard():
            self._ears.listen_anew(self._clock())
            self._has_restarted, self._alarm, self._silence_problem = False, None, None
            return
        if self._office.ops_group() is None or not self._office.may_speak():
            self._silence_problem = f"nothing was heard for {minutes} min; name an ops_group so that this can be checked"
            return
        if not self._has_restarted:
            await self._restart()
            if await self._is_heard():
                self._ears.listen_anew(self._clock())
                return
        self._alarm = (
            f"it says it is connected, but nothing was heard for {minutes} min, nor was our own message, nor after a restart; "
            "restart Evolution itself"
        )
        log.error("silent", minutes=minutes)

    async def _is_heard(self) -> bool:
        """Say something in the team's own group and tell whether it comes back by webhook."""
        group = self._office.ops_group()
        if group is None or not self._office.may_speak():
            return False
        text = f"Groupdesk self-check, {self._clock():%H:%M:%S} UTC: is this heard?"
        try:
            sent = await self._transport.send_text(OutgoingText(chat=group, text=text))
        except CallFailed as problem:
            log.warning("self-check not sent", reason=str(problem))
            return False
        return await self._until(lambda: self._ears.came_live(group, sent.message_id), self._times.echo_s)

    async def _restart(self) -> None:
        """Restart the instance once in a silence, and fill what came meanwhile."""
        self._has_restarted = True
        self.restarts += 1
        log.warning("restarting the instance", instance=self._client.instance)
        try:
            await self._client.restart()
        except CallFailed as problem:
            log.warning("restart failed", reason=str(problem))
            return
        opened = self._ears.opened
        await self._until(lambda: self._ears.opened != opened, self._times.reopen_s)
        await self._backfill.fill(self._clock())

    async def _until(self, is_so: Callable[[], bool], within_s: float) -> bool:
        deadline = asyncio.get_running_loop().time() + within_s
        while not is_so() and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110 - nothing here tells by an event
            await asyncio.sleep(min(0.2, self._times.round_s))
        return is_so()


def _listed(groups: list[str]) -> str:
    return ", ".join(groups[:3]) + (f" and {len(groups) - 3} more" if len(groups) > 3 else "")
