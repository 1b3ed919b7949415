"""How far a training is, how fast, and how long it will take.

Does not print, and does not know what is trained.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_RECENT_STEPS: Final = 20


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of a training: `left_s` is None until a step has been timed.

    `tokens` were computed since the training first began, `tokens_per_s` over the last steps. `loss` is the
    mean over the last steps; validation figures are those of the last evaluation, None before it.
    """

    step: int
    steps: int
    epoch: float
    tokens: int
    tokens_per_s: float
    elapsed_s: float
    left_s: float | None
    loss: float | None = None
    validation_loss: float | None = None
    validation_accuracy: float | None = None


class Pace:
    """Time spent and to be spent: counts on over a kill, from what the last checkpoint had counted.

    `budget_s` of None means that only the steps bound the training.
    """

    def __init__(self, steps: int, budget_s: float | None, now: Callable[[], float] = time.monotonic) -> None:
        self.steps = steps
        self.budget_s = budget_s
        self.tokens = 0
        self._now = now
        self._began = now()
        self._before_s = 0.0
        self._marked_s = 0.0
        self._recent: deque[tuple[float, int, int]] = deque(maxlen=_RECENT_STEPS + 1)
        self._losses: deque[float] = deque(maxlen=_RECENT_STEPS)

    @property
    def elapsed_s(self) -> float:
        """Seconds spent, those before a kill included as far as a checkpoint knew them."""
        return self._before_s + self._now() - self._began

    @property
    def marked_s(self) -> float:
        """Seconds spent at the last mark, by which everything is decided."""
        return self._marked_s

    @property
    def over(self) -> bool:
        """Whether the time budget was spent at the last mark."""
        return self.budget_s is not None and self._marked_s >= self.budget_s

    def mark(self, elapsed_s: float) -> None:
        """Decide by this time until the next mark: processes that train together mark the same."""
        self._marked_s = elapsed_s

    def go_on(self, elapsed_s: float, tokens: int) -> None:
        """Count on from what was spent before."""
        self._before_s, self.tokens = elapsed_s, tokens
        self._marked_s = elapsed_s
        self._began = self._now()

    def fraction(self, step: int) -> float:
        """Return the part of the training that is done, by steps or by time, whichever is further."""
        done = step / max(1, self.steps)
        if self.budget_s is not None:
            done = max(done, self._marked_s / max(self.budget_s, 1e-9))
        return min(1.0, done)

    def count(self, step: int, tokens: int, loss: float) -> None:
        """Note that a step has ended."""
        self.tokens += tokens
        self._recent.append((self._now(), step, self.tokens))
        self._losses.append(loss)

    def progress(self, step: int, epoch: float, validation: tuple[float, float] | None = None) -> Progress:
        """Return where the training is, with the loss and accuracy of the last validation."""
        left_s: float | None = None
        tokens_per_s = 0.0
        if len(self._recent) > 1:
            (began, first, tokens), (ended, last, tokens_now) = self._recent[0], self._recent[-1]
            spent = max(ended - began, 1e-9)
            tokens_per_s = (tokens_now - tokens) / spent
            left_s = spent / (last - first) * (self.steps - step)
        if self.budget_s is not None:
            rest = max(0.0, self.budget_s - self.elapsed_s)
            left_s = rest if left_s is None else min(left_s, rest)
        return Progress(
            step=step,
            steps=self.steps,
            epoch=epoch,
            tokens=self.tokens,
            tokens_per_s=tokens_per_s,
            elapsed_s=self.elapsed_s,
            left_s=left_s,
            loss=sum(self._losses) / len(self._losses) if self._losses else None,
            validation_loss=validation[0] if validation else None,
            validation_accuracy=validation[1] if validation else None,
        )
