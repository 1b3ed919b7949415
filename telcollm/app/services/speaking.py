"""Asking models only while they may speak. Does not know what is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from telcollm.app.workplace import Workplace

T = TypeVar("T")


def spoken(workplace: Workplace, ask: Callable[[bool], T]) -> T:
    """Return `ask(True)`, where models may be asked; `ask(False)`, by rules alone, while they are stopped.

    What was asked of models before they were stopped and came back after is not given out: it is asked anew.
    """
    if workplace.switch.stopped():
        return ask(False)
    answer = ask(True)
    return ask(False) if workplace.switch.stopped() else answer
