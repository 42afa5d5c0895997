"""What is said in the test group: messages that nobody can take for a customer's, as genuine webhooks.

The group's JID is one that WhatsApp never gave to anybody, and the instance has a name of its own: nothing that is said here
counts as a sign of life of the real connection, and nothing could be sent there.
"""

from __future__ import annotations

import secrets
import time
from typing import Any

from stream.core.book import Book
from stream.core.detect import Facts, detect
from stream.core.detection import Detection, Label, UpdateStatus
from stream.simulator import shapes

TEST_GROUP = "120363999999999999@g.us"
TEST_GROUP_NAME = "Groupdesk check (test group)"
TEST_INSTANCE = "groupdesk-check"
MARK = "(groupdesk check)"
# Somebody else than the customer, so that a request by that one is not taken for a second thought.
BYSTANDER = shapes.Person("Groupdesk check 2", phone="15550100998@s.whatsapp.net")
CUSTOMER = shapes.Person("Groupdesk check", phone="15550100999@s.whatsapp.net")

# In the four languages that the rules come with: a team may have kept only some of them.
_REQUESTS = (
    "Hello, our order 4711 has not arrived yet, can you check it please?",
    "Kak, pesanan 4711 belum sampai, bisa tolong dicek?",
    "Oi, o pedido 4711 não chegou, podem verificar por favor?",
    "Hola, el pedido 4711 todavía no ha llegado, ¿pueden revisarlo por favor?",
)
_ALL_IS_WELL = (
    "It is solved now, thank you!",
    "Sudah beres, terima kasih!",
    "Já está resolvido, obrigado!",
    "Ya está resuelto, ¡gracias!",
)
_UNCLEAR = ("Hm, the thing with the other store, you know", "As for the report from last week")


def new_message_id() -> str:
    """Return an id as WhatsApp makes them, never used before."""
    return f"3EB0{secrets.token_hex(8).upper()}"


def verdict_on(text: str, book: Book, *, is_reply: bool = False) -> Detection:
    """Return what the rules make of a text that a customer writes in the test group."""
    group = book.group(TEST_GROUP)
    return detect(Facts(text=text, group=TEST_GROUP, tags=group.tags, is_reply=is_reply), book.rules)


def find_request(book: Book) -> str | None:
    """Return a text that these rules take for a new request."""
    return _first(_REQUESTS, lambda text: verdict_on(f"{MARK} {text}", book).label is Label.TICKET)


def find_resolution(book: Book) -> str | None:
    """Return a text that these rules take for "it is solved", said as a reply."""
    return _first(_ALL_IS_WELL, lambda text: verdict_on(text, book, is_reply=True).status is UpdateStatus.RESOLVED)


def find_unclear(book: Book) -> str | None:
    """Return a text that these rules leave to the model."""
    return _first(_UNCLEAR, lambda text: verdict_on(f"{MARK} {text}", book).label is Label.UNDECIDED)


def group_news() -> dict[str, Any]:
    """Return the webhook that tells the group's name."""
    return _envelope("groups.upsert", [{"id": TEST_GROUP, "subject": TEST_GROUP_NAME, "participants": []}])


def message(text: str, message_id: str, *, quoted: tuple[str, str] | None = None, by: shapes.Person = CUSTOMER) -> dict[str, Any]:
    """Return the webhook of a text; `quoted` is the id and text of the message it answers."""
    context = None
    if quoted is not None:
        context = shapes.quote_context(quoted[0], CUSTOMER.phone, {"conversation": quoted[1]})
    return _upsert(message_id, shapes.text_message(text, at=_now()), context, by)


def null_message() -> dict[str, Any]:
    """Return the webhook of a message without content, as WhatsApp sends where it could not be decrypted."""
    return _upsert(new_message_id(), None)


def empty_message() -> dict[str, Any]:
    """Return the webhook of a text of no letters."""
    return _upsert(new_message_id(), {"conversation": ""})


def invalid_message() -> dict[str, Any]:
    """Return a webhook whose every field has another type than it should."""
    broken = {"key": {"remoteJid": TEST_GROUP, "id": 17, "fromMe": "perhaps"}, "message": ["not", "an", "object"]}
    return _envelope("messages.upsert", broken | {"messageTimestamp": "yesterday", "pushName": {}})


def _upsert(message_id: str, content: Any, context: dict[str, Any] | None = None, by: shapes.Person = CUSTOMER) -> dict[str, Any]:
    key = shapes.group_key(TEST_GROUP, message_id, by, mode="pn")
    data = shapes.upsert(key, by.name, "conversation", content or {}, at=_now(), instance_id=TEST_INSTANCE, context=context)
    return _envelope("messages.upsert", data | {"message": content})


def _envelope(event: str, data: Any) -> dict[str, Any]:
    return {"event": event, "instance": TEST_INSTANCE, "data": data, "sender": "15550100000@s.whatsapp.net"}


def _first(texts: tuple[str, ...], fits: Any) -> str | None:
    return next((text for text in texts if fits(text)), None)


def _now() -> int:
    return int(time.time())
