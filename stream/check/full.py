"""`groupdesk check --full`: a test group's message goes the whole way, stage by stage, and ends in pass or the one thing to fix.

In a Groupdesk that runs, the message goes through its real bridge, broker, worker, sheet and sender. The test group is one that
rules/groups.yaml does not name, so it is observed: nothing can be said there. Where none runs, one is started for the check in
a folder of its own, without any account, and stopped again; there the follow-up goes as far as the sender's dry run.

Of a check in a Groupdesk that runs there remains, all of it of the group 120363999999999999@g.us and the instance
`groupdesk-check`, and each text marked “(groupdesk check)”: six webhooks on topic `inbound` (one more with a model), a few
commands, the events of one closed ticket, one outbound message that expired before it was written and its cancelled
delivery, one dead letter of the invalid message, and the closed ticket in `tickets` and as a row of the sheet, whose title
begins with the mark. They end with the retention of each topic; the row may be deleted. Of the other kind nothing remains.
A check that is interrupted closes its ticket before it ends; one that was killed leaves it open, and the next one closes it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from stream.check.loading import describe_rules, load_modules, load_orchestrator, load_rules, measure_detection
from stream.check.stages import Stage, Stages
from stream.check.stand import bridge_of, folder_of_its_own, runs_already, settings_of_its_own, start_session
from stream.check.walk import Walk
from stream.check.witness import BridgeClient
from stream.core.book import Book
from stream.settings import Settings

ORCHESTRATOR = "Orchestrator Loading"
MODULES = "Module Loading"
RULES = "Rules Loading"
SPEED = "Detection Performance"
START = "Groupdesk Start"
BROKER = "Broker"
WORKER = "Worker"
SHEET = "Mock Sheets Service Init"
SENDER = "Sender Service Init"
WEBHOOK = "Webhook Processing"
NULL = "Null Message Handling"
EMPTY = "Empty Message Handling"
INVALID = "Invalid Message Data Handling"
EARLIER = "Earlier Checks"
PIPELINE = "Ticket Detection Pipeline"
MODEL = "Model"
ROW = "Sheet Row"
FOLLOW_UP = "Follow-up Scheduler Integration"
DRY_RUN = "Sender Dry Run"
UPDATE = "Status Update Detection"
CLEAN_UP = "Clean Up"
END_TO_END = "End to End"


@dataclass(frozen=True)
class FullCheck:
    """What came of it. `in_running` tells whether it was the Groupdesk that runs, or one started for the check."""

    in_running: bool
    stages: tuple[Stage, ...]
    to_fix: Stage | None


def check_fully(settings: Settings, show: Callable[[Stage], None] = lambda _stage: None) -> FullCheck:
    """Run all stages; `show` sees each as it ends.

    Every wait has an end, so that the whole takes two or three minutes at worst, and 20 seconds usually.
    """
    stages = Stages(show)
    stages.run(ORCHESTRATOR, lambda: load_orchestrator(settings))
    stages.run(MODULES, load_modules)
    running = runs_already(settings)
    if running:
        _walk_in(settings, stages)
    else:
        _walk_apart(settings, stages)
    return FullCheck(running, tuple(stages.done), stages.to_fix)


def _walk_in(settings: Settings, stages: Stages) -> None:
    book = _judge_rules(settings, stages)
    if book is None:
        return
    bridge: list[BridgeClient] = []

    def find_bridge() -> str:
        bridge.append(bridge_of(settings))
        bridge[0].parts()
        return f"It runs already; its bridge answers at {bridge[0].address}."

    if stages.run(START, find_bridge):
        _walk(settings, bridge[0], book, stages)


def _walk_apart(settings: Settings, stages: Stages) -> None:
    rules_dir = settings.rules_dir.resolve()
    with folder_of_its_own() as folder, contextlib.ExitStack() as keep:
        stages.run(RULES, lambda: describe_rules(load_rules(settings.model_copy(update={"rules_dir": rules_dir}))))
        if not stages.is_ok(RULES):
            return
        own = settings_of_its_own(settings, folder, rules_dir)
        book = load_rules(own)
        stages.run(SPEED, lambda: measure_detection(book))
        begun: list[Settings] = []

        def start() -> str:
            started, told = start_session(own, keep)
            begun.append(started)
            return told

        if stages.run(START, start):
            _walk(begun[0], bridge_of(begun[0]), book, stages)


def _judge_rules(settings: Settings, stages: Stages) -> Book | None:
    books: list[Book] = []

    def load() -> str:
        books.append(load_rules(settings))
        return describe_rules(books[0])

    if not stages.run(RULES, load):
        return None
    stages.run(SPEED, lambda: measure_detection(books[0]))
    return books[0]


def _walk(settings: Settings, bridge: BridgeClient, book: Book, stages: Stages) -> None:
    walk = Walk(settings, bridge, book)
    try:
        _take_steps(walk, stages)
    finally:
        walk.close()


def _take_steps(walk: Walk, stages: Stages) -> None:
    stages.run(BROKER, walk.begin)
    stages.run(WORKER, lambda: walk.is_well("worker"), after=(BROKER,))
    stages.run(SHEET, lambda: walk.is_well("sheet"), after=(BROKER,))
    stages.run(SENDER, lambda: walk.is_well("sender"), after=(BROKER,))
    stages.run(WEBHOOK, walk.process_webhook)
    stages.run(NULL, walk.process_null, after=(WEBHOOK,))
    stages.run(EMPTY, walk.process_empty, after=(WEBHOOK,))
    stages.run(INVALID, walk.process_invalid, after=(WEBHOOK,))
    try:
        stages.run(EARLIER, walk.close_left_over, after=(WORKER, WEBHOOK))
        # First, because what is said while a ticket is open is taken for a word on it.
        stages.run(MODEL, walk.ask_model, after=(WORKER, WEBHOOK))
        stages.run(PIPELINE, walk.open_ticket, after=(WORKER, WEBHOOK))
        stages.run(ROW, walk.find_row, after=(SHEET, PIPELINE))
        stages.run(FOLLOW_UP, walk.follow_up, after=(PIPELINE,))
        stages.run(DRY_RUN, walk.send_nothing, after=(SENDER, PIPELINE))
        stages.run(UPDATE, walk.update_status, after=(PIPELINE,))
    finally:
        stages.run(CLEAN_UP, walk.clean_up, after=(WORKER, WEBHOOK))
    stages.run(END_TO_END, walk.sum_up, after=(PIPELINE, ROW, DRY_RUN, UPDATE, CLEAN_UP), since=walk.posted_at)
