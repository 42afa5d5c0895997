"""Erasing a person from everything that Groupdesk keeps."""

from __future__ import annotations
