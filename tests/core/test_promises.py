from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.core.calendar import BusinessCalendar, Hours
from stream.core.promises import find_promise

WEEK = ((Hours(start=540, end=750), Hours(start=810, end=1080)),) * 5 + ((Hours(start=540, end=780),), ())
CALENDAR = BusinessCalendar(name="sp", time_zone="America/Sao_Paulo", week=WEEK)
ZONE = ZoneInfo("America/Sao_Paulo")
NOW = datetime(2026, 3, 4, 11, 0, tzinfo=ZONE)  # a Wednesday


def read(text: str) -> str | None:
    promised = find_promise(text, NOW.astimezone(UTC), CALENDAR)
    return promised.astimezone(ZONE).strftime("%a %d %H:%M") if promised else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # English
        ("We'll send it tomorrow at 10", "Thu 05 10:00"),
        ("Tomorrow at 10", "Thu 05 10:00"),
        ("ok, tomorrow at 10:30am", "Thu 05 10:30"),
        ("I will get back to you in 2 hours.", "Wed 04 13:00"),
        ("in an hour", "Wed 04 12:00"),
        ("give me half an hour", "Wed 04 11:30"),
        ("Give me 20 minutes", "Wed 04 11:20"),
        ("We can do it by Friday", "Fri 06 18:00"),
        ("until Friday", "Fri 06 18:00"),
        ("You'll have it today", "Wed 04 18:00"),
        ("It will be ready at 3", "Wed 04 15:00"),
        ("It will be ready at 9", "Thu 05 09:00"),
        ("I'll call you tomorrow morning", "Thu 05 12:00"),
        ("Sorry, can't today, will do it tomorrow at 4pm", "Thu 05 16:00"),
        ("the replacement will arrive on Monday", "Mon 09 18:00"),
        ("we'll have it fixed by end of day", "Wed 04 18:00"),
        ("No problem. We'll send the invoice on Wednesday", "Wed 11 18:00"),
        ("We will refund you by 10/03", "Tue 10 18:00"),
        ("will be there Saturday", "Sat 07 13:00"),
        # Spanish
        ("te lo mando mañana a las 10", "Thu 05 10:00"),
        ("Mañana a las 10", "Thu 05 10:00"),
        ("te aviso en 2 horas", "Wed 04 13:00"),
        ("Le respondo en media hora", "Wed 04 11:30"),
        ("Lo tenemos listo el viernes", "Fri 06 18:00"),
        ("Se lo enviaremos pasado mañana a las 3 de la tarde", "Fri 06 15:00"),
        ("Mañana por la mañana te confirmo", "Thu 05 12:00"),
        ("No te preocupes, te lo envío hoy a las 16:30", "Wed 04 16:30"),
        ("vamos a resolverlo dentro de 3 horas", "Wed 04 14:00"),
        ("Dame 10 minutos", "Wed 04 11:10"),
        ("a las 4 y media te llamo", "Wed 04 16:30"),
        # Portuguese
        ("amanhã às 10h", "Thu 05 10:00"),
        ("te mando amanhã às 10h30", "Thu 05 10:30"),
        ("Vou resolver hoje", "Wed 04 18:00"),
        ("Vamos enviar na sexta-feira", "Fri 06 18:00"),
        ("retorno em 30 minutos", "Wed 04 11:30"),
        ("Daqui a 2 horas", "Wed 04 13:00"),
        ("A gente entrega depois de amanhã de manhã", "Fri 06 12:00"),
        ("Fica pronto às 15h", "Wed 04 15:00"),
        ("me dá 15 minutos", "Wed 04 11:15"),
        ("eu te aviso até as 17h", "Wed 04 17:00"),
        # Indonesian
        ("besok jam 10", "Thu 05 10:00"),
        ("besok jam 10 ya kak", "Thu 05 10:00"),
        ("Kami kirim besok pagi", "Thu 05 12:00"),
        ("nanti saya kabari jam 3 sore", "Wed 04 15:00"),
        ("2 jam lagi", "Wed 04 13:00"),
        ("saya cek dulu, 30 menit lagi", "Wed 04 11:30"),
        ("Akan kami proses lusa", "Fri 06 18:00"),
        ("dikirim hari jumat", "Fri 06 18:00"),
        ("setengah jam lagi ya kak", "Wed 04 11:30"),
        ("Baik kak, nanti kami update pukul 14.30", "Wed 04 14:30"),
    ],
)
def test_promises_in_four_languages(text: str, expected: str) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ok thanks",
        "We are checking with the courier",
        "Can you send it tomorrow at 10?",
        "could you send us the invoice by Friday",
        "Please send the photo today",
        "We don't work tomorrow",
        "It arrived in 2 hours",
        "We open at 9",
        "Our team will be available from 9:00 to 18:00",
        "We sent it yesterday at 10",
        "see you tomorrow",
        "See you on Monday!",
        "If it is not there tomorrow, write to us",
        "Good morning, how can I help",
        "the order number is 10:45331",
        "Your order 1030 was closed at 10",
        "That was 2 hours ago",
        "The meeting tomorrow at 10 is about sales",
        "Let me check",
        "I'll check",
        "We'll look into it soon",
        "buenas tardes",
        "Hasta mañana!",
        "hasta el lunes",
        "¿Puede pasar mañana a las 10?",
        "Puedes mandarlo mañana a las 10",
        "No podemos mañana a las 10",
        "Mañana estamos cerrados",
        "Llegó ayer a las 10",
        "Buenos días por la mañana atendemos",
        "Atendemos de 9 a 18",
        "até amanhã",
        "Até segunda!",
        "Bom dia, tudo bem",
        "Você pode mandar amanhã às 10h",
        "amanhã não abrimos",
        "Foi enviado ontem às 10h",
        "preciso disso amanhã às 10h",
        "Funcionamos das 9h às 18h",
        "selamat pagi kak",
        "selamat siang",
        "sampai jumpa besok",
        "bisa kirim fotonya besok jam 10",
        "besok kami libur",
        "sudah dikirim kemarin jam 10",
        "Kami buka jam 9 sampai 18",
        "tolong kirim besok jam 10",
        "jam operasional kami 09.00-17.00",
        "minggu depan",
        "hari ini ada promo",
        "At 3 I fell asleep",
    ],
)
def test_ordinary_talk_promises_nothing(text: str) -> None:
    assert read(text) is None


def test_the_end_of_a_day_without_business_hours_is_six_in_the_evening() -> None:
    assert read("We'll deliver on Sunday") == "Sun 08 18:00"


def test_a_time_that_has_passed_today_is_meant_for_tomorrow_unless_today_was_said() -> None:
    assert read("I'll call you at 10") == "Thu 05 10:00"
    assert read("I'll call you today at 10") is None


@given(st.text(max_size=200))
def test_any_text_is_read_without_harm(text: str) -> None:
    promised = find_promise(text, NOW, CALENDAR)
    assert promised is None or promised > NOW


@given(st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_a_promise_always_lies_ahead(at: datetime) -> None:
    for text in ("we'll send it tomorrow at 10", "te lo mando hoy", "besok jam 10", "vou enviar na sexta", "in 2 hours"):
        promised = find_promise(text, at, CALENDAR)
        assert promised is None or promised > at
