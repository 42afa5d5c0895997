"""One broker for a whole test run, and settings of its own for every test."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from stream.broker import start_broker
from stream.settings import Settings

# A busy machine is no failure: nothing is judged by how long it takes.
hypothesis.settings.register_profile("groupdesk", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("groupdesk")

_NOTICE = pytest.StashKey[str]()
_TOLD = "groupdesk_broker"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say in the summary which broker the tests ran on: what was proved depends on it."""
    if _NOTICE in config.stash:
        terminalreporter.write_line(f"Broker of the tests: {config.stash[_NOTICE]}")


def pytest_testnodedown(node: Any) -> None:
    """Take over from a test process of its own what it ran on."""
    if _TOLD in getattr(node, "workeroutput", {}):
        node.config.stash[_NOTICE] = node.workeroutput[_TOLD]


def _tell(config: pytest.Config, notice: str) -> None:
    config.stash[_NOTICE] = notice
    if hasattr(config, "workeroutput"):  # one of several test processes: the first one writes the summary
        config.workeroutput[_TOLD] = notice


@pytest.fixture(scope="session")
def kafka(pytestconfig: pytest.Config) -> Iterator[str]:
    """Return the bootstrap address: Apache Kafka, the PyPI broker where Java or Maven is missing, or one that runs already.

    GROUPDESK_TEST_BOOTSTRAP names a running one; GROUPDESK_TEST_REQUIRE_KAFKA=1 makes the absence of Apache Kafka a failure.
    """
    running = os.environ.get("GROUPDESK_TEST_BOOTSTRAP")
    if running:
        _tell(pytestconfig, f"the one that runs at {running}")
        yield running
        return
    required = os.environ.get("GROUPDESK_TEST_REQUIRE_KAFKA") == "1"
    with tempfile.TemporaryDirectory(prefix="groupdesk-test-") as folder:
        broker = start_broker(Path(folder), allow_trial=not required)
        _tell(pytestconfig, broker.notice)
        try:
            yield broker.bootstrap
        finally:
            broker.stop()


@pytest.fixture
def settings(kafka: str, tmp_path: Path) -> Settings:
    """Return settings with topics, folders and secrets that no other test sees; nothing comes from `.env`."""
    return Settings(
        _env_file=None,
        kafka_bootstrap_servers=kafka,
        topic_prefix=f"t{uuid.uuid4().hex[:8]}.",
        topic_partitions=2,
        webhook_secret="test-webhook-secret",
        operator_secret="test-operator-secret",
        bridge_port=0,
        dashboard_port=0,
        data_dir=tmp_path / "data",
    )
