"""The language model of another process, by the OpenAI protocol: vLLM, SGLang, llama.cpp's server.

It does not know the weights or their chat template. `generate` sends a prompt as one user message, which the
server wraps in its template; `score` sends raw text and reads back the log-probabilities of the prompt, which
vLLM and SGLang give and hosted services mostly do not.
"""

from __future__ import annotations

import http.client
import json
import math
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from telcollm.errors import SettingsError, TelcollmError, TransientError
from telcollm.model.encoding import common_length
from telcollm.model.port import (
    ChatMessage,
    Choices,
    FloatArray,
    Generation,
    JsonSchema,
    ModelInfo,
    Prompt,
    Usage,
    choices_per_prompt,
    probabilities,
)
from telcollm.model.schema import Node, check_value, parse_schema

_RETRIED = {408, 409, 425, 429, 500, 502, 503, 504}
_MAX_WAIT_S = 30.0

T = TypeVar("T")


class _UnusableAnswerError(ValueError):
    """The server answered, but not what was asked for; it is asked again."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class OpenAIOptions:
    """Where the server is and how patiently it is asked.

    `base_url` ends before `/chat/completions`, mostly in `/v1`. A call is tried `attempts` times, with a wait
    that doubles from `first_wait_s`; `concurrency` requests are in flight at once. `adapters` maps names to
    what the server calls the model with that adapter.
    """

    base_url: str
    model: str
    api_key: str = field(default="", repr=False)
    timeout_s: float = 60.0
    attempts: int = 4
    first_wait_s: float = 0.5
    concurrency: int = 16
    adapters: Mapping[str, str] = field(default_factory=dict)


class OpenAIEngine:
    """A `LanguageModel` behind HTTP; `sleep` is what waits between attempts, for tests to replace."""

    def __init__(self, options: OpenAIOptions, *, sleep: Callable[[float], None] = time.sleep) -> None:
        if not options.base_url.startswith(("http://", "https://")):
            message = (
                f"base_url={options.base_url!r} is no address; http:// or https:// is allowed; "
                "set model.base_url to the server's"
            )
            raise SettingsError(message)
        self._options = options
        self._sleep = sleep
        self._usage = Usage()
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The server's name for the model."""
        return self._options.model

    @property
    def info(self) -> ModelInfo:
        """What can be known of weights that another process holds."""
        return ModelInfo(self._options.model, f"server:{self._options.base_url}", device="remote")

    @property
    def usage(self) -> Usage:
        """A snapshot of the counters, tokens as the server counts them; `forward_s` is time in requests."""
        return self._usage

    @property
    def adapters(self) -> tuple[str, ...]:
        """Names of the adapters the server was said to have, sorted."""
        return tuple(sorted(self._options.adapters))

    def count_tokens(self, text: str) -> int:
        """An estimate on the safe side: a third of the UTF-8 bytes, as the server's tokenizer is not here."""
        return math.ceil(len(text.encode()) / 3)

    def render_chat(self, messages: Sequence[ChatMessage]) -> str:
        """One text of all turns, for a server that wraps it in the model's own template."""
        if len(messages) == 1:
            return messages[0]["content"]
        return "\n\n".join(
            turn["content"] if turn["role"] == "system" else f"{turn['role'].capitalize()}: {turn['content']}"
            for turn in messages
        )

    def score(
        self,
        prompts: Sequence[Prompt],
        choices: Choices,
        *,
        adapter: str | None = None,
        length_normalised: bool = False,
        deciding: bool = False,
    ) -> FloatArray:
        """Probabilities of shape (prompts, choices), as the port promises.

        Raises: TelcollmError where the server gives no log-probabilities of a prompt.
        """
        del deciding  # the server tells every token of a prompt at one price
        lists = choices_per_prompt(len(prompts), choices)
        model = self._model(adapter)

        def one(place: int) -> list[float]:
            texts = [prompts[place].whole + label for label in lists[place]]
            body = {
                "model": model,
                "prompt": texts,
                "max_tokens": 1,
                "echo": True,
                "logprobs": 1,
                "temperature": 0,
            }
            return self._post(
                "/completions", body, lambda answer: _read_scores(answer, texts, length_normalised)
            )

        return probabilities(self._map(one, len(prompts)))

    def generate(
        self,
        prompts: Sequence[Prompt],
        *,
        max_new_tokens: int,
        schema: JsonSchema | None = None,
        adapter: str | None = None,
    ) -> list[Generation]:
        """One answer per prompt, in order; with `schema`, one that the server breaks is asked for again.

        Raises: TransientError where the server does not answer, or not by the schema.
        """
        node = None if schema is None else parse_schema(schema)
        model = self._model(adapter)

        def one(place: int) -> Generation:
            body: dict[str, Any] = {
                "model": model,
                "messages": [{"role": "user", "content": prompts[place].whole}],
                "max_tokens": max_new_tokens,
                "temperature": 0,
            }
            if schema is not None:
                inner = {"name": "answer", "strict": True, "schema": schema}
                body["response_format"] = {"type": "json_schema", "json_schema": inner}
            return self._post("/chat/completions", body, lambda answer: _read_answer(answer, node))

        return self._map(one, len(prompts))

    def _model(self, adapter: str | None) -> str:
        if adapter is None:
            return self._options.model
        if adapter not in self._options.adapters:
            known = ", ".join(self.adapters) or "none"
            message = (
                f"adapter={adapter!r} is not known; known adapters: {known}; add it or ask for one of these"
            )
            raise TelcollmError(message)
        return self._options.adapters[adapter]

    def _map(self, one: Callable[[int], T], count: int) -> list[T]:
        with self._lock:
            self._usage += Usage(calls=1, prompts=count)
        if not count:
            return []
        with ThreadPoolExecutor(min(self._options.concurrency, count)) as pool:
            return list(pool.map(one, range(count)))

    def _post(self, path: str, body: dict[str, Any], read: Callable[[dict[str, Any]], T]) -> T:
        """What `read` makes of the server's answer, after as many attempts as it takes and may.

        Raises: TransientError when the attempts are used up; TelcollmError where asking again cannot help.
        """
        reason = ""
        for attempt in range(self._options.attempts):
            if attempt:
                self._sleep(min(self._options.first_wait_s * 2 ** (attempt - 1), _MAX_WAIT_S))
            started = time.perf_counter()
            try:
                answer = self._request(path, body)
                self._count(answer, time.perf_counter() - started)
                return read(answer)
            except urllib.error.HTTPError as error:
                with error:
                    said = error.read(500).decode(errors="replace").strip()
                reason = f"status {error.code}: {said}"
                if error.code not in _RETRIED:
                    message = (
                        f"model server {self._options.base_url}{path} refused the request ({reason}); a "
                        "request it accepts is needed; check model name, key and prompt length"
                    )
                    raise TelcollmError(message) from error
            except (OSError, ValueError) as error:  # no connection, a time-out, half an answer, no JSON
                reason = f"{type(error).__name__}: {error}"
        message = (
            f"model server {self._options.base_url}{path} gave no usable answer in {self._options.attempts} "
            f"attempts (last: {reason}); a running OpenAI-compatible server is needed; start it or try later"
        )
        raise TransientError(message)

    def _request(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        if self._options.api_key:
            headers["Authorization"] = f"Bearer {self._options.api_key}"
        url = self._options.base_url.rstrip("/") + path
        request = urllib.request.Request(url, json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=self._options.timeout_s) as reply:
                answer = json.loads(reply.read())
        except http.client.HTTPException as error:
            raise _UnusableAnswerError(reason=f"{type(error).__name__}: {error}") from error
        if not isinstance(answer, dict):
            raise _UnusableAnswerError(reason=f"{type(answer).__name__} where an object was expected")
        return answer

    def _count(self, answer: dict[str, Any], seconds: float) -> None:
        usage = answer.get("usage") or {}
        tokens_in, tokens_out = int(usage.get("prompt_tokens", 0)), int(usage.get("completion_tokens", 0))
        with self._lock:
            self._usage += Usage(
                tokens_in=tokens_in,
                tokens_computed=tokens_in,
                tokens_out=tokens_out,
                forward_batches=1,
                forward_s=seconds,
            )


def _read_answer(answer: dict[str, Any], node: Node | None) -> Generation:
    try:
        choice = answer["choices"][0]
        text = choice["message"]["content"]
        usage = answer.get("usage") or {}
        value = None if node is None else json.loads(text)
        if node is not None:
            check_value(node, value)
        elif not isinstance(text, str):
            raise _UnusableAnswerError(reason=f"content is {text!r}")
        return Generation(
            text=text,
            value=value,
            tokens_in=int(usage.get("prompt_tokens", 0)),
            tokens_out=int(usage.get("completion_tokens", 0)),
            finish_reason="length" if choice.get("finish_reason") == "length" else "stop",
        )
    except (LookupError, TypeError, AttributeError, TelcollmError) as error:
        raise _UnusableAnswerError(reason=f"not the answer asked for ({error})") from error


def _read_scores(answer: dict[str, Any], texts: Sequence[str], length_normalised: bool) -> list[float]:
    """Log-likelihood of each text from where they part; with `length_normalised`, its mean per token."""
    try:
        choices = sorted(answer["choices"], key=lambda choice: choice["index"])
        read = [_prompt_tokens(choice["logprobs"], text) for choice, text in zip(choices, texts, strict=True)]
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        message = (
            f"the model server gives no log-probabilities of a prompt ({type(error).__name__}: {error}); "
            "scoring needs /completions with echo and logprobs, as vLLM and SGLang have it; use such a "
            "server or the engine 'torch'"
        )
        raise TelcollmError(message) from error
    tokens = [[token for token, _ in one] for one in read]
    # Texts begin alike: what they share cancels, and summing it would only add the server's rounding.
    shared = common_length(tokens) if len(tokens) > 1 else 0
    sums = [[value for _, value in one[shared:]] for one in read]
    return [sum(values) / (len(values) if length_normalised and values else 1) for values in sums]


def _prompt_tokens(logprobs: dict[str, Any], text: str) -> list[tuple[str, float]]:
    """Tokens of the text with their log-probability, that of the very first taken as 0."""
    echoed = []
    for token, value, offset in zip(
        logprobs["tokens"], logprobs["token_logprobs"], logprobs["text_offset"], strict=True
    ):
        if offset < len(text):  # what comes after was generated
            echoed.append((token, 0.0 if value is None else float(value)))
    if "".join(token for token, _ in echoed)[-len(text) :] != text:
        wrong = "the prompt is not echoed"
        raise ValueError(wrong)
    return echoed
