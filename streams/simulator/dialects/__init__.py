"""How each vendor words what elements complain of and log. Knows nothing of faults."""

from __future__ import annotations

from streams.simulator.dialects.dialect import Line, Wording, line, word

__all__ = ["Line", "Wording", "line", "word"]
