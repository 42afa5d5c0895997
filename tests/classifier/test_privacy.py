"""What leaves for the model: no names, numbers, addresses, or words of other customers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.core.model_mask import mask, one_line
from stream.core.people import Role
from tests.classifier.asked import GROUP, Desk, ask, book, open_ticket, recent
from tests.stand_ins.openai_server import label_all, serving

CANARIES = {
    "+55 (11) 98765-4321": "987654321",
    "0812 3456 7890": "34567890",
    "4111 1111 1111 1111": "41111111",
    "123.456.789-09": "12345678909",
    "٠١٢٣٤٥٦٧٨٩": "0123456789",
    "\uff19\uff18\uff17\uff16\uff15\uff14\uff13\uff12\uff11": "987654321",
    "rosa.perez+shop@example.com": "rosa.perez",
    "https://bank.example/u/rosa?token=s3cret": "s3cret",
}


@pytest.mark.parametrize("canary", CANARIES)
def test_no_number_or_address_is_in_any_request(canary: str, tmp_path: Path) -> None:
    asked = ask(
        1,
        f"my data is {canary} and the till beeps",
        "5511987654321@s.whatsapp.net",
        open_tickets=(open_ticket("T-AAAA-0001", f"call {canary} please", "5511987654321@s.whatsapp.net"),),
        context=(
            recent("a", f"write to {canary}", "5511987654321@s.whatsapp.net"),
            recent("b", f"is {canary} yours?", "9@lid", Role.STAFF, quoted_id="Ma"),
            recent("c", f"mine is {canary} and I hate mondays", "222333444555666@lid"),
        ),
    )
    with serving(label_all("ticket")) as server:
        assert Desk(server.url, tmp_path).run([asked], book())
        sent = server.requests[0]
    packed = "".join(c for c in sent.text if c.isalnum() or c == ".")
    assert canary not in sent.text
    assert CANARIES[canary] not in packed
    for secret in ("5511987654321", "222333444555666", "Rosa", GROUP, "@lid", "mondays", "M1"):
        assert secret not in sent.text
    assert sent.part["classify"] == [{"ref": 1, "sender": "U1", "role": "customer", "text": sent.texts[0]}]
    assert sent.part["open_tickets"][0]["opened_by"] == "U1"
    assert [line["text"] for line in sent.part["context"]][2] == "(left out)"
    assert sent.part["context"][1]["quoted"] == 1


@given(st.text())
def test_masking_takes_any_text_and_never_makes_it_longer_than_allowed(text: str) -> None:
    assert len(mask(text)) <= 1000
    assert "\n" not in one_line(text)
    assert len(one_line(text)) <= 80
    mask(text).encode()


@given(st.integers(10**5, 10**18), st.sampled_from(["", " ", "-", ".", "/"]))
def test_no_long_number_is_left_however_it_is_written(number: int, between: str) -> None:
    left = mask(f"it is {between.join(str(number))} ok")
    assert not any(c.isdigit() for c in left)


@pytest.mark.parametrize("text", ["T-K7M3-9QXZ", "error 404 since 10:30", "R$ 49,90", "dia 12/03"])
def test_what_a_model_needs_stays(text: str) -> None:
    assert mask(text) == text


def test_texts_are_cut_and_the_first_part_never_changes(tmp_path: Path) -> None:
    with serving(label_all("ticket")) as server:
        desk = Desk(server.url, tmp_path)
        assert desk.run([ask(1, "beep " * 1000), ask(2, "other words", "2@lid")], book())
        first, second = server.requests
    assert max(len(text) for request in (first, second) for text in request.texts) == 1000
    assert first.body["messages"][:3] == second.body["messages"][:3]
