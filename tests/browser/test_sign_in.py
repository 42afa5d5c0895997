"""Who may see and do what, in a real browser: by password in three roles, and by OpenID Connect from an issuer beside it."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
import showroom
from browsing import SHOTS, settle
from issuer import Issuer
from playwright.sync_api import Page, expect
from system import free_port, wait_for

from stream.adapters.kafka import Publisher
from stream.adapters.topic_admin import ensure_topics
from stream.settings import Settings

pytestmark = [pytest.mark.browser, pytest.mark.kafka, pytest.mark.timeout(150)]
expect.set_options(timeout=15_000)
PASSWORDS = {"viewer": "only-look-1", "operator": "may-act-too-2", "admin": "may-all-of-it-3"}


@dataclass
class Door:
    """One dashboard with its own way of signing in, on one Kafka with all others."""

    url: str
    ticket: str
    issuer: Issuer | None = None


@pytest.fixture(scope="module")
def served(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], str]:
    """Fill the topics of a desk; returns the environment of its dashboards, and the id of a ticket."""
    folder = tmp_path_factory.mktemp("door")
    settings = Settings(
        _env_file=None, kafka_bootstrap_servers=kafka, topic_prefix=f"s{uuid.uuid4().hex[:8]}.", topic_partitions=2
    )
    ensure_topics(settings)
    publisher = Publisher(settings)
    tickets = showroom.desk(datetime.now(UTC))
    showroom.publish(publisher, tickets)
    publisher.close()
    return {
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "TOPIC_PREFIX": settings.topic_prefix,
        "TOPIC_PARTITIONS": "2",
        "DATA_DIR": str(folder / "data"),
        "RULES_DIR": str(folder),
    }, tickets[0].id


def serve(environment: dict[str, str], folder: Path, port: int) -> Iterator[int]:
    """Serve a dashboard until the generator is closed; yields its process id."""
    with (folder / "dashboard.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "stream", "dashboard"],
            cwd=folder,
            env={**os.environ, **environment, "DASHBOARD_PORT": str(port)},
            stdout=log,
            stderr=log,
        )

    def answers() -> bool:
        assert process.poll() is None, (folder / "dashboard.log").read_text()
        try:
            return requests.get(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).ok
        except requests.RequestException:
            return False

    try:
        wait_for("the dashboard to serve", answers, 60)
        yield process.pid
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def guarded(served: tuple[dict[str, str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    environment, ticket = served
    words = {"DASHBOARD_VIEWER_PASSWORD": "viewer", "DASHBOARD_OPERATOR_PASSWORD": "operator", "DASHBOARD_PASSWORD": "admin"}
    port = free_port()
    for _ in serve(
        environment | {name: PASSWORDS[role] for name, role in words.items()}, tmp_path_factory.mktemp("guarded"), port
    ):
        yield Door(f"http://127.0.0.1:{port}", ticket)


@pytest.fixture(scope="module")
def company(served: tuple[dict[str, str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    environment, ticket = served
    folder, port = tmp_path_factory.mktemp("company"), free_port()
    with Issuer() as issuer:
        (folder / ".streamlit").mkdir()
        (folder / ".streamlit" / "secrets.toml").write_text(issuer.secrets_toml(f"http://127.0.0.1:{port}"))
        people = {"DASHBOARD_ADMINS": "boss@northwind.example", "DASHBOARD_OPERATORS": "ana@northwind.example"}
        for _ in serve(environment | people, folder, port):
            yield Door(f"http://127.0.0.1:{port}", ticket, issuer)


def sign_in(page: Page, name: str, password: str) -> None:
    page.get_by_role("textbox", name="Your name").fill(name)
    page.get_by_role("textbox", name="Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize(("role", "acts", "reveals", "pairs"), [("viewer", False, False, False), ("admin", True, True, True)])
def test_a_password_opens_what_its_role_may(guarded: Door, page: Page, role: str, acts: bool, reveals: bool, pairs: bool) -> None:
    page.goto(f"{guarded.url}/ticket?id={guarded.ticket}")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert page.locator(".strip").count() == 0, "nothing is shown before"
    if role == "viewer":
        sign_in(page, "Vera", "wrong")
        expect(page.get_by_text("That password is not right.")).to_be_visible()
    sign_in(page, "Vera", PASSWORDS[role])
    expect(page.locator(".headline .id")).to_have_text(guarded.ticket)
    expect(page.get_by_text(f"Signed in as Vera, {role}")).to_be_visible()
    claim = page.get_by_role("button", name="Claim")
    expect(claim).to_be_enabled() if acts else expect(claim).to_be_disabled()
    expect(page.get_by_text("Show phone numbers")).to_have_count(int(reveals))
    page.reload()
    expect(page.locator(".headline .id")).to_have_text(guarded.ticket)
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"role-{role}.png", animations="disabled")
    page.goto(f"{guarded.url}/connection")
    expect(page.get_by_text("Webhook address")).to_be_visible()
    expect(page.get_by_text("Open the pairing page")).to_have_count(int(pairs))
    settle(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    settle(page)
    page.wait_for_function("!/groupdesk_session=[^;]/.test(document.cookie)")
    page.reload()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_company_account_signs_in_as_an_operator_and_comes_back_to_the_link(company: Door, page: Page) -> None:
    assert company.issuer is not None
    company.issuer.person = {"name": "Rui Costa", "email": "ana@northwind.example", "email_verified": True}
    page.goto(f"{company.url}/ticket?id={company.ticket}")
    page.get_by_role("button", name="Sign in with your company account").click()
    expect(page.locator(".headline .id")).to_have_text(company.ticket)
    expect(page.get_by_text("Signed in as Rui Costa, operator")).to_be_visible()
    claim = page.get_by_role("button", name="Claim")
    expect(claim).to_be_enabled()
    settle(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in with your company account")).to_be_visible()
