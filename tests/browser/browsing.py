"""A whole desk to browse, and how the browser is started."""

from __future__ import annotations

import contextlib
import shutil
import uuid
from pathlib import Path

from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as NeverAtRest
from system import System, free_port

from stream.adapters.kafka import Publisher
from stream.settings import Settings

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "test-output"
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


class Desk:
    """A whole desk: bridge, worker and dashboard as processes on one Kafka, and a publisher beside them."""

    def __init__(self, kafka: str, folder: Path) -> None:
        shutil.copytree(ROOT / "rules", folder / "rules")
        self.rules = folder / "rules"
        self.dashboard_port = free_port()
        self.settings = Settings(
            _env_file=None,
            kafka_bootstrap_servers=kafka,
            topic_prefix=f"b{uuid.uuid4().hex[:8]}.",
            topic_partitions=2,
            data_dir=folder / "data",
        )
        self.system = System(
            self.settings, DASHBOARD_PORT=str(self.dashboard_port), RULES_DIR=str(self.rules), DATA_DIR=str(folder / "data")
        )
        self.publisher = Publisher(self.settings)

    def url(self, path: str = "") -> str:
        return f"http://127.0.0.1:{self.dashboard_port}/{path}"

    def close(self) -> None:
        self.publisher.close()
        self.system.close()


def follow(page: Page, url: str) -> None:
    """Go to another page as a link of ours does: without loading everything anew."""
    page.evaluate("url => { history.pushState(null, '', url); dispatchEvent(new PopStateEvent('popstate')); }", url)
    page.wait_for_timeout(150)


def settle(page: Page) -> None:
    """Wait until the script has run and nothing moves any more; a page whose parts refresh all the time may never rest."""
    with contextlib.suppress(NeverAtRest):
        page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=10_000)
    page.evaluate("document.fonts.ready")
