"""What Groupdesk is compared with: the least that anyone could write for the same records.

Each runs as a process of its own; the argument is a `Task` as JSON:

    python -m stream.bench.contestants.NAME '{"bootstrap": "127.0.0.1:9092", ...}'
"""

from __future__ import annotations
