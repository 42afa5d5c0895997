"""The QR code is held for as long as it is good, and shown to nobody by accident."""

from __future__ import annotations

from datetime import timedelta

from payloads import NOW, deliveries

from stream.bridge.pairing import QR_LIVES, Pairing

QR = {"qrcode": {"code": "2@secret", "base64": "data:image/png;base64,AAAA", "pairingCode": "ABCD1234"}}


def test_a_code_is_shown_until_it_expires() -> None:
    pairing = Pairing()
    pairing.take_qr("desk", QR, NOW)

    shown = pairing.view("desk", NOW + timedelta(seconds=30)).qr
    assert shown is not None
    assert (shown.code, shown.image, shown.pairing_code) == ("2@secret", "data:image/png;base64,AAAA", "ABCD1234")
    assert pairing.view("desk", NOW + QR_LIVES).qr is None


def test_a_code_is_in_no_representation() -> None:
    pairing = Pairing()
    pairing.take_qr("desk", QR, NOW)

    assert "secret" not in repr(pairing.view("desk", NOW))
    assert "ABCD" not in repr(pairing.view("desk", NOW))


def test_a_connection_that_opens_takes_the_code_away() -> None:
    pairing = Pairing()
    pairing.take_qr("cs-ticket-monitor", QR, NOW)
    for delivery in deliveries("connection.update", {"state": "open", "wuid": "5511912340000:3@s.whatsapp.net"}):
        pairing.hear(delivery)

    view = pairing.view("cs-ticket-monitor", NOW)
    assert (view.state, view.qr, view.own_phone) == ("open", None, "5511912340000@s.whatsapp.net")
    assert (view.since, view.last_event_at) == (NOW, NOW)


def test_the_sentence_after_too_many_codes_is_kept() -> None:
    pairing = Pairing()
    pairing.take_qr("desk", {"message": "QR code limit reached, please login again", "statusCode": 500}, NOW)

    assert pairing.view("desk", NOW).problem == "QR code limit reached, please login again"


def test_an_image_that_is_none_and_instances_without_end_are_not_held() -> None:
    pairing = Pairing()
    pairing.take_qr("desk", {"qrcode": {"code": "2@x", "base64": "javascript:alert(1)"}}, NOW)
    for number in range(500):
        pairing.take_qr(f"desk{number}", None, NOW)

    view = pairing.view("desk", NOW)
    assert view.qr is not None
    assert view.qr.image == ""
    assert len(pairing.instances()) == 50
