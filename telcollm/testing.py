"""A scripted language model for tests: deterministic, instant, without weights.

It does not know language: unless a rule says otherwise, its answers are drawn from a hash of what was asked,
the same on every machine and in every process.
"""

from __future__ import annotations

import hashlib
import json
import math
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from telcollm.errors import TelcollmError, TransientError
from telcollm.model.port import (
    ChatMessage,
    Choices,
    FloatArray,
    Generation,
    JsonSchema,
    JsonValue,
    ModelInfo,
    Prompt,
    Usage,
    choices_per_prompt,
    probabilities,
)
from telcollm.model.schema import Array, Node, Number, Object, OneOf, check_value, parse_schema

ScoreRule = Callable[[Prompt, Sequence[str]], Sequence[float]]
"""Weights of the choices, any non-negative scale; they are divided by their sum."""

AnswerRule = Callable[[Prompt], JsonValue]
"""The text to answer with or, where a schema was given, the value."""


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One call as it came, so that a test can say what was asked."""

    verb: str
    prompts: tuple[Prompt, ...]
    choices: tuple[tuple[str, ...], ...] = ()
    adapter: str | None = None


class ScriptedModel:
    """A `LanguageModel` whose answers follow rules, else a stable hash of prompt, choice and adapter.

    `fail_at` holds the numbers of the calls (the first is 1) that raise TransientError; a failed call is
    recorded and counted as well. A token is four UTF-8 bytes, rounded up.

    >>> model = ScriptedModel(score_rule=lambda prompt, choices: [c in prompt.text for c in choices])
    >>> model.score([Prompt("power lost")], ["power", "fibre"]).tolist()
    [[1.0, 0.0]]
    """

    def __init__(
        self,
        *,
        score_rule: ScoreRule | None = None,
        answer_rule: AnswerRule | None = None,
        adapters: Collection[str] = (),
        fail_at: Collection[int] = (),
        name: str = "scripted",
    ) -> None:
        self._score_rule = score_rule
        self._answer_rule = answer_rule
        self._adapters = tuple(sorted(adapters))
        self._fail_at = frozenset(fail_at)
        self._name = name
        self._usage = Usage()
        self._lock = threading.Lock()
        self.calls: list[ModelCall] = []
        """Every call so far, in order."""

    @property
    def name(self) -> str:
        """The name it was made with."""
        return self._name

    @property
    def info(self) -> ModelInfo:
        """A source no weights have."""
        return ModelInfo(name=self._name, source="scripted", licence="Apache-2.0", device="none")

    @property
    def usage(self) -> Usage:
        """A snapshot of the counters; nothing is ever forwarded, so seconds stay 0."""
        return self._usage

    @property
    def adapters(self) -> tuple[str, ...]:
        """The adapter names it was made with, sorted."""
        return self._adapters

    def count_tokens(self, text: str) -> int:
        """UTF-8 bytes over four, rounded up."""
        return math.ceil(len(text.encode()) / 4)

    def render_chat(self, messages: Sequence[ChatMessage]) -> str:
        """Each turn as `role: content` on a line, then `assistant:`."""
        return "".join(f"{turn['role']}: {turn['content']}\n" for turn in messages) + "assistant:"

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

        Raises: TransientError at the calls of `fail_at`; TelcollmError as the port says.
        """
        lists = choices_per_prompt(len(prompts), choices)
        self._record(ModelCall("score", tuple(prompts), tuple(lists), adapter))
        texts = [self.count_tokens(label) for labels in lists for label in labels]
        self._count(prompts, tokens_in=sum(texts), tokens_out=0)
        del length_normalised, deciding  # a scripted weight belongs to the label, not to its tokens
        return probabilities(
            [self._row(prompt, labels, adapter) for prompt, labels in zip(prompts, lists, strict=True)]
        )

    def generate(
        self,
        prompts: Sequence[Prompt],
        *,
        max_new_tokens: int,
        schema: JsonSchema | None = None,
        adapter: str | None = None,
    ) -> list[Generation]:
        """One answer per prompt; free text is cut at `max_new_tokens`, a value is checked by the schema.

        Raises: TransientError at the calls of `fail_at`; TelcollmError where a value breaks the schema.
        """
        node = None if schema is None else parse_schema(schema)
        self._record(ModelCall("generate", tuple(prompts), (), adapter))
        answers = [self._answer(prompt, node, max_new_tokens, adapter) for prompt in prompts]
        self._count(prompts, tokens_in=0, tokens_out=sum(answer.tokens_out for answer in answers))
        return answers

    def _record(self, call: ModelCall) -> None:
        with self._lock:
            self.calls.append(call)
            number = len(self.calls)
            self._usage = replace(self._usage, calls=self._usage.calls + 1)
        if call.adapter is not None and call.adapter not in self._adapters:
            known = ", ".join(self._adapters) or "none"
            message = (
                f"adapter={call.adapter!r} is not loaded; known adapters: {known}; load it or ask for one"
            )
            raise TelcollmError(message)
        if number in self._fail_at:
            message = f"call {number} fails as fail_at={sorted(self._fail_at)} says; retry the call"
            raise TransientError(message)

    def _count(self, prompts: Sequence[Prompt], *, tokens_in: int, tokens_out: int) -> None:
        tokens_in += sum(self.count_tokens(prompt.whole) for prompt in prompts)
        with self._lock:
            self._usage = self._usage + Usage(
                prompts=len(prompts),
                tokens_in=tokens_in,
                tokens_out=tokens_out,
                forward_batches=bool(prompts),
            )

    def _row(self, prompt: Prompt, labels: tuple[str, ...], adapter: str | None) -> list[float]:
        if self._score_rule is None:
            return [4.0 * _fraction(prompt.whole, label, adapter or "") for label in labels]
        weights = [
            float(weight) for weight in self._score_rule(prompt, [label.rstrip("\n") for label in labels])
        ]
        if len(weights) != len(labels) or min(weights) < 0 or not 0 < sum(weights) < math.inf:
            message = (
                f"score_rule gave {weights} for {len(labels)} choices; one finite weight of 0 or more "
                "per choice and a sum above 0 are allowed; correct the rule"
            )
            raise TelcollmError(message)
        return [math.log(weight) if weight else -math.inf for weight in weights]

    def _answer(self, prompt: Prompt, node: Node | None, limit: int, adapter: str | None) -> Generation:
        tokens_in = self.count_tokens(prompt.whole)
        seed = (prompt.whole, adapter or "")
        if node is None:
            text = str(self._answer_rule(prompt)) if self._answer_rule else f"scripted {_digest(*seed)[:8]}"
            cut = text.encode()[: 4 * limit].decode(errors="ignore")
            reason = "stop" if cut == text else "length"
            return Generation(
                cut, None, tokens_in, self.count_tokens(cut), "stop" if reason == "stop" else "length"
            )
        value = self._answer_rule(prompt) if self._answer_rule else _fill(node, seed)
        check_value(node, value)
        text = json.dumps(value, ensure_ascii=False)
        return Generation(text, value, tokens_in, self.count_tokens(text), "stop")


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def _fraction(*parts: str) -> float:
    return int(_digest(*parts)[:12], 16) / 16**12


def _fill(node: Node, seed: tuple[str, ...]) -> JsonValue:
    match node:
        case OneOf(values):
            return values[int(_fraction(*seed) * len(values))]
        case Number(integer, minimum, maximum):
            low = minimum if minimum > -math.inf else min(0.0, maximum)
            high = maximum if maximum < math.inf else max(low + 100.0, low)
            drawn = low + _fraction(*seed) * (high - low)
            return min(max(round(drawn), math.ceil(low)), math.floor(high)) if integer else drawn
        case Array(items, low_items, high_items):
            count = low_items + int(_fraction(*seed) * (min(high_items, low_items + 2) - low_items + 1))
            return [_fill(items, (*seed, str(place))) for place in range(count)]
        case Object(members):
            return {name: _fill(inner, (*seed, name)) for name, inner in members}
        case _:
            drawn_text = f"scripted {_digest(*seed)}"
            return (drawn_text * (1 + node.min_length // len(drawn_text)))[
                : min(node.max_length, max(17, node.min_length))
            ]
