"""`groupdesk whatsapp`: what /qr-cs does, in a terminal."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Coroutine
from typing import Any

import click
import segno
from pydantic import SecretStr

from stream.adapters.own_secrets import webhook_secret
from stream.errors import SettingsError
from stream.sender.stop_switch import StopSwitch
from stream.settings import Settings, load_settings
from stream.transport.evolution_client import EvolutionClient
from stream.transport.pairing import ask_for_code, ensure_paired, reason_in_words

# Evolution shows a code for about 45 s; WhatsApp accepts it for a minute.
_ASK_EVERY_S = 2.0
_FRESH_CODE_EVERY_S = 40.0


@click.group()
def whatsapp() -> None:
    """Pair the WhatsApp number, look at its connection and its groups, log it out."""


@whatsapp.command()
@click.option("--number", help="Show a code to type on this phone instead of a QR code; digits with country code.")
@click.option("--wait", "wait_s", default=300.0, show_default=True, help="Seconds to wait for somebody to scan it.")
def connect(number: str | None, wait_s: float) -> None:
    """Make the instance if it is absent, set its webhook, and show the QR code until it is scanned."""
    settings = load_settings()
    _run(settings, lambda client: _connect(client, settings, number, wait_s))


@whatsapp.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(as_json: bool) -> None:
    """Tell whether the number is connected, and whether its webhook is right. Exit status 1 when it is not well."""
    settings = load_settings()
    told = _run(settings, lambda client: _status(client, settings))
    if as_json:
        click.echo(json.dumps(told))
    else:
        click.echo(f"Instance {told['instance']}: {told['sentence']}")
        for problem in told["problems"]:
            click.echo(f"  - {problem}")
    if not told["ok"]:
        raise SystemExit(1)


@whatsapp.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def groups(as_json: bool) -> None:
    """List the groups that the number is in, ready to be copied into rules/groups.yaml. May take minutes."""
    settings = load_settings()
    found = _run(settings, lambda client: client.groups())
    if as_json:
        click.echo(json.dumps([{"jid": group.jid, "name": group.subject, "size": group.size} for group in found]))
        return
    for group in sorted(found, key=lambda group: group.subject.casefold()):
        click.echo(f"{group.jid:<32} {group.size:>4} people  {group.subject}")
    click.echo(f"{len(found)} groups. Name one in rules/groups.yaml to make tickets of its messages.")


@whatsapp.command()
@click.confirmation_option(prompt="Messages stop until a code is scanned again. Log the number out?")
def logout() -> None:
    """End the session of the number."""
    settings = load_settings()
    _run(settings, lambda client: client.logout())
    click.echo("Logged out. `groupdesk whatsapp connect` pairs it again.")


@whatsapp.command()
@click.argument("because", nargs=-1)
def stop(because: tuple[str, ...]) -> None:
    """Stop all sending at once, until `resume`. Messages are still read and tickets still made."""
    _switch().stop(" ".join(because) or "somebody stopped it by `groupdesk whatsapp stop`")
    click.echo("Nothing is sent any more. `groupdesk whatsapp resume` ends it.")


@whatsapp.command()
def resume() -> None:
    """Let messages leave again, after a person has looked at why they were stopped."""
    reason = _switch().reason()
    if reason is None:
        click.echo("Sending was not stopped.")
        return
    _switch().resume()
    still = _switch().reason()
    click.echo(f"Messages may leave again. It had been stopped: {reason}" if still is None else f"Still stopped: {still}.")


def _switch() -> StopSwitch:
    settings = load_settings()
    return StopSwitch(settings.data_dir, enabled=settings.sending_enabled)


def _run(settings: Settings, action: Any) -> Any:
    if not settings.evolution_api_url:
        raise SettingsError(
            "EVOLUTION_API_URL is not set; it is the address of your Evolution API, such as http://evolution:8080."
        )

    async def with_client() -> Any:
        client = EvolutionClient.of(settings)
        try:
            work: Coroutine[Any, Any, Any] = action(client)
            return await work
        finally:
            await client.close()

    return asyncio.run(with_client())


async def _connect(client: EvolutionClient, settings: Settings, number: str | None, wait_s: float) -> None:
    secret = SecretStr(webhook_secret(settings))
    pairing = await ensure_paired(client, settings.webhook_address, secret, number)
    deadline, shown_at = time.monotonic() + wait_s, 0.0
    while pairing.state != "open":
        if pairing.code is not None and time.monotonic() - shown_at >= _FRESH_CODE_EVERY_S:
            shown_at = time.monotonic()
            _show(pairing.code, pairing.pairing_code)
        if time.monotonic() > deadline:
            raise SettingsError(f"Nobody scanned the code within {wait_s:.0f} s; run the command again.")
        await asyncio.sleep(_ASK_EVERY_S)
        if await client.state() == "open":
            break
        if time.monotonic() - shown_at >= _FRESH_CODE_EVERY_S:
            pairing = await ask_for_code(client, number)
    info = await client.info()
    click.echo(f"Connected as +{(info.owner if info and info.owner else 'unknown').partition('@')[0]}.")


def _show(code: SecretStr, pairing_code: SecretStr | None) -> None:
    click.echo()
    segno.make(code.get_secret_value(), error="l").terminal(compact=True)
    if pairing_code is not None:
        click.echo(f"Or type this code on the phone: {pairing_code.get_secret_value()}")
    click.echo("On the phone: WhatsApp, Linked devices, Link a device. A new code is shown every 40 s.")


async def _status(client: EvolutionClient, settings: Settings) -> dict[str, Any]:
    info = await client.info()
    told: dict[str, Any] = {"instance": client.instance, "state": "absent", "problems": []}
    if info is None:
        return told | {"ok": False, "sentence": "it does not exist; run `groupdesk whatsapp connect`."}
    # What Evolution lists is what it wrote down last, which may have been before its own start.
    state = told["state"] = await client.state()
    secret = SecretStr(webhook_secret(settings))
    wrong = await client.webhook_differences(settings.webhook_address, secret)
    if wrong:
        told["problems"].append(f"its webhook is not right ({', '.join(wrong)}); `groupdesk whatsapp connect` sets it")
    if info.ignores_groups:
        told["problems"].append("its setting groupsIgnore is on, so no group message ever comes; switch it off in Evolution")
    number = (info.owner or "").partition("@")[0] or None
    reason = reason_in_words(info.reason_code) if state == "close" else None
    told |= {"number": number, "messages": info.messages, "reason": reason}
    is_open = state == "open"
    why = reason or ("a code waits to be scanned" if state == "connecting" else state)
    sentence = f"connected as +{number}, {info.messages} messages kept." if is_open else f"not connected: {why}."
    return told | {"ok": is_open and not told["problems"], "sentence": sentence}
