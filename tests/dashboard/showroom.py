"""A believable support desk, built from the contracts: what the dashboard's tests and journeys look at."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import count

from stream.adapters.kafka import Publisher
from stream.adapters.topics import Topic
from stream.core.commands import Actor, ActorKind
from stream.core.detection import Detection, Label, Priority, Stage
from stream.core.events import EventKind, TicketEvent
from stream.core.ids import derived_id, ticket_id
from stream.core.people import Role
from stream.core.status import Health, PartStatus
from stream.core.ticket import Clock, Clocks, Entry, Evidence, FollowUp, FollowUpStatus, Ticket, TicketState, Window
from stream.core.value import Value

PT, ID, ES = "120363025246125486@g.us", "120363041122334455@g.us", "120363059988776655@g.us"
NAMES = {PT: "Loja Aurora · Suporte", ID: "Toko Melati Support", ES: "Ferretería Norte"}
_numbers = count(1)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def ticket(now: datetime, title: str, **wanted: object) -> Ticket:
    """Return a ticket opened 30 minutes ago; `due` are minutes until its next deadline (None: no clock runs)."""
    group = str(wanted.pop("group", PT))
    age, due = float(wanted.pop("age", 30)), wanted.pop("due", 60)  # type: ignore[arg-type]  # minutes, as the caller gives them
    by = str(wanted.pop("by", "delivery-late"))
    name = wanted.pop("who", "Marina Souza")
    number = next(_numbers)
    message_id = f"3EB0{number:016X}"
    opened_at = now - minutes(age)
    clock = Clock(
        started_at=opened_at,
        target_minutes=60,
        due_at=None if due is None else now + minutes(float(due)),  # type: ignore[arg-type]  # minutes
        breached_at=now + minutes(float(due)) if due is not None and float(due) < 0 else None,  # type: ignore[arg-type]  # minutes
    )
    stage = Stage(str(wanted.pop("stage", "rules")))
    value = Ticket(
        id=ticket_id(group, message_id),
        instance="cs-ticket-monitor",
        group=group,
        group_name=NAMES.get(group),
        title=title,
        opened_by=f"55119{number:08d}@s.whatsapp.net",
        opened_by_name=str(name) if name else None,
        detected_by=Detection(
            label=Label.TICKET, stage=stage, decided_by=by, version="9f3c2a71", confidence=0.82 if stage is Stage.MODEL else 1.0
        ),
        opened_at=opened_at,
        updated_at=opened_at,
        last_customer_at=opened_at,
        clocks=Clocks(
            first_response=clock, resolution=Clock(started_at=opened_at, target_minutes=480, due_at=opened_at + minutes(480))
        ),
        messages=(
            Entry(
                message_id=message_id,
                author=f"55119{number:08d}@s.whatsapp.net",
                author_name=str(name) if name else None,
                role=Role.CUSTOMER,
                sent_at=opened_at,
                text=title,
                attached_because=Evidence.OPENED,
            ),
        ),
        message_count=1,
    )
    return value.but(**wanted)


def desk(now: datetime) -> list[Ticket]:
    """Return a morning's tickets in three groups, in every state; the first one is told in full."""
    main = ticket(
        now,
        "Pedido 48213 não chegou, previsão era ontem",
        age=95,
        due=-12,
        priority=Priority.URGENT,
        category="delivery",
        state=TicketState.WAITING_US,
        assignee="Ana Lima",
        language="pt",
        tags=("vip",),
        note="Carrier says the parcel is in Campinas.",
    )
    first = main.messages[0]
    talk = [
        ("Marina Souza", Role.CUSTOMER, 94, "É o terceiro atraso este mês. Podem verificar, por favor?", Evidence.BURST),
        ("Ana Lima", Role.STAFF, 80, "Oi Marina, vou falar com a transportadora agora.", Evidence.QUOTE),
        ("Groupdesk", Role.SELF, 40, f"Olá Marina, ainda estamos verificando o pedido ({main.id}).", Evidence.EXPLICIT_ID),
        ("Marina Souza", Role.CUSTOMER, 12, "Alguma novidade? Meu cliente está cobrando.", Evidence.ONLY_OPEN),
    ]
    entries = [
        Entry(
            message_id=f"{first.message_id[:-1]}{n}",
            author=name,
            author_name=name,
            role=role,
            sent_at=now - minutes(ago),
            text=text,
            attached_because=why,
        )
        for n, (name, role, ago, text, why) in enumerate(talk, start=1)
    ]
    policy = Window(policy="standard", step=1, due_at=now + minutes(18), opened_at=now - minutes(12), because="customer waits")
    sent = FollowUp(
        id=derived_id(main.id, 0), step=0, status=FollowUpStatus.SENT, due_at=now - minutes(41), changed_at=now - minutes(40)
    )
    main = main.but(
        messages=(first, *entries), message_count=5, window=policy, follow_ups=(sent,), updated_at=now - minutes(12), version=9
    )
    return [
        main,
        ticket(
            now,
            "Tidak bisa login sejak pagi, kode OTP tidak masuk",
            group=ID,
            who="Budi Santoso",
            age=21,
            due=9,
            category="login",
            priority=Priority.HIGH,
            by="login-otp",
        ),
        ticket(
            now,
            "Cobro duplicado en la factura de octubre",
            group=ES,
            who="Lucía Fernández",
            age=48,
            due=72,
            category="billing",
            by="gpt-5-mini",
            stage="model",
            window=Window(policy="standard", step=0, due_at=now + minutes(42), opened_at=now - minutes(18)),
        ),
        ticket(
            now,
            "Etiqueta saiu com endereço antigo",
            who="Carlos Dias",
            age=130,
            due=35,
            category="delivery",
            state=TicketState.WAITING_CUSTOMER,
            assignee="João Prado",
            by="address-change",
        ),
        ticket(
            now, "Paket rusak waktu diterima", group=ID, who=None, age=12, due=48, category="damaged", by="local", stage="local"
        ),
        ticket(
            now,
            "Preciso trocar o tamanho de duas peças do pedido 48190",
            who="Renata",
            age=300,
            due=None,
            category="exchange",
            state=TicketState.ON_HOLD,
            assignee="Ana Lima",
            snoozed_until=now + minutes(180),
        ),
        ticket(
            now,
            "The invoice shows the wrong tax id",
            group=ES,
            who="Tom Baker",
            age=5,
            due=55,
            category="billing",
            by="billing-invoice",
            priority=Priority.LOW,
        ),
        ticket(
            now,
            "App fecha sozinho ao abrir o rastreio",
            who="Paula Reis",
            age=500,
            due=None,
            category="app",
            state=TicketState.RESOLVED,
            assignee="João Prado",
            resolved_at=now - minutes(60),
        ),
        ticket(
            now,
            "Dónde está mi reembolso",
            group=ES,
            who="Diego",
            age=1500,
            due=None,
            category="billing",
            state=TicketState.CLOSED,
            assignee="Ana Lima",
            resolved_at=now - minutes(900),
            closed_at=now - minutes(800),
        ),
    ]


def events(one: Ticket, now: datetime) -> list[TicketEvent]:
    """Return what happened to the first ticket of the desk."""
    ana = Actor(kind=ActorKind.CHAT, name="Ana Lima")
    told: list[tuple[float, EventKind, dict[str, object]]] = [
        (95, EventKind.OPENED, {"because": "rule delivery-late", "after": "delivery"}),
        (94, EventKind.ATTACHED, {"because": "same author just before"}),
        (80, EventKind.STATE_CHANGED, {"before": "new", "after": "waiting_customer", "actor": ana}),
        (79, EventKind.ASSIGNED, {"after": "Ana Lima", "actor": ana}),
        (40, EventKind.FOLLOW_UP, {"after": "sent", "because": "step 1: nobody wrote for 30 minutes"}),
        (
            12,
            EventKind.STATE_CHANGED,
            {"before": "waiting_customer", "after": "waiting_us", "because": "the customer asks for news"},
        ),
        (12, EventKind.CLOCK_BREACHED, {"after": "first_response"}),
        (
            11,
            EventKind.PRIORITY_CHANGED,
            {"before": "high", "after": "urgent", "actor": Actor(kind=ActorKind.DASHBOARD, name="João Prado")},
        ),
    ]
    return [
        TicketEvent(id=f"{one.id}-{n}", kind=kind, group=one.group, ticket_id=one.id, at=now - minutes(ago)).but(**more)
        for n, (ago, kind, more) in enumerate(told)
    ]


def parts(now: datetime) -> list[PartStatus]:
    """Return a living process of each part."""
    since = now - timedelta(hours=5)
    details = {
        "bridge": (Health.OK, "receiving", {"received": 1204, "duplicates": 3, "ignored": 88}),
        "worker": (Health.OK, "running", {"tickets_opened": 42, "messages": 1113}),
        "classifier": (Health.DEGRADED, "no OpenAI key; the local model decides", {}),
        "sender": (Health.OK, "connected", {"sent": 17}),
        "sheet": (Health.OK, "tickets.xlsx", {"rows": 42}),
    }
    return [
        PartStatus(part=part, process="test", status=status, detail=detail, since=since, at=now, counts=counts)
        for part, (status, detail, counts) in details.items()
    ]


def publish(publisher: Publisher, values: Iterable[Value]) -> None:
    """Write snapshots, events and heartbeats where the worker and the roles would."""
    for value in values:
        match value:
            case Ticket():
                publisher.publish(Topic.TICKETS, value.id, value.to_json())
            case TicketEvent():
                publisher.publish(Topic.TICKET_EVENTS, value.ticket_id or value.group, value.to_json())
            case PartStatus():
                publisher.publish(Topic.STATUS, f"{value.part}/{value.process}", value.to_json())
