"""What was measured of models: figures by version, and whether confidences mean what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import altair as alt

from dashboards.charts.drawing import drawn


def over_time(
    versions: Sequence[tuple[str, datetime, Mapping[str, float]]],
    figures: Sequence[str],
    *,
    words: dict[str, str],
    names: dict[str, str],
) -> Any:
    """Return the figures, in 0 to 1, of each version in the order given, a line each."""
    rows = [
        {"version": version, "figure": names[figure], "value": measured[figure]}
        for version, _, measured in versions
        for figure in figures
        if figure in measured
    ]
    return (
        drawn(rows)
        .mark_line(point=True)
        .encode(
            x=alt.X("version:O", sort=[version for version, _, _ in versions], title=words["version"]),
            y=alt.Y("value:Q", title=None, scale=alt.Scale(domain=[0, 1])),
            color=alt.Color("figure:N", title=None, legend=alt.Legend(orient="top")),
            tooltip=[
                alt.Tooltip("version:O", title=words["version"]),
                alt.Tooltip("figure:N", title=" "),
                alt.Tooltip("value:Q", title=words["value"], format=".3f"),
            ],
        )
        .properties(height=220)
    )


def calibration(bins: Sequence[Mapping[str, Any]], *, words: dict[str, str]) -> Any:
    """Return the share of right answers by confidence, beside the diagonal on which both are equal."""
    rows = [
        {"confidence": float(one["confidence"]), "right": float(one["accuracy"]), "rows": int(one["rows"])}
        for one in bins
    ]
    across = alt.X("confidence:Q", title=words["confidence"], scale=alt.Scale(domain=[0, 1]))
    up = alt.Y("right:Q", title=words["right"], scale=alt.Scale(domain=[0, 1]))
    diagonal = (
        drawn([{"confidence": 0, "right": 0}, {"confidence": 1, "right": 1}])
        .mark_line(strokeDash=[4, 3], color="#90a4ae")
        .encode(x=across, y=up)
    )
    found = (
        drawn(rows)
        .mark_line(point=True, color="#1565c0")
        .encode(
            x=across,
            y=up,
            tooltip=[
                alt.Tooltip("confidence:Q", title=words["confidence"], format=".2f"),
                alt.Tooltip("right:Q", title=words["right"], format=".2f"),
                alt.Tooltip("rows:Q", title=" "),
            ],
        )
    )
    return alt.layer(diagonal, found).properties(height=260)
