"""What carries messages to WhatsApp, behind one interface: Evolution API for groups, Meta's Cloud API for single chats."""

from __future__ import annotations
