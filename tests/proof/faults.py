"""Which faults come when, drawn from the seed, and how each is done."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future

from stream.adapters.topics import Topic
from stream.crash_points import POINTS
from tests.proof.run import Stage, now
from tests.proof.scenario import Scenario

_CUT_S = (1.0, 6.0)
_SLOW_S = 8.0
_FULL_S = 12.0
_FILE_LIMIT = 250_000  # bytes that a file may have then
_OFF_S = 10.0
_AT_WORK = 0.7  # so many faults wait for work; the others may hit a process that has only begun
_PATIENCE_S = 90.0
_AHEAD = (0.02, 500)  # so much of the load, or so many webhooks, go out while a fault is done; then the load waits for the next


def plan(scenario: Scenario) -> list[tuple[float, str]]:
    """Return the faults in their order, each with the share of the load after which it comes."""
    dice = random.Random(f"faults {scenario.seed}")
    kinds = (
        ["kill"] * scenario.kills
        + ["crash"] * scenario.crash_points
        + ["pause"] * scenario.pauses
        + ["broker"] * scenario.broker_restarts
        + ["cut"] * scenario.cuts
        + ["slow"] * scenario.slow
        + ["mute"] * scenario.mutes
        + ["clock"] * scenario.clock_steps
        + ["outage"] * scenario.outages
        + (["disk"] if scenario.disk_full else [])
        + (["rolling"] if scenario.nodes > 1 else [])
    )
    dice.shuffle(kinds)
    places = sorted(dice.uniform(0.03, 0.97) for _ in kinds)
    found = list(zip(places, kinds, strict=True))
    if scenario.rebalances:
        found += [(0.25, "workers 3"), (0.5, "workers 2"), (0.75, "workers 1")]
    return sorted(found)


class Faults:
    """Does the faults of a plan as the load goes on. `done` counts them."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._scenario = stage.scenario
        self._dice = random.Random(f"victims {stage.scenario.seed}")
        self._points = self._draw_points()
        self._ahead = max(_AHEAD[0], _AHEAD[1] / stage.scenario.messages)
        self.done: Counter[str] = Counter()
        self.recoveries_s: list[float] = []
        self._doing: dict[str, Callable[[], None]] = {
            "kill": self._kill,
            "crash": self._crash,
            "pause": self._pause,
            "broker": self._broker,
            "rolling": self._roll,
            "cut": self._cut,
            "slow": self._slow,
            "mute": self._mute,
            "disk": self._disk,
            "clock": self._clock,
            "outage": self._outage,
        }
        self._desk_at = 0.0
        self._garbage_at = 0.0
        self._sheet_at = 90.0

    def run(self, load: Future[None]) -> None:
        """Return when all faults are done and the load has been taken."""
        waiting = plan(self._scenario)
        self._wait_for_work(time.monotonic())
        while waiting or not load.done():
            self._stage.load_to = waiting[0][0] + self._ahead if waiting else 1.0
            self._work_at_the_desk()
            if self._is_over():
                waiting.clear()
                self._stage.town.do(self._stage.driver.end)
            if load.done():
                load.result()
            if not waiting or (self._stage.driver.share < waiting[0][0] and not load.done()):
                time.sleep(0.1)
                continue
            place, kind = waiting.pop(0)
            self._stage.load_to = place + self._ahead
            self.done[kind.partition(" ")[0]] += 1
            if kind.startswith("workers"):
                self._set_workers(int(kind.split()[1]))
            else:
                self._doing[kind]()
            began = time.monotonic()
            self._wait(self._dice.uniform(1, 2) * self._scenario.gap_s)
            if self._dice.random() < _AT_WORK:
                self._wait_for_work(began)

    def _is_over(self) -> bool:
        return bool(self._scenario.minutes) and time.monotonic() - self._stage.began > 60 * self._scenario.minutes

    def _work_at_the_desk(self) -> None:
        """Let people ask for something on the dashboard and in the Sheet, and let garbage reach the input topics."""
        if self._stage.kafka.network.is_cut:  # it would wait for Kafka, and the network be cut for as long
            return
        sent = len(self._stage.driver.sent)
        while self._desk_at < sent:
            self._desk_at += self._scenario.desk_every
            command = self._stage.chat.command(now())
            if command is not None:
                for _ in range(1 + (self._dice.random() < 0.1)):
                    self._stage.publish(Topic.COMMANDS, command.group, command.to_json())
        while self._sheet_at < sent:
            self._sheet_at += 90
            self._stage.sheet_desk.edit()
        while self._garbage_at < sent and self._scenario.poison:
            self._garbage_at += 400
            room = self._dice.choice(self._stage.chat.rooms)
            topic = self._dice.choice((Topic.INBOUND, Topic.COMMANDS))
            self._stage.publish(topic, room.jid, self._dice.choice((b"\xff\x00 garbage", b"[]", b'{"kind":"nonsense"}', b"")))

    def _victim(self) -> tuple[str, str]:
        role = self._dice.choice(self._scenario.victims or self._scenario.roles)
        return role, self._dice.choice(self._stage.crew.names(role))

    def _kill(self) -> None:
        _, name = self._victim()
        self._stage.say(f"kill {name}")
        self._stage.crew.kill(name)

    def _draw_points(self) -> list[str]:
        """Return places to die at, each in turn, in an order of the seed."""
        known = [point for role in self._scenario.victims or self._scenario.roles for point in POINTS[role]]
        found: list[str] = []
        while len(found) < self._scenario.crash_points:
            self._dice.shuffle(known)
            found += known
        return found[: self._scenario.crash_points]

    def _crash(self) -> None:
        point = self._points.pop()
        role = point.partition(".")[0]
        name = self._dice.choice(self._stage.crew.names(role))
        at = f"{point}@{self._dice.randint(1, 20) if role in ('bridge', 'worker') else self._dice.randint(1, 2)}"
        self._stage.say(f"{name} is to die at {at}")
        self._stage.crew.kill(name, CRASH_AT=at)
        if "spooled" in point:  # nobody comes there while Kafka can be reached
            self._wait_for_webhooks()
            self._cut_off(_CUT_S[1])

    def _pause(self) -> None:
        _, name = self._victim()
        seconds = self._dice.uniform(0.3, 1.0) * self._scenario.pause_s
        self._stage.say(f"freeze {name} for {seconds:.0f} s")
        self._stage.crew.freeze(name)
        self._wait(seconds)
        self._stage.crew.thaw(name)

    def _broker(self) -> None:
        kafka, number = self._stage.kafka, self._dice.randrange(self._scenario.nodes)
        is_kill = self.done["broker"] % 2 == 0
        self._stage.say(f"{'kill' if is_kill else 'stop'} and start node {number + 1} of Kafka")
        (kafka.kill if is_kill else kafka.restart)(number)
        self._stage.say(f"node {number + 1} of Kafka serves again")

    def _roll(self) -> None:
        """Stop and start each node of Kafka in turn, as for a new version."""
        for number in range(self._scenario.nodes):
            self._stage.say(f"stop and start node {number + 1} of Kafka, one after the other")
            self._stage.kafka.restart(number)
            self._wait(self._scenario.gap_s)

    def _cut(self) -> None:
        number = self._dice.randrange(self._scenario.nodes)
        seconds = self._dice.uniform(*_CUT_S)
        self._stage.say(f"cut the network to node {number + 1} of Kafka for {seconds:.1f} s")
        self._stage.kafka.network.cut(number)
        self._wait(seconds)
        self._stage.kafka.network.heal()

    def _slow(self) -> None:
        delay = self._dice.uniform(0.02, 0.3)
        self._stage.say(f"slow the network down by {delay * 1000:.0f} ms a piece for {_SLOW_S:.0f} s")
        self._stage.kafka.network.slow_down(delay)
        self._wait(_SLOW_S)
        self._stage.kafka.network.heal()

    def _mute(self) -> None:
        """Let nothing pass on the connections to a node, as when a firewall has forgotten them."""
        number = self._dice.randrange(self._scenario.nodes)
        self._stage.say(f"the connections to node {number + 1} of Kafka say nothing any more")
        self._stage.kafka.network.mute(number)

    def _disk(self) -> None:
        """Let the bridge find its disk full while Kafka is away: it must say 503, and lose nothing of what it has taken."""
        self._stage.say(f"the bridge's disk is full for {_FULL_S:.0f} s, and Kafka cannot be reached")
        self._stage.crew.kill("bridge-1", PROOF_FILE_LIMIT=str(_FILE_LIMIT))
        self._wait_for_webhooks()
        self._cut_off(_FULL_S)
        self._wait(4.0)
        self._stage.crew.kill("bridge-1")

    def _cut_off(self, seconds: float) -> None:
        """Let nobody reach any node of Kafka for a while."""
        for number in range(self._scenario.nodes):
            self._stage.kafka.network.cut(number)
        self._wait(seconds)
        self._stage.kafka.network.heal()

    def _wait_for_webhooks(self) -> None:
        """Wait until the bridge, which was killed a moment ago, takes webhooks again."""
        taken = self._stage.driver.accepted.total()
        self._stage.load_to = 1.0
        self._wait(_PATIENCE_S, until=lambda: self._stage.driver.accepted.total() > taken + 5 or self._stage.driver.share >= 1)

    def _clock(self) -> None:
        """Let the clock of one process jump, and jump back some seconds later."""
        _, name = self._victim()
        step = self._dice.choice((-3600, -90, 90, 3600))
        self._stage.say(f"the clock of {name} is {step:+d} s off for {_OFF_S:.0f} s")
        self._stage.crew.set_clock(name, step)
        self._wait(_OFF_S)
        self._stage.crew.set_clock(name, 0)

    def _outage(self) -> None:
        """Let WhatsApp's side fail as a whole for a while: its database, its socket, or the pairing."""
        phone, kind = self._stage.phone, self._dice.choice(("database", "socket", "pairing"))
        self._stage.say(f"WhatsApp without its {kind} for {_OFF_S:.0f} s")
        phone.fail(kind)
        self._wait(_OFF_S)
        phone.mend(kind)

    def _set_workers(self, count: int) -> None:
        self._stage.say(f"{count} workers from now on")
        crew = self._stage.crew
        names = crew.names("worker")
        for number in range(len(names), count):
            crew.add(f"worker-{number + 1}", "worker")
        for name in names[count:]:
            crew.remove(name, politely=self._dice.random() < 0.5)

    def _wait_for_work(self, since: float) -> None:
        """Wait until an input has been handled since then, so that what is broken next is at work, however slow the machine."""
        deadline = time.monotonic() + _PATIENCE_S
        self._stage.load_to = 1.0
        while self._stage.logbook.moved_at < since and time.monotonic() < deadline:
            self._work_at_the_desk()
            time.sleep(0.2)

    def _wait(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not until():
            self._work_at_the_desk()
            time.sleep(0.1)
