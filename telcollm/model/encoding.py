"""Text to tokens and back: prompts with their shared prefix, choices at the end of a prompt, chats.

It does not know the weights. A prompt and a choice are cut into tokens as one text, as in training, even
where a token spans the place at which they meet.
"""

from __future__ import annotations

import functools
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from telcollm.errors import TelcollmError
from telcollm.model.port import ChatMessage, Prompt, PromptTooLongError

Overlong = Literal["raise", "cut_middle"]
Tokens = tuple[int, ...]

CUT_MARK = " … "
MIN_PREFIX_TOKENS = 16
"""A shorter shared prefix costs less to compute again than to look up."""
_TAIL_CHARS = 400


@dataclass(frozen=True, slots=True)
class EncodedPrompt:
    """One prompt in tokens: `prefix` is the part kept for reuse, `rest` is never empty.

    `tails` are the tokens of each choice after prefix and rest; none for a prompt to generate from.
    """

    prefix: Tokens
    rest: Tokens
    tails: tuple[Tokens, ...] = ()

    @property
    def length(self) -> int:
        """Tokens before any choice."""
        return len(self.prefix) + len(self.rest)


class Encoder:
    """A tokenizer of transformers, with the rules this project needs on top.

    `context_tokens` is what fits the model; a longer prompt raises, or loses the middle of its own text
    (never of the shared prefix) to a mark, as `overlong` says.
    """

    def __init__(self, tokenizer: Any, context_tokens: int, overlong: Overlong = "raise") -> None:
        # A pool of threads inside the tokenizer makes every later fork of the process print a warning.
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        self.tokenizer = tokenizer
        self.context_tokens = context_tokens
        self.overlong = overlong
        self._bos = str(tokenizer.bos_token or "")
        self._start = next((i for i in (tokenizer.bos_token_id, tokenizer.eos_token_id) if i is not None), 0)
        self._adds_bos = bool(self._bos) and self._plain([""], special=True)[0] == [tokenizer.bos_token_id]
        self._tails = functools.lru_cache(maxsize=1024)(self._encode_tails)
        self._shared = functools.lru_cache(maxsize=64)(self._encode_whole)

    def count(self, text: str) -> int:
        """Tokens of the text, without any that mark its beginning."""
        return len(self.encode(text))

    def encode(self, text: str) -> Tokens:
        """Tokens of a piece of text, nothing added."""
        return tuple(self._plain([text], special=False)[0])

    def decode(self, ids: Sequence[int]) -> str:
        """Text of the tokens, special ones left out."""
        return str(
            self.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False)
        )

    def vocabulary(self, size: int) -> list[str]:
        """Text of each single token, special ones written out."""
        return [str(text) for text in self.tokenizer.batch_decode([[index] for index in range(size)])]

    def render_chat(self, messages: Sequence[ChatMessage]) -> str:
        """One prompt text by the tokenizer's chat template; without one, `Role: content` by lines."""
        if getattr(self.tokenizer, "chat_template", None):
            turns = [dict(turn) for turn in messages]
            return str(self.tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))
        return (
            "".join(f"{turn['role'].capitalize()}: {turn['content']}\n\n" for turn in messages) + "Assistant:"
        )

    def prompts(self, prompts: Sequence[Prompt], reserve_tokens: int) -> list[EncodedPrompt]:
        """Each prompt in tokens, with `reserve_tokens` of the context left free for what comes after.

        Raises: PromptTooLongError where one does not fit and may not be cut.
        """
        return [
            self._split(prompt, self._fit(i, prompt, reserve_tokens)[1]) for i, prompt in enumerate(prompts)
        ]

    def prompts_with_choices(
        self, prompts: Sequence[Prompt], choices: Sequence[tuple[str, ...]]
    ) -> list[EncodedPrompt]:
        """Each prompt in tokens, cut where it parts from any of its choices, and the choices from there on.

        Raises: PromptTooLongError as `prompts`; TelcollmError for a choice that the tokenizer drops.
        """
        encoded = []
        for place, (prompt, labels) in enumerate(zip(prompts, choices, strict=True)):
            # A label never has more tokens than bytes.
            text, ids = self._fit(place, prompt, max(len(label.encode()) for label in labels))
            tail = self._tail(text, ids)
            if tail is None:
                tail = (text, ids)
                kept, tails = self._part(ids, [self._encode_whole(text + label) for label in labels], labels)
            else:
                kept, tails = self._tails(*tail, labels)
            stem = ids[: len(ids) - len(tail[1]) + kept]
            if not stem:
                stem = (self._start,)
            split = self._split(prompt, stem)
            encoded.append(EncodedPrompt(split.prefix, split.rest, tails))
        return encoded

    def _fit(self, place: int, prompt: Prompt, reserve_tokens: int) -> tuple[str, Tokens]:
        limit = self.context_tokens - reserve_tokens
        text, ids = prompt.whole, self._encode_whole(prompt.whole) or (self._start,)
        if len(ids) <= limit:
            return text, ids
        head = len(self._shared(prompt.shared)) if prompt.shared else 0
        room = limit - head - self.count(CUT_MARK)
        full = len(ids)
        while self.overlong == "cut_middle" and room > 1:
            offsets = self.tokenizer(
                prompt.text, add_special_tokens=False, return_offsets_mapping=True, verbose=False
            )["offset_mapping"]
            half = room // 2
            text = (
                prompt.shared
                + prompt.text[: offsets[half - 1][1]]
                + CUT_MARK
                + prompt.text[offsets[-half][0] :]
            )
            ids = self._encode_whole(text)
            if len(ids) <= limit:
                return text, ids
            room -= max(2, len(ids) - limit)  # tokens that met at the cut may need one more than before
        raise PromptTooLongError(place, full, limit)

    def _split(self, prompt: Prompt, ids: Tokens) -> EncodedPrompt:
        shared = self._shared(prompt.shared) if prompt.shared else ()
        common = min(common_length((shared, ids)), len(ids) - 1)
        if common < MIN_PREFIX_TOKENS:
            common = 0
        return EncodedPrompt(ids[:common], ids[common:])

    def _tail(self, text: str, ids: Tokens) -> tuple[str, Tokens] | None:
        """Shortest end of the text, from a line break on, whose tokens do not hang on what stands before."""
        cut = text.rfind("\n")
        if cut > 0 and len(text) - cut <= _TAIL_CHARS:
            tail = self._tail_ids(text[cut:])
            if tail and len(tail) < len(ids) and ids[-len(tail) :] == tail:
                return text[cut:], tail
        return None

    @functools.cached_property
    def _tail_ids(self) -> Any:
        return functools.lru_cache(maxsize=256)(self.encode)

    def _encode_tails(
        self, text: str, ids: Tokens, labels: tuple[str, ...]
    ) -> tuple[int, tuple[Tokens, ...]]:
        return self._part(ids, [self.encode(text + label) for label in labels], labels)

    def _part(
        self, ids: Tokens, joined: Sequence[Tokens], labels: tuple[str, ...]
    ) -> tuple[int, tuple[Tokens, ...]]:
        """How many tokens of `ids` stay whatever the label, and each label's tokens after those."""
        kept = common_length((ids, *joined))
        tails = tuple(tokens[kept:] for tokens in joined)
        if not all(tails):
            empty = labels[tails.index(())]
            message = (
                f"choice {empty!r} has no token of its own after the prompt; use labels with visible text"
            )
            raise TelcollmError(message)
        return kept, tails

    def _encode_whole(self, text: str) -> Tokens:
        special = self._adds_bos and not text.startswith(self._bos)
        return tuple(self._plain([text], special=special)[0])

    def _plain(self, texts: Iterable[str], *, special: bool) -> list[list[int]]:
        encoded = self.tokenizer(list(texts), add_special_tokens=special, verbose=False)["input_ids"]
        return [list(ids) for ids in encoded]


def deciding_beginnings(tails: Sequence[Tokens]) -> tuple[Tokens, ...]:
    """Return each row of tokens up to the first that sets it apart from all others.

    >>> deciding_beginnings([(1, 2, 3), (1, 4, 5), (6, 7)])
    ((1, 2), (1, 4), (6,))
    """
    counts = Counter(tail[:length] for tail in tails for length in range(1, len(tail) + 1))
    return tuple(
        tail[: next((length for length in range(1, len(tail)) if counts[tail[:length]] == 1), len(tail))]
        for tail in tails
    )


def common_length(rows: Sequence[Sequence[object]]) -> int:
    """Tokens at the beginning that all rows have in common.

    >>> common_length([(1, 2, 3), (1, 2), (1, 2, 4)])
    2
    """
    shortest = min(len(row) for row in rows)
    for place in range(shortest):
        if len({row[place] for row in rows}) > 1:
            return place
    return shortest
