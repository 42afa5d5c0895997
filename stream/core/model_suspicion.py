"""Texts that speak to the model instead of the team. They are judged alone and are nobody else's context.

This is no wall, and nothing rests on it alone: what a model answers can only be a label for the messages of one person, and a
ticket id that we sent. A false alarm costs one call.
"""

from __future__ import annotations

import re
import unicodedata


def _any(*lines: str) -> str:
    """Return an alternative of all the words in these lines; * stands for any ending."""
    return "(?:" + "|".join(word.replace("_", " ").replace("*", r"\w*") for line in lines for word in line.split()) + ")"


_IGNORE = _any(
    "ignor* disregard* forget override bypass overwrite",
    "abaik* lupakan acuhkan hiraukan desconsider* esquec* olvid* omit* descart*",
)
_ORDERS = _any(
    "instruct* prompt prompts rule rules directive* guideline* previous above everything",
    "instruk* aturan perintah sebelum* semua*",
    "instruc* regra regras ordem ordens anterior* tudo",
    "regla reglas orden ordenes todo lo_dicho",
)
_MODEL = _any(
    "ai bot chatgpt chat_gpt gpt* openai llm language_model model* assistant classif* system",
    "asisten* klasifik* pengklasifik* sistem",
    "ia modelo* assistente sistema clasific*",
)
_SAY = _any(
    "label* classif* categori* mark marked treat respond output answer reply",
    "set close resolve",
    "klasifik* tandai* anggap* jawab* balas* tutup*",
    "rotul* marque* responda* retorn* feche* fechar clasific* etiquet* marca* responde* devuelv* cierra* cierre*",
)
_WHAT = _any(
    "all_messages all_tickets all_others every_message every_ticket other_messages others all_of_them",
    "everything noise json resolved",
    "semua_pesan semua_tiket semuanya pesan_lain tiket_lain setiap",
    "todas_as todos_os todas_las todos_los outras outros otras otros cada_mensaje cada_mensagem ruido",
)
_BECOME = _any(
    "you_are youre act_as pretend",
    "kamu_adalah anda_adalah kamu_sekarang anda_sekarang jadilah",
    "voce_e voce_agora aja_como finja agora_voce eres ahora_eres actua_como finge",
)
_NEW = _any("new baru nova novas novo novos nueva nuevas nuevo nuevos updated")
_TASK = _any("instruct* instruk* instruc* rule rules task tugas aturan tarefa tarea perintah ordenes ordens regras reglas")
_TO = _any("to for dear attention untuk kepada perhatian para querid* atencao atencion")
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b{_IGNORE}\b.{{0,60}}\b{_ORDERS}\b",
        rf"\b{_SAY}\b.{{0,40}}\b{_WHAT}\b",
        rf"\b{_WHAT}\b.{{0,40}}\b(?:as|sebagai|como)\b.{{0,20}}\b(?:noise|tickets?|tiket|updates?|resolved|spam|ruido|selesai)\b",
        rf"\b{_BECOME}\b.{{0,40}}\b{_MODEL}\b",
        rf"\b{_NEW} {_TASK}\b",
        rf"\b{_TASK} (?:baru|novas?|nuev[ao]s?)\b",
        rf"\b{_TO} (?:the |o |a |el |la |sang )?{_MODEL}\b",
        r"\b(?:system|developer|sistem\w*|hidden|initial|asli) ?(?:prompt|message|pesan|mensagem|mensaje|instru\w*)\b",
        r"\b(?:system prompt|jailbreak|dan mode|developer mode|modo desarrollador|modo desenvolvedor|mode pengembang)\b",
        r"\b(?:confidence|ticket id|label) (?:high|low|ticket|update|noise)\b",
    )
)
# Marks of somebody who writes for a machine: role names, fences, our own field names, tags, escapes.
_SHAPES = re.compile(
    r"```|<\|?/?(?:im_start|im_end|system|user|assistant|inst|messages?|prompt)\b|\[/?inst\]|(?m:^\s*#{0,4}\s*(?:system|assistant|user|developer|sistem|sistema)\s*:)"
    r"|\b(?:ticket_id|open_tickets|response_format|max_tokens|logprobs)\b|[\"']?\b(?:ref|label|items|confidence|status|classify)\b[\"']?\s*[:=]"
    r"|[{\[]\s*[\"']\w+[\"']\s*:|\\u[0-9a-f]{4}|\bbase64\b|\b[a-z0-9+/]{60,}={0,2}"
)
_LEET = str.maketrans("013457@$", "oieastas")


def is_suspicious(text: str) -> bool:
    """Tell whether a text seems to give orders to a model, in English, Indonesian, Portuguese or Spanish."""
    plain = _plain(text)
    spoken = " ".join(re.sub(r"[^\w\s]", " ", plain).split())
    if _SHAPES.search(plain) or any(pattern.search(spoken) for pattern in _PATTERNS):
        return True
    packed = re.sub(r"\b(\w) (?=\w\b)", r"\1", spoken.translate(_LEET))  # i g n o r e, 1gn0re
    return packed != spoken and any(pattern.search(packed) for pattern in _PATTERNS)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text[:4000]).casefold()
    return "".join(c for c in folded if not unicodedata.combining(c) and unicodedata.category(c) != "Cf").replace("\u2019", "")
