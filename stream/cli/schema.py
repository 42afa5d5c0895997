"""`groupdesk schema`: what other programs may read and write, as JSON Schema."""

from __future__ import annotations

import json

import click

from stream.core.schema import CONTRACTS, contract_schema


@click.command()
@click.argument("topic", required=False, type=click.Choice(sorted(CONTRACTS)))
def schema(topic: str | None) -> None:
    """Print the JSON Schema of the values of TOPIC, or of all topics as one object. For rule files: `groupdesk rules schema`."""
    found = contract_schema(topic) if topic else {name: contract_schema(name) for name in sorted(CONTRACTS)}
    click.echo(json.dumps(found, indent=2))
