"""`groupdesk check`: everything that would stop or surprise an operator, found at once and each with what to do."""

from __future__ import annotations
