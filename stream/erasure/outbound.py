"""Taking out what was said in a person's matters: our messages often name them, or repeat their words.

The sender keeps its memory in these two topics: what has not come to its end stays, and so does every report on it, or the same
message could go out twice. That is gone with the topic's retention.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pydantic import ValidationError

from stream.adapters.kafka_deletion import RawRecord, delete_before, read_topic
from stream.adapters.topics import Topic, full_name
from stream.core.outcome import Outbound
from stream.core.sending import DeliveryReport
from stream.settings import Settings


def take_out_what_was_said(settings: Settings, is_theirs: Callable[[RawRecord], bool], say: Callable[[str], None]) -> None:
    """Delete from `outbound`, then from `deliveries`, up to the first message there that is still to be sent."""
    outbound, deliveries = (full_name(topic, settings.topic_prefix) for topic in (Topic.OUTBOUND, Topic.DELIVERIES))
    ended = {report.outbound_id for report in _reports(read_topic(settings, deliveries)) if report.status.is_final}
    said = list(read_topic(settings, outbound))
    concerned = {record.partition for record in said if is_theirs(record)}
    delete_before(settings, outbound, first_kept(said, concerned, lambda record: _is_waiting(record, ended)))
    waiting = {message.id for record in read_topic(settings, outbound) if (message := _message(record))}
    told = list(read_topic(settings, deliveries))
    of_them = {record.partition for record in told if is_theirs(record)}
    ends = first_kept(told, of_them, lambda record: any(one.outbound_id in waiting for one in _reports([record])))
    delete_before(settings, deliveries, ends)
    if concerned | of_them:
        say("outbound, deliveries: deleted up to what is still to be sent, with what was said to others there.")


def first_kept(records: Iterable[RawRecord], partitions: set[int], is_kept: Callable[[RawRecord], bool]) -> dict[int, int]:
    """Return for each of the partitions the offset of the first record that is kept, or where the records end."""
    ends: dict[int, int] = {}
    closed: set[int] = set()
    for record in records:
        if record.partition in partitions - closed:
            ends[record.partition] = record.offset
            if is_kept(record):
                closed.add(record.partition)
            else:
                ends[record.partition] += 1
    return ends


def _is_waiting(record: RawRecord, ended: set[str]) -> bool:
    message = _message(record)
    return message is not None and message.id not in ended


def _message(record: RawRecord) -> Outbound | None:
    try:
        return Outbound.from_json(record.value or b"")
    except ValidationError:
        return None


def _reports(records: Iterable[RawRecord]) -> Iterable[DeliveryReport]:
    for record in records:
        try:
            yield DeliveryReport.from_json(record.value or b"")
        except ValidationError:
            continue
