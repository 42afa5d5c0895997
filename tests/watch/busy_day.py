"""A busy half hour in several groups: requests with questions, details, thanks and ends, and small talk between them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from stream.simulator.chat_file import Chat

MINUTES = 25.0
_STAFF = {
    "dewi": {"name": "Dewi Lestari", "lid": "70000000000011", "phone": "6281200000011"},
    "rafael": {"name": "Rafael Nunes", "lid": "70000000000012", "phone": "5511900000012"},
}
_BOT = {"name": "Northwind Support", "lid": "70000000000001", "phone": "15550100001", "own": True, "admin": True}
_REQUESTS = (
    "Hi, order {n} has not arrived, it was due on Monday. Can someone check please?",
    "Oi! Fui cobrada duas vezes na fatura {n}. Podem estornar uma delas?",
    "Min, saya tidak bisa login ke aplikasi dari tadi pagi, akun {n}, selalu muncul kode OTP salah. Mohon dibantu ya",
    "Hola, el pedido {n} llegó roto, ¿pueden cambiarlo por favor?",
)
_ASKS = ("I'm checking with the courier now, give me a few minutes.", "Vou verificar com o financeiro e já te respondo.")
_DETAILS = ("this is what the page shows", "still the same here", "segue o comprovante")
_ENDS = ("It just arrived, all good now. Thank you so much, you can close this one!", "Já está resolvido, muito obrigado!")
_TALK = ("Good morning everyone ☀️", "haha 😂", "👍", "Selamat hari Senin semuanya 🌸", "kkkk segunda-feira né", "thanks!")


def busy_day(seed: int, *, groups: int = 6, requests: int = 8) -> Chat:
    """Return the chat: `requests` in each of the `groups`, each by a customer of its own, spread over 25 minutes."""
    dice = random.Random(seed)
    names = [f"g{number}" for number in range(groups)]
    people: dict[str, Any] = {**_STAFF, "bot": _BOT}
    timed: list[tuple[float, dict[str, Any]]] = []
    for number, group in enumerate(names):
        for asked in range(requests):
            who = f"{group}c{asked}"
            people[who] = {"name": f"Customer {number}{asked}", "lid": f"8{number:03}{asked:010}"}
            timed += _case(dice, group, who, dice.uniform(0, MINUTES * 60 - 420))
        timed += [
            (
                dice.uniform(0, MINUTES * 60),
                {"in": group, "from": f"{group}c{dice.randrange(requests)}", "say": dice.choice(_TALK)},
            )
            for _ in range(2 * requests)
        ]
    timed = _a_second_apart(timed)
    before = [0.0, *(at for at, _ in timed)]
    return Chat.model_validate(
        {
            "title": "A busy half hour",
            "people": people,
            "groups": {
                group: {
                    "jid": f"1203634020000{number:05}@g.us",
                    "subject": f"Client {number}",
                    "people": ["bot", *_STAFF, *(name for name in people if name.startswith(f"{group}c"))],
                }
                for number, group in enumerate(names)
            },
            "lines": [line | {"after": at - earlier} for (at, line), earlier in zip(timed, before, strict=False)],
        }
    )


def _a_second_apart(timed: list[tuple[float, dict[str, Any]]]) -> list[tuple[float, dict[str, Any]]]:
    """Let nobody write twice in one second: times are whole seconds, and nothing tells which of the two came first."""
    taken: set[tuple[str, int]] = set()
    apart = []
    begins = min(at for at, _ in timed)  # the chat is told from its first line on
    for told_at, line in sorted(timed, key=lambda each: each[0]):
        at = told_at
        while (line["from"], int(at - begins)) in taken:
            at += 1
        taken.add((line["from"], int(at - begins)))
        apart.append((at, line))
    return sorted(apart, key=lambda each: each[0])


def _case(dice: random.Random, group: str, who: str, at: float) -> Iterator[tuple[float, dict[str, Any]]]:
    staff = dice.choice(list(_STAFF))
    yield at, {"in": group, "from": who, "as": who, "say": dice.choice(_REQUESTS).format(n=dice.randrange(10_000, 99_999))}
    yield (at := at + dice.uniform(20, 90)), {"in": group, "from": staff, "quote": who, "say": dice.choice(_ASKS)}
    yield (at := at + dice.uniform(20, 90)), {"in": group, "from": who, "quote": who, "image": True, "say": dice.choice(_DETAILS)}
    yield (at := at + dice.uniform(20, 90)), {"in": group, "from": "bot", "quote": who, "say": "We have found it and are on it."}
    if dice.random() < 0.6:
        yield (at := at + dice.uniform(20, 90)), {"in": group, "from": who, "quote": who, "say": dice.choice(_ENDS)}
        yield at + dice.uniform(5, 40), {"in": group, "from": staff, "react": "✅", "to": who}
