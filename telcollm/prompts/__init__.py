"""How records are written for a language model: `listing` for a diagnosis by letters, `window` for deciders.

It holds names only, so that callers need not know which module has which.
"""

from telcollm.prompts.candidates import CANDIDATES_VERSION, NONE_OF_THESE, write_candidates
from telcollm.prompts.hints import Hint, kpi_hint, line_shape, log_hint, place_hint, work_hint
from telcollm.prompts.listing import PROMPT_VERSION, choice_names, in_prompt_order, window_prompt
from telcollm.prompts.numbers import NUMBER, number_of, window_numbers
from telcollm.prompts.window import (
    RENDERINGS,
    WINDOW_VERSION,
    WindowFacts,
    object_numbers,
    one_line,
    render_window,
)

__all__ = [
    "CANDIDATES_VERSION",
    "NONE_OF_THESE",
    "NUMBER",
    "PROMPT_VERSION",
    "RENDERINGS",
    "WINDOW_VERSION",
    "Hint",
    "WindowFacts",
    "choice_names",
    "in_prompt_order",
    "kpi_hint",
    "line_shape",
    "log_hint",
    "number_of",
    "object_numbers",
    "one_line",
    "place_hint",
    "render_window",
    "window_numbers",
    "window_prompt",
    "work_hint",
    "write_candidates",
]
