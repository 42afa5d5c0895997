"""Hop 1: HTTP in, Kafka out."""

from __future__ import annotations
