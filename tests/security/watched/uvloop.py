"""Stands in for uvloop, which calls from C where no audit hook sees it: asyncio's own loop does the same."""

from __future__ import annotations

import asyncio

Loop = asyncio.SelectorEventLoop
EventLoopPolicy = asyncio.DefaultEventLoopPolicy
