"""Tools for those who write rules: what a change would have done, and what each rule has done, over the messages kept."""

from __future__ import annotations
