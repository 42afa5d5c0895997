"""Pairing a number: the instance is made when it is absent, its webhook put right, and a code asked for."""

from __future__ import annotations

from pydantic import SecretStr

from stream.transport.evolution_client import EvolutionClient, Pairing

_LOGGED_OUT = "the number was logged out on the phone, or the link was removed there; scan a new code"
# Why WhatsApp ended a session, in words. The numbers are those of `disconnectionReasonCode` and `statusReason`, the names ours.
REASONS: dict[int | str, str] = {
    "logged_out": _LOGGED_OUT,
    "removed": "the instance was deleted in Evolution; connecting makes a new one",
    "unscanned": "nobody scanned a code for so long that Evolution shows no more; ask for a new one",
    401: _LOGGED_OUT,
    402: "WhatsApp blocked the number for a while; wait, and send less",
    403: "WhatsApp has banned or restricted the number; another number is needed",
    406: "WhatsApp blocked the number for a while; wait, and send less",
    428: "the connection was lost; Evolution connects again by itself",
    440: "another program uses the same session; stop that one",
    500: "too many codes were shown without being scanned; ask for a new one",
    515: "WhatsApp asked for a restart; Evolution connects again by itself",
}


async def ensure_paired(client: EvolutionClient, webhook_url: str, secret: SecretStr, number: str | None = None) -> Pairing:
    """Return where pairing stands, after making sure that the instance exists and that its webhook is whole and right.

    Whether a code is to be scanned or typed is settled when Evolution begins to show codes: to change it, it must begin anew.
    """
    info = await client.info()
    if info is None:
        return await client.create(webhook_url, secret, number)
    if await client.webhook_differences(webhook_url, secret):
        await client.set_webhook(webhook_url, secret)
    found = await ask_for_code(client, number)
    # Listed as connecting, it waits for a scan; a paired one that only reconnects stays listed as open.
    if number and found.state == "connecting" and found.pairing_code is None and info.state == "connecting":
        await client.logout()
        found = await ask_for_code(client, number)
    return found


async def ask_for_code(client: EvolutionClient, number: str | None = None) -> Pairing:
    """Return the code that is shown now, if one is: while a paired number reconnects, Evolution still has that of its pairing."""
    found = await client.connect(number)
    if found.code is None:
        return found
    info = await client.info()
    return Pairing(state=found.state) if info is not None and info.state == "open" else found


def reason_in_words(code: int | str | None) -> str | None:
    """Return what a reason code means, or None when there is none to tell."""
    if code is None or str(code) in {"", "200"}:
        return None
    known = REASONS.get(int(code) if str(code).isdigit() else code)
    return known or f"WhatsApp gave the reason {code}"
