"""The seam to Altair, whose marks are not typed. Does not know what is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt


def drawn(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Return an Altair chart of the rows, which is to be given its mark."""
    data: Any = alt.Data
    return alt.Chart(data(values=list(rows)))
