"""`groupdesk bench`: how fast, how late and how large, each figure beside a reference that ran in the same minutes.

Real processes on a real broker. Nothing here is used by the parts that are measured.
"""

from __future__ import annotations
