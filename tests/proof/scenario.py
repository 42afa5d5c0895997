"""What one run of the proof does: how much load, and which faults, all of it drawn from one seed."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self


@dataclass(frozen=True)
class Scenario:
    """Counts are for the whole run. Everything is drawn from `seed`; what is left open is the machine's own timing."""

    seed: int = 1
    messages: int = 2_000
    rate: float = 150.0  # webhooks a second
    groups: int = 0  # 0: one for every hundred messages
    nodes: int = 1  # of Kafka; several are restarted in turn too
    workers: int = 1
    kills: int = 0  # SIGKILL of a role, at random
    crash_points: int = 0  # deaths at named places, each in turn
    pauses: int = 0  # SIGSTOP, and SIGCONT some seconds later
    pause_s: float = 12.0
    broker_restarts: int = 0  # every second one is a SIGKILL
    cuts: int = 0  # of the network between the roles and Kafka
    slow: int = 0  # the same, slowed down instead of cut
    mutes: int = 0  # the connections to Kafka say nothing any more, and nobody is told
    rebalances: bool = False  # 1, 3, 2 and 1 workers
    stand_in_faults: float = 0.0  # share of the calls to the model, Sheets and Evolution that go wrong
    disk_full: bool = False
    clock_steps: int = 0
    outages: int = 0  # of WhatsApp's stand-in as a whole
    google: bool = False  # Sheets by its stand-in; else the local .xlsx file
    desk_every: int = 60  # webhooks between two commands of people on the dashboard
    poison: float = 0.01
    duplicates: float = 0.05
    window: int = 40  # a webhook may be overtaken by so many
    without: str = ""  # a safeguard that is left out: the run must then fail
    roles: tuple[str, ...] = field(default=("bridge", "worker", "classifier", "sender", "sheet"))
    gap_s: float = 4.0  # between two faults, and as much again at most
    victims: tuple[str, ...] = ()  # whom faults may hit; none: all roles
    minutes: float = 0.0  # then load and faults end, however far they are; 0: never
    quiet_s: float = 600.0  # the longest wait until everything has settled

    @property
    def group_count(self) -> int:
        return self.groups or max(8, self.messages // 100)

    @property
    def faults(self) -> int:
        """How many faults there are to be spread over the run."""
        network = self.broker_restarts + self.cuts + self.slow + self.mutes
        single = self.kills + self.crash_points + self.pauses + network + self.clock_steps + self.outages
        return single + (3 if self.rebalances else 0) + (1 if self.disk_full else 0) + (1 if self.nodes > 1 else 0)

    def but(self, **changes: Any) -> Self:
        return replace(self, **changes)

    def told(self) -> dict[str, Any]:
        return asdict(self) | {"groups": self.group_count}
