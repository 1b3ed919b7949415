"""Degradation: what the worker leaves out, step by step, while it is behind, and when it takes it up again.

Pure: the level follows from the lag and the level before. Does not know what is left out.
"""

from __future__ import annotations

from enum import IntEnum

from telcollm.settings import StreamSettings


class Level(IntEnum):
    """How far the worker has cut back; each level includes those before it."""

    FULL = 0
    COALESCED = 1
    SHORT_PROMPTS = 2
    RULES_ONLY = 3


DESCRIPTIONS = {
    Level.FULL: "everything is done",
    Level.COALESCED: "an incident is told once a batch",
    Level.SHORT_PROMPTS: "prompts are shorter and batches larger",
    Level.RULES_ONLY: "graph and rules only; no model is asked",
}


def next_level(level: Level, lag: int, settings: StreamSettings) -> Level:
    """Return the level for a lag in records: up at a limit, down again below half of it.

    >>> next_level(Level.FULL, 25_000, StreamSettings()).name
    'COALESCED'
    >>> next_level(Level.COALESCED, 15_000, StreamSettings()).name
    'COALESCED'
    >>> next_level(Level.COALESCED, 9_000, StreamSettings()).name
    'FULL'
    """
    limits = {
        Level.COALESCED: settings.coalesce_lag,
        Level.SHORT_PROMPTS: settings.short_prompt_lag,
        Level.RULES_ONLY: settings.rules_only_lag,
    }
    reached = max((step for step, limit in limits.items() if lag >= limit), default=Level.FULL)
    if reached >= level:
        return reached
    held = max(
        (step for step, limit in limits.items() if step <= level and lag >= limit / 2), default=Level.FULL
    )
    return max(reached, held)
