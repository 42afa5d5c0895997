"""The ticket step on Faust: the only place that imports faust, and the only writer of table `groups`."""

from __future__ import annotations
