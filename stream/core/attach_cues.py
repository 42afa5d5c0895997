"""What the shape of a message says of its place in a talk: a question, a greeting, a continuation, a word on the state.

Only small, closed sets of function words stand here, in the four languages of the shipped rules. What a request is
about is the business of the rules folder.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_READ = 400  # the shape of a message shows in its first lines
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# First words that lean on what was said before: "and", "but", "yes", "done", "same here".
_LEANS = _words("""
    and but so or then also still again it that this those they he she yes yeah yep no nope ok okay oh ah hm hmm well
    because actually same done nothing not thanks thank thx ty great perfect sorry right exactly sure
    dan tapi jadi atau lalu juga masih lagi itu ini iya ya tidak gak nggak ga belum sudah udah oke karena sama makasih
    terima baik siap betul benar maaf
    e mas entao ou tambem ainda isso esse essa sim nao ok porque mesmo obrigado obrigada valeu certo beleza pronto ja
    y pero entonces o tambien todavia aun sigue eso ese esa si no porque mismo igual gracias listo ya vale bueno perdon
    """)
# Words that only make sense of something already open, anywhere in a short message.
_STATUS = _words("""
    still again update news status fixed works working solved resolved waiting received done arrived pending
    masih lagi kabar update status beres selesai jalan menunggu nunggu diterima sampai
    ainda novamente novidade novidades atualizacao status resolvido resolveu funcionou funcionando aguardando chegou recebi
    sigue todavia aun novedad novedades actualizacion estado resuelto funciona funciono esperando llego recibi
    """)
_ASKS = _words("""
    what why how who where when which is are do does did can could would will should any anyone anybody has have
    apa kenapa mengapa bagaimana gimana siapa mana dimana kapan berapa apakah bisa boleh ada
    que qual quais como onde quando quem porque alguem pode posso tem
    cual cuales donde cuando quien alguien puede puedo podria hay
    """)
_GREETS = _words("""
    hi hello hey hiya greetings morning afternoon evening howdy
    halo hai hallo pagi siang sore malam selamat permisi assalamualaikum
    oi ola bom boa opa alo
    hola buenas buenos buen saludos
    """)


@lru_cache(maxsize=4096)
def words_of(text: str) -> tuple[str, ...]:
    """Return the words of the beginning of `text`, case and accents folded."""
    plain = text[:_READ]
    if not plain.isascii():
        plain = "".join(letter for letter in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(letter))
    return tuple(_WORD.findall(plain.casefold()))


def leans_on_before(text: str) -> bool:
    """Whether the message begins as a continuation does."""
    words = words_of(text)
    return bool(words) and words[0] in _LEANS


def tells_state(text: str) -> bool:
    """Whether a short message has a word that needs something already open ("any news?", "masih belum", "sigue igual")."""
    words = words_of(text)
    return len(words) <= 12 and any(word in _STATUS for word in words)


def asks(text: str) -> bool:
    """Whether the message is put as a question."""
    words = words_of(text)
    return "?" in text[:_READ] or "¿" in text[:_READ] or bool(words and words[0] in _ASKS)


def greets(text: str) -> bool:
    """Whether the message begins with a greeting."""
    words = words_of(text)
    return bool(words) and words[0] in _GREETS
