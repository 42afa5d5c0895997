"""Watches over the connection to WhatsApp: whether it is open, whether it is too quiet, and what was missed.

It lives in the sender's process. That one alone talks to Evolution and knows whether it may, so that all calls share one
client; the bridge stays a front that answers in milliseconds and calls nobody (only an operator on /qr-cs makes it do so).
What is found goes into topic `inbound` the way that the bridge's deliveries do, and is told as part `whatsapp`.

    ears        what was heard when, from topic inbound          -> silence of the number and of each group
    backfill    rows of Evolution's store that never came        -> inbound, as late messages
    groups      names and people of groups, refreshed slowly     -> inbound, as a roster
    watchdog    connection, webhook settings, silence: check, restart once, alarm
"""

from __future__ import annotations
