"""The cues that speak for one ticket or another, each with its weight.

The weights are those of a conditional logit model (which of these tickets, or none?) fitted on 6,046 messages of public
support chat in which several talks run at once, with talks marked by hand (J. K. Kummerfeld and others, "A Large-Scale
Corpus for Conversation Disentanglement", ACL 2019, CC BY 4.0), half of them seen with the model's own earlier choices as
history, L2 penalty 3; cross-validated over whole stretches. They count messages and not minutes, so that they carry over to
slower chats. Those under "Set by hand" stand for what that chat does not have: roles, verdicts of rules, order numbers.
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
MESSAGES_AGO = Cue("ln of how many messages ago it was spoken on", -1.06)
SHARE = Cue("its share of the last six messages", 0.72)
QUIET = Cue("ln of its silence in burst windows", -0.52)

# The author and the ticket.
WROTE_LAST = Cue("the author's latest message is on it", 1.03, Evidence.BURST)
WROTE_AGO = Cue("ln of how many messages ago that was", 0.49, Evidence.BURST)
GOES_ON = Cue("that was the message just before", 0.87, Evidence.BURST)
LEANS = Cue("the author wrote last on it, and begins as one who goes on", 0.54, Evidence.BURST)
OWN = Cue("the author's latest message is on it, and the author opened it", 1.93, Evidence.BURST)
HELPS = Cue("the author's latest message is on it as a helper, and this one names nobody", 1.11)
HELPER_ASKS = Cue("the same, and this one is a question of some length", -0.84)
SPOKEN_SINCE = Cue("ln of 1 + what others wrote on it since the author did", -1.27)
WROTE_BEFORE = Cue("the author wrote on it, and on another one since", 1.06)
STRANGER = Cue("the author never wrote on it and names nobody", -0.24)
STRANGER_ASKS = Cue("the same, and asks", -0.93)
STRANGER_LEANS = Cue("the same, and begins as one who goes on", 0.38)
STRANGER_SAYS_YOU = Cue("the same, and says you", 1.25)

# Whoever the message names.
NAMED_LAST = Cue("the latest message of the one named is on it", 2.13, Evidence.MENTION)
NAMED_AGO = Cue("ln of how many messages ago that was", 0.36, Evidence.MENTION)
NAMED_BEFORE = Cue("the one named wrote on it, and on another one since", 1.80, Evidence.MENTION)
NAMED_ABSENT = Cue("the one named never wrote on it", -0.45)
NAMED_OPENED = Cue("the one named opened it", 1.24, Evidence.MENTION)
NAMED_ALONE = Cue("only the one named wrote on it", 1.04, Evidence.MENTION)
PAIR = Cue("the author named the same person on it before", 0.75, Evidence.MENTION)

# Whoever named the author.
CALLED = Cue("the author was last named on it, and now names nobody", 0.54)
CALLED_AGO = Cue("ln of how many messages ago, when the author has not written since", 0.40)
LAST_TO_AUTHOR = Cue("its last message names the author", 1.15)
LAST_TO_ALL = Cue("its last message is another's and names nobody", 0.79)

# Words.
WORDS = Cue("share of the message's words that it has", 1.93)
WORDS_ALONE = Cue("it has words of the message that no other ticket has", 0.65)
WORDS_OF_LAST = Cue("its last message has words of this one", 0.93)

# No ticket at all.
ASKS = Cue("the message asks", 0.76)
GREETS = Cue("the message begins with a greeting", 2.17)
OF_SELF = Cue("the message begins with I, my, we", 0.21)
LENGTH = Cue("ln of 1 + its words", 0.56)
AFTER_GREETING = Cue("the author said hello just before, and no more", 1.92)
CALLS_ANYONE = Cue("the message asks for anyone", 0.78)
NEWCOMER = Cue("the author has not been heard of lately and names nobody", 1.17)
HELPER = Cue("the author wrote last on a ticket that another opened", -0.88)

# Set by hand: no part of the chat that the others were fitted on.
SAME_NUMBER = Cue("it has a long number of the message, such as an order's", 3.0)
REQUEST = Cue("a rule, the model or a person says that the message is a request", 2.5)
UPDATE = Cue("the same, an update", -2.0)
NOISE = Cue("the same, noise", 0.5)
TEAM_SPEAKS = Cue("the author is of the team, whose messages are about tickets", -2.0)
