"""`groupdesk topics`: makes what is missing and verifies what is there."""

from __future__ import annotations

import json
import threading

import click

from stream.adapters.topic_admin import (
    apply_settings,
    differing_settings,
    ensure_topics,
    inspect_topics,
    wait_for_topics,
    wanted_topics,
)
from stream.adapters.topics import DAY_MS
from stream.settings import Settings, load_settings


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
@click.option("--dry-run", is_flag=True, help="Only look; make nothing.")
@click.option(
    "--apply", "applies", is_flag=True, help="Also set what they keep, and for how long, where it is not as it should be."
)
@click.option("--wait", type=click.FloatRange(min=0), default=0.0, help="Seconds to wait for Kafka, if it is not there yet.")
def topics(as_json: bool, dry_run: bool, applies: bool, wait: float) -> None:
    """Make the topics that are missing, verify that all have TOPIC_PARTITIONS partitions, and tell what each keeps.

    Every role makes them when it starts; what somebody set on a topic by hand stays until --apply. Exit status 1 when a topic has
    another number of partitions, which cannot be mended in place, or, with --dry-run, when one is missing.
    """
    settings = load_settings()
    if wait and not dry_run:
        _wait_for_kafka(settings, wait)
    made = [] if dry_run else ensure_topics(settings)
    found = inspect_topics(settings)
    differing = apply_settings(settings) if applies and not dry_run else differing_settings(settings)
    if as_json:
        click.echo(json.dumps({"topics": found, "made": made, "differing": differing}))
    else:
        for name, partitions in found.items():
            state = "missing" if partitions is None else f"{partitions} partitions{', made now' if name in made else ''}"
            click.echo(f"{name:<40} {state:<24} {_keeps(wanted_topics(settings)[name])}")
        for name, differs in differing.items():
            for key, (is_now, wanted) in differs.items():
                said = (
                    f"was {is_now}, set to {wanted}" if applies and not dry_run else f"is {is_now}, not {wanted}; --apply sets it"
                )
                click.echo(f"{name}: {key} {said}")
    if any(partitions != settings.topic_partitions for partitions in found.values()):
        raise SystemExit(1)


def _keeps(config: dict[str, str]) -> str:
    if config["cleanup.policy"] == "compact":
        return "keeps the newest of each key"
    return f"keeps {int(config['retention.ms']) // DAY_MS} days"


def _wait_for_kafka(settings: Settings, seconds: float) -> None:
    """Return when the topics could be made, or time is up: then the next try tells why, and ends the command."""
    over = threading.Event()
    timer = threading.Timer(seconds, over.set)
    timer.start()
    try:
        wait_for_topics(settings, over, lambda reason: click.echo(f"waiting: {reason}", err=True))
    finally:
        timer.cancel()
