"""Groupdesk: WhatsApp support groups as tickets. One line a hop, in the order a message takes.

    POST /webhook/cs-tickets        stream.bridge      2xx only after Kafka has it; secrets stripped
      -> topic inbound              key = group
      -> translate                  stream.translate   a delivery becomes inputs (Message Translator)
      -> detect                     stream.core.rules  ticket, update, noise, or undecided
      -> step                       stream.core.step   (state of the group, input, now) -> (new state, outputs)
           table groups             stream.worker      the only writer; one value a group
           -> topic undecided       stream.classifier  model, else local head, else review  -> topic commands
           -> topic tickets         snapshots, compacted                                    -> stream.sheet, dashboard
           -> topic ticket-events   audit and timeline                                      -> dashboard
           -> topic outbound        stream.sender      follow-ups and receipts              -> topic deliveries

There is one loop: everything that is asked of a ticket (the model's answer, a timer, a button, a cell, a reaction) is a
command on topic `commands`, keyed by group, and comes back to the same step:

      step -> undecided | windows due | outbound -> classifier | timer | sender | people -> commands -> step
"""

from __future__ import annotations

__version__ = "0.1.0"
