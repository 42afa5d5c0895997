"""What the worker is compared with: the least that anyone could write who counts messages by group with Kafka."""

from __future__ import annotations
