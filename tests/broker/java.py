"""What the tests on Apache Kafka itself need of the machine."""

from __future__ import annotations

import shutil

import pytest

from stream.broker import jars

needs_java = pytest.mark.skipif(
    jars.find_java() is None or not (shutil.which("mvn") or jars.default_cache().is_dir()),
    reason="Java 17 and Maven are not installed",
)
