"""What stands in examples instead of a secret: everybody knows it, so it protects nothing, or it opens nothing."""

from __future__ import annotations

import re

# Whole values, then how placeholders are written: `change-me`, `your-key`, `<secret>`, `xxxx`, `sk-proj-your-actual-key`.
_SAMPLES = frozenset(
    {
        *("admin", "example", "key", "letmein", "passwort", "placeholder", "s3cret", "sample", "senha", "test", "todo", "token"),
        *("operator-secret", "webhook-secret", "rahasia", "secreto", "contraseña", "groupdesk"),
    }
)
_PLACEHOLDER = re.compile(
    r"""(?ix)
    (please[-_ ]?)? (change|replace) [-_ ]? (me|this|it|with) (?![a-z]) .*
    | (a [-_ ])? (long [-_ ])? random [-_ ] (string|secret|text|value)  |  .* (\.\.\.|…)
    | (your|insert|example|sample) [-_ ] .*  |  .* [-_ ] (your|actual) [-_ ] .*
    | my [-_ ]? (secret|password|key|token)  |  (super|top)? [-_ ]? secret [-_ ]? \d{0,4}  |  password \d*  |  123456 \d*
    | < .* >  |  (?P<one>.) (?P=one){2,}
    """
)


def is_example(value: str) -> bool:
    """Tell whether this looks like what an example shows in the place of a secret or an id."""
    told = value.strip()
    return told.lower() in _SAMPLES or _PLACEHOLDER.fullmatch(told) is not None
