"""The words of the interface, from one file of strings: `say(key)` in the visitor's language, English where a word is missing."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml

LANGUAGES = {"en": "English", "id": "Bahasa Indonesia", "pt": "Português", "es": "Español"}
_FILE = Path(__file__).with_name("strings.yaml")


@lru_cache
def strings() -> dict[str, dict[str, str]]:
    """Return all strings: key, then language, then text."""
    loaded: dict[str, dict[str, str]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return loaded


def say(language: str, key: str, **values: object) -> str:
    """Return the text of `key`, its `{names}` filled in. An unknown key is shown as it is, so that it gets noticed."""
    texts = strings().get(key, {})
    text = texts.get(language, texts.get("en", key))
    for name, value in values.items():
        text = text.replace("{" + name + "}", str(value))
    return text


@lru_cache(maxsize=256)
def section(language: str, prefix: str) -> dict[str, str]:
    """Return all texts whose key begins with `prefix.` under the rest of their key; components fill in names themselves."""
    start = prefix + "."
    return {key[len(start) :]: say(language, key) for key in strings() if key.startswith(start)}


def closest(locale: str | None) -> str:
    """Return which of our languages a browser's locale, such as `pt-BR`, asks for."""
    wanted = (locale or "en").split("-", 1)[0].lower()
    return wanted if wanted in LANGUAGES else "en"
