"""The language model in this process, by PyTorch: any causal LM that transformers reads from a folder.

It does not know what is asked of the model. A batch gives the answers that its prompts give one by one: in
float32 to 1e-4 in every probability, in bfloat16 to `BF16_TOLERANCE`.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from telcollm.errors import SettingsError, TelcollmError
from telcollm.model import generation
from telcollm.model.adapters import Adapters
from telcollm.model.batching import BatchLimits, plan_batches
from telcollm.model.encoding import EncodedPrompt, Encoder, Overlong, Tokens, deciding_beginnings
from telcollm.model.filling import JsonTokens
from telcollm.model.hardware import pick_device, pick_dtype
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
from telcollm.model.quiet import quiet_transformers
from telcollm.model.rows import CausalModel, Rows
from telcollm.model.schema import parse_schema
from telcollm.model.weights import read_info

BF16_TOLERANCE = 0.05
"""Largest difference in a probability between a batch and one by one, in bfloat16, on the embedded base."""

CPU_LIMITS = BatchLimits(token_budget=2048, max_waste_ratio=0.05, max_rows=32)
CUDA_LIMITS = BatchLimits(token_budget=65536, max_waste_ratio=0.2, max_rows=512)
KEPT_PREFIXES = 8
"""Shared prefixes whose keys and values are kept between calls, per engine."""


@dataclass(frozen=True, slots=True)
class TorchOptions:
    """How the engine computes; what is None is chosen for the device.

    `context_tokens` may narrow what the model's own config allows.
    """

    device: str = "auto"
    dtype: str = "auto"
    limits: BatchLimits | None = None
    overlong: Overlong = "raise"
    context_tokens: int | None = None


class TorchEngine:
    """A `LanguageModel` over weights in memory; calls from several threads run one after the other."""

    def __init__(self, model: Any, tokenizer: Any, info: ModelInfo, options: TorchOptions) -> None:
        self._causal = CausalModel(model)
        allowed = int(getattr(self._causal.config, "max_position_embeddings", 0) or 4096)
        if options.context_tokens is not None and not 1 <= options.context_tokens <= allowed:
            message = (
                f"context_tokens={options.context_tokens} is out of range; 1 to {allowed} are allowed for "
                f"{info.name}; correct the setting"
            )
            raise SettingsError(message)
        self._encoder = Encoder(tokenizer, options.context_tokens or allowed, options.overlong)
        self._adapters = Adapters(model, {})
        device: torch.device = model.device
        self._limits = options.limits or (CUDA_LIMITS if device.type == "cuda" else CPU_LIMITS)
        self._info = replace(info, dtype=str(model.dtype).removeprefix("torch."), device=str(device))
        self._end_tokens = _end_tokens(model, tokenizer)
        self._prefixes: OrderedDict[tuple[str | None, Tokens], Rows] = OrderedDict()
        self._json_tokens: JsonTokens | None = None
        self._usage = Usage()
        self._lock = threading.RLock()

    @property
    def name(self) -> str:
        """The name it was opened by."""
        return self._info.name

    @property
    def info(self) -> ModelInfo:
        """Which weights answer, in which precision, where."""
        return self._info

    @property
    def usage(self) -> Usage:
        """A snapshot of the counters."""
        counters = self._causal.counters
        return replace(
            self._usage,
            tokens_computed=counters.tokens,
            forward_batches=counters.batches,
            forward_s=counters.seconds,
        )

    @property
    def adapters(self) -> tuple[str, ...]:
        """Names of the adapters that may be asked for, sorted."""
        return self._adapters.names

    def add_adapter(self, name: str, path: Path) -> None:
        """Make a LoRA adapter known by name; it is read when first asked for.

        Raises: TelcollmError where the folder holds none, or the name belongs to another folder.
        """
        with self._lock:
            self._adapters.add(name, path)

    def count_tokens(self, text: str) -> int:
        """Tokens in the text, without any that mark its beginning."""
        return self._encoder.count(text)

    def render_chat(self, messages: Sequence[ChatMessage]) -> str:
        """One prompt text by the model's chat template, or `Role: content` by lines where it has none."""
        return self._encoder.render_chat(messages)

    def score(
        self,
        prompts: Sequence[Prompt],
        choices: Choices,
        *,
        adapter: str | None = None,
        length_normalised: bool = False,
        deciding: bool = False,
    ) -> FloatArray:
        """Probabilities of shape (prompts, choices), as the port promises."""
        lists = choices_per_prompt(len(prompts), choices)
        with self._lock, torch.no_grad():
            self._adapters.check(adapter)
            encoded = self._encoder.prompts_with_choices(prompts, lists)
            found: list[list[float]] = [[] for _ in prompts]
            for places, rows in self._batches(encoded, adapter):
                tails: list[Sequence[Tokens]] = [encoded[place].tails for place in places]
                if deciding:
                    tails = [deciding_beginnings(own) for own in tails]
                scores = rows.log_likelihoods(tails, self._limits.token_budget)
                for place, own in zip(places, scores, strict=True):
                    found[place] = [sum(one) / (len(one) if length_normalised else 1) for one in own]
            asked = sum(prompt.length + sum(map(len, prompt.tails)) for prompt in encoded)
            self._usage += Usage(calls=1, prompts=len(prompts), tokens_in=asked)
        return probabilities(found)

    def generate(
        self,
        prompts: Sequence[Prompt],
        *,
        max_new_tokens: int,
        schema: JsonSchema | None = None,
        adapter: str | None = None,
    ) -> list[Generation]:
        """One answer per prompt, in order, as the port promises."""
        if max_new_tokens < 1:
            message = f"max_new_tokens={max_new_tokens} must be at least 1; correct the call"
            raise TelcollmError(message)
        node = None if schema is None else parse_schema(schema)
        found: list[Generation | None] = [None] * len(prompts)
        with self._lock, torch.no_grad():
            self._adapters.check(adapter)
            frame = 0 if schema is None else self._encoder.count(str(schema))
            encoded = self._encoder.prompts(prompts, max_new_tokens + frame)
            for places, rows in self._batches(encoded, adapter):
                if node is None:
                    written = generation.write_text(rows, self._end_tokens, max_new_tokens)
                else:
                    written = generation.write_json(
                        rows, node, self._vocabulary(), max_new_tokens, self._limits.token_budget
                    )
                for place, one in zip(places, written, strict=True):
                    found[place] = Generation(
                        text=one.text if node is not None else self._encoder.decode(one.tokens),
                        value=one.value,
                        tokens_in=encoded[place].length,
                        tokens_out=len(one.tokens),
                        finish_reason=one.finish_reason,
                    )
            answers = [answer for answer in found if answer is not None]
            self._usage += Usage(
                calls=1,
                prompts=len(prompts),
                tokens_in=sum(answer.tokens_in for answer in answers),
                tokens_out=sum(answer.tokens_out for answer in answers),
            )
        return answers

    def _batches(
        self, encoded: Sequence[EncodedPrompt], adapter: str | None
    ) -> Iterator[tuple[list[int], Rows]]:
        """Places of prompts that went through the model together, and their rows."""
        groups: dict[Tokens, list[int]] = defaultdict(list)
        for place, prompt in enumerate(encoded):
            groups[prompt.prefix].append(place)
        with self._adapters.using(adapter):
            for prefix, members in groups.items():
                for batch in plan_batches([len(encoded[place].rest) for place in members], self._limits):
                    places = [members[index] for index in batch]
                    rows = self._start(prefix, adapter, len(places))
                    rows.extend([encoded[place].rest for place in places])
                    yield places, rows

    def _start(self, prefix: Tokens, adapter: str | None, count: int) -> Rows:
        if not prefix:
            return Rows.empty(self._causal, count)
        key = (adapter, prefix)
        if key not in self._prefixes:
            rows = Rows.empty(self._causal, 1)
            rows.extend([prefix])
            self._prefixes[key] = rows
            if len(self._prefixes) > KEPT_PREFIXES:
                self._prefixes.popitem(last=False)
        self._prefixes.move_to_end(key)
        return self._prefixes[key].repeat(count)

    def _vocabulary(self) -> JsonTokens:
        if self._json_tokens is None:
            size = int(self._causal.model.get_output_embeddings().weight.shape[0])
            self._json_tokens = JsonTokens(self._encoder, size, self._causal.device)
        return self._json_tokens


def open_torch(
    folder: Path,
    *,
    name: str = "",
    options: TorchOptions | None = None,
    adapters: Mapping[str, Path] | None = None,
) -> TorchEngine:
    """An engine over the weights of a folder: config, tokenizer and safetensors.

    Raises: TelcollmError where transformers cannot read it; SettingsError for a device or dtype.
    """
    import transformers

    options = options or TorchOptions()
    device = pick_device(options.device)
    dtype = pick_dtype(device, options.dtype)
    try:
        with quiet_transformers():
            tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
            model: Any = transformers.AutoModelForCausalLM.from_pretrained(
                folder, dtype=dtype, local_files_only=True, use_safetensors=True, attn_implementation="sdpa"
            )
    except Exception as error:  # whatever a damaged or foreign folder provokes inside transformers
        message = (
            f"model in {folder} cannot be loaded ({type(error).__name__}: {error}); a folder with "
            "config.json, tokenizer and *.safetensors of a causal model is allowed; pull it again or name "
            "another"
        )
        raise TelcollmError(message) from error
    model = model.to(device).eval().requires_grad_(False)
    engine = TorchEngine(model, tokenizer, read_info(folder, name), options)
    for adapter, path in (adapters or {}).items():
        engine.add_adapter(adapter, path)
    return engine


def _end_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    configured = getattr(model.generation_config, "eos_token_id", None)
    ids = configured if isinstance(configured, list) else [configured]
    return frozenset(int(index) for index in [*ids, tokenizer.eos_token_id] if index is not None)
