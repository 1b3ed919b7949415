"""The cause graph that the suite's variants use: learned from alarms of the training period alone.

Alarms of the unseen dialect, and of faults that only ever test, are left out. Deliberately does not know
what the graph is used for.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from benchmarks.scenarios.incidents.stream import Row, shelved_places
from benchmarks.scenarios.suite import Tell
from streams.simulator.windows import WindowPlan
from telcollm.graph import CauseGraph
from telcollm.topology import Topology


def learned_graph(
    rows: Sequence[Row],
    topology: Topology,
    plan: WindowPlan,
    *,
    unseen_vendor: str,
    left_out: Collection[str],
    tell: Tell,
) -> CauseGraph:
    """Return the graph of the alarms in `rows` that no desk had shelved; `left_out` are alarm ids."""
    from streams.causes.history import alarm_history
    from streams.causes.learning import learn

    shelved = shelved_places(rows, plan)
    kept = [
        row
        for place, row in enumerate(rows)
        if place not in shelved and row["vendor"] != unseen_vendor and row["alarm_id"] not in left_out
    ]
    links = [
        (name, link.target)
        for name, element in topology.elements.items()
        for link in element.links
        if link.target in topology.elements
    ]
    history = alarm_history(
        "simulated, training period",
        [row["specific_problem"] for row in kept],
        [row["element_id"] for row in kept],
        [row["raised_time"].timestamp() for row in kept],
        [float("nan") if row["cleared_time"] is None else row["cleared_time"].timestamp() for row in kept],
        links=links,
    )
    return learn(history, progress=tell)
