"""Look-ups that a playbook's claims are checked by: alarms by their ids, and a path link by link.

None changes anything. Does not know what is concluded from its answers.
"""

from __future__ import annotations

from collections.abc import Sequence

from agents.tools.answer import ToolAnswer, ToolStatus
from telcollm.errors import TelcollmError
from telcollm.ports import Scope, Store
from telcollm.state import AlarmState
from telcollm.topology import Topology


def alarms_by_id(store: Store, scope: Scope, alarm_ids: Sequence[str]) -> ToolAnswer[dict[str, AlarmState]]:
    """Return the alarms that exist among the ids, by id."""
    searched = f"{len(alarm_ids)} alarm ids"
    try:
        found = {state.alarm_id: state for state in store.alarm_states(scope, alarm_ids)}
    except TelcollmError as error:
        return ToolAnswer(ToolStatus.FAILED, searched=searched, why=str(error))
    if not found:
        return ToolAnswer(ToolStatus.NOTHING_FOUND, searched=searched)
    return ToolAnswer(ToolStatus.FOUND, found, searched)


def topology_path(
    topology: Topology, source: str, target: str, at_ms: int, max_hops: int = 4
) -> ToolAnswer[tuple[str, ...]]:
    """Return a shortest path between two objects as of event time `at_ms`, checked link by link."""
    searched = f"paths of up to {max_hops} links from {source} to {target} as of {at_ms} ms"
    path = topology.path(source, target, at_ms, max_hops)
    if not path or not topology.holds_path(path, at_ms):
        return ToolAnswer(ToolStatus.NOTHING_FOUND, searched=searched)
    return ToolAnswer(ToolStatus.FOUND, path, searched)
