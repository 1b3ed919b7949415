"""The language model: its port, its engines and its weights; torch is imported only when an engine opens."""

from telcollm.model.opening import EngineName, open_model
from telcollm.model.port import (
    ChatMessage,
    Choices,
    FloatArray,
    Generation,
    JsonSchema,
    LanguageModel,
    ModelInfo,
    Prompt,
    PromptTooLongError,
    Usage,
)

__all__ = [
    "ChatMessage",
    "Choices",
    "EngineName",
    "FloatArray",
    "Generation",
    "JsonSchema",
    "LanguageModel",
    "ModelInfo",
    "Prompt",
    "PromptTooLongError",
    "Usage",
    "open_model",
]
