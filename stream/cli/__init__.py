"""The command `groupdesk`. Each part has its commands in a file of its own, loaded only when they are called."""

from __future__ import annotations

import importlib

import click

from stream import __version__
from stream.errors import GroupdeskError

# name: (module:attribute, the line in `groupdesk --help`). To add a command, add its line here.
COMMANDS: dict[str, dict[str, tuple[str, str]]] = {
    "Start": {
        "up": ("stream.cli.up:up", "Everything in one terminal, with a broker of its own if none is set."),
        "demo": ("stream.cli.demo:demo", "The same, and plays a support chat in four languages through it."),
        "check": ("stream.cli.check:check", "Tell everything that is wrong with the settings, and what to do."),
    },
    "Roles, one process each": {
        "bridge": ("stream.cli.roles:bridge", "Take webhooks; answer once Kafka has them."),
        "worker": ("stream.cli.roles:worker", "Turn messages into tickets."),
        "classifier": ("stream.cli.roles:classifier", "Decide what the rules leave open: model, local classifier, people."),
        "sheet": ("stream.cli.sheet:sheet", "Keep one row a ticket in the Sheet; `sheet diff` and `sheet rebuild`."),
        "sender": ("stream.cli.roles:sender", "Say follow-ups in the groups, at most once; watch the connection."),
        "dashboard": ("stream.cli.roles:dashboard", "Serve the Board and the tickets."),
    },
    "Tools": {
        "rules": ("stream.cli.rules:rules", "Check, test, explain and try out the rules."),
        "eval": ("stream.cli.evaluate:evaluate", "Score detection and attachment on labelled messages."),
        "learn": ("stream.cli.learn:learn_command", "Make the local classifier of what people put right."),
        "topics": ("stream.cli.topics:topics", "Make the topics that are missing and verify all."),
        "due": ("stream.cli.due:due", "What will be said by itself in the next hours, and why the rest will not."),
        "whatsapp": ("stream.cli.whatsapp:whatsapp", "Pair the number, look at its connection and its groups."),
        "simulator": ("stream.cli.simulate:simulator", "Stand in for Evolution API, for trying things without WhatsApp."),
        "schema": ("stream.cli.schema:schema", "Print the JSON Schemas of what travels on the topics."),
        "dead-letters": ("stream.cli.dead_letters:dead_letters", "Look at what could not be handled, and try it again."),
        "erase": ("stream.cli.erase:erase", "Forget a person everywhere, and show what is left until when."),
        "bench": ("stream.cli.bench:bench", "Measure speed, lateness, recovery and memory on this machine."),
        "simulate": ("stream.cli.simulate:simulate", "Play a scripted chat as genuine webhooks."),
    },
}


class LazyGroup(click.Group):
    """A group that imports a command only when it is called: `groupdesk --help` loads neither Faust nor Streamlit."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- the interface of click
        return [name for section in COMMANDS.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- the interface of click
        for section in COMMANDS.values():
            if cmd_name in section:
                module, _, attribute = section[cmd_name][0].partition(":")
                command: click.Command = getattr(importlib.import_module(module), attribute)
                return command
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 -- the interface of click
        for title, section in COMMANDS.items():
            with formatter.section(title):
                formatter.write_dl([(name, text) for name, (_, text) in section.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; what a person can act on is one sentence on standard error, and the exit status of the error."""
        try:
            return super().invoke(ctx)
        except GroupdeskError as error:
            told = click.ClickException(str(error))
            told.exit_code = error.exit_status
            raise told from error


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="groupdesk")
def main() -> None:
    """WhatsApp support groups as tickets.

    Settings come from the environment and from the file .env; .env.example explains each. `groupdesk up` needs none of them.
    """
