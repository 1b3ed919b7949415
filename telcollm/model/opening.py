"""One function that opens whichever engine the settings name.

It does not know where the settings come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from telcollm.errors import MissingExtraError, SettingsError
from telcollm.model.port import LanguageModel

EngineName = Literal["torch", "openai", "none"]
"""For settings; `open_model` checks at run time as well."""


def open_model(
    name: str = "smollm2-135m-instruct",
    *,
    engine: str = "torch",
    device: str = "auto",
    dtype: str = "auto",
    adapters: Mapping[str, str | Path] | None = None,
    overlong: Literal["raise", "cut_middle"] = "raise",
    context_tokens: int | None = None,
    cache: Path | None = None,
    base_url: str = "",
    api_key: str = "",
    timeout_s: float = 60.0,
) -> LanguageModel | None:
    """A language model ready to answer, or None for the engine `none`: rules and graph decide alone.

    For `torch`, `name` is a pulled model or a folder, and `adapters` maps names to folders. For `openai`,
    `name` is what the server at `base_url` calls the model, and `adapters` maps names to its names for them.

    Raises: ModelNotPulledError naming the command that pulls it; SettingsError for a setting out of range;
        MissingExtraError where torch is not installed.
    """
    if engine == "none":
        return None
    if engine == "openai":
        from telcollm.model.openai_engine import OpenAIEngine, OpenAIOptions

        served = {key: str(value) for key, value in (adapters or {}).items()}
        return OpenAIEngine(OpenAIOptions(base_url, name, api_key, timeout_s=timeout_s, adapters=served))
    if engine != "torch":
        message = f"engine={engine!r} is not known; torch, openai and none are allowed; set model.engine"
        raise SettingsError(message)
    from telcollm.model.weights import locate

    folder = locate(name, cache)
    try:
        from telcollm.model.torch_engine import TorchOptions, open_torch
    except ImportError as error:
        raise MissingExtraError(package=error.name or "torch", extra="model") from error
    options = TorchOptions(device, dtype, overlong=overlong, context_tokens=context_tokens)
    paths = {key: Path(value) for key, value in (adapters or {}).items()}
    return open_torch(folder, name=name, options=options, adapters=paths)
