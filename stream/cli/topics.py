"""`groupdesk topics`: makes what is missing and verifies what is there."""

from __future__ import annotations

import json

import click

from stream.adapters.topic_admin import ensure_topics, inspect_topics
from stream.settings import load_settings


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
@click.option("--dry-run", is_flag=True, help="Only look; make nothing.")
def topics(as_json: bool, dry_run: bool) -> None:
    """Make the topics that are missing, and verify that all have TOPIC_PARTITIONS partitions.

    Every role does this when it starts. Exit status 1 when a topic has another number of partitions, which cannot be mended in
    place, or, with --dry-run, when one is missing.
    """
    settings = load_settings()
    made = [] if dry_run else ensure_topics(settings)
    found = inspect_topics(settings)
    if as_json:
        click.echo(json.dumps({"topics": found, "made": made}))
    else:
        for name, partitions in found.items():
            state = "missing" if partitions is None else f"{partitions} partitions{', made now' if name in made else ''}"
            click.echo(f"{name:<40} {state}")
    if any(partitions != settings.topic_partitions for partitions in found.values()):
        raise SystemExit(1)
