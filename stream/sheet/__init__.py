"""The Sheet: tickets as rows that people may edit. Stream -> local store -> passes of read, compare, write -> sheet."""

from __future__ import annotations
