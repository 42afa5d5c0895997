"""The kinds of content that carry words of a person, and where each keeps them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from stream.core.inputs import Form
from stream.translate.shapes import first_text, items, obj, text


class Words(NamedTuple):
    """What a rule or a reader gets of a message."""

    form: Form
    text: str = ""
    file_name: str | None = None


# Each reader takes the value of its kind and the message around it; both may be anything.
Reader = Callable[[Any, dict[str, Any]], Words]


def _at(form: Form, *paths: str) -> Reader:
    """Return a reader that takes the first text found at these dotted paths."""
    split = [path.split(".") for path in paths]

    def read(body: Any, _around: dict[str, Any]) -> Words:
        return Words(form, first_text(*(_walk(body, path) for path in split)))

    return read


def _walk(value: Any, path: list[str]) -> Any:
    for step in path:
        value = obj(value).get(step)
    return value


def _conversation(body: Any, _around: dict[str, Any]) -> Words:
    return Words(Form.TEXT, text(body))


def _document(body: Any, _around: dict[str, Any]) -> Words:
    return Words(
        Form.DOCUMENT,
        first_text(obj(body).get("caption")),
        first_text(obj(body).get("fileName"), obj(body).get("title"))[:255] or None,
    )


def _audio(_body: Any, around: dict[str, Any]) -> Words:
    return Words(Form.AUDIO, first_text(around.get("speechToText")))


def _location(body: Any, _around: dict[str, Any]) -> Words:
    place = obj(body)
    named = [text(place.get(field)).strip() for field in ("name", "address", "caption", "comment")]
    latitude, longitude = place.get("degreesLatitude"), place.get("degreesLongitude")
    if _is_angle(latitude, 90) and _is_angle(longitude, 180):
        named.append(f"({latitude:.5f}, {longitude:.5f})")
    return Words(Form.LOCATION, " ".join(filter(None, named)))


def _is_angle(value: Any, most: int) -> bool:
    return isinstance(value, int | float) and -most <= value <= most


def _contacts(body: Any, _around: dict[str, Any]) -> Words:
    cards = items(obj(body).get("contacts")) or [body]
    return Words(Form.CONTACT, ", ".join(filter(None, (first_text(obj(card).get("displayName")) for card in cards))))


def _poll(body: Any, _around: dict[str, Any]) -> Words:
    options = (first_text(obj(option).get("optionName"), option) for option in items(obj(body).get("options")))
    return Words(Form.POLL, "\n- ".join(filter(None, (text(obj(body).get("name")).strip(), *options))))


def _occasion(body: Any, _around: dict[str, Any]) -> Words:
    return Words(Form.OTHER, "\n".join(filter(None, (first_text(obj(body).get(field)) for field in ("name", "description")))))


def _rich_answer(body: Any, _around: dict[str, Any]) -> Words:
    """Read what WhatsApp's own assistant answers: a list of parts."""
    parts = (first_text(obj(part).get("messageText")) for part in items(obj(body).get("submessages")))
    return Words(Form.TEXT, "\n".join(filter(None, parts)))


_BUTTONS = ("contentText", "text", "headerText", "footerText")
_TEMPLATE = (
    "hydratedTemplate.hydratedContentText",
    "hydratedFourRowTemplate.hydratedContentText",
    "interactiveMessageTemplate.body.text",
    "hydratedTemplate.hydratedTitleText",
    "hydratedFourRowTemplate.hydratedTitleText",
)

KINDS: dict[str, Reader] = {
    "conversation": _conversation,
    "extendedTextMessage": _at(Form.TEXT, "text"),
    "imageMessage": _at(Form.IMAGE, "caption"),
    "videoMessage": _at(Form.VIDEO, "caption"),
    "ptvMessage": _at(Form.VIDEO, "caption"),
    "documentMessage": _document,
    "audioMessage": _audio,
    "stickerMessage": _at(Form.STICKER),
    "stickerPackMessage": _at(Form.STICKER),
    "locationMessage": _location,
    "liveLocationMessage": _location,
    "contactMessage": _contacts,
    "contactsArrayMessage": _contacts,
    "pollCreationMessage": _poll,
    "pollCreationMessageV2": _poll,
    "pollCreationMessageV3": _poll,
    "pollCreationMessageV4": _poll,
    "pollCreationMessageV5": _poll,
    "pollCreationMessageV6": _poll,
    # answers to something that was offered
    "buttonsResponseMessage": _at(Form.CHOICE, "selectedDisplayText", "selectedButtonId"),
    "templateButtonReplyMessage": _at(Form.CHOICE, "selectedDisplayText", "selectedId"),
    "listResponseMessage": _at(Form.CHOICE, "title", "description", "singleSelectReply.selectedRowId"),
    "interactiveResponseMessage": _at(Form.CHOICE, "body.text", "nativeFlowResponseMessage.name"),
    # what a business offers: its words are the text
    "buttonsMessage": _at(Form.TEXT, *_BUTTONS),
    "listMessage": _at(Form.TEXT, "description", "title", "footerText"),
    "interactiveMessage": _at(Form.TEXT, "body.text", "header.title", "footer.text"),
    "templateMessage": _at(Form.TEXT, *_TEMPLATE),
    "highlyStructuredMessage": _at(Form.TEXT, *(f"hydratedHsm.{path}" for path in _TEMPLATE)),
    "richResponseMessage": _rich_answer,
    # things with a few words on them
    "groupInviteMessage": _at(Form.OTHER, "caption", "groupName"),
    "eventMessage": _occasion,
    "productMessage": _at(Form.OTHER, "body", "product.title"),
    "orderMessage": _at(Form.OTHER, "message", "orderTitle"),
    "requestPaymentMessage": _at(Form.OTHER, "noteMessage.extendedTextMessage.text", "noteMessage.conversation"),
    "invoiceMessage": _at(Form.OTHER, "note"),
    "newsletterAdminInviteMessage": _at(Form.OTHER, "caption", "newsletterName"),
    "newsletterFollowerInviteMessageV2": _at(Form.OTHER, "caption", "newsletterName"),
    "sendPaymentMessage": _at(Form.OTHER, "noteMessage.extendedTextMessage.text", "noteMessage.conversation"),
}
