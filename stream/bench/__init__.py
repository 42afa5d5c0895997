"""`groupdesk bench`: how fast, how late and how large, each figure beside a reference that ran in the same minutes.

Real processes on a real broker, watched from outside. Nothing here is used by the parts that are measured.

    measured            by            reference
    a  bridge           bridge.py     contestants/plain_front.py: a handler of aiohttp that produces, nothing else
    b  worker           worker.py     contestants/: a bare Faust table counter, a bare aiokafka loop, the same work on quixstreams
    c  webhook to ticket  lateness.py   the plain front and the bare loop
    d  rules            matching.py   stdlib `re`, one by one and joined
    e  start, recovery  starting.py   the bare counter with the same table
    f  open tickets     tickets.py    the bare counter with the same table
    g  several workers  several.py    as many bare counters
"""

from __future__ import annotations
