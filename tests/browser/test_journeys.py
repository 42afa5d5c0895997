"""What people do on the dashboard, in a real browser, on real processes and a real Kafka. Screenshots go to test-output/."""

from __future__ import annotations

import os
import uuid
from datetime import UTC, datetime
from typing import Any

import hostile
import pytest
import showroom
from browsing import DESKTOP, PHONE, SHOTS, Desk, follow, settle
from playwright.sync_api import Page, expect

from dashboard import rehearsal
from stream.core.people import Role
from stream.core.ticket import Entry, Evidence, TicketState

pytestmark = [pytest.mark.browser, pytest.mark.kafka, pytest.mark.timeout(180)]
REQUEST = "Our order 48213 has not arrived yet, where is it?"
LOOKS: tuple[tuple[str, Any, Any], ...] = (
    ("desktop-light", DESKTOP, "light"),
    ("desktop-dark", DESKTOP, "dark"),
    ("phone-light", PHONE, "light"),
    ("phone-dark", PHONE, "dark"),
)
expect.set_options(timeout=15_000)


@pytest.fixture(scope="module", autouse=True)
def morning(desk: Desk) -> list[str]:
    """Fill the topics with a morning's tickets, and return their ids."""
    now = datetime.now(UTC)
    tickets = showroom.desk(now)
    showroom.publish(desk.publisher, [*tickets, *showroom.events(tickets[0], now)])
    return [one.id for one in tickets]


def tour(ticket_id: str) -> dict[str, str]:
    """Return every page, and every part of one, by the name of its portrait."""
    pages = ("review", "followups", "simulator", "sheet", "health", "connection", "insights", "rules")
    return {
        "board": "",
        "columns": "?layout=columns",
        "ticket": f"ticket?id={ticket_id}",
        **{page: page for page in pages},
        "digest": "insights?show=digest",
        "try": "rules?part=try",
        "backtest": "rules?part=backtest",
        "corrections": "rules?part=corrections",
    }


def shoot(page: Page, name: str) -> None:
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", animations="disabled")


def post(desk: Desk, text: str, author: str = "Helen Carter") -> None:
    event = rehearsal.message_event(text, author, f"3EB0{uuid.uuid4().hex[:16].upper()}", "cs-ticket-monitor", datetime.now(UTC))
    desk.system.post_until_accepted(event)


def test_a_ticket_arrives_live_is_claimed_answered_and_resolved(desk: Desk, page: Page) -> None:
    page.goto(desk.url())
    page.wait_for_selector(".board .row")
    post(desk, REQUEST)
    row = page.locator(".board .row", has_text=REQUEST)
    expect(row).to_be_visible()
    shoot(page, "journey-1-arrived")
    row.locator("a.title").click()
    expect(page.locator(".headline h1")).to_have_text(REQUEST)
    page.get_by_role("button", name="Claim").click()
    expect(page.get_by_text("Claim: done")).to_be_visible()
    expect(page.locator(".facts")).to_contain_text("local")
    shoot(page, "journey-2-claimed")
    page.get_by_placeholder("Everybody in the group will read it.").fill("We send a *new* one today.")
    page.get_by_role("button", name="Reply in the group").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("We send a *new* one today.")
    shoot(page, "journey-3-second-look")
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(
        page.get_by_text("Reply in the group: done").or_(page.get_by_text("Reply in the group: refused")).first
    ).to_be_visible()
    shoot(page, "journey-4-reply-answered")
    page.get_by_role("button", name="Resolve").click()
    expect(page.locator(".facts .state").first).to_have_text("Resolved")
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    expect(page.locator(".timeline")).to_contain_text("local, on the dashboard")
    shoot(page, "journey-5-resolved")
    page.locator(".headline a.back").click()
    expect(page.locator(".board .row", has_text=REQUEST)).to_have_count(0)


def test_a_link_survives_a_reload_and_keys_move_through_the_list(desk: Desk, page: Page) -> None:
    page.goto(desk.url("?view=unassigned&layout=list"))
    page.wait_for_selector(".board .row")
    count = page.locator(".board .row").count()
    page.reload()
    page.wait_for_selector(".board .row")
    expect(page.locator(".board .row")).to_have_count(count)
    assert "view=unassigned" in page.url
    first, second = (page.locator(".board a.title").nth(n) for n in (0, 1))
    wanted = second.get_attribute("href") or ""
    first.focus()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".headline h1")).to_be_visible()
    assert page.url == wanted
    page.reload()
    expect(page.locator(".headline h1")).to_be_visible()


def test_hostile_texts_stay_texts(desk: Desk, page: Page) -> None:
    now = datetime.now(UTC)
    base = showroom.ticket(now, "Hostile", due=5)
    entries = tuple(
        Entry(
            message_id=f"H{n}",
            author="5511",
            author_name=text[:80],
            role=Role.CUSTOMER,
            sent_at=now,
            text=text,
            attached_because=Evidence.BURST,
        )
        for n, text in enumerate(hostile.TEXTS)
    )
    bad = [
        showroom.ticket(now, text[:200], due=5, who=text[:60], category=text[:30], assignee=text[:30], note=text[:60])
        for text in hostile.TEXTS
    ]
    showroom.publish(desk.publisher, [base.but(messages=entries, group_name=hostile.TEXTS[2], note=hostile.TEXTS[0]), *bad])
    asked: list[str] = []
    alarms: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: (alarms.append(dialog.message), dialog.dismiss()))
    page.goto(desk.url())
    expect(page.locator(".board .row", has_text="onerror").first).to_be_visible()
    page.locator(".board .row", has_text="onerror").first.hover()
    shoot(page, "hostile-board")
    for path in (f"ticket?id={base.id}", f"ticket?id={bad[3].id}", "insights?by=person", "insights?show=digest"):
        page.goto(desk.url(path))
        settle(page)
        page.wait_for_timeout(400)
        for selector in (
            "img[src*=canary]",
            "iframe[src*=canary]",
            "a[href*=canary]",
            "a[href^=javascript]",
            "[onerror]",
            "[onload]",
            "object",
        ):
            assert page.locator(selector).count() == 0, (path, selector)
    page.goto(desk.url(f"ticket?id={base.id}"))
    expect(page.locator(".chat")).to_contain_text("⟨202E⟩txt.exe")
    page.get_by_role("button", name="Assign").click()
    shoot(page, "hostile-ticket")
    assert not [url for url in asked if hostile.CANARY in url]
    assert not [url for url in asked if "127.0.0.1" not in url and not url.startswith(("data:", "blob:"))]
    assert not alarms
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for one in [base, *bad]:
        desk.publisher.publish(showroom.Topic.TICKETS, one.id, one.but(state=TicketState.CLOSED, version=99).to_json())


def test_a_broken_rule_file_is_told_while_people_look(desk: Desk, page: Page) -> None:
    page.goto(desk.url("rules"))
    expect(page.get_by_text("No problems in the folder")).to_be_visible()
    broken = desk.rules / "detect" / "broken.yaml"
    broken.write_text("version: 1\nrules:\n  - id: oops\n    titel: wrong key\n")
    expect(page.get_by_text("problems in the rules folder")).to_be_visible(timeout=8_000)
    expect(page.locator(".grid").first).to_contain_text("broken.yaml:")
    shoot(page, "rules-broken")
    broken.unlink()
    expect(page.get_by_text("No problems in the folder")).to_be_visible(timeout=8_000)


def test_no_page_is_wider_than_a_phone_or_fails_in_the_browser(desk: Desk, page: Page, morning: list[str]) -> None:
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark")
    page.goto(desk.url())
    for name, path in tour(morning[0]).items():
        follow(page, desk.url(path))
        settle(page)
        expect(page.locator(".strip .asof.good")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than the screen"
        assert page.get_by_text("This app has encountered an error").count() == 0, name
        shoot(page, f"phone-dark-{name}")
    assert not faults


@pytest.mark.skipif(not os.environ.get("GROUPDESK_PORTRAITS"), reason="GROUPDESK_PORTRAITS=1 takes a picture of every page")
@pytest.mark.timeout(900)
def test_every_page_has_its_portraits(desk: Desk, page: Page, morning: list[str]) -> None:
    page.goto(desk.url())
    for name, path in tour(morning[0]).items():
        follow(page, desk.url(path))
        settle(page)
        for look, size, scheme in LOOKS:
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme)
            page.wait_for_timeout(1_200)
            shoot(page, f"{look}-{name}")
