"""What `groupdesk whatsapp status` says of a number, asked of the stand-in."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from stream.cli.whatsapp import _status
from stream.settings import Settings
from stream.simulator.evolution_server import DEFAULT_KEY, EvolutionServer
from stream.transport.evolution_client import EvolutionClient


async def test_a_number_that_waits_for_a_scan_is_not_told_why_it_was_closed_before(tmp_path: Path) -> None:
    async with EvolutionServer() as evolution:
        instance = evolution.add_instance("cs-ticket-monitor")
        settings = Settings(_env_file=None, data_dir=tmp_path, evolution_api_url=evolution.url)
        client = EvolutionClient(evolution.url, SecretStr(DEFAULT_KEY), instance.name)
        await evolution.log_out(instance)
        closed = await _status(client, settings)
        await client.connect()
        waiting = await _status(client, settings)
        await client.close()
    assert (closed["ok"], closed["state"], "logged out on the phone" in closed["sentence"]) == (False, "close", True)
    assert (waiting["state"], waiting["sentence"]) == ("connecting", "not connected: a code waits to be scanned.")
