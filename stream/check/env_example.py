"""`.env.example`, written from the settings, so that no setting is missing and no comment is stale: `make env-example`."""

from __future__ import annotations

import textwrap

import click
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from stream.settings import Settings

_HEAD = """\
# Groupdesk's settings. Copy this file to .env and take away the # before what you set; `groupdesk check` tells what does not fit.
# Nothing has to be set: `groupdesk up` works without any. What is shown is the default.
# Any of them can be a file instead, as container engines hand over secrets: /run/secrets/webhook_secret, in lower case.
"""
# A heading stands before the first setting whose name begins so.
_SECTIONS = {
    "kafka_": "Kafka",
    "webhook_secret": "Webhooks and the bridge",
    "dashboard_host": "Dashboard",
    "evolution_": "WhatsApp",
    "openai_": "Model for what the rules do not decide",
    "cs_sheet_id": "Sheet",
    "rules_dir": "Folders and logs",
}


def render() -> str:
    """Return the text of `.env.example`."""
    parts = [_HEAD]
    headings = dict(_SECTIONS)
    for name, field in Settings.model_fields.items():
        if field.exclude:  # not for people
            continue
        start = next((prefix for prefix in headings if name.startswith(prefix)), None)
        if start is not None:
            parts.append(f"\n# --- {headings.pop(start)} ---\n")
        comment = "".join(f"# {line}\n" for line in textwrap.wrap(field.description or "", 118))
        parts.append(f"\n{comment}#{name.upper()}={_default(field)}\n")
    return "".join(parts)


def _default(field: FieldInfo) -> str:
    default = field.default
    if default is None or isinstance(default, SecretStr):
        return ""
    return str(default).lower() if isinstance(default, bool) else str(default)


if __name__ == "__main__":
    click.echo(render(), nl=False)
