"""A model behind OpenAI's protocol: one question, one text. The only place that knows the `openai` package.

What a server does not know (a schema, a parameter) is stepped down and remembered for its address: `json_schema`, then
`json_object`, then plain text; then parameters one by one. All answers are read alike, whatever step they came by.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import openai

from stream import logs
from stream.adapters.model_failures import AnswerUnusable, ModelUnavailable
from stream.core.model_answer import Answer
from stream.core.model_prompt import schema_text
from stream.core.model_rules import Calls

log = logs.get(__name__)

_STEPS = ("json_schema", "json_object", "text")
_LONGEST_STEP_DOWN = 8  # three formats and as many parameters as we may send


@dataclass(frozen=True)
class Reply:
    """What the model said, and what it cost."""

    text: str
    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


@dataclass
class _Known:
    """What has been learned of one server."""

    step: int = 0
    without: set[str] = field(default_factory=set)


class Model:
    """A client of one server. Connects when first asked; `close` it in the loop that used it."""

    _known: ClassVar[dict[tuple[str, str], _Known]] = {}  # by address and model: what one client learned, the next one knows

    def __init__(self, api_key: str, base_url: str, name: str) -> None:
        self.name = name
        self._key = api_key
        self._url = base_url
        self._client: openai.AsyncOpenAI | None = None

    async def ask(self, messages: Sequence[dict[str, str]], calls: Calls, *, is_plain: bool = False) -> Reply:
        """Return the model's answer as text: a JSON object of verdicts, or with `is_plain` whatever it likes to say.

        Raises `ModelUnavailable` when there was none (the server is away, slow, refuses or has had enough), and
        `AnswerUnusable` when there was one that cannot be used: refused, cut short or empty.
        """
        self._connect()  # it may take half a second, which is no fault of the model's
        known = self._known.setdefault((self._url, self.name), _Known())
        for _ in range(_LONGEST_STEP_DOWN):
            step, without = known.step, frozenset(known.without)
            try:
                # The client's own timeout is for each read: an answer that drips would last for ever.
                async with asyncio.timeout(calls.timeout_s * (1 + calls.retries)):
                    return _reply(await self._call(messages, calls, "plain" if is_plain else _STEPS[step], without))
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                if (known.step, known.without) != (step, set(without)):
                    continue  # another call has learned meanwhile
                if not _step_down(known, error):
                    raise AnswerUnusable("the server does not take this question (400)") from error
                log.info("model stepped down", model=self.name, answers=_STEPS[known.step], without=sorted(known.without))
            except openai.APIStatusError as error:
                raise ModelUnavailable(f"the model's server answers {error.status_code}", error.status_code) from error
            except (TimeoutError, openai.APITimeoutError) as error:
                raise ModelUnavailable(f"the model did not answer within {calls.timeout_s:g} s") from error
            except openai.APIConnectionError as error:
                raise ModelUnavailable("the model's server cannot be reached") from error
            except (openai.OpenAIError, ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
                # What calls itself an answer can be anything: a proxy's page, half a record, a list.
                raise AnswerUnusable(f"the answer cannot be read ({type(error).__name__})") from error
        raise AnswerUnusable("the server takes none of the ways to ask")

    async def close(self) -> None:
        """Let go of the connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    def _connect(self) -> openai.AsyncOpenAI:
        if self._client is None:
            self._client = openai.AsyncOpenAI(api_key=self._key or "not-needed", base_url=self._url or None)
        return self._client

    async def _call(self, messages: Sequence[dict[str, str]], calls: Calls, step: str, without: frozenset[str]) -> Any:
        client = self._connect().with_options(timeout=calls.timeout_s, max_retries=calls.retries)
        wanted = self._parameters(calls)
        if step == "json_schema":
            schema = {"name": "verdicts", "strict": True, "schema": Answer.model_json_schema()}
            wanted["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif step == "json_object":
            wanted["response_format"] = {"type": "json_object"}
        asked: list[Any] = list(messages)
        if step in ("json_object", "text"):
            asked[0] = {**asked[0], "content": f"{asked[0]['content']}\n{schema_text()}"}
        left = {name: value for name, value in wanted.items() if name not in without}
        if "max_completion_tokens" in without and "max_tokens" not in without:
            left["max_tokens"] = calls.max_tokens
        return await client.chat.completions.create(model=self.name, messages=asked, **left)

    def _parameters(self, calls: Calls) -> dict[str, Any]:
        wanted: dict[str, Any] = {"max_completion_tokens": calls.max_tokens}
        if not self._url:
            wanted["store"] = False  # OpenAI's own; other servers may refuse what they do not know
        if calls.effort is not None:
            wanted["reasoning_effort"] = calls.effort
        if calls.temperature is not None:
            wanted["temperature"] = calls.temperature
        return wanted


def _step_down(known: _Known, error: openai.APIStatusError) -> bool:
    """Leave out what the server complains of; return False when it complains of something else."""
    said = f"{error.param or ''} {error.message}".lower()
    for name in ("max_completion_tokens", "max_tokens", "reasoning_effort", "temperature", "store"):
        if name not in known.without and re.search(rf"\b{name}\b", said):
            known.without.add(name)
            return True
    if known.step < len(_STEPS) - 1 and re.search(r"response_format|json_schema|json_object|schema|structured", said):
        known.step += 1
        return True
    return False


def _reply(completion: Any) -> Reply:
    choice = completion.choices[0]
    if choice.message.refusal:
        raise AnswerUnusable("the model refused")
    if choice.finish_reason == "content_filter":
        raise AnswerUnusable("the answer was filtered")
    text = choice.message.content
    if not isinstance(text, str) or not text.strip():
        raise AnswerUnusable("the answer is empty")
    usage = completion.usage
    details = getattr(usage, "prompt_tokens_details", None)
    return Reply(
        text=text,
        input_tokens=_count(getattr(usage, "prompt_tokens", 0)),
        output_tokens=_count(getattr(usage, "completion_tokens", 0)),
        cached_tokens=_count(getattr(details, "cached_tokens", 0)),
    )


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0
