"""The pure core: every rule of the domain as functions and frozen values. No IO, no clock, no Faust, no logging."""

from __future__ import annotations
