"""The shape of a message: a question, a greeting, a continuation; and the words that it may share with a ticket.

Only small, closed sets of function words stand here, in the four languages of the shipped rules. What a request is
about is the business of the rules folder.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from stream.core.text import fold

_READ = 400  # the shape of a message shows in its first lines
_CACHED = 8192  # the same recent messages are looked at again with every new one
_MENTION = re.compile(r"@\S+")
_STEM = 5  # letters of a word that are compared, so that endings do not count
_STEM_LEAST = 4
_NUMBER_LEAST = 4  # digits: an order, an invoice, a phone; fewer are amounts and hours


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# First words that lean on what was said before: "and", "but", "yes", "done", "same here".
_LEANS = _words("""
    and but so or then also still again it that this those they he she yes yeah yep no nope ok okay oh ah hm hmm well
    because actually same done nothing not thanks thank thx ty great perfect sorry right exactly sure which
    dan tapi jadi atau lalu juga masih lagi itu ini iya ya tidak gak nggak ga belum sudah udah oke karena sama makasih
    terima baik siap betul benar maaf
    e mas entao ou tambem ainda isso esse essa sim nao ok porque mesmo obrigado obrigada valeu certo beleza pronto ja
    y pero entonces o tambien todavia aun sigue eso ese esa si no porque mismo igual gracias listo ya vale bueno perdon
""")
# Words that only make sense of something already open, in a short message.
_TELLS_STATE = _words("""
    still again update news status fixed works working solved resolved waiting received done arrived pending
    masih lagi kabar update status beres selesai jalan menunggu nunggu diterima sampai
    ainda novamente novidade novidades atualizacao status resolvido resolveu funcionou funcionando aguardando chegou recebi
    sigue todavia aun novedad novedades actualizacion estado resuelto funciona funciono esperando llego recibi
""")
_STATE_WORDS_MOST = 12  # a longer message tells a story of its own
_ASKS = _words("""
    what why how who where when which is are do does did can could would will should any anyone anybody has have
    apa kenapa mengapa bagaimana gimana siapa mana dimana kapan berapa apakah bisa boleh ada
    que qual quais como onde quando quem porque alguem pode posso tem
    cual cuales donde cuando quien alguien puede puedo podria hay
""")
_ANYONE = _words("anyone anybody someone somebody everyone kalian teman admin alguem pessoal gente alguien alguno equipo")
_SELF = _words("i im ive id my we our saya aku kami kita punya eu meu minha nos tenho estou yo mi mis tengo estoy nosotros me")
_YOU = _words("you your youre u ur youll yours kamu anda kak kalian mu voce voces vc vcs seu sua tu usted ustedes te tus su")
_GREETS = _words("""
    hi hello hey hiya heya greetings morning afternoon evening howdy yo good
    halo hai hallo pagi siang sore malam selamat permisi assalamualaikum
    oi ola bom boa opa alo
    hola buenas buenos buen saludos
""")
_WITH_GREETING = _words("""
    all everyone everybody guys folks there any anyone anybody one here ppl people again help please morning day evening
    afternoon night
    semua kak min admin gan pak bu mas mbak
    pessoal gente dia tarde noite tudo bem todos
    a todos dias tardes noches equipo que tal amigos
""")
_BARE_MOST = 4  # words of a greeting that says nothing else


class Shape(NamedTuple):
    """What can be seen of a text alone. `stems` are the beginnings of its words and, in full, its long numbers."""

    length: int
    asks: bool
    greets: bool
    is_only_greeting: bool
    leans: bool
    tells_state: bool
    calls_anyone: bool
    speaks_of_self: bool
    says_you: bool
    stems: frozenset[str]
    numbers: frozenset[str]


@lru_cache(maxsize=_CACHED)
def shape_of(text: str) -> Shape:
    """Look at the beginning of a text; people named with @ are no part of it."""
    text = text[:_READ]
    words = fold(_MENTION.sub(" ", text) if "@" in text else text)
    has_mark = "?" in words
    if has_mark:
        words = [word for word in words if word != "?"]
    first = words[0] if words else ""
    present = frozenset(words)
    numbers = frozenset(word for word in present if len(word) >= _NUMBER_LEAST and word.isdigit())
    greets = first in _GREETS
    return Shape(
        length=len(words),
        asks=has_mark or first in _ASKS,
        greets=greets,
        is_only_greeting=0 < len(words) <= _BARE_MOST and present <= _GREETS | _WITH_GREETING,
        leans=first in _LEANS,
        tells_state=len(words) <= _STATE_WORDS_MOST and not present.isdisjoint(_TELLS_STATE),
        calls_anyone=not present.isdisjoint(_ANYONE),
        speaks_of_self=first in _SELF,
        says_you=not present.isdisjoint(_YOU),
        stems=frozenset(word[:_STEM] for word in present if len(word) >= _STEM_LEAST) | numbers,
        numbers=numbers,
    )
