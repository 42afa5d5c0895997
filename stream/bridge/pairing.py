"""What the bridge has heard of each instance lately: its QR code, its connection, its last event. In memory only.

A QR code lets whoever sees it take over the WhatsApp account: it is never stored, never logged, and forgotten when it expires
or when the instance is connected.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from stream.core.delivery import Delivery
from stream.core.inputs import Connection
from stream.translate import translate
from stream.translate.shapes import first_text, obj

# WhatsApp shows a new one every 20 to 60 s; Evolution sends one every 45 s or so.
QR_LIVES = timedelta(seconds=60)
_MAX_IMAGE = 200_000
_MAX_INSTANCES = 50  # an instance's name is the sender's to choose
CONNECTION_EVENTS = frozenset({"CONNECTION_UPDATE", "STATUS_INSTANCE", "LOGOUT_INSTANCE", "REMOVE_INSTANCE"})


class QrCode(NamedTuple):
    """A code to scan: `code` is what the image shows, `image` a data URL or "", `pairing_code` for typing on the phone."""

    code: str
    image: str
    pairing_code: str | None
    shown_at: datetime

    @property
    def expires_at(self) -> datetime:
        return self.shown_at + QR_LIVES

    def __repr__(self) -> str:
        return f"QrCode(shown_at={self.shown_at.isoformat()})"


class InstanceView(NamedTuple):
    """How an instance looks from here. `state` is connecting, open, close, refused, or unknown until it is told."""

    state: str = "unknown"
    reason: str | None = None
    since: datetime | None = None
    own_phone: str | None = None
    qr: QrCode | None = None
    problem: str | None = None
    last_event_at: datetime | None = None


class Pairing:
    """The instances that have been heard of. `view` is for pages; the bridge calls the rest. Belongs to the loop's thread."""

    def __init__(self) -> None:
        self._views: dict[str, InstanceView] = {}

    def view(self, instance: str, now: datetime) -> InstanceView:
        """Return what is known of an instance; a code that has expired is gone."""
        view = self._views.get(instance, InstanceView())
        if view.qr is not None and now >= view.qr.expires_at:
            view = view._replace(qr=None)
            self._views[instance] = view
        return view

    def instances(self) -> list[str]:
        """Return the names of all instances that were heard of."""
        return sorted(self._views)

    def take_qr(self, instance: str, data: Any, now: datetime) -> None:
        """Hold the code of a `qrcode.updated`, or the sentence that comes instead when too many were not scanned."""
        told = obj(data)
        qr = obj(told.get("qrcode"))
        code, image = first_text(qr.get("code")), first_text(qr.get("base64"))
        if not code:
            self._note(instance, now, qr=None, problem=first_text(told.get("message"))[:200] or None)
            return
        held = QrCode(
            code=code,
            image=image if image.startswith("data:image/png;base64,") and len(image) <= _MAX_IMAGE else "",
            pairing_code=first_text(qr.get("pairingCode"))[:16] or None,
            shown_at=now,
        )
        self._note(instance, now, qr=held, problem=None)

    def hear(self, delivery: Delivery) -> None:
        """Note that an instance is alive, and its connection if that is what it tells."""
        self._note(delivery.instance, delivery.received_at)
        if delivery.event not in CONNECTION_EVENTS:
            return
        told = translate(delivery)
        if not isinstance(told, Connection):
            return
        view = self._views.get(delivery.instance, InstanceView())
        changed: dict[str, Any] = {} if told.state == view.state else {"since": delivery.received_at}
        if told.state == "open":
            changed |= {"qr": None, "problem": None}
        own_phone = told.own_phone or view.own_phone
        self._note(delivery.instance, delivery.received_at, state=told.state, reason=told.reason, own_phone=own_phone, **changed)

    def _note(self, instance: str, now: datetime, **changes: Any) -> None:
        if instance not in self._views and len(self._views) >= _MAX_INSTANCES:
            return
        self._views[instance] = self._views.get(instance, InstanceView())._replace(last_event_at=now, **changes)
