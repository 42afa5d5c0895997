"""Every error Groupdesk raises on purpose, in one tree.

    GroupdeskError                     something a person can act on; its text is one sentence
    ├── SettingsError                  a setting is missing, malformed or contradicts another
    │   └── OpenToStrangers            something would listen for everybody, and ask nobody who they are
    ├── RulesError                     a file in the rules folder cannot be used; carries every problem found
    ├── BrokerError                    Kafka cannot be reached, or is not as it must be
    │   └── TopicMismatch              a topic exists with another number of partitions
    ├── PortTaken                      another program listens where we want to listen
    ├── StateError                     stored state cannot be read; never replaced silently
    ├── SheetError                     the Sheet cannot be read or written
    ├── TransportError                 Evolution (or another WhatsApp transport) refused or did not answer
    └── CommandRefused                 a command asks for something that the ticket's state does not allow

The class docstring is the message when none is given, so this file reads as documentation. `exit_status` is that of the command.
"""

from __future__ import annotations

import inspect


class GroupdeskError(Exception):
    """Groupdesk could not go on; see the line above for the cause."""

    exit_status = 1

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or inspect.cleandoc(type(self).__doc__ or ""))


class SettingsError(GroupdeskError):
    """A setting is wrong; run `groupdesk check` to see all of them at once."""


class OpenToStrangers(SettingsError):
    """The dashboard would show all tickets to anybody who can reach this machine; set DASHBOARD_PASSWORD."""

    exit_status = 2


class RulesError(GroupdeskError):
    """A file in the rules folder cannot be used; run `groupdesk rules check` for file and line."""


class BrokerError(GroupdeskError):
    """Kafka cannot be reached; check KAFKA_BOOTSTRAP_SERVERS, or leave it unset and run `groupdesk up`."""


class TopicMismatch(BrokerError):
    """A topic has another number of partitions than TOPIC_PARTITIONS; use the number it was created with."""


class PortTaken(GroupdeskError):
    """The port is in use by another program; stop that one or choose another port."""


class StateError(GroupdeskError):
    """Stored state cannot be read; it was left as it is."""


class SheetError(GroupdeskError):
    """The Sheet cannot be read or written; run `groupdesk check`."""


class TransportError(GroupdeskError):
    """WhatsApp's transport refused or did not answer; run `groupdesk whatsapp status`."""


class CommandRefused(GroupdeskError):
    """The command does not fit the state of the ticket."""
