"""What happened, on one axis of time: alarms from raise to clear by object, changes, KPIs beside it.

Does not know where the records come from. Texts of theirs are data of the chart, never part of its code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import altair as alt

from dashboards.charts.colours import SEVERITIES
from dashboards.charts.drawing import drawn
from dashboards.plain import line
from telcollm.records import PlannedWork
from telcollm.state import AlarmState

MOST_OBJECTS: Final = 15
MOST_SERIES: Final = 6
UNUSUAL: Final = 3.5
"""From how many robust standard deviations on a sample is marked, as `agents.tools.normal` has it."""

_RANKS: Final = (6, 5, 4, 3, 2)


def _utc(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _wall(time: datetime, zone: Any) -> str:
    # Without a zone a browser shows the time as it stands: that of the reader, whatever the machine's.
    return time.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")


def timeline(
    alarms: Sequence[AlarmState],
    changes: Sequence[PlannedWork],
    *,
    opened: datetime,
    until: datetime,
    zone: Any,
    words: dict[str, str],
    severities: dict[int, str],
) -> Any:
    """Return the alarms of the objects that have most of them, and changes on any, as bars over time.

    `words` names what is shown: object, problem, raised, cleared, severity, change, opened, still.
    """
    counts = Counter(one.managed_object for one in alarms)
    first: dict[str, int] = {}
    for one in alarms:
        first[one.managed_object] = min(first.get(one.managed_object, one.raised_ms), one.raised_ms)
    chosen = [name for name, _ in counts.most_common(MOST_OBJECTS)]
    chosen.sort(key=lambda name: (first[name], name))
    rows = [
        {
            "object": line(one.managed_object, 60),
            "problem": line(one.problem, 80),
            "from": _wall(_utc(one.raised_ms), zone),
            "to": _wall(_utc(one.cleared_ms) if one.cleared_ms else until, zone),
            "cleared": _wall(_utc(one.cleared_ms), zone) if one.cleared_ms else words["still"],
            "severity": severities.get(one.severity, ""),
        }
        # The worse is drawn over the less bad: on one object they share a bar's place.
        for one in sorted(alarms, key=lambda one: one.severity)
        if one.managed_object in first and one.managed_object in chosen
    ]
    works = [
        {
            "object": line(name, 60),
            "problem": line(work.description, 120),
            "from": _wall(work.start_time, zone),
            "to": _wall(work.end_time, zone),
        }
        for work in changes
        for name in work.managed_objects[:MOST_OBJECTS]
    ]
    order = [line(name, 60) for name in chosen]
    order += [row["object"] for row in works if row["object"] not in order]
    across = alt.Y("object:N", sort=order, title=None, axis=alt.Axis(labelLimit=220, labelOverlap=False))
    moment = alt.X("from:T", title=None, axis=alt.Axis(format="%H:%M", labelOverlap=True, tickCount=8))
    bars = (
        drawn(rows)
        .mark_bar(height=9, cornerRadius=2, minBandSize=3)
        .encode(
            x=moment,
            x2="to:T",
            y=across,
            color=alt.Color(
                "severity:N",
                title=None,
                scale=alt.Scale(
                    domain=[severities[rank] for rank in _RANKS],
                    range=[SEVERITIES[rank] for rank in _RANKS],
                ),
                legend=alt.Legend(orient="top"),
            ),
            tooltip=[
                alt.Tooltip("object:N", title=words["object"]),
                alt.Tooltip("problem:N", title=words["problem"]),
                alt.Tooltip("severity:N", title=words["severity"]),
                alt.Tooltip("from:T", title=words["raised"], format="%Y-%m-%d %H:%M:%S"),
                alt.Tooltip("cleared:N", title=words["cleared"]),
            ],
        )
    )
    rule = (
        drawn([{"from": _wall(opened, zone), "what": words["opened"]}])
        .mark_rule(strokeDash=[4, 3], color="#546e7a")
        .encode(x="from:T", tooltip=[alt.Tooltip("what:N", title=" ")])
    )
    layers = [rule, bars]
    if works:
        layers.insert(
            0,
            drawn(works)
            .mark_bar(height=18, color="#7b1fa2", opacity=0.25)
            .encode(
                x=moment,
                x2="to:T",
                y=across,
                tooltip=[
                    alt.Tooltip("object:N", title=words["object"]),
                    alt.Tooltip("problem:N", title=words["change"]),
                ],
            ),
        )
    return alt.layer(*layers).properties(height=24 * len(order) + 100).interactive(bind_y=False)


def kpi_chart(histories: Sequence[Any], *, opened: datetime, zone: Any, words: dict[str, str]) -> Any:
    """Return one small chart a `KpiHistory` over the same time, beside its normal; None without samples.

    Samples far from normal are marked. `words` names what is shown: time, value, normal, deviation.
    """
    charts = []
    for history in [one for one in histories if one.items][:MOST_SERIES]:
        summary = history.summary
        rows = [
            {
                "at": _wall(one.sampled_time, zone),
                "value": one.value,
                "normal": one.normal,
                "deviation": one.deviation,
                "unusual": one.deviation is not None and abs(one.deviation) >= UNUSUAL,
            }
            for one in history.items
        ]
        plot = drawn(rows)
        moment = alt.X("at:T", title=None, axis=alt.Axis(format="%H:%M", tickCount=6))
        scale = alt.Scale(zero=False)
        value = alt.Y("value:Q", title=None, scale=scale, axis=alt.Axis(tickCount=3))
        usual = plot.mark_line(color="#43a047", strokeDash=[5, 4]).encode(
            x=moment, y=alt.Y("normal:Q", title=None, scale=scale)
        )
        found = plot.mark_line(color="#1565c0").encode(x=moment, y=value)
        points = plot.mark_point(filled=True, opacity=1).encode(
            x=moment,
            y=value,
            color=alt.condition("datum.unusual", alt.value("#c62828"), alt.value("#1565c0")),
            size=alt.condition("datum.unusual", alt.value(70), alt.value(18)),
            tooltip=[
                alt.Tooltip("at:T", title=words["time"], format="%Y-%m-%d %H:%M"),
                alt.Tooltip("value:Q", title=words["value"], format=",.4~g"),
                alt.Tooltip("normal:Q", title=words["normal"], format=",.4~g"),
                alt.Tooltip("deviation:Q", title=words["deviation"], format="+.1f"),
            ],
        )
        rule = (
            drawn([{"at": _wall(opened, zone)}])
            .mark_rule(strokeDash=[4, 3], color="#546e7a")
            .encode(x="at:T")
        )
        title = line(f"{summary.managed_object} · {summary.kpi}", 80)
        charts.append(alt.layer(rule, usual, found, points).properties(height=170, title=title))
    if not charts:
        return None
    return alt.vconcat(*charts).resolve_scale(x="shared") if len(charts) > 1 else charts[0]
