"""How records are written for a language model: `listing` for a diagnosis by letters, `window` for deciders.

It holds names only, so that callers need not know which module has which.
"""

from telcollm.prompts.listing import PROMPT_VERSION, choice_names, in_prompt_order, window_prompt
from telcollm.prompts.window import (
    NONE_OF_THESE,
    RENDERINGS,
    WINDOW_VERSION,
    Hint,
    WindowFacts,
    object_numbers,
    one_line,
    render_window,
    write_candidates,
)

__all__ = [
    "NONE_OF_THESE",
    "PROMPT_VERSION",
    "RENDERINGS",
    "WINDOW_VERSION",
    "Hint",
    "WindowFacts",
    "choice_names",
    "in_prompt_order",
    "object_numbers",
    "one_line",
    "render_window",
    "window_prompt",
    "write_candidates",
]
