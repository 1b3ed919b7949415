"""A tuning run on a terminal: stages as lines, the training as one live line with the time left.

Where it is no terminal, progress comes as a line every half minute. Everything goes to standard error, so
that standard output holds the result alone.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

if TYPE_CHECKING:
    from finetune.progress import Progress

_PLAIN_EVERY_S = 30.0


class TuningView:
    """Shows stages and the steps of a training."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._live: Live | None = None
        self._last_s = 0.0

    def __enter__(self) -> TuningView:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def say(self, line: str) -> None:
        """Show that a stage has begun, or what was found."""
        self._stop()
        self._console.print(line, highlight=False, soft_wrap=True, markup=False)

    def progress(self, progress: Progress) -> None:
        """Show how far the training is."""
        if not self._console.is_terminal:
            now_s = time.monotonic()
            if now_s - self._last_s >= _PLAIN_EVERY_S:
                self._last_s = now_s
                self._console.print(
                    "training  " + "  ".join(_words(progress)), highlight=False, soft_wrap=True
                )
            return
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        self._live.update(_line(progress), refresh=True)

    def _stop(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None


def _line(progress: Progress) -> Table:
    left_s = progress.left_s if progress.left_s is not None else 0.0
    whole_s = progress.elapsed_s + left_s
    share = progress.elapsed_s / whole_s if progress.left_s is not None and whole_s > 0 else 0.0
    grid = Table.grid(padding=(0, 2))
    grid.add_row("training", ProgressBar(total=1.0, completed=share, width=24), *_words(progress))
    return grid


def _words(progress: Progress) -> list[str]:
    words = [f"step {progress.step:,}/{progress.steps:,}", f"{progress.tokens_per_s:,.0f} tokens/s"]
    if progress.loss is not None:
        words.append(f"loss {progress.loss:.3f}")
    if progress.validation_accuracy is not None:
        words.append(f"validation {progress.validation_accuracy:.3f}")
    left_s = progress.left_s
    words.append(
        f"{_clock(progress.elapsed_s)} gone" + ("" if left_s is None else f", {_clock(left_s)} left")
    )
    return words


def _clock(seconds: float) -> str:
    """Return a time as a clock shows it.

    >>> _clock(3725.4)
    '1:02:05'
    """
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return (f"{hours}:{minutes:02}" if hours else f"{minutes}") + f":{whole % 60:02}"
