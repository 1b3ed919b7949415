"""The port to a language model: two verbs, always in batches.

It does not know which engine answers, how a record becomes a prompt, or what a choice means.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, Protocol, TypedDict, runtime_checkable

import numpy as np
import numpy.typing as npt

from telcollm.errors import TelcollmError

FloatArray = npt.NDArray[np.float64]
"""Probabilities and log-likelihoods, whatever precision the engine computes in."""

Choices = Sequence[str] | Sequence[Sequence[str]]
"""One list of labels for all prompts, or one list per prompt."""

JsonSchema = dict[str, Any]
JsonValue = Any
FinishReason = Literal["stop", "length"]


class ChatMessage(TypedDict):
    """One turn of a chat, as `render_chat` takes it."""

    role: Literal["system", "user", "assistant"]
    content: str


class PromptTooLongError(TelcollmError):
    """A prompt does not fit the model's context; the caller shortens it and asks again.

    `index` is the place of the prompt in the call.
    """

    def __init__(self, index: int, tokens: int, limit_tokens: int) -> None:
        super().__init__(
            f"prompt {index} has {tokens} tokens; at most {limit_tokens} fit this model; "
            "shorten the prompt or set the engine's overlong policy to 'cut_middle'"
        )
        self.index = index
        self.tokens = tokens
        self.limit_tokens = limit_tokens


@dataclass(frozen=True, slots=True)
class Prompt:
    """Rendered text to be continued: `shared` is a prefix that many prompts begin with, `text` the rest.

    The model reads `shared + text`, exactly as written: whoever renders the prompt decides between chat
    and plain form. `shared` changes no answer; it only tells the engine what to compute once.
    """

    text: str
    shared: str = ""

    @property
    def whole(self) -> str:
        """The text as the model reads it."""
        return self.shared + self.text


@dataclass(frozen=True, slots=True)
class Generation:
    """One answer of `generate`: `value` is the decoded JSON where a schema was given, else None."""

    text: str
    value: JsonValue = None
    tokens_in: int = 0
    tokens_out: int = 0
    finish_reason: FinishReason = "stop"


@dataclass(frozen=True, slots=True)
class Usage:
    """Counters since the engine was opened; the difference of two is the cost of what lay between.

    `tokens_in` counts every token of every prompt and choice as asked, `tokens_computed` those that went
    through the model (a shared prefix counts once), `tokens_out` the tokens generated.
    """

    calls: int = 0
    prompts: int = 0
    tokens_in: int = 0
    tokens_computed: int = 0
    tokens_out: int = 0
    forward_batches: int = 0
    forward_s: float = 0.0

    def __sub__(self, other: Usage) -> Usage:
        return Usage(**{f.name: getattr(self, f.name) - getattr(other, f.name) for f in fields(Usage)})

    def __add__(self, other: Usage) -> Usage:
        return Usage(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(Usage)})


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Which weights answer: what an audit needs to fetch the same ones again.

    `sha256` is that of the file the weights came from; `dtype` and `device` are empty until loaded.
    """

    name: str
    source: str
    licence: str = "unknown"
    sha256: str = ""
    revision: str = ""
    dtype: str = ""
    device: str = ""


@runtime_checkable
class LanguageModel(Protocol):
    """A causal language model that scores choices and generates text, in batches.

    Calls may come from several threads; an engine runs them one after the other where it must.
    """

    @property
    def name(self) -> str:
        """The name it was opened by."""
        ...

    @property
    def info(self) -> ModelInfo:
        """Which weights answer."""
        ...

    @property
    def usage(self) -> Usage:
        """A snapshot of the counters."""
        ...

    @property
    def adapters(self) -> tuple[str, ...]:
        """The adapters that may be asked for by name, sorted."""
        ...

    def count_tokens(self, text: str) -> int:
        """Tokens in the text, as this model counts them."""
        ...

    def render_chat(self, messages: Sequence[ChatMessage]) -> str:
        """One prompt text of the turns, in this model's form, ending where the assistant's answer begins."""
        ...

    def score(
        self,
        prompts: Sequence[Prompt],
        choices: Choices,
        *,
        adapter: str | None = None,
        length_normalised: bool = False,
        deciding: bool = False,
    ) -> FloatArray:
        """Probabilities of shape (prompts, choices); each row sums to 1.

        A choice's weight is the log-likelihood of its whole label after the prompt (its mean per token
        where `length_normalised`), by softmax over the prompt's choices. Where each prompt has a list of
        its own, rows are padded with 0 to the longest list. In a list in which one choice begins another,
        every choice is scored with a closing newline, so that the shorter does not win by being shorter.
        With `deciding` a label counts up to the token that sets it apart from all others: an adapter that was
        trained on the labels has nothing left to say after it, and it is several times cheaper. An engine
        that pays nothing for whole labels may take them whole.

        Raises: PromptTooLongError; TransientError where a server does not answer; TelcollmError for an
        adapter that is not known and for an empty or repeated choice.
        """
        ...

    def generate(
        self,
        prompts: Sequence[Prompt],
        *,
        max_new_tokens: int,
        schema: JsonSchema | None = None,
        adapter: str | None = None,
    ) -> list[Generation]:
        """One answer per prompt, in order, always the likeliest token (the same call gives the same text).

        With `schema`, `text` is JSON that satisfies it, whatever the weights; `max_new_tokens` then
        bounds the free text inside it.

        Raises: PromptTooLongError; TransientError; TelcollmError for an adapter or schema it cannot serve.
        """
        ...


def choices_per_prompt(prompts: int, choices: Choices) -> list[tuple[str, ...]]:
    r"""One tuple of choices per prompt, whichever form was given, closed by newlines where `score` says so.

    >>> choices_per_prompt(2, ["yes", "no"])
    [('yes', 'no'), ('yes', 'no')]
    >>> choices_per_prompt(1, [["BTS-1", "BTS-12"]])
    [('BTS-1\n', 'BTS-12\n')]

    Raises: TelcollmError where a list is empty, a choice is empty or repeated, or the numbers differ.
    """
    if isinstance(choices, str):
        message = f"choices={choices!r} is one string; give a list of labels, or one list per prompt"
        raise TelcollmError(message)
    if all(isinstance(choice, str) for choice in choices):
        return [_closed(tuple(str(choice) for choice in choices))] * prompts
    if len(choices) != prompts:
        message = (
            f"{len(choices)} lists of choices came for {prompts} prompts; give one list for all or one each"
        )
        raise TelcollmError(message)
    return [_closed(tuple(labels)) for labels in choices]


@functools.lru_cache(maxsize=256)
def _closed(labels: tuple[str, ...]) -> tuple[str, ...]:
    if not labels or "" in labels:
        message = f"choices={list(labels)!r} must be at least one label and none empty; drop the empty ones"
        raise TelcollmError(message)
    if len(set(labels)) != len(labels):
        message = f"choices={list(labels)!r} must differ from each other; remove the repeated ones"
        raise TelcollmError(message)
    # In sorted order, a label that begins any other begins the one right after it.
    ordered = sorted(labels)
    if any(after.startswith(before) for before, after in itertools.pairwise(ordered)):
        return tuple(label + "\n" for label in labels)
    return labels


def probabilities(log_likelihoods: Sequence[Sequence[float]]) -> FloatArray:
    """Softmax of each row, padded with 0 to the longest: shape (rows, longest row).

    >>> probabilities([[0.0, 0.0], [-3.0]]).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    width = max((len(row) for row in log_likelihoods), default=0)
    table = np.zeros((len(log_likelihoods), width))
    for place, row in enumerate(log_likelihoods):
        logits = np.asarray(row, dtype=np.float64)
        weights = np.exp(logits - logits.max())
        table[place, : len(row)] = weights / weights.sum()
    return table
