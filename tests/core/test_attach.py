from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stream.core.attach import Attachment, attach, ticket_of
from stream.core.detection import Detection, Label
from stream.core.group import GroupState, Recent
from stream.core.people import Role
from stream.core.ticket import Entry, Evidence, FollowUp, FollowUpStatus, Ticket, TicketState

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
STAFF = {"dewi", "rui", "sol"}


class Chat:
    """A group in which people talk, as the ticket step would see it: ids are m1, m2 and so on."""

    def __init__(self) -> None:
        self.state = GroupState(group="g@g.us", instance="i")
        self.now = START
        self.count = 0

    def wait(self, **span: float) -> Chat:
        self.now += timedelta(**span)
        return self

    def says(self, author: str, text: str, label: Label = Label.UNDECIDED, **facts: Any) -> Attachment:
        self.count += 1
        message = Recent(
            id=f"m{self.count}",
            author=author,
            role=Role.STAFF if author in STAFF else Role.CUSTOMER,
            sent_at=facts.pop("sent_at", self.now),
            text=text,
            label=label,
            **facts,
        )
        found = attach(message, self.state, Detection(label=label), self.now)
        self._keep(message, found)
        self.wait(seconds=20)
        return found

    def asks(self, author: str, text: str, **facts: Any) -> str:
        """Say what the rules know as a request; returns the id of the ticket that it opened."""
        found = self.says(author, text, Label.TICKET, **facts)
        assert found.ticket_id is None, found
        opened = next(kept.ticket_id for kept in self.state.recent if kept.id == f"m{self.count}")
        assert opened is not None
        return opened

    def change(self, ticket_id: str, **changes: Any) -> None:
        changed = self.state.tickets[ticket_id].but(**changes)
        self.state = self.state.but(tickets={**self.state.tickets, ticket_id: changed})

    def resolve(self, ticket_id: str) -> None:
        self.change(ticket_id, state=TicketState.RESOLVED, resolved_at=self.now)

    def _keep(self, message: Recent, found: Attachment) -> None:
        on, because = found.ticket_id, found.because
        if on is None and message.label is Label.TICKET:
            on, because = f"T-{self.count:04}-AAAA", Evidence.OPENED
            opened = Ticket(
                id=on,
                instance="i",
                group=self.state.group,
                opened_by=message.author,
                detected_by=Detection(label=Label.TICKET),
                opened_at=self.now,
                updated_at=self.now,
            )
            self.state = self.state.but(tickets={**self.state.tickets, on: opened})
        if on is not None and because is not None:
            ticket = self.state.tickets[on]
            entry = Entry(
                message_id=message.id,
                author=message.author,
                role=message.role,
                sent_at=message.sent_at,
                text=message.text,
                attached_because=because,
            )
            is_staff = message.role is Role.STAFF
            state = TicketState.WAITING_CUSTOMER if is_staff else TicketState.WAITING_US
            self.change(on, messages=(*ticket.messages, entry), state=state if ticket.messages else TicketState.NEW)
        recent = sorted((*self.state.recent, message.but(ticket_id=on)), key=lambda kept: kept.sent_at)
        self.state = self.state.but(recent=tuple(recent[-60:]))


@pytest.fixture
def chat() -> Chat:
    return Chat()


def test_a_ticket_id_in_the_text_beats_everything_else(chat: Chat) -> None:
    first = chat.asks("ana", "the parcel for shop 3 is missing")
    chat.asks("ben", "the till in shop 9 does not start")
    found = chat.says("dewi", f"@ben done, and {first.lower()} goes out today", mentions=("ben",))
    assert (found.ticket_id, found.because, found.confidence) == (first, Evidence.EXPLICIT_ID, 1.0)


def test_a_chain_of_quotes_leads_to_the_ticket(chat: Chat) -> None:
    first = chat.asks("ana", "nota fiscal errada no pedido")
    chat.asks("ben", "o caixa da loja 9 não liga")
    loose = Recent(id="loose", author="carla", role=Role.CUSTOMER, sent_at=chat.now, text="vejam isso", quoted_id="m1")
    chat.state = chat.state.but(recent=(*chat.state.recent, loose))
    found = chat.says("eva", "está aqui", quoted_id="loose")
    assert (found.ticket_id, found.because) == (first, Evidence.QUOTE)


def test_a_quote_reaches_messages_that_are_no_longer_recent_and_our_own_follow_ups(chat: Chat) -> None:
    first = chat.asks("ana", "barang untuk toko 3 belum dikirim")
    chat.state = chat.state.but(recent=())
    assert chat.says("ana", "halo", quoted_id="m1").ticket_id == first
    reminder = FollowUp(id="f", step=0, status=FollowUpStatus.SENT, due_at=chat.now, changed_at=chat.now, message_id="bot1")
    chat.change(first, follow_ups=(reminder,))
    assert chat.says("ben", "ok", quoted_id="bot1").because is Evidence.QUOTE


def test_a_quote_of_a_merged_ticket_leads_to_the_one_it_went_into(chat: Chat) -> None:
    first = chat.asks("ana", "the parcel for shop 3 is missing")
    second = chat.asks("ben", "where is the parcel of shop 3")
    chat.change(second, merged_into=first, state=TicketState.CLOSED)
    assert chat.says("dewi", "on its way", quoted_id="m2").ticket_id == first


def test_a_closed_ticket_is_only_followed(chat: Chat) -> None:
    first = chat.asks("ana", "no puedo entrar al portal")
    chat.change(first, state=TicketState.CLOSED)
    found = chat.says("ana", "otra vez lo mismo", Label.TICKET, quoted_id="m1")
    assert (found.ticket_id, found.follows) == (None, first)


def test_a_resolved_ticket_takes_messages_until_its_reopening_window_ends(chat: Chat) -> None:
    first = chat.asks("ana", "no puedo entrar al portal")
    chat.resolve(first)
    assert chat.wait(hours=47).says("ana", "sigue sin funcionar", Label.UPDATE).ticket_id == first
    chat.resolve(first)
    late = chat.wait(hours=49).says("ana", "sigue sin funcionar", Label.UPDATE, quoted_id="m1")
    assert (late.ticket_id, late.follows) == (None, first)


def test_an_unknown_quote_and_an_unknown_id_are_no_evidence(chat: Chat) -> None:
    found = chat.says("ana", "T-ZZZZ-0000 ?", quoted_id="nowhere")
    assert (found.ticket_id, found.follows) == (None, None)


@pytest.mark.parametrize(
    ("asked", "more"),
    [
        ("our order 4471 did not arrive", "and the customer is waiting at the counter"),
        ("pesanan 4471 belum sampai", "padahal sudah dibayar dari senin"),
        ("o pedido 4471 não chegou", "e o cliente está esperando na loja"),
        ("el pedido 4471 no llegó", "y el cliente está esperando en la tienda"),
    ],
)
def test_the_next_message_of_a_run_belongs_to_what_its_author_began(chat: Chat, asked: str, more: str) -> None:
    first = chat.asks("ana", asked)
    found = chat.says("ana", more)
    assert (found.ticket_id, found.because) == (first, Evidence.BURST)
    assert found.is_sure


@pytest.mark.parametrize("greeting", ["good morning", "selamat pagi semua", "bom dia", "buenas tardes"])
def test_a_greeting_before_the_request_is_no_ticket_and_does_not_hold_the_request_back(chat: Chat, greeting: str) -> None:
    chat.asks("ben", "the till in shop 9 does not start")
    assert chat.says("ana", greeting, Label.NOISE).ticket_id is None
    assert chat.says("ana", "can anyone tell me how to print the labels for tomorrow?", Label.UNDECIDED).ticket_id is None


def test_an_answer_that_names_a_person_goes_to_their_ticket_and_their_reply_comes_back_to_it(chat: Chat) -> None:
    first = chat.asks("ana", "el pedido 4471 no llegó")
    second = chat.asks("ben", "la impresora de la caja no imprime")
    answer = chat.says("sol", "@ana ¿me pasas la dirección?", mentions=("ana",))
    assert (answer.ticket_id, answer.because) == (first, Evidence.MENTION)
    assert chat.says("sol", "@ben prueba apagarla y prenderla", mentions=("ben",)).ticket_id == second
    assert chat.says("ana", "Mayor 12, es la tienda nueva").ticket_id == first
    assert chat.says("ben", "sí, igual").ticket_id == second


def test_somebody_named_after_a_long_silence_still_has_their_one_ticket(chat: Chat) -> None:
    first = chat.asks("ana", "the parcel for shop 3 is missing")
    chat.state = chat.state.but(recent=())
    found = chat.wait(days=2).says("dewi", "@ana we found it", mentions=("ana",))
    assert (found.ticket_id, found.because) == (first, Evidence.MENTION)


def test_a_new_request_of_somebody_else_is_never_put_on_a_running_ticket(chat: Chat) -> None:
    first = chat.asks("ana", "pesanan 4471 belum sampai")
    chat.says("dewi", "@ana sebentar kami cek", mentions=("ana",))
    second = chat.asks("ben", "aplikasi kasir tidak bisa dibuka")
    assert first != second


def test_a_new_request_of_the_same_author_after_the_talk_is_a_new_ticket(chat: Chat) -> None:
    chat.asks("ana", "el pedido 4471 no llegó")
    chat.says("sol", "@ana ya va en camino", mentions=("ana",))
    chat.says("ana", "gracias", Label.NOISE)
    chat.wait(hours=3)
    assert chat.says("ana", "necesito cambiar el usuario del portal", Label.TICKET).ticket_id is None


@pytest.mark.parametrize("text", ["any news?", "masih belum bisa", "alguma novidade?", "sigue igual"])
@pytest.mark.parametrize("label", [Label.UPDATE, Label.UNDECIDED])
def test_news_of_the_authors_only_ticket_finds_it_days_later(chat: Chat, text: str, label: Label) -> None:
    first = chat.asks("ana", "the portal does not open")
    for number in range(70):
        chat.says(f"someone{number}", "ok", Label.NOISE)
    found = chat.wait(days=1).says("ana", text, label)
    assert (found.ticket_id, found.because) == (first, Evidence.ONLY_OPEN)


def test_with_two_quiet_tickets_of_the_author_the_choice_is_left_to_others(chat: Chat) -> None:
    chat.asks("ana", "the portal does not open")
    chat.wait(hours=1)
    chat.asks("ana", "the till in shop 9 does not start")
    chat.state = chat.state.but(recent=())
    assert chat.wait(days=1).says("ana", "any news?", Label.UPDATE).ticket_id is None


def test_the_teams_word_goes_to_the_one_ticket_that_waits(chat: Chat) -> None:
    first = chat.asks("ana", "pesanan 4471 belum sampai")
    second = chat.asks("ben", "aplikasi kasir tidak bisa dibuka")
    chat.change(second, state=TicketState.WAITING_CUSTOMER)
    chat.state = chat.state.but(recent=())
    found = chat.wait(hours=5).says("dewi", "sudah kami kirim ulang ya")
    assert (found.ticket_id, found.because) == (first, Evidence.ANSWER)


def test_the_team_typing_an_answer_without_naming_anybody_answers_whoever_spoke(chat: Chat) -> None:
    first = chat.asks("ana", "o pedido 4471 não chegou")
    found = chat.wait(minutes=40).says("rui", "vou verificar com a transportadora")
    assert (found.ticket_id, found.because) == (first, Evidence.ANSWER)
    assert chat.says("rui", "chega amanhã de manhã").ticket_id == first
    assert chat.wait(minutes=5).says("ana", "obrigada!", Label.NOISE).ticket_id == first


def test_an_order_number_joins_what_belongs_together(chat: Chat) -> None:
    first = chat.asks("ana", "order 4471 did not arrive")
    chat.wait(minutes=20)
    chat.asks("ben", "the till in shop 9 does not start")
    chat.says("dewi", "@ben which shop is that?", mentions=("ben",))
    assert chat.says("carla", "4471 is for me by the way").ticket_id == first


def test_an_edited_message_is_no_evidence_for_itself_nor_is_what_came_after(chat: Chat) -> None:
    chat.says("ana", "hmm", Label.NOISE)
    first = chat.asks("ben", "the till in shop 9 does not start")
    chat.says("ana", "looks bad", quoted_id="m2")
    again = chat.state.recent[0].but(text="can anyone help me with the invoice of last month?")
    assert attach(again, chat.state, Detection(label=Label.UNDECIDED), chat.now).ticket_id is None
    assert chat.state.recent[2].ticket_id == first


def test_news_goes_to_the_authors_own_ticket_though_the_talk_is_about_another(chat: Chat) -> None:
    chat.asks("ana", "el pedido 4471 no llegó")
    chat.wait(minutes=5)
    second = chat.asks("ben", "no puedo entrar al portal")
    chat.wait(minutes=20)
    chat.says("sol", "mándame el número de seguimiento", quoted_id="m1")
    chat.says("ana", "TR88812")
    chat.says("sol", "gracias, lo reviso", quoted_id="m1")
    chat.says("sol", "y para entrar usen la dirección nueva")
    found = chat.says("ben", "ya funciona, gracias", Label.UPDATE)
    assert (found.ticket_id, found.because) == (second, Evidence.ONLY_OPEN)


def test_a_message_that_comes_late_is_placed_by_when_it_was_written(chat: Chat) -> None:
    first = chat.asks("ana", "the parcel for shop 3 is missing")
    chat.wait(minutes=30)
    second = chat.asks("ana", "the till in shop 9 does not start")
    late = chat.says("ana", "and it was promised for today", sent_at=chat.state.recent[0].sent_at + timedelta(seconds=40))
    assert late.ticket_id == first
    assert chat.says("ana", "and the screen stays black").ticket_id == second


def test_the_target_of_a_reaction_has_its_ticket_whatever_its_state(chat: Chat) -> None:
    first = chat.asks("ana", "the parcel for shop 3 is missing")
    chat.change(first, state=TicketState.CLOSED)
    assert ticket_of("m1", chat.state) == first
    assert ticket_of("m9", chat.state) is None


def test_small_talk_of_others_stays_off_the_tickets(chat: Chat) -> None:
    chat.asks("ana", "the parcel for shop 3 is missing")
    chat.says("dewi", "@ana we are looking into it", mentions=("ana",))
    chat.wait(hours=2)
    assert (
        chat.says("carla", "happy birthday everyone, hope you have a great weekend with your families", Label.NOISE).ticket_id
        is None
    )
