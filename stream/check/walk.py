"""The walk of a test message through a Groupdesk that runs: bridge, broker, worker, model, sheet, sender, and back again."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from stream.adapters.kafka import Publisher
from stream.adapters.topics import Topic
from stream.check.stages import StageFailed, StageSkipped
from stream.check.trial_chat import (
    BYSTANDER,
    MARK,
    TEST_GROUP,
    TEST_INSTANCE,
    empty_message,
    find_request,
    find_resolution,
    find_unclear,
    group_news,
    invalid_message,
    message,
    new_message_id,
    null_message,
)
from stream.check.witness import BridgeClient, Witness, open_in_test_group, row_of
from stream.core.book import Book
from stream.core.commands import Actor, ActorKind, AnyCommand, Judge, SendFollowUpNow, SetState
from stream.core.events import EventKind, TicketEvent
from stream.core.outcome import Outbound
from stream.core.ticket import Ticket, TicketState
from stream.errors import SheetError
from stream.settings import Settings

_ACTOR = Actor(kind=ActorKind.CLI, name="groupdesk check")
_WITHIN_S = 15.0
_LATE_S = 5.0  # for a ticket that is only coming when the check is interrupted
_SHEET_WITHIN_S = 30.0  # Google is written every few seconds at most
_MODEL_WITHIN_S = 30.0
_ABSENT = "is not running"
_START = {
    "worker": "Start the worker: `groupdesk worker`, or all with `groupdesk up`; its log tells why it ended.",
    "sheet": "Start the sheet: `groupdesk sheet`, or all with `groupdesk up`; `groupdesk check` tells whether it can be written.",
    "sender": "Start the sender: `groupdesk sender`, or all with `groupdesk up`; its log tells why it ended.",
    "model": "Start the classifier: `groupdesk classifier`, or all with `groupdesk up`; its log tells why it ended.",
    "broker": "Start the broker, or correct KAFKA_BOOTSTRAP_SERVERS.",
}


class Walk:
    """One test message and what becomes of it. Each method is a stage: it returns a sentence, or raises what went wrong."""

    def __init__(self, settings: Settings, bridge: BridgeClient, book: Book) -> None:
        self._settings = settings
        self._bridge = bridge
        self._book = book
        self._witness = Witness(settings)
        self._publisher = Publisher(settings)
        self._message_id = new_message_id()
        self._text = ""
        self._ticket: Ticket | None = None
        self._carried: Outbound | None = None
        self.posted_at = 0.0

    def close(self) -> None:
        """Let go of the broker; never raises."""
        self._witness.close()
        self._publisher.close()

    def begin(self) -> str:
        """Note where the topics end."""
        self._witness.begin()
        return "Kafka answers, and the topics are there."

    def is_well(self, part: str) -> str:
        """Say how a part of Groupdesk is, as the bridge hears it."""
        told = self._bridge.parts().get(part, {"status": "down", "detail": f"{part} {_ABSENT}"})
        if told["status"] == "down" or _ABSENT in told["detail"]:
            raise StageFailed(f"{part}: {told['detail']}.", _START[part])
        return f"{told['status']}: {told['detail']}."

    def process_webhook(self) -> str:
        """Deliver the group's name, as Evolution does when a group is joined."""
        return self._deliver(group_news())

    def process_null(self) -> str:
        return self._deliver(null_message())

    def process_empty(self) -> str:
        return self._deliver(empty_message())

    def process_invalid(self) -> str:
        return self._deliver(invalid_message())

    def open_ticket(self) -> str:
        """Deliver a request and wait for its ticket."""
        request = find_request(self._book)
        if request is None:
            raise StageFailed(
                "Your rules take none of the test requests (in English, Indonesian, Portuguese, Spanish) for a ticket.",
                "See why: `groupdesk rules explain 'Hello, our order 4711 has not arrived yet, can you check it please?'`.",
            )
        self._text = f"{MARK} {request}"
        self.posted_at = time.perf_counter()
        self._deliver(message(self._text, self._message_id))
        found = self._witness.wait_for(lambda: self._witness.ticket_with(self._message_id), _WITHIN_S)
        if found is None:
            raise self._missed("worker", f"The bridge took the message, and no ticket came of it within {_WITHIN_S:.0f} s.")
        self._ticket = found
        by = found.detected_by.decided_by or found.detected_by.stage
        return f"{found.id} ({found.category}, {found.priority}), decided by {by}."

    def ask_model(self) -> str:
        """Deliver what the rules leave open, and wait for the model's verdict, whatever it is."""
        if not has_model(self._settings):
            raise StageSkipped("OPENAI_API_KEY is not set: rules decide, and people do the rest.")
        self.is_well("model")
        unclear = find_unclear(self._book)
        if unclear is None:
            raise StageSkipped("Your rules decide all of the test messages, so the model is not asked.")
        asked_id = new_message_id()
        self._deliver(message(f"{MARK} {unclear}", asked_id, by=BYSTANDER))
        answer = self._witness.wait_for(lambda: self._judgement_of(asked_id), _MODEL_WITHIN_S)
        if answer is None:
            raise self._missed("model", f"No verdict came within {_MODEL_WITHIN_S:.0f} s.")
        return f"{answer.detection.decided_by or answer.detection.stage} said {answer.detection.label}."

    def find_row(self) -> str:
        """Wait for the ticket's row in the sheet."""
        ticket = self._known()
        try:
            number = row_of(self._settings, ticket.id, _SHEET_WITHIN_S)
        except SheetError as error:
            raise StageFailed(f"The sheet cannot be read: {error}", "See what `groupdesk check` says of the sheet.") from error
        if number is None:
            raise self._missed("sheet", f"{ticket.id} has no row within {_SHEET_WITHIN_S:.0f} s.")
        return f"{ticket.id} stands in row {number}, marked {MARK}."

    def follow_up(self) -> str:
        """Ask for the follow-up that is planned, and see the worker say it or refuse it with a reason."""
        ticket = self._known()
        if ticket.window is None:
            raise StageSkipped("Your follow-up policy has no step for such a ticket.")
        planned = f"{ticket.window.policy}, step {ticket.window.step + 1}, due {ticket.window.due_at:%Y-%m-%d %H:%M} UTC"
        command = SendFollowUpNow(ticket_id=ticket.id, **self._command())
        self._ask(command)
        event = self._witness.wait_for(lambda: self._answer_to(command.id), _WITHIN_S)
        if event is None:
            raise self._missed("worker", f"The follow-up was asked for, and nothing came of it within {_WITHIN_S:.0f} s.")
        if event.kind is EventKind.REFUSED:
            return f"Planned ({planned}); asked for at once, it is refused as it should be: {event.because}"
        self._carried = self._witness.wait_for(lambda: self._outbound_of(ticket.id), _WITHIN_S)
        return f"Planned ({planned}), and worded when it was asked for."

    def send_nothing(self) -> str:
        """See the sender take what is to be said, and end it without sending."""
        outbound = self._carried or self._expired()
        report = self._witness.wait_for(
            lambda: next((r for r in self._witness.deliveries if r.outbound_id == outbound.id and r.status.is_final), None),
            _WITHIN_S,
        )
        if report is None:
            raise self._missed("sender", f"The sender did not take the message within {_WITHIN_S:.0f} s.")
        return f"{report.status}, not sent: {report.because}."

    def update_status(self) -> str:
        """Deliver "it is solved" as a reply, and see the ticket follow."""
        ticket = self._known()
        text = find_resolution(self._book)
        if text is None:
            raise StageFailed(
                "Your rules take none of the test replies for “it is solved”.",
                "See why: `groupdesk rules explain --reply 'It is solved now, thank you!'`.",
            )
        reply_id = new_message_id()
        self._deliver(message(text, reply_id, quoted=(self._message_id, self._text)))
        found = self._witness.wait_for(lambda: self._witness.ticket_with(reply_id), _WITHIN_S)
        if found is None or found.id != ticket.id:
            raise self._missed("worker", f"The reply was not put on {ticket.id} within {_WITHIN_S:.0f} s.")
        return f"The reply is on {ticket.id}, which is {found.state} now."

    def close_left_over(self) -> str:
        """Close what a check left open that was killed."""
        left = open_in_test_group(self._settings, _WITHIN_S)
        if not left:
            return "They left nothing open."
        self._witness.tickets |= left
        self._close(left)
        return f"{', '.join(left)} was left open by a check that was killed, and is closed now."

    def clean_up(self) -> str:
        """Close every ticket that is open in the test group, also one that is only coming because the check was interrupted."""
        told = self._witness.tickets
        if self.posted_at and not self._witness.wait_for(lambda: self._witness.ticket_with(self._message_id), _LATE_S):
            raise StageFailed(
                f"The test message was stored and may still become a ticket; its title begins with {MARK}.",
                "Nothing, if you check again later: the next check closes it.",
            )
        if not told:
            return "Nothing was opened, so nothing is left."
        self._close(told)
        return f"{', '.join(told)} closed; what is left of it is marked {MARK}."

    def _close(self, tickets: Mapping[str, Ticket]) -> None:
        for ticket in tickets.values():
            if ticket.state is not TicketState.CLOSED:
                self._ask(SetState(ticket_id=ticket.id, state=TicketState.CLOSED, **self._command()))

        def all_closed() -> bool | None:
            return all(self._witness.tickets[each].state is TicketState.CLOSED for each in tickets) or None

        if not self._witness.wait_for(all_closed, _WITHIN_S):
            raise self._missed("worker", "The test ticket could not be closed.")

    def sum_up(self) -> str:
        """Say how long a message took from the webhook to its row and its end."""
        return "From the webhook to the closed ticket, with everything between."

    def _deliver(self, body: Any) -> str:
        status = self._bridge.post(body)
        if status == 401:
            raise StageFailed(
                "The bridge does not accept the webhook's secret.", "Use the WEBHOOK_SECRET and DATA_DIR that the bridge has."
            )
        if status == 503:
            raise StageFailed("The bridge cannot store webhooks now (503).", _START["broker"])
        if not 200 <= status < 300:
            raise StageFailed(f"The bridge answered {status}.", "See the log of the bridge.")
        return f"The bridge answered {status} once it was stored."

    def _known(self) -> Ticket:
        assert self._ticket is not None  # stages that need it come after the one that finds it
        return self._witness.tickets.get(self._ticket.id, self._ticket)

    def _command(self) -> dict[str, Any]:
        return {"id": f"check-{secrets.token_hex(8)}", "group": TEST_GROUP, "at": datetime.now(UTC), "actor": _ACTOR}

    def _ask(self, command: AnyCommand) -> None:
        self._publisher.publish(Topic.COMMANDS, TEST_GROUP, command.to_json())

    def _expired(self) -> Outbound:
        """Publish something to say whose time is over, so that no sender could ever send it; the group does not exist either."""
        now = datetime.now(UTC)
        outbound = Outbound(
            id=f"check-{secrets.token_hex(8)}",
            instance=TEST_INSTANCE,
            group=TEST_GROUP,
            ticket_ids=(self._known().id,),
            text=MARK,
            decided_at=now,
            expires_at=now - timedelta(seconds=1),
        )
        self._publisher.publish(Topic.OUTBOUND, TEST_GROUP, outbound.to_json())
        return outbound

    def _answer_to(self, command_id: str) -> TicketEvent | None:
        return next((event for event in self._witness.events if event.command_id == command_id), None)

    def _outbound_of(self, ticket_id: str) -> Outbound | None:
        return next((each for each in self._witness.outbound if ticket_id in each.ticket_ids), None)

    def _judgement_of(self, message_id: str) -> Judge | None:
        return next((c for c in self._witness.commands if isinstance(c, Judge) and c.message_id == message_id), None)

    def _missed(self, part: str, told: str) -> StageFailed:
        """Return the failure, with how the part is that should have acted: it may be gone meanwhile."""
        try:
            now = self.is_well(part)
        except StageFailed as gone:
            return StageFailed(f"{told} {gone}", gone.to_do)
        return StageFailed(f"{told} The {part} says it is {now}", f"See the log of the {part} at this time.")


def has_model(settings: Settings) -> bool:
    """Tell whether a model is configured; a server of one's own may need no key."""
    return bool(settings.openai_api_key.get_secret_value() or settings.openai_base_url)
