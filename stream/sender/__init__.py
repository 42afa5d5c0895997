"""The sender: says in WhatsApp what the worker decided, at most once, and tells what became of it.

outbound, deliveries, tickets, inbound -> outbox    what is to be said, what became of it, who has spoken
  -> last check                          core       still right to send?
  -> attempt                                        intent (durable) -> mine? -> call -> result -> report
  -> reconcile                                      doubt is settled by looking, never by sending again
"""

from __future__ import annotations
