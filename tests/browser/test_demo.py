"""The demo chat from the phone to the Board and back: a reply that is really sent, and a change made in the sheet."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openpyxl
import pytest
import requests
from browsing import DESKTOP, ROOT, SHOTS, Desk, settle
from playwright.sync_api import Browser, Page, expect
from system import SECRET, free_port, wait_for

from stream.adapters.sheet_port import TICKET_TAB
from stream.core.sheet_columns import find_columns
from stream.simulator.chat_file import load_chat
from stream.simulator.evolution_server import DEFAULT_KEY
from stream.simulator.player import Target, play

pytestmark = [pytest.mark.browser, pytest.mark.kafka, pytest.mark.timeout(180)]
expect.set_options(timeout=15_000)
PARCEL, LOGIN = "Order 48213 has not arrived", "Saya tidak bisa login"
CHARGE = "Fui cobrada duas vezes"
TITLES, STATES = (CHARGE, LOGIN, PARCEL), ("Waiting on us", "Waiting on us", "Resolved")
OPS = "120363401000000002@g.us"  # the stand-in knows no group of the team alone: the second one of the chat stands for it
HELD = "Já estornamos uma delas."
ANSWER = "Sudah kami perbaiki, silakan dicoba lagi."
ROLES = ("simulator", "bridge", "worker", "sender", "sheet", "dashboard")


class Phone:
    """The phone side: the stand-in for Evolution, and what Groupdesk really sent through it."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def play_demo(self, bridge_url: str) -> None:
        """Play the demo chat; in a thread of its own, since the browser holds an event loop in this one."""
        chat = load_chat(ROOT / "demo" / "support.yaml")
        with ThreadPoolExecutor(1) as thread:
            played = thread.submit(play, chat, Target(bridge_url, SECRET, self.url)).result()
        assert played.was_taken_whole

    def reactions(self, emoji: str) -> list[dict[str, Any]]:
        """Return the reactions with this emoji that really left."""
        given = [one["message"]["reactionMessage"] for one in self.sent() if "reactionMessage" in one["message"]]
        return [one for one in given if one["text"] == emoji]

    def sent(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = requests.get(f"{self.url}/simulator/cs-ticket-monitor/sent", timeout=5).json()
        return found


@pytest.fixture(scope="module")
def phone() -> Phone:
    return Phone(free_port())


@pytest.fixture(scope="module")
def desk(kafka: str, tmp_path_factory: pytest.TempPathFactory, phone: Phone) -> Iterator[Desk]:
    desk = Desk(kafka, tmp_path_factory.mktemp("demo"))
    follow_ups = desk.rules / "followups.yaml"
    follow_ups.write_text(follow_ups.read_text().replace("\nsending:\n", f"\nsending:\n  ops_group: {OPS}\n"))
    desk.system.environment |= {
        "EVOLUTION_API_URL": phone.url,
        "EVOLUTION_API_KEY": DEFAULT_KEY,
        "SIMULATOR_PORT": phone.url.rpartition(":")[2],
        "SEND_GAP_S": "0",
    }
    for role in ROLES:
        desk.system.start(role)
    desk.system.wait_until_ready("worker", "sender", "sheet", "dashboard")
    phone.play_demo(desk.system.url)
    wait_for("three tickets", lambda: len(desk.system.tickets()) == 3)
    yield desk
    desk.close()


@pytest.fixture(scope="module", autouse=True)
def portrait(desk: Desk, browser: Browser) -> list[str]:
    """Take the Board's picture before any test changes it; return what its rows say."""
    context = browser.new_context(viewport=DESKTOP, color_scheme="light", locale="en-GB", timezone_id="UTC")
    page = context.new_page()
    page.goto(desk.url("?view=all"))
    expect(page.locator(".board .row")).to_have_count(3)
    settle(page)
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / "board.png", animations="disabled")
    rows = page.locator(".board .row").all_inner_texts()
    context.close()
    return rows


def test_the_board_shows_the_three_tickets_of_the_demo(portrait: list[str]) -> None:
    assert [
        (title in row, state in row)
        for title, state, row in zip(
            TITLES, STATES, sorted(portrait, key=lambda row: [title in row for title in TITLES], reverse=True), strict=True
        )
    ] == [(True, True)] * 3


def test_an_answer_reaches_the_phone_and_comes_back_into_the_ticket(desk: Desk, page: Page, phone: Phone) -> None:
    page.goto(desk.url())
    page.locator(".board .row", has_text=LOGIN).locator("a.title").click()
    expect(page.locator(".headline h1")).to_contain_text(LOGIN)
    page.get_by_placeholder("Everybody in the group will read it.").fill(ANSWER)
    page.get_by_role("button", name="Reply in the group").click()
    page.get_by_role("dialog").get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".chat")).to_contain_text(ANSWER)
    said = wait_for("the phone to show the answer", lambda: [one for one in phone.sent() if ANSWER in str(one["message"])])
    assert len(said) == 1
    assert said[0]["key"]["remoteJid"] == "120363401000000001@g.us"
    assert said[0]["contextInfo"]["quotedMessage"], "it quotes what it answers"
    page.get_by_role("button", name="Resolve").click()
    expect(page.locator(".facts .state").first).to_have_text("Resolved")
    page.screenshot(path=SHOTS / "demo-answered.png", animations="disabled")
    ticked = wait_for("the phone to show that it is resolved", lambda: phone.reactions("\u2611\ufe0f"))
    assert len(ticked) == 1
    page.goto(desk.url("simulator"))
    bubble = page.locator(".chat .msg", has_text=LOGIN)
    expect(bubble.locator(".given")).to_have_text("\u2611\ufe0fGroupdesk")
    expect(page.locator(".chat .msg.self", has_text=ANSWER)).to_be_visible()
    page.screenshot(path=SHOTS / "demo-phone.png", animations="disabled")


def test_a_pause_holds_every_message_until_it_is_resumed(desk: Desk, page: Page, phone: Phone) -> None:
    page.goto(desk.url("followups"))
    page.get_by_role("button", name="Pause all sending").click()
    page.get_by_role("dialog").get_by_role("button", name="Yes").click()
    expect(page.get_by_text("All sending is paused.")).to_be_visible()
    page.screenshot(path=SHOTS / "demo-paused.png", animations="disabled")
    page.goto(desk.url())
    page.locator(".board .row", has_text=CHARGE).locator("a.title").click()
    page.get_by_placeholder("Everybody in the group will read it.").fill(HELD)
    page.get_by_role("button", name="Reply in the group").click()
    page.get_by_role("dialog").get_by_role("button", name="Send", exact=True).click()
    wait_for("the sender to say that it holds", lambda: "stopped it" in desk.system.health()["parts"]["sender"]["detail"])
    assert HELD not in str(phone.sent())
    page.goto(desk.url("followups"))
    page.get_by_role("button", name="Resume sending").click()
    page.get_by_role("dialog").get_by_role("button", name="Yes").click()
    wait_for("the phone to show what was held", lambda: HELD in str(phone.sent()))


def test_a_person_decides_what_the_rules_left_open(desk: Desk, page: Page) -> None:
    page.goto(desk.url("review"))
    row = page.locator(".grid .row", has_text="Selamat hari Senin")
    expect(row).to_be_visible()
    page.screenshot(path=SHOTS / "demo-review.png", animations="disabled")
    row.get_by_role("button", name="Put away").click()
    expect(row).to_have_count(0)
    other = page.locator(".grid .row", has_text="haha the courier")
    other.get_by_role("button", name="Make a ticket").click()
    expect(page.get_by_text("Make a ticket: done")).to_be_visible()
    page.goto(desk.url())
    expect(page.locator(".board .row", has_text="courier again")).to_be_visible()


def test_a_change_in_the_sheet_is_seen_on_the_board(desk: Desk, page: Page) -> None:
    page.goto(desk.url("?view=all"))
    row = page.locator(".board .row", has_text=CHARGE)
    expect(row).to_contain_text("Nobody yet")
    edit_in_sheet(desk, CHARGE, assignee="Lucía Prieto", priority="Urgent")
    expect(row).to_contain_text("Lucía Prieto")
    expect(row.locator(".prio.urgent")).to_be_visible()
    page.screenshot(path=SHOTS / "demo-sheet-edit-on-board.png", animations="disabled")
    page.goto(desk.url("sheet"))
    expect(page.locator(".timeline")).to_contain_text("Lucía Prieto")
    expect(page.get_by_text("Sheet and state say the same, cell by cell.")).to_be_visible(timeout=20_000)
    page.screenshot(path=SHOTS / "demo-sheet.png", animations="disabled")


def test_a_row_is_written_as_its_ticket_is_when_somebody_asks(desk: Desk, page: Page) -> None:
    page.goto(desk.url("sheet"))
    expect(page.get_by_text("Sheet and state say the same, cell by cell.")).to_be_visible(timeout=30_000)
    delete_row(desk, PARCEL)
    lone = page.locator(".grid .row", has_text="row deleted by a person")
    expect(lone).to_be_visible(timeout=30_000)
    page.screenshot(path=SHOTS / "demo-sheet-deleted.png", animations="disabled")
    lone.get_by_role("button", name="Write ours").click()
    expect(page.get_by_text("Write ours: done")).to_be_visible()
    wait_for("the row to be written again", lambda: any(PARCEL in str(row[5]) for row in rows_of(desk)))


def test_a_customer_writes_on_the_phone_and_the_digest_reaches_the_team(desk: Desk, page: Page, phone: Phone) -> None:
    page.goto(desk.url("simulator"))
    page.get_by_placeholder("Our order 48213 has not arrived").fill("My order 5512 has not arrived, where is it?")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".chat")).to_contain_text("My order 5512")
    expect(page.get_by_text("arrived", exact=True)).to_be_visible()
    page.screenshot(path=SHOTS / "demo-simulator.png", animations="disabled")
    page.goto(desk.url("insights?show=digest"))
    page.get_by_role("button", name="Send to the team's group").click()
    page.get_by_role("dialog").get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Send to the team's group: done")).to_be_visible()
    told = wait_for("the team's group to be told", lambda: [one for one in phone.sent() if "Support from" in str(one["message"])])
    assert [one["key"]["remoteJid"] for one in told] == [OPS]
    page.screenshot(path=SHOTS / "demo-digest.png", animations="disabled")


def rows_of(desk: Desk) -> list[Any]:
    return list(openpyxl.load_workbook(desk.settings.sheet_path)[TICKET_TAB].values)


def delete_row(desk: Desk, title: str) -> None:
    """Delete a row as a person does in a spreadsheet program."""
    book = openpyxl.load_workbook(desk.settings.sheet_path)
    sheet = book[TICKET_TAB]
    place = next(row[0].row for row in sheet.iter_rows() if title in str(row[5].value))
    sheet.delete_rows(place)
    book.save(desk.settings.sheet_path)


def edit_in_sheet(desk: Desk, title: str, **cells: str) -> None:
    """Change cells of one row as a person does in a spreadsheet program: open, type, save."""
    path = desk.settings.sheet_path

    def row_is_there() -> bool:
        return path.exists() and any(title in str(row[5]) for row in openpyxl.load_workbook(path)[TICKET_TAB].values)

    wait_for("the row in the sheet", row_is_there)
    book = openpyxl.load_workbook(path)
    sheet = book[TICKET_TAB]
    places = find_columns([str(cell.value or "") for cell in sheet[1]])
    row = next(row for row in sheet.iter_rows() if title in str(row[places["title"]].value))
    for name, value in cells.items():
        row[places[name]].value = value
    book.save(path)
