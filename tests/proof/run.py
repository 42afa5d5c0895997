"""One run: start everything, drive the load, break things, wait until it is quiet, compare."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl

from stream.adapters.kafka import Publisher
from stream.adapters.rule_files import load_book
from stream.adapters.topic_admin import ensure_topics
from stream.adapters.topics import Topic
from stream.broker.readiness import free_ports
from stream.core.ticket import Ticket
from stream.errors import BrokerError
from stream.settings import Settings
from stream.sheet.team import load_people
from tests.proof import oracle, stand_ins
from tests.proof.chat import Chat
from tests.proof.crew import Crew
from tests.proof.driver import Driver
from tests.proof.folder import write_rules
from tests.proof.logbook import Logbook
from tests.proof.scenario import Scenario
from tests.proof.sheet_desk import SheetDesk
from tests.proof.town import Town
from tests.proof.verdict import Evidence, Verdict, judge, judge_rows
from tests.stand_ins.openai_server import OpenAIServer

SECRET = "the-secret-of-the-proof-0001"
_STALLED_S = 30.0
_QUIET_S = 6.0
_LAST_NEWS_S = 60.0
_BEHIND = (500, 0.02)  # inputs not handled yet, or so much of all: then the load waits, so that faults come while there is work


class Stage:
    """Everything that a run needs, running. Close it whatever happens."""

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        self.scenario = scenario
        self.folder = folder
        self.began = time.monotonic()
        self.diary: list[str] = []
        self.stalls: list[str] = []
        self.longest_standstill_s = 0.0
        self.backlog = 0
        self.load_to = 1.0  # the load waits when it has come so far: the next fault is late, and must find work
        self._closing: list[Any] = []
        stand_ins.expect_clients_to_die()
        self.town = Town()
        self._closing.append(self.town.close)
        self.chat = Chat(scenario.seed, scenario.group_count, scenario.poison)
        self.rules = write_rules(folder / "rules", self.chat)
        self._bridge_port = free_ports(1)[0]
        self.kafka = stand_ins.Kafka(folder, scenario.nodes, self._bridge_port)
        self._closing.append(self.kafka.close)
        self.settings = Settings(
            _env_file=None,
            kafka_bootstrap_servers=self.kafka.bootstrap,
            topic_prefix="proof.",
            topic_replication=min(3, scenario.nodes),
            data_dir=folder / "data",
            rules_dir=self.rules,
        )
        ensure_topics(self.settings)
        self.bridge_url = f"http://127.0.0.1:{self.kafka.bridge_port}/webhook/cs-tickets"
        rate = scenario.stand_in_faults
        self.phone = stand_ins.WhatsApp(self.town, self.chat, self.bridge_url, SECRET, seed=scenario.seed, rate=rate)
        self._closing.append(self.phone.close)
        self.model = stand_ins.Model(scenario.seed, rate)
        self.openai = OpenAIServer(self.model)
        self._closing.append(self.openai.close)
        self.google = stand_ins.google(scenario.seed, rate) if scenario.google else None
        if self.google is not None:
            self._closing.append(self.google.stop)
        self.sheet_desk = SheetDesk(self.google, scenario.seed)
        self.logbook = Logbook(self.settings)
        self._closing.append(self.logbook.close)
        self.environment = self._environment()
        self.crew = Crew(self.environment, folder / "logs", with_clocks=bool(scenario.clock_steps))
        self._closing.append(self.crew.close)
        self.driver = Driver(self.bridge_url, SECRET, self.chat, scenario, self.must_wait)
        self.publisher = Publisher(self.settings)
        self._closing.append(self.publisher.close)
        self._watching = threading.Event()

    def say(self, text: str) -> None:
        line = f"{time.monotonic() - self.began:7.1f} s  {text}"
        self.diary.append(line)
        print(line, flush=True)  # noqa: T201 - the diary of a run is for whoever waits for it

    def start(self) -> Future[None]:
        """Start the roles and the load; returns what tells when the load is over."""
        self.staff(self.crew)
        self.logbook.start()
        threading.Thread(target=self._watch_forever, name="watch", daemon=True).start()
        return self.town.begin(self.driver.run())

    def staff(self, crew: Crew) -> None:
        """Start every role of the scenario in a crew."""
        for role in self.scenario.roles:
            for number in range(self.scenario.workers if role == "worker" else 1):
                crew.add(f"{role}-{number + 1}", role)

    def must_wait(self) -> bool:
        """Tell whether the load is to wait for those who handle it, or for the faults."""
        most = max(_BEHIND[0], _BEHIND[1] * self.scenario.messages)
        return self.backlog > most or self.driver.share > self.load_to

    def publish(self, topic: Topic, key: str, value: bytes) -> None:
        """Publish as the dashboard does; whoever asks again does so with the same id."""
        for _ in range(30):
            try:
                self.publisher.publish(topic, key, value)
            except BrokerError:
                time.sleep(0.5)
            else:
                return

    def settle(self) -> bool:
        """Wait until nothing moves any more; False when that does not come in time."""
        deadline = time.monotonic() + self.scenario.quiet_s
        quiet_since: float | None = None
        while time.monotonic() < deadline:
            waiting = self.waiting()
            if not any(waiting.values()):
                quiet_since = quiet_since or time.monotonic()
                if time.monotonic() - quiet_since > _QUIET_S:
                    return True
            else:
                quiet_since = None
            time.sleep(0.5)
        self.say(f"not quiet after {self.scenario.quiet_s:.0f} s: {self.waiting()}")
        return False

    def waiting(self) -> dict[str, int]:
        """Return how much of what must come is not there yet."""
        backlog = self.logbook.backlog()
        with self.logbook.lock:
            pages = self.logbook.pages
            asked = len(set(pages.undecided) - set(pages.judged))
            unsent = sum(1 for key in pages.outbound if not any(report.status.is_final for report in pages.reports.get(key, ())))
            tickets = sum(value is not None for value in pages.tickets.values())
        found = {"inputs": backlog, "questions": asked, "messages": unsent, "rows": 0}
        if not any(found.values()):  # it takes a while to read the sheet
            found["rows"] = tickets - max(0, len(self.rows()) - 1)
        return {
            name: count
            for name, count in found.items()
            if (name != "messages" or "sender" in self.scenario.roles)
            and (name != "questions" or "classifier" in self.scenario.roles)
            and (name != "rows" or "sheet" in self.scenario.roles)
        }

    def rows(self) -> list[list[str]]:
        """Return the sheet as it is, the header first."""
        if self.google is not None:
            with self.google.lock:
                return [list(line) for line in self.google.book.titled("Tickets").cells if any(line)]
        path = self.settings.sheet_path
        if not path.exists():
            return []
        book = openpyxl.load_workbook(path, read_only=True)
        try:
            lines = book.worksheets[0].iter_rows(values_only=True)
            return [["" if cell is None else str(cell) for cell in line] for line in lines if any(line)]
        finally:
            book.close()

    def judge(self) -> Verdict:
        """Stop the roles and compare what they left with the truth."""
        self._watching.set()
        self._end_in_order()
        time.sleep(2.0)  # for the last records to be read
        with self.logbook.lock:
            pages = self.logbook.pages
            truth = oracle.ask(pages, load_book(self.rules))
        evidence = Evidence(dict(self.driver.accepted), pages, self.rows(), self.phone.sent(), load_people(self.rules))
        verdict = judge(evidence, truth, self.scenario.roles)
        verdict.check("workers that read nothing", self.stalls)
        verdict.check("webhooks never taken", sorted(set(self.driver.sent) - set(self.driver.accepted)))
        return verdict

    def _end_in_order(self) -> None:
        """End the others first: what they say in their last second is to reach the sheet too."""
        self.crew.end_all_but("sheet")
        deadline = time.monotonic() + _LAST_NEWS_S
        while "sheet" in self.scenario.roles and time.monotonic() < deadline:
            time.sleep(2.0)  # for the last records to be read
            if self._is_sheet_level():
                break
        self.crew.close()

    def _is_sheet_level(self) -> bool:
        with self.logbook.lock:
            tickets = {key: Ticket.from_json(value) for key, value in self.logbook.pages.tickets.items() if value is not None}
        level = Verdict()
        judge_rows(level, self.rows(), load_people(self.rules), tickets)
        return level.holds

    def close(self) -> None:
        self._watching.set()
        for close in reversed(self._closing):
            try:
                close()
            except Exception as error:  # noqa: BLE001 - the others are to be closed too
                print(f"not closed: {error!r}")  # noqa: T201 - for whoever waits

    def _watch_forever(self) -> None:
        """Note when inputs wait, the workers say that they are well, and none is handled all the same."""
        waits_since, told = time.monotonic(), 0.0
        while not self._watching.wait(1.0):
            waiting = self.backlog = self.logbook.backlog()
            if not waiting:
                waits_since, told = time.monotonic(), 0.0
                continue
            quiet = time.monotonic() - max(self.logbook.moved_at, waits_since)
            self.longest_standstill_s = max(self.longest_standstill_s, quiet)
            if quiet > told + _STALLED_S:
                told = quiet
                self.say(f"{waiting} inputs wait, none was handled for {quiet:.0f} s; workers: {self.crew.describe('worker')}")
            well_s = self.logbook.all_well_s(self.crew.names("worker"))  # one that reads its table back may own all that waits
            if quiet > _STALLED_S and well_s > _STALLED_S and not self.kafka.network.is_cut:
                self.say(f"STALL: {waiting} inputs wait, all workers say they are well, and none was handled for {quiet:.0f} s")
                self.stalls.append(f"at {time.monotonic() - self.began:.0f} s: {waiting} inputs waited for {quiet:.0f} s")
                waits_since = time.monotonic()

    def _environment(self) -> dict[str, str]:
        environment = {
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap,
            "TOPIC_PREFIX": self.settings.topic_prefix,
            "TOPIC_PARTITIONS": str(self.settings.topic_partitions),
            "TOPIC_REPLICATION": str(self.settings.topic_replication),
            "DATA_DIR": str(self.settings.data_dir),
            "RULES_DIR": str(self.rules),
            "WEBHOOK_SECRET": SECRET,
            "WEBHOOK_URL": self.bridge_url,
            "BRIDGE_PORT": str(self._bridge_port),
            "EVOLUTION_API_URL": self.phone.server.url,
            "EVOLUTION_API_KEY": self.phone.server.api_key,
            "OPENAI_API_KEY": "proof-key",
            "OPENAI_BASE_URL": self.openai.url,
            "SHEET_CLOSED_LIMIT": "1000000",
            "CRASHES_ALLOWED": "true",
            "PROOF_WITHOUT": self.scenario.without,
            "LOG_LEVEL": "INFO",
        }
        if self.google is not None:
            environment |= {"CS_SHEET_ID": "sheet", "SHEETS_API_URL": self.google.url}
            environment |= {"SHEET_READS_PER_MINUTE": "45", "SHEET_WRITES_PER_MINUTE": "45"}
        return environment


def now() -> datetime:
    return datetime.now(UTC)
