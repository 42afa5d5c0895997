"""Writes what became of a message, waits until its own line has come back, and tells the tickets."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from stream import logs
from stream.core.outcome import Outbound
from stream.core.sending import DeliveryReport, DeliveryStatus, report_on
from stream.sender.delivery_log import DeliveryLog
from stream.sender.outbox import Outbox

log = logs.get(__name__)

# Our own line is back within milliseconds; when it is not, the broker is away and the next round begins anew.
_COMES_BACK_S = 15.0


class Reporter:
    """`catch_up` must bring the outbox up to date with the topics; `checkpoint` is called between the steps."""

    def __init__(
        self,
        *,
        identity: str,
        outbox: Outbox,
        delivery_log: DeliveryLog,
        catch_up: Callable[[], object],
        clock: Callable[[], datetime],
        checkpoint: Callable[[str], None] = lambda _step: None,
    ) -> None:
        self.identity = identity
        self.clock = clock
        self.checkpoint = checkpoint
        self._outbox = outbox
        self._log = delivery_log
        self._catch_up = catch_up
        self._untold: dict[str, tuple[Outbound, DeliveryStatus]] = {}
        self.counts: dict[str, int] = {"sent": 0, "not_sent": 0, "cancelled": 0, "unknown": 0}

    def finish(
        self, outbound: Outbound, attempt: int, status: DeliveryStatus, *, because: str = "", message_id: str | None = None
    ) -> None:
        """Write a final report and tell the tickets.

        A broker that goes away on the way leaves it to `tell_rest`: the report may be stored although nobody could say so.
        """
        self._untold[outbound.id] = (outbound, status)
        report = self.report(outbound, attempt, status, because=because, message_id=message_id)
        self.checkpoint("after_result")
        self.tell(outbound, report)
        self._untold.pop(outbound.id, None)
        self.checkpoint("after_told")

    def report(
        self,
        outbound: Outbound,
        attempt: int,
        status: DeliveryStatus,
        *,
        because: str = "",
        message_id: str | None = None,
        retry_at: datetime | None = None,
        text: str | None = None,
    ) -> DeliveryReport:
        """Write a report; returns once it has come back with all that stood before it in the log."""
        report = report_on(
            outbound,
            attempt,
            status,
            at=self.clock(),
            sender=self.identity,
            because=because,
            message_id=message_id,
            retry_at=retry_at,
            text=text,
        )
        self._log.write(report)
        if status.value in self.counts:
            self.counts[status.value] += 1
        if status not in (DeliveryStatus.SENT, DeliveryStatus.INTENT, DeliveryStatus.CALLING):
            log.info("outbound", status=status.value, group=outbound.group, attempt=attempt, because=because)
        deadline = time.monotonic() + _COMES_BACK_S
        while report not in self._outbox.reports.get(outbound.id, ()) and time.monotonic() < deadline:
            self._catch_up()
        return report

    def tell(self, outbound: Outbound, report: DeliveryReport) -> None:
        self._log.tell(report, self._outbox.groups_of(outbound))

    def tell_rest(self) -> None:
        """Tell what was written while the broker was away, and could not be told then."""
        for key, (outbound, status) in list(self._untold.items()):
            last = self._outbox.standing(key).last
            if last is not None and last.status is status:
                self.tell(outbound, last)
                del self._untold[key]

    def tell_again(self) -> None:
        """Tell the tickets what each sender reported last, which it may not have told, and what they have not heard."""
        last: dict[str, DeliveryReport] = {}
        for reports in self._outbox.reports.values():
            for report in reports:
                if report.status.is_final and report.at >= last.get(report.sender, report).at:
                    last[report.sender] = report
        again = {report.outbound_id: report for report in last.values()}
        again |= {report.outbound_id: report for report in self._outbox.unheard(self.clock())}
        for report in again.values():
            outbound = self._outbox.messages.get(report.outbound_id)
            self._log.tell(report, self._outbox.groups_of(outbound) if outbound else {report.group})
