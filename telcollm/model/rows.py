"""Sequences held in a model's key-value cache, side by side, each grown by tokens of its own.

It does not know what the tokens mean. Rows may grow unevenly: holes are masked, positions are counted per
row, so that a row's logits are those it would have alone. Masks are built here, for full and for sliding
attention; models with other kinds of layers are refused when the engine opens.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from telcollm.errors import TelcollmError

HOLE = -1
"""Position of a token that is only padding."""

_LAYERS = {"full_attention", "sliding_attention"}


@dataclass(slots=True)
class Counters:
    """What went through the model."""

    tokens: int = 0
    batches: int = 0
    seconds: float = 0.0


class CausalModel:
    """A causal LM of transformers, seen as one function of tokens, positions, mask and cache."""

    def __init__(self, model: Any) -> None:
        self.model = model
        model.get_output_embeddings().register_forward_pre_hook(_laid_close)
        self.device: torch.device = model.device
        self.config = model.config.get_text_config()
        self.counters = Counters()
        types = set(getattr(self.config, "layer_types", None) or ())
        window = getattr(self.config, "sliding_window", None)
        if types - _LAYERS:
            message = (
                f"{type(model).__name__} has layers {sorted(types - _LAYERS)}; this engine reads models with "
                f"{' and '.join(sorted(_LAYERS))}; serve it by vLLM and use the engine 'openai'"
            )
            raise TelcollmError(message)
        self.types = types or {"sliding_attention" if window else "full_attention"}
        self.window: int | None = window if "sliding_attention" in self.types else None

    def forward(
        self,
        tokens: torch.Tensor,
        positions: torch.Tensor,
        visible: torch.Tensor | None,
        distance: torch.Tensor | None,
        cache: Any,
        logits_to_keep: int | torch.Tensor,
    ) -> torch.Tensor:
        """Logits of shape (rows, kept, vocabulary) of new tokens (rows, queries) after those in the cache.

        `visible` (rows or 1, queries, keys) is None for plain causal attention over an empty cache;
        `distance`, of the same shape, counts positions from key to query.
        """
        mask: Any = None
        if visible is not None:
            mask = {"full_attention": visible[:, None]}
            if self.window is not None and distance is not None:
                mask["sliding_attention"] = (visible & (distance < self.window))[:, None]
            if len(self.types) == 1:
                mask = mask[next(iter(self.types))]
        started = time.perf_counter()
        out = self.model(
            input_ids=tokens,
            position_ids=positions.clamp(min=0),
            attention_mask=mask,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=logits_to_keep,
        )
        logits: torch.Tensor = out.logits
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        self.counters.seconds += time.perf_counter() - started
        self.counters.batches += 1
        return logits


def _laid_close(head: Any, given: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    """Return what a head is given, its states laid one after the other."""
    del head
    # Of long rows only the last states are kept, a view with gaps. A bfloat16 matmul on a CPU takes such a
    # view by a path some seventy times slower; contiguous() does not see the gap of a single row.
    states, *rest = given
    if states.device.type != "cpu" or states.stride(0) == states.shape[1] * states.shape[2]:
        return given
    return (states.clone(memory_format=torch.contiguous_format), *rest)


def new_cache(layers: Sequence[tuple[torch.Tensor, torch.Tensor]] = ()) -> Any:
    """A cache that keeps every key, whatever the layer; it shares the tensors it is given, uncopied."""
    from transformers.cache_utils import DynamicCache, DynamicLayer

    cache = DynamicCache()
    for keys, values in layers:
        layer = DynamicLayer()
        layer.lazy_initialization(keys, values)
        layer.keys, layer.values = keys, values
        cache.layers.append(layer)
    return cache


@dataclass(slots=True)
class Rows:
    """A batch of sequences in the cache: `positions` (rows, keys), a HOLE where a key is padding.

    `logits` (rows, vocabulary) follow each row's last token.
    """

    model: CausalModel
    cache: Any
    positions: torch.Tensor
    lengths: list[int]
    logits: torch.Tensor = field(default_factory=lambda: torch.empty(0))

    @classmethod
    def empty(cls, model: CausalModel, count: int) -> Rows:
        """Rows that hold nothing yet."""
        positions = torch.zeros((count, 0), dtype=torch.long, device=model.device)
        return cls(model, new_cache(), positions, [0] * count)

    def repeat(self, count: int) -> Rows:
        """`count` rows that each begin with this one, which stays as it is; nothing is copied yet."""
        layers = [
            (layer.keys.expand(count, -1, -1, -1), layer.values.expand(count, -1, -1, -1))
            for layer in self.cache.layers
        ]
        return Rows(
            self.model,
            new_cache(layers),
            self.positions.expand(count, -1),
            self.lengths * count,
            self.logits.expand(count, -1),
        )

    def select(self, places: Sequence[int]) -> Rows:
        """Copies of some of the rows, in the order given."""
        index = torch.tensor(places, device=self.positions.device)
        layers = [(layer.keys[index], layer.values[index]) for layer in self.cache.layers]
        lengths = [self.lengths[place] for place in places]
        return Rows(self.model, new_cache(layers), self.positions[index], lengths, self.logits[index])

    def extend(self, tokens: Sequence[Sequence[int]]) -> None:
        """Grow each row by its tokens, which may be none; `logits` then follow the last of each row."""
        width = max(len(row) for row in tokens)
        ids = torch.zeros((len(tokens), width), dtype=torch.long)
        positions = torch.full((len(tokens), width), HOLE, dtype=torch.long)
        for place, row in enumerate(tokens):
            if row:  # padded on the left, so that the last column is the last token of each
                ids[place, -len(row) :] = torch.tensor(row)
                start = self.lengths[place]
                positions[place, -len(row) :] = torch.arange(start, start + len(row))
        self.model.counters.tokens += sum(len(row) for row in tokens)
        ids, positions = ids.to(self.model.device), positions.to(self.model.device)
        visible, distance = self._mask(positions, None)
        logits = self.model.forward(ids, positions, visible, distance, self.cache, 1)[:, 0].float()
        if not all(tokens):
            grown = torch.tensor([bool(row) for row in tokens], device=logits.device)
            logits = torch.where(grown[:, None], logits, self.logits)
        self.logits = logits
        self.positions = torch.cat([self.positions, positions], dim=1)
        self.lengths = [length + len(row) for length, row in zip(self.lengths, tokens, strict=True)]

    def log_likelihoods(
        self, branches: Sequence[Sequence[Sequence[int]]], token_budget: int
    ) -> list[list[list[float]]]:
        """Log-likelihood of each token of each branch of each row; the rows stay as they are.

        The first token of a branch is read off `logits`. The others run side by side in one row, each branch
        blind to the others, at most `token_budget` tokens (rows times longest row) in a forward pass.
        """
        rows = [row for row, own in enumerate(branches) for _ in own]
        firsts = [branch[0] for own in branches for branch in own]
        likely = iter(torch.log_softmax(self.logits, dim=-1)[rows, firsts].tolist())
        scores = [[[next(likely)] for _ in own] for own in branches]
        todo = [[place for place, branch in enumerate(own) if len(branch) > 1] for own in branches]
        while any(todo):
            room = max(1, token_budget // len(branches))
            taken: list[list[int]] = []
            for own, places in zip(branches, todo, strict=True):
                mine: list[int] = []
                while places and (not mine or sum(len(own[p]) - 1 for p in [*mine, places[0]]) <= room):
                    mine.append(places.pop(0))
                taken.append(mine)
            self._score_branches(branches, taken, scores)
        return scores

    def _score_branches(
        self,
        branches: Sequence[Sequence[Sequence[int]]],
        taken: Sequence[Sequence[int]],
        scores: list[list[list[float]]],
    ) -> None:
        width = max(
            sum(len(own[place]) - 1 for place in mine) for own, mine in zip(branches, taken, strict=True)
        )
        ids = torch.zeros((len(branches), width), dtype=torch.long)
        following = torch.zeros_like(ids)
        positions = torch.full_like(ids, HOLE)
        branch_of = torch.full_like(ids, HOLE)
        for row, (own, mine) in enumerate(zip(branches, taken, strict=True)):
            column = 0
            for place in mine:
                branch, start = own[place], self.lengths[row]
                end = column + len(branch) - 1
                ids[row, column:end] = torch.tensor(branch[:-1])
                following[row, column:end] = torch.tensor(branch[1:])
                positions[row, column:end] = torch.arange(start, start + len(branch) - 1)
                branch_of[row, column:end] = place
                column = end
            self.model.counters.tokens += column
        device = self.model.device
        ids, following = ids.to(device), following.to(device)
        positions, branch_of = positions.to(device), branch_of.to(device)
        visible, distance = self._mask(positions, branch_of)
        fork = new_cache([(layer.keys, layer.values) for layer in self.cache.layers])
        logits = self.model.forward(ids, positions, visible, distance, fork, 0)
        likely = logits.gather(-1, following[..., None])[..., 0].float() - torch.logsumexp(
            logits.float(), dim=-1
        )
        found = likely.cpu().tolist()
        for row, (own, mine) in enumerate(zip(branches, taken, strict=True)):
            column = 0
            for place in mine:
                scores[row][place] += found[row][column : column + len(own[place]) - 1]
                column += len(own[place]) - 1

    def _mask(
        self, positions: torch.Tensor, branch_of: torch.Tensor | None
    ) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        """Which keys each new token sees and how far back they lie; None for plain causal attention."""
        keys = torch.cat([self.positions, positions], dim=1)
        full = self.window_matters(keys)
        if (
            self.positions.shape[1] == 0
            and branch_of is None
            and not full
            and not bool((positions == HOLE).any())
        ):
            return None, None
        if bool((keys == keys[:1]).all()) and branch_of is None:
            keys, positions = keys[:1], positions[:1]  # all rows alike: one mask serves them
        distance = positions[:, :, None] - keys[:, None, :]
        visible = (keys != HOLE)[:, None, :] & (distance >= 0)
        if branch_of is not None:
            stem = torch.zeros_like(self.positions, dtype=torch.bool)
            other = branch_of[:, :, None] != branch_of[:, None, :]
            visible &= ~torch.cat([stem[:, None, :].expand(-1, other.shape[1], -1), other], dim=2)
        # Padding must see something: attention over nothing is not a number, which would spread.
        visible |= (positions == HOLE)[:, :, None]
        return visible, distance

    def window_matters(self, keys: torch.Tensor) -> bool:
        """Whether some key lies outside a sliding window."""
        return self.model.window is not None and int(keys.max()) >= self.model.window
