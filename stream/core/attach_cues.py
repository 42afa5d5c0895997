"""The cues that speak for one ticket or another, each with its weight.

The weights are those of a conditional logit model (which of these tickets, or none?) fitted on 6,046 messages of public
support chat in which several talks run at once, with talks marked by hand (J. K. Kummerfeld and others, "A Large-Scale
Corpus for Conversation Disentanglement", ACL 2019, CC BY 4.0), half of them seen with the model's own earlier choices as
history, L2 penalty 3; cross-validated over whole stretches. All but QUIET count messages and not minutes, so that they
carry over to slower chats. Those set by hand stand for what that chat does not have: roles, verdicts, order numbers.
"""

from __future__ import annotations

from typing import NamedTuple

from stream.core.ticket import Evidence


class Cue(NamedTuple):
    """One observation. `weight` is added to the score of its ticket (times the value seen), in natural-log odds."""

    says: str
    weight: float
    evidence: Evidence = Evidence.ANSWER


# The ticket itself.
MESSAGES_AGO = Cue("ln of how many messages ago it was spoken on", -0.90)
SHARE = Cue("its share of the last six messages", 0.71)
QUIET = Cue("ln of its silence in burst windows", -0.36)

# The author and the ticket.
WROTE_LAST = Cue("the author's latest message is on it", 1.12, Evidence.BURST)
WROTE_AGO = Cue("ln of how many messages ago that was", 0.39, Evidence.BURST)
GOES_ON = Cue("that was the message just before", 0.90, Evidence.BURST)
LEANS = Cue("the author wrote last on it, and begins as one who goes on", 0.55, Evidence.BURST)
OWN = Cue("the author's latest message is on it, and the author opened it", 1.85, Evidence.BURST)
OWN_STATE = Cue("the author opened it, and the message has a word of its state", 0.84, Evidence.ONLY_OPEN)
HELPS = Cue("the author's latest message is on it as a helper, and this one names nobody", 1.04)
HELPER_ASKS = Cue("the same, and this one is a question of some length", -0.96)
SPOKEN_SINCE = Cue("ln of 1 + what others wrote on it since the author did", -1.15)
WROTE_BEFORE = Cue("the author wrote on it, and on another one since", 0.98)
STRANGER = Cue("the author never wrote on it and names nobody", -0.04)
STRANGER_ASKS = Cue("the same, and asks", -0.97)
STRANGER_LEANS = Cue("the same, and begins as one who goes on", 0.51)
STRANGER_SAYS_YOU = Cue("the same, and says you", 1.16)

# Whoever the message names.
NAMED_LAST = Cue("the latest message of the one named is on it", 2.08, Evidence.MENTION)
NAMED_AGO = Cue("ln of how many messages ago that was", 0.39, Evidence.MENTION)
NAMED_BEFORE = Cue("the one named wrote on it, and on another one since", 1.60, Evidence.MENTION)
NAMED_ABSENT = Cue("the one named never wrote on it", -0.39)
NAMED_OPENED = Cue("the one named opened it", 1.24, Evidence.MENTION)
NAMED_ALONE = Cue("only the one named wrote on it", 1.07, Evidence.MENTION)
PAIR = Cue("the author named the same person on it before", 0.71, Evidence.MENTION)

# Whoever named the author.
CALLED = Cue("the author was last named on it, and now names nobody", 0.58)
CALLED_AGO = Cue("ln of how many messages ago, when the author has not written since", 0.52)
LAST_TO_AUTHOR = Cue("its last message names the author", 1.11)
LAST_TO_ALL = Cue("its last message is another's and names nobody", 0.75)

# Words.
WORDS = Cue("share of the message's words that it has", 1.71)
WORDS_ALONE = Cue("it has words of the message that no other ticket has", 0.69)
WORDS_OF_LAST = Cue("its last message has words of this one", 0.85)

# No ticket at all.
ASKS = Cue("the message asks", 0.75)
GREETS = Cue("the message begins with a greeting", 2.18)
OF_SELF = Cue("the message begins with I, my, we", 0.17)
LENGTH = Cue("ln of 1 + its words", 0.61)
AFTER_GREETING = Cue("the author said hello just before, and no more", 1.95)
CALLS_ANYONE = Cue("the message asks for anyone", 0.68)
NEWCOMER = Cue("the author has not been heard of lately and names nobody", 1.09)
HELPER = Cue("the author wrote last on a ticket that another opened", -0.94)

# Set by hand: no part of the chat that the others were fitted on.
SAME_NUMBER = Cue("it has a long number of the message, such as an order's", 3.0)
REQUEST = Cue("a rule, the model or a person says that the message is a request", 2.5)
REQUEST_APART = Cue("the same; its author's run of messages is over, and nobody asked them anything", 4.0)
NEWS_OF_OWN = Cue("the author opened it, and the message is an update", 2.0, Evidence.ONLY_OPEN)
UPDATE = Cue("the same, an update", -2.0)
NOISE = Cue("the same, noise", 1.5)
WORDLESS = Cue("a picture or a voice note without words, by a customer who wrote on none of them", 2.0)
TEAM_SPEAKS = Cue("the author is of the team, whose messages are about tickets", -2.0)
