"""The clock of the machine. Does not know who asks for the time, nor what for."""

from __future__ import annotations

import time


class SystemClock:
    """The real time: only entry points hand it out."""

    def now_ms(self) -> int:
        """Return wall-clock time in ms since the Unix epoch."""
        return time.time_ns() // 1_000_000

    def monotonic_s(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()
