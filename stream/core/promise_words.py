"""How people say when they will be back, in English, Indonesian, Portuguese and Spanish: patterns on folded text.

Folded is: small letters without accents, apostrophes straight, digits plain; of signs only `: . / ' ?` are left.
"""

from __future__ import annotations

import re
from typing import Final


def _words(*alternatives: str) -> str:
    return rf"\b(?:{'|'.join(alternatives)})\b"


NUMBERS: Final = {
    **dict.fromkeys(("a", "an", "one", "un", "una", "uno", "um", "uma", "satu", "se"), 1),
    **dict.fromkeys(("two", "dos", "dois", "duas", "dua"), 2),
    **dict.fromkeys(("three", "tres", "tiga"), 3),
    **dict.fromkeys(("four", "cuatro", "quatro", "empat"), 4),
    **dict.fromkeys(("five", "cinco", "lima"), 5),
    **dict.fromkeys(("ten", "diez", "dez", "sepuluh"), 10),
}
UNIT_MINUTES: Final = {
    **dict.fromkeys(("min", "mins", "minute", "minutes", "minuto", "minutos", "menit", "mnt"), 1),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "hora", "horas", "jam"), 60),
    **dict.fromkeys(("day", "days", "dia", "dias", "hari"), 1440),
}
_COUNT = rf"(?P<count>\d{{1,3}}|{'|'.join(NUMBERS)})"
_UNIT = rf"(?P<unit>{'|'.join(UNIT_MINUTES)})\b"
HALF_HOUR = re.compile(
    r"\b(?:in|within|give me) half an hour\b|\b(?:en|dentro de|dame|deme) media hora\b"
    r"|\b(?:em|dentro de|daqui a|me da) meia hora\b|\b(?:dalam )?setengah jam lagi\b|\bdalam setengah jam\b"
)
LENGTHS: Final = (
    re.compile(
        rf"\b(?:in|within|give me|en|dentro de|dame|deme|em|daqui a|me da|me de|dalam|kasih waktu|beri waktu) {_COUNT} ?{_UNIT}"
    ),
    re.compile(rf"\b{_COUNT} ?{_UNIT} lagi\b"),
    re.compile(r"\b(?P<count>se)(?P<unit>jam) lagi\b"),
)

# The longer ones first: "day after tomorrow" holds "tomorrow". In Spanish "la manana" is the morning, not tomorrow.
DAYS_AHEAD: Final = (
    (re.compile(_words("day after tomorrow", "pasado manana", "depois de amanha", "lusa", "besok lusa")), 2),
    (
        re.compile(
            rf"(?<!la )(?<!esta )(?<!buena ){_words('tomorrow', 'tmrw', 'tmr', 'manana', 'amanha', 'besok', 'bsk', 'esok')}"
        ),
        1,
    ),
    (re.compile(_words("today", "tonight", "this morning", "this afternoon", "this evening", "end of day", "eod")), 0),
    (re.compile(_words("hoy", "esta manana", "esta tarde", "esta noche", "hoje", "fim do dia", "fin del dia")), 0),
    (re.compile(_words("hari ini", "siang ini", "sore ini", "malam ini", "nanti siang", "nanti sore", "nanti malam")), 0),
)
WEEKDAYS: Final = tuple(
    re.compile(_words(*names))
    for names in (
        ("monday", "lunes", "segunda(?: feira)?", "senin"),
        ("tuesday", "martes", "terca(?: feira)?", "selasa"),
        ("wednesday", "miercoles", "quarta(?: feira)?", "rabu"),
        ("thursday", "jueves", "quinta(?: feira)?", "kamis"),
        ("friday", "viernes", "sexta(?: feira)?", "jumat", "jum'at"),
        ("saturday", "sabado", "sabtu"),
        ("sunday", "domingo", "minggu(?! (?:ini|depan|lalu|kemarin))"),
    )
)
DATE = re.compile(r"\b(?P<day>[0-3]?\d)/(?P<month>[01]?\d)\b")

_HALF = (
    r"(?P<half>am|pm|a\.m|p\.m|(?:de|da|na|por) (?:la )?(?:manana|manha|tarde|noche|noite)"
    r"|pagi|siang|sore|malam|in the (?:morning|afternoon|evening))"
)
_CLOCK = r"(?P<hour>[01]?\d|2[0-3])(?:(?:[:.h] ?)(?P<minute>[0-5]\d))?(?P<quarter> y media| e meia)?"
TIMES: Final = (
    re.compile(
        rf"\b(?:at|by|before|around|until|till|a las?|antes de las?|hasta las?|as|ate as|por volta das|jam|pukul|sebelum jam) "
        rf"{_CLOCK}(?!/)(?: ?h(?:rs)?|s)?(?: ?{_HALF})?\b"
    ),
    re.compile(rf"\b{_CLOCK} ?{_HALF}\b"),
    re.compile(r"\b(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)\b"),
    re.compile(r"\b(?P<hour>[01]?\d|2[0-3])h(?P<minute>[0-5]\d)?\b"),
)
NOON = re.compile(_words("at noon", "midday", "mediodia", "meio dia"))
# Which hour a part of the day is over.
PARTS_OF_DAY: Final = (
    (re.compile(_words("morning", "por la manana", "en la manana", "esta manana", "de manha", "pela manha", "pagi")), 12),
    (
        re.compile(_words("afternoon", "por la tarde", "en la tarde", "esta tarde", "a tarde", "de tarde", "pela tarde", "sore")),
        18,
    ),
    (re.compile(_words("siang")), 15),
    (re.compile(_words("tonight", "evening", "night", "esta noche", "por la noche", "a noite", "de noite", "malam")), 21),
)

PROMISING = re.compile(
    _words(
        r"i'll|ill|we'll|it'll|you'll|they'll|he'll|she'll|will|i'm going to|we're going to|gonna|let me|give me",
        r"i can|we can|you can expect|should be|(?:ready|done|fixed|solved) (?:by|at|in|until)|get back",
        r"(?:te|se|le|les) (?:lo|la|los|las) \w+",
        r"(?:te|le|les) (?:mando|envio|aviso|confirmo|respondo|escribo|llamo|paso|doy|digo|informo)",
        r"lo (?:mando|envio|reviso|vemos|tenemos|tiene|tienes|resolvemos)",
        r"voy a|vamos a|va a|estara|quedara|llegara|tendra|tendremos|dame|deme",
        r"\w+(?:aremos|eremos|iremos)|(?:enviar|mandar|avisar|confirmar|responder|llamar|har|dar|estar)e",
        r"vou|vamos|a gente|consigo|me da|me de",
        r"(?:te|lhe) (?:mando|envio|aviso|respondo|retorno|confirmo|ligo|passo|falo)",
        r"(?:eu |ja |a gente )?(?:retorno|resolvo|respondo|verifico)",
        r"fica pronto|estara|chega|retornamos|enviamos|resolvemos|mandamos",
        r"akan|nanti (?:saya|kami|aku|kita)",
        r"(?:saya|kami|aku|kita|tim kami) (?:coba )?(?:kirim|kabar|info|cek|proses|update|hubungi|follow|bantu)\w*",
        r"(?:saya|kami|aku|kita|tim kami) (?:coba )?(?:jawab|balas|antar|usahakan|selesai|perbaiki)\w*",
        r"(?:di(?:kirim|proses|perbaiki|antar))|selesai|siap|kasih waktu|beri waktu",
    )
)
REFUSING = re.compile(
    _words(
        r"not|never|cannot|can't|cant|won't|wont|didn't|doesn't|couldn't|don't",
        r"yesterday|was|were|sent you|arrived|already|closed|holiday",
        r"no|nunca|jamas|ayer|cerrado|cerrados|feriado|ya (?:te|se|lo|le)",
        r"nao|jamais|ontem|fechado|fechados|mandei|enviei|chegou",
        r"tidak|tdk|nggak|gak|ga|belum|kemarin|libur|tutup|sudah|sdh|telah",
        r"if|si|kalau|jika|when",
        r"can you|could you|would you|please|you need to|you must|do you|have to",
        r"puedes|puede|podrias|podria|por favor|tienes que|tiene que|debe|debes|necesito|necesitamos",
        r"voce pode|pode|poderia|consegue|precisa|preciso|precisamos|tem que|me manda|me envia",
        r"tolong|mohon|bisa (?:kak|pak|bu|bapak|ibu|anda|kirim\w*)|harap|minta|butuh|harus",
    )
)
FAREWELL = re.compile(
    r"\b(?:see you|until|till|talk|hasta|nos vemos|ate|ate logo|sampai|jumpa|sampai jumpa|sampai ketemu) "
    r"(?:el |la |a |o |hari )?(?:tomorrow|then|manana|amanha|besok|lunes|segunda|senin|monday)\b"
)
RANGE = re.compile(
    r"\b(?:from|between|de|desde|entre|das|dari|antara|pukul|jam)? ?\d{1,2}(?:[:.h]\d{2})?(?: ?[ap]m)?h? ?"
    r"(?:-|to|till|a|as|ate|hasta|sampai|s/d|and|y|e)(?: las| as)? ?\d{1,2}(?:[:.h]\d{2})?(?: ?[ap]m)?h?\b"
)
FILLERS = frozenset(
    """
    ok okay yes sure yep alright fine si claro vale dale listo sim certo beleza blz ya iya baik oke siap kak pak bu mas
    mbak gan bang min sir hi hello hola ola halo dear about around approx approximately latest the by at on in until till
    before el la los las a o os as em en na no ao de del da do para pra por pelas sobre eso unas mais menos antes sin
    falta sem kira sekitar paling lambat sebelum jam pukul hari tanggal nanti then morning afternoon evening night pagi
    siang sore malam manana manha tarde noche noite feira thanks thank you gracias obrigado obrigada makasih terima kasih
    """.split()  # noqa: SIM905 - words are easier to read and to add to than a list of strings
)
