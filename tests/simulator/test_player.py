"""A scripted chat becomes genuine webhooks, dated so that nothing lies in the future."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from stream.simulator.chat_file import Chat, ChatFileError, load_chat
from stream.simulator.evolution_server import EvolutionServer
from stream.simulator.player import Target, perform
from stream.simulator.script import happenings
from stream.simulator.webhooks import Retries

DEMO = Path(__file__).parents[2] / "demo" / "support.yaml"


def played(chat: Chat, seed: str = "s") -> list[tuple[str, Any]]:
    told = happenings(chat, seed=seed, starts_at=1_790_000_000, instance_id="i")
    return [(h.event, h.data) for h in told if h.event != "groups.upsert"]


def chat(*lines: dict[str, Any], mode: str = "lid") -> Chat:
    people = {"us": {"name": "Us", "lid": "1", "phone": "15550", "own": True}, "ana": {"name": "Ana", "lid": "2"}}
    people["tom"] = {"name": "Tom", "lid": "3", "phone": "447"}
    group = {"jid": "120363000000000009@g.us", "subject": "Shop", "people": list(people), "mode": mode}
    return Chat.model_validate(
        {"title": "t", "people": people, "groups": {"g": group}, "lines": [{"in": "g"} | line for line in lines]}
    )


def test_the_demo_has_two_groups_and_four_languages_of_people_and_is_valid() -> None:
    demo = load_chat(DEMO)
    assert len(demo.groups) == 2
    assert demo.expect == {"tickets": 3, "resolved": 1}
    assert len(played(demo)) == len(demo.lines) + 1  # a deletion is two events


def test_the_same_seed_gives_the_same_events() -> None:
    demo = load_chat(DEMO)
    assert played(demo) == played(demo)
    assert played(demo)[0][1]["key"]["id"] != played(demo, "other")[0][1]["key"]["id"]


def test_senders_carry_what_whatsapp_tells_of_them() -> None:
    said = chat({"from": "ana", "say": "a"}, {"from": "us", "say": "b"}, {"from": "tom", "say": "c"})
    lid_only, own, both = (data for _, data in played(said))
    assert (lid_only["key"]["participant"], "participantAlt" in lid_only["key"]) == ("2@lid", False)
    assert (own["key"]["fromMe"], own["status"]) == (True, "SERVER_ACK")
    assert (both["key"]["participant"], both["key"]["participantAlt"]) == ("3@lid", "447@s.whatsapp.net")
    _, phone_first = played(chat({"from": "tom", "say": "c"}, mode="pn"))[0]
    assert (phone_first["key"]["participant"], phone_first["key"]["addressingMode"]) == ("447@s.whatsapp.net", "pn")


def test_quotes_reactions_edits_and_deletions_point_at_their_message() -> None:
    events = played(
        chat(
            {"from": "ana", "say": "broken", "as": "m"},
            {"from": "us", "say": "@ana on it", "quote": "m", "mention": ["ana"]},
            {"from": "us", "react": "✅", "to": "m"},
            {"from": "ana", "edit": "m", "say": "really broken"},
            {"from": "ana", "delete": "m"},
            {"from": "us", "say": "sent", "by_api": True},
        )
    )
    target = events[0][1]["key"]["id"]
    told = [event.removeprefix("messages.") for event, _ in events]
    assert told == ["upsert", "upsert", "upsert", "edited", "edited", "delete", "send.message"]
    quote = events[1][1]
    assert quote["message"]["conversation"] == "@2 on it"
    assert (quote["contextInfo"]["stanzaId"], quote["contextInfo"]["mentionedJid"]) == (target, ["2@lid"])
    assert events[2][1]["message"]["reactionMessage"]["key"]["id"] == target
    assert events[3][1]["editedMessage"] == {"conversation": "really broken"}
    assert (events[4][1]["type"], events[5][1]["id"], events[5][1]["status"]) == ("REVOKE", target, "DELETED")
    assert "participant" not in events[6][1]["key"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ({"from": "nobody", "say": "x"}, "'nobody' is not in people"),
        ({"from": "ana", "quote": "m", "say": "x"}, "'m' is not the name of an earlier line"),
        ({"from": "ana"}, "exactly one of say"),
        ({"from": "ana", "react": "✅"}, "react needs `to`"),
        ({"from": "ana", "sya": "x"}, "Extra inputs"),
    ],
)
def test_a_mistake_in_a_chat_file_is_told(tmp_path: Path, line: dict[str, Any], told: str) -> None:
    path = tmp_path / "chat.yaml"
    good = chat({"from": "ana", "say": "x"}).model_dump(by_alias=True, exclude_defaults=True)
    import yaml

    good["people"] = {name: dict(person) for name, person in good["people"].items()}
    for group in good["groups"].values():
        group["people"] = list(group["people"])
    path.write_text(yaml.safe_dump(good | {"lines": [{"in": "g"} | line]}))
    with pytest.raises(ChatFileError, match=told):
        load_chat(path)


async def _inbox(answers: list[int], got: list[dict[str, Any]]) -> tuple[web.AppRunner, str]:
    async def take(request: web.Request) -> web.Response:
        got.append(await request.json())
        return web.Response(status=answers.pop(0) if answers else 200)

    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}/hook"


async def test_playing_counts_what_was_taken_and_dates_the_end_as_now() -> None:
    got: list[dict[str, Any]] = []
    runner, url = await _inbox([], got)
    demo = load_chat(DEMO)
    result = await perform(demo, Target(url, "s"))
    await runner.cleanup()
    assert result.sent == result.accepted == len(got) == len(demo.groups) + len(demo.lines) + 1
    stamps = [body["data"]["messageTimestamp"] for body in got if "messageTimestamp" in body["data"]]
    assert stamps == sorted(stamps)
    names = [body["data"][0]["subject"] for body in got if body["event"] == "groups.upsert"]
    assert names == [group.subject for group in demo.groups.values()]
    assert abs(stamps[-1] - time.time()) < 30
    assert stamps[-1] - stamps[0] == pytest.approx(demo.duration, abs=1)


async def test_a_wrong_secret_shows_as_a_refusal_and_the_rest_is_not_tried() -> None:
    got: list[dict[str, Any]] = []
    runner, url = await _inbox([401] * 100, got)
    result = await perform(chat({"from": "ana", "say": "x"}), Target(url, "wrong"), retries=Retries(scale=0.001))
    await runner.cleanup()
    assert (result.was_taken_whole, result.refused_status, result.tries) == (False, 401, 1)


async def test_a_chat_is_played_through_a_stand_in_that_runs_elsewhere_and_stays_there() -> None:
    got: list[dict[str, Any]] = []
    runner, url = await _inbox([], got)
    async with EvolutionServer() as evolution:
        desk = evolution.add_instance("cs-ticket-monitor", webhook_url=url, secret="s")
        result = await perform(chat({"from": "ana", "say": "x"}), Target(url, "s", stand_in_url=evolution.url))
        assert result.was_taken_whole
        assert [row["message"]["conversation"] for row in desk.rows] == ["x"]
        assert desk.groups["120363000000000009@g.us"].subject == "Shop"
    await runner.cleanup()
