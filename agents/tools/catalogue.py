"""The one list of tools: name, what it says of itself, what it takes, and the function behind it.

Does not know runs or budgets (`agents.tools.toolbox`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import msgspec

from agents.tools import (
    alarms,
    changes,
    customers,
    incidents,
    kpis,
    logs,
    lookups,
    network,
    proposals,
    similar,
)
from agents.tools import arguments as takes
from agents.tools.answer import ToolAnswer
from agents.tools.sources import Finding, Sources


class ToolDescription(msgspec.Struct, frozen=True):
    """A tool as a model is told of it; `parameters` is a JSON schema. `acts`: one that only proposes."""

    name: str
    description: str
    parameters: dict[str, Any]
    acts: bool = False


@dataclass(frozen=True)
class Tool:
    """One tool: it either finds or proposes."""

    name: str
    description: str
    arguments: type[takes.Arguments]
    finds: Callable[[Sources, Any], Finding] = lambda sources, asked: Finding(None, "")
    proposes: Callable[[Sources, Any], ToolAnswer[Any]] | None = None

    @property
    def described(self) -> ToolDescription:
        """The tool as a model is told of it."""
        schema = msgspec.json.schema(self.arguments)
        inner = dict(schema["$defs"][self.arguments.__name__])
        inner.pop("title", None)
        inner.pop("description", None)
        return ToolDescription(self.name, self.description, inner, acts=self.proposes is not None)


def _proposal(action: str) -> Callable[[Sources, Any], ToolAnswer[Any]]:
    return lambda sources, asked: proposals.propose(sources, action, asked)


_LIST: Final = (
    Tool(
        "alarms",
        "Alarms raised on network elements, or within some links of them, over an interval, with counts by "
        "problem, object and severity.",
        takes.AroundObjects,
        alarms.find_alarms,
    ),
    Tool(
        "kpi_history",
        "One KPI of one element over at most a week, each sample beside the KPI's own normal: the same hour "
        "of the weeks before.",
        takes.OfKpi,
        kpis.find_kpi_history,
    ),
    Tool(
        "kpi_deviations",
        "Every KPI of some elements over at most a week against its own normal, the most unusual first.",
        takes.OverInterval,
        kpis.find_kpi_deviations,
    ),
    Tool(
        "log_templates",
        "The shapes of log lines that elements wrote over an interval, with numbers and identifiers masked; "
        "shapes that are new against the interval before come first.",
        takes.OverInterval,
        logs.find_log_templates,
    ),
    Tool(
        "path",
        "A shortest path between two elements in the topology as it was at an instant.",
        takes.BetweenObjects,
        network.find_path,
    ),
    Tool(
        "neighbours",
        "The elements within some links of one, as the topology was at an instant, the nearest first.",
        takes.NearObject,
        network.find_neighbours,
    ),
    Tool(
        "changes",
        "Planned work and tickets of type change on elements, or within some links, over an interval, "
        "which may lie in the future.",
        takes.AroundObjects,
        changes.find_changes,
    ),
    Tool(
        "incidents",
        "Incidents by element, interval and state, the latest first.",
        takes.OfIncidents,
        incidents.find_incidents,
    ),
    Tool(
        "diagnosis",
        "One incident with its latest diagnosis and its alarms.",
        takes.OfIncident,
        incidents.find_diagnosis,
    ),
    Tool(
        "similar_incidents",
        "Past incidents with like problems, types of elements and neighbourhoods, and what solved them.",
        takes.OfIncident,
        similar.find_similar,
    ),
    Tool(
        "open_tickets", "Open trouble tickets about elements.", takes.OverObjects, changes.find_open_tickets
    ),
    Tool(
        "customers",
        "The services that need an element (ride on it, are fed by it, or are cut off without it), and the "
        "customers who have them.",
        takes.OverObjects,
        customers.find_customers,
    ),
    Tool(
        "causes",
        "What is known from history to bring problems about, and what they bring about themselves.",
        takes.OfProblems,
        lookups.find_causes,
    ),
    Tool(
        "knowledge",
        "Passages of runbooks, manuals and past tickets that answer a question, each with its citation.",
        takes.Question,
        lookups.find_knowledge,
    ),
    Tool(
        "restart_cell",
        "Propose to restart a cell. Nothing is done: a person must approve.",
        takes.Act,
        proposes=_proposal("restart_cell"),
    ),
    Tool(
        "roll_back_change",
        "Propose to take a change back. Nothing is done: a person must approve.",
        takes.Act,
        proposes=_proposal("roll_back_change"),
    ),
    Tool(
        "dispatch_technician",
        "Propose to send a technician to an element. Nothing is done: a person must approve.",
        takes.Act,
        proposes=_proposal("dispatch_technician"),
    ),
    Tool(
        "send_reply",
        "Propose to send a text into a customer's conversation. Nothing is sent: a person must approve.",
        takes.Message,
        proposes=_proposal("send_reply"),
    ),
)

TOOLS: Final[Mapping[str, Tool]] = MappingProxyType({tool.name: tool for tool in _LIST})
"""Every tool by name."""
