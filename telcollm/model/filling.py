"""JSON that always satisfies its schema: the frame is written here, only the values are the model's.

It does not know batches: a filler asks for what it needs of its own row, and whoever drives it may serve many
at once. Enums and booleans are chosen by the likelihood of the whole value, strings run until the model
closes them, numbers go digit by digit within their bounds.
"""

from __future__ import annotations

import json
import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from telcollm.model.encoding import Encoder, Tokens
from telcollm.model.port import JsonValue
from telcollm.model.schema import Array, Node, Number, Object, OneOf, Text

MAX_DIGITS = 9
MAX_DECIMALS = 6
_DIGITS = "0123456789"


@dataclass(frozen=True, slots=True)
class Ask:
    """Wants the log-likelihood of each of these continuations."""

    branches: tuple[Tokens, ...]


Request = Tokens | Ask
"""Tokens to append, to be answered with the logits after them; or an Ask, answered with a list of floats."""

Filling = Generator[Request, Any, JsonValue]
_Logits = Generator[Request, Any, torch.Tensor]


class JsonTokens:
    """What the filler must know of the vocabulary: which tokens close a string, a list, a number."""

    def __init__(self, encoder: Encoder, vocabulary_size: int, device: torch.device) -> None:
        self.encoder = encoder
        known = min(len(encoder.tokenizer), vocabulary_size)
        self.texts = encoder.vocabulary(known) + [""] * (vocabulary_size - known)
        self.special = frozenset(encoder.tokenizer.all_special_ids) | frozenset(range(known, vocabulary_size))
        closes = [
            index in self.special or any(mark in '"\\' or mark < " " for mark in text)
            for index, text in enumerate(self.texts)
        ]
        self.closes_text = torch.tensor(closes, device=device)
        stripped = [text.strip() for text in self.texts]
        self.comma = torch.tensor([text.startswith(",") for text in stripped], device=device)
        self.bracket = torch.tensor([text.startswith(("]", "}")) for text in stripped], device=device)
        self.characters = {mark: self._single(mark) for mark in _DIGITS + "-."}

    def _single(self, mark: str) -> int:
        ids = self.encoder.encode(mark)
        return ids[0] if len(ids) == 1 else self.texts.index(mark)


class Filler:
    """One answer being written; `budget` bounds the tokens of its strings together."""

    def __init__(self, tokens: JsonTokens, budget: int) -> None:
        self._tokens = tokens
        self._budget = budget
        self._pending: list[int] = []
        self._last = torch.empty(0)
        self.spent = 0
        """Tokens of free text so far."""
        self.cut = False
        """Whether the budget ended a string or a list."""

    def fill(self, node: Node) -> Filling:
        """One value for the node, by asking for logits and scores on the way."""
        match node:
            case OneOf(values):
                return (yield from self._one_of(values))
            case Text():
                return (yield from self._text(node))
            case Number():
                return (yield from self._number(node))
            case Array():
                return (yield from self._array(node))
            case Object(fields):
                value = {}
                for place, (name, inner) in enumerate(fields):
                    self._write(("{" if place == 0 else ", ") + json.dumps(name, ensure_ascii=False) + ":")
                    value[name] = yield from self.fill(inner)
                self._write("}")
                return value

    def _write(self, text: str) -> None:
        self._pending += self._tokens.encoder.encode(text)

    def _logits(self) -> _Logits:
        if self._pending:
            self._last = yield tuple(self._pending)
            self._pending = []
        return self._last

    def _one_of(self, values: Sequence[Any]) -> Filling:
        labels = [" " + json.dumps(value, ensure_ascii=False) for value in values]
        chosen = 0
        if len(values) > 1:
            yield from self._logits()
            # A comma after each, so that 1 does not win over 12 by being shorter.
            branches = tuple(self._tokens.encoder.encode(label + ",") for label in labels)
            scores: list[float] = yield Ask(branches)
            chosen = scores.index(max(scores))
        self._write(labels[chosen])
        return values[chosen]

    def _text(self, node: Text) -> Filling:
        encoder, tokens = self._tokens.encoder, self._tokens
        self._write(' "')
        ids: list[int] = []
        text = ""
        patience = 4 * node.min_length + 16
        while len(text) < node.max_length:
            short = len(text) < node.min_length
            if self.spent >= self._budget and not short:
                self.cut = True
                break
            if len(ids) > patience and short:
                text += "." * (node.min_length - len(text))
                break
            logits = yield from self._logits()
            token = int((logits.masked_fill(tokens.closes_text, -math.inf) if short else logits).argmax())
            if bool(tokens.closes_text[token]):
                if token not in tokens.special:
                    text += _before_close(tokens.texts[token])
                break
            ids.append(token)
            self._pending.append(token)
            self.spent += 1
            text = encoder.decode(ids).rstrip(
                "\ufffd"
            )  # the first bytes of a character, still without the rest
        self._write('"')
        text = text[: node.max_length]
        return text.strip() if len(text.strip()) >= node.min_length else text

    def _array(self, node: Array) -> Filling:
        self._write(" [")
        items: list[JsonValue] = []
        while len(items) < node.max_items:
            if len(items) >= node.min_items:
                if self.spent >= self._budget:
                    self.cut = True
                    break
                logits = yield from self._logits()
                closes = bool(self._tokens.bracket[int(logits.argmax())])
                if items:
                    likeliest = [logits[kind].max() for kind in (self._tokens.comma, self._tokens.bracket)]
                    closes = bool(likeliest[1] >= likeliest[0])
                if closes:
                    break
            if items:
                self._write(",")
            items.append((yield from self.fill(node.items)))
        self._write("]")
        return items

    def _number(self, node: Number) -> Filling:
        self._write(" ")
        written = ""
        while True:
            following = [mark for mark in _DIGITS + "-." if _can_follow(written, mark, node)]
            if not following:
                break
            logits = yield from self._logits()
            ids = [self._tokens.characters[mark] for mark in following]
            best = int(logits[ids].argmax())
            ends = self._tokens.comma | self._tokens.bracket
            if (
                _is_number(written)
                and _lies_within(written, node)
                and logits[ends].max() >= logits[ids[best]]
            ):
                break
            written += following[best]
            self._pending.append(ids[best])
            self.spent += 1
        value = float(written) if _is_number(written) else 0.0
        value = min(max(value, node.minimum), node.maximum)
        if not node.integer:
            return value
        return min(max(round(value), _ceil(node.minimum)), _floor(node.maximum))


def _before_close(text: str) -> str:
    for place, mark in enumerate(text):
        if mark in '"\\' or mark < " ":
            return text[:place]
    return text


def _ceil(value: float) -> float:
    return math.ceil(value) if math.isfinite(value) else value


def _floor(value: float) -> float:
    return math.floor(value) if math.isfinite(value) else value


def _is_number(written: str) -> bool:
    return written[-1:].isdigit()


def _lies_within(written: str, node: Number) -> bool:
    return node.minimum <= float(written) <= node.maximum


def _can_follow(written: str, mark: str, node: Number) -> bool:
    """Whether some number within the bounds begins with `written + mark`."""
    whole, point, decimals = (written + mark).lstrip("-").partition(".")
    if mark == "-":
        return written == "" and node.minimum < 0
    if mark == ".":
        return not node.integer and point == "." and "." not in written and whole != ""
    if len(decimals) > MAX_DECIMALS or len(whole) > MAX_DIGITS or (len(whole) > 1 and whole[0] == "0"):
        return False
    return any(
        low <= node.maximum and high >= node.minimum
        for low, high in _reach(written + mark, bool(point), node)
    )


def _reach(start: str, has_point: bool, node: Number) -> list[tuple[float, float]]:
    """Intervals of the numbers that begin with `start`, one for each count of digits still to come."""
    sign = -1.0 if start.startswith("-") else 1.0
    size = abs(float(start))
    if has_point:
        step = 10.0 ** -len(start.partition(".")[2])
        spans = [(size, size + step)]
    else:
        more = range(MAX_DIGITS - len(start.lstrip("-")) + 1) if size else range(1)
        spans = [(size * 10**n, (size + 1) * 10**n - (1 if node.integer else 0)) for n in more]
    return [(low, high) if sign > 0 else (-high, -low) for low, high in spans]
