"""Examples that every call shows the model: the hard borders, in four languages. Invented, and the same for every site."""

from __future__ import annotations

from typing import Any, Literal

Status = Literal["resolved", "in_progress", "still_open", "waiting", "chasing"]


def _ticket(text: str, title: str, category: str | None = None, priority: str = "normal") -> tuple[str, dict[str, Any]]:
    return text, {"label": "ticket", "title": title, "category": category, "priority": priority}


def _update(text: str, status: Status | None, ticket_id: str | None = None) -> tuple[str, dict[str, Any]]:
    return text, {"label": "update", "status": status, "ticket_id": ticket_id}


def _noise(text: str) -> tuple[str, dict[str, Any]]:
    return text, {"label": "noise"}


OPEN_TICKETS = [
    {
        "id": "T-EXAM-PLE1",
        "title": "Card reader of till 2 shows a red light",
        "status": "waiting_us",
        "opened_by": "U1",
        "age": "3 h",
    },
    {
        "id": "T-EXAM-PLE2",
        "title": "Laporan penjualan bulan lalu tidak bisa dibuka",
        "status": "new",
        "opened_by": "U2",
        "age": "40 min",
    },
]
# (sender, text, verdict)
_SAID: list[tuple[str, tuple[str, dict[str, Any]]]] = [
    ("U1", _update("unplugged it like you said, light went green, cheers", "resolved", "T-EXAM-PLE1")),
    ("U3", _ticket("guys since this morning every label comes out of the printer upside down", "Labels are printed upside down")),
    ("U2", _update("masih sama kak, filenya tetap kosong", "still_open", "T-EXAM-PLE2")),
    ("U4", _noise("hahaha nanti sore futsal jadi kan?")),
    ("U5", _update("aqui na loja do centro é a mesma coisa com a luz vermelha", "still_open", "T-EXAM-PLE1")),
    (
        "U5",
        _ticket("bom dia! dá pra colocar a Renata como usuária do painel?", "Incluir Renata como usuária do painel", None, "low"),
    ),
    ("U6", _noise("qué golazo el de anoche, todavía no me lo creo")),
    (
        "U6",
        _ticket(
            "oigan, el cajón no abre cuando pagan con tarjeta y hay fila", "El cajón no abre con pago con tarjeta", None, "high"
        ),
    ),
    ("U2", _update("kak, kira-kira kapan laporannya beres?", "chasing", "T-EXAM-PLE2")),
    ("U7", _noise("thanks so much for the session yesterday, really well explained")),
    ("U8", _update("ya está, al final era el cable", "resolved", None)),
]


def example_input() -> dict[str, Any]:
    """Return the examples as the user part of a call."""
    return {
        "open_tickets": OPEN_TICKETS,
        "context": [],
        "classify": [
            {"ref": ref, "sender": sender, "role": "customer", "text": text} for ref, (sender, (text, _)) in enumerate(_SAID, 1)
        ],
    }


def example_answer() -> dict[str, Any]:
    """Return the answer to the examples, with every field that the schema asks for."""
    empty = {"ticket_id": None, "status": None, "title": None, "category": None, "priority": None}
    return {
        "items": [
            {"ref": ref, **empty, **verdict, "confidence": "medium" if verdict.get("ticket_id", "") is None else "high"}
            for ref, (_, (_, verdict)) in enumerate(_SAID, 1)
        ]
    }
