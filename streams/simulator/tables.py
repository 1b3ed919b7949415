"""A simulated operator as tables: what is seen, decisions to learn, and the truth apart.

Rows come as plain mappings, one table at a time. It deliberately does not know files: `tables_files` writes
them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from hashlib import blake2b
from types import MappingProxyType
from typing import Final

from streams.simulator.fault import Fault
from streams.simulator.messages import WrittenMessage, write_conversations
from streams.simulator.plan import SimulationPlan
from streams.simulator.simulation import Simulation, simulate
from streams.simulator.tables_split import Placed, SplitRule
from streams.simulator.tickets import WrittenTicket, write_tickets
from streams.simulator.windows import Window, WindowPlan, linked_topology, windows_of
from streams.simulator.windows_retold import OTHER_DIALECT, reordered, retold
from streams.simulator.windows_rows import WindowWriter
from telcollm.prompts import WINDOW_VERSION

Row = Mapping[str, object]

PLANS: Final[Mapping[str, SimulationPlan]] = MappingProxyType(
    {
        "default": SimulationPlan(faults_per_day=25.0),
        "training": SimulationPlan(elements=1000, faults_per_day=190.0),
    }
)
"""Plans by name. "default" was tuned to be like a real stream in its hours; "training" has twice the network,
and nearly eight times the faults an element of it would see, so that there are enough of the rare ones."""


@dataclass(frozen=True)
class TablePlan:
    """How tables are made of a simulation: windows, how many without a fault are kept, and who writes.

    `quiet_ratio` of the windows that no fault is behind are kept: there are many, and all alike.
    """

    simulation: SimulationPlan = field(default_factory=lambda: PLANS["default"])
    windows: WindowPlan = field(default_factory=WindowPlan)
    rendering: str = WINDOW_VERSION
    quiet_ratio: float = 0.2
    chinese_ratio: float = 0.4
    tickets_per_fault: float = 1.5


class Tables:
    """The tables of one plan, each made when it is asked for; the same plan gives the same rows."""

    def __init__(self, plan: TablePlan | None = None) -> None:
        self.plan = plan or TablePlan()
        self.rule = SplitRule(self.plan.simulation.duration_s)

    @cached_property
    def simulation(self) -> Simulation:
        """The simulated operator."""
        return simulate(self.plan.simulation)

    @cached_property
    def windows(self) -> list[Window]:
        """The windows in order, those without a fault thinned out."""
        return [
            window
            for window in windows_of(self.simulation, self.plan.windows)
            if window.truth.fault is not None or _share(window.window_id) < self.plan.quiet_ratio
        ]

    @cached_property
    def retold(self) -> Simulation:
        """The same operator, each vendor's elements speaking another one's dialect."""
        return simulate(self.plan.simulation, dialects=OTHER_DIALECT)

    @cached_property
    def tickets(self) -> list[WrittenTicket]:
        """The tickets in order of time, their truth beside them."""
        plan = self.plan
        return write_tickets(
            self.simulation.faults,
            plan.simulation.seed,
            start=plan.simulation.origin,
            tenant=plan.simulation.tenant,
            chinese_ratio=plan.chinese_ratio,
            per_fault=plan.tickets_per_fault,
        )

    @cached_property
    def messages(self) -> list[WrittenMessage]:
        """The turns of all conversations in order of time."""
        plan = self.plan
        return write_conversations(
            self.simulation.faults,
            plan.simulation.seed,
            days=plan.simulation.days,
            start=plan.simulation.origin,
            tenant=plan.simulation.tenant,
            chinese_ratio=plan.chinese_ratio,
        )

    def rows(self, name: str) -> Iterator[Row]:
        """Yield the rows of the table `name` of SEEN, DECISIONS, CHANGED or TRUTH."""
        yield from _MAKERS[name](self)

    def kinds_of(self, fault: Fault) -> tuple[str, ...]:
        """Return the kinds of a fault and of the one it came together with, sorted."""
        joined = self.simulation.fault_of.get(fault.joined_with)
        return tuple(sorted({fault.kind, *((joined.kind,) if joined else ())}))

    def placed(self, fault: Fault) -> Placed:
        """Return where rows of a fault go."""
        return self.rule.place(fault.started_s, (fault.vendor,), self.kinds_of(fault))


def _share(name: str) -> float:
    return int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), "big") / 2**32


def _alarms(tables: Tables) -> Iterator[Row]:
    simulation = tables.simulation
    for seen in simulation.alarms:
        row = seen._asdict()
        for name in ("raised_s", "cleared_s", "reported_s", "clear_reported_s"):
            at_s = row.pop(name)
            row[f"{name[:-2]}_time"] = None if at_s is None else simulation.time(float(at_s))
        yield row


def _logs(tables: Tables) -> Iterator[Row]:
    for seen in tables.simulation.logs:
        row = seen._asdict()
        row["logged_time"] = tables.simulation.time(row.pop("logged_s"))
        yield row


def _topology(tables: Tables) -> Iterator[Row]:
    network = tables.simulation.network
    for element, record in zip(network.elements, linked_topology(tables.simulation), strict=True):
        yield {
            "element_id": record.element_id,
            "element_type": record.element_type,
            "vendor": element.vendor,
            "region": record.region,
            "site_id": network.sites[element.site].site_id if element.site >= 0 else "",
            "links": [link.target for link in record.links],
            "link_kinds": [link.kind for link in record.links],
            "services": list(record.services),
        }


def _planned_work(tables: Tables) -> Iterator[Row]:
    for work in tables.simulation.planned_work():
        yield {
            "planned_work_id": work.planned_work_id,
            "managed_objects": list(work.managed_objects),
            "start_time": work.start_time,
            "end_time": work.end_time,
            "region": work.region,
            "description": work.description,
        }


def _windows(tables: Tables) -> Iterator[Row]:
    yield from _window_rows(tables, tables.simulation, tables.windows)


def _windows_vendors(tables: Tables) -> Iterator[Row]:
    told = [retold(window, tables.retold) for window in tables.windows]
    yield from _window_rows(tables, tables.retold, told)


def _windows_order(tables: Tables) -> Iterator[Row]:
    seed = tables.plan.simulation.seed
    told = [reordered(window, tables.simulation, seed=seed) for window in tables.windows]
    yield from _window_rows(tables, tables.simulation, told)


def _window_rows(tables: Tables, simulation: Simulation, windows: Sequence[Window]) -> Iterator[Row]:
    writer = WindowWriter(simulation, version=tables.plan.rendering)
    for window, original in zip(windows, tables.windows, strict=True):
        fault = window.truth.fault
        vendors = {simulation.alarms[place].vendor for place in window.alarms}
        began_s = window.first_s if fault is None else fault.started_s
        kinds = {*window.truth.combination, *(tables.kinds_of(fault) if fault else ())}
        placed = tables.rule.place(began_s, vendors, kinds)
        row = writer.row(window)
        # Whose fault it was is truth; the label columns are all of it that a row needs.
        row.pop("fault_id")
        # Told in another order it may begin elsewhere, and belongs where it belonged.
        row["region"] = simulation.network.element(original.groups[0].managed_object).region
        row["combination"] = "+".join(sorted(kinds)) or row["combination"]
        yield {
            "window_id": row.pop("window_id"),
            "time": row.pop("time"),
            **placed._asdict(),
            **row,
        }


def _tickets(tables: Tables) -> Iterator[Row]:
    for ticket in tables.tickets:
        record, truth = ticket.record, ticket.truth
        fault = tables.simulation.fault_of[truth.fault_id]
        yield {
            "ticket_id": record.ticket_id,
            "time": record.creation_date,
            **tables.placed(fault)._asdict(),
            "description": record.description,
            "severity": record.severity,
            "reported_type": record.ticket_type,
            "channel": record.channel,
            "region": truth.region,
            "vendor": truth.vendor,
            "language": truth.language,
            "voice": truth.voice,
            "combination": "+".join(tables.kinds_of(fault)),
            "fault_kind": truth.kind,
            "team": truth.team,
            "priority": truth.priority,
            "ticket_type": truth.ticket_type,
        }


def _messages(tables: Tables) -> Iterator[Row]:
    """Yield customers' turns; what the desk said just before each stands beside it."""
    before: dict[str, str] = {}
    began: dict[str, float] = {}
    for message in tables.messages:
        record, truth = message.record, message.truth
        conversation = record.conversation_id
        sent_s = (record.sent_time - tables.plan.simulation.origin).total_seconds()
        began.setdefault(conversation, sent_s)
        if truth is None:
            before[conversation] = record.text
            continue
        fault = tables.simulation.fault_of.get(truth.fault_id)
        placed = tables.rule.place(fault.started_s if fault else began[conversation], (), ())
        desk = {f"desk_{item.name}": getattr(message.desk, item.name) for item in fields(message.desk)}
        yield {
            "message_id": record.message_id,
            "conversation_id": conversation,
            "turn": truth.turn,
            "time": record.sent_time,
            **placed._asdict(),
            "text": record.text,
            "desk_said": before.get(conversation, ""),
            **desk,
            "region": truth.region,
            "language": truth.language,
            "stage": truth.stage,
            "needs_history": truth.needs_history,
            "intent": truth.intent,
            "script": truth.script,
        }


def _true_faults(tables: Tables) -> Iterator[Row]:
    for fault in tables.simulation.faults:
        row = {item.name: getattr(fault, item.name) for item in fields(fault)}
        for name in ("started_s", "ended_s"):
            row[f"{name[:-2]}_time"] = tables.simulation.time(row.pop(name))
        row["priority"], row["severity"] = fault.priority.value, fault.severity.value
        for name in ("affected_element_ids", "affected_service_ids", "service_classes"):
            row[name] = list(row[name])
        yield row


def _true_alarms(tables: Tables) -> Iterator[Row]:
    for truth in tables.simulation.truths:
        row = truth._asdict()
        row["raised_time"] = tables.simulation.time(row.pop("raised_s"))
        yield row


def _true_logs(tables: Tables) -> Iterator[Row]:
    for number, fault_id in enumerate(tables.simulation.log_fault_ids):
        yield {"log": number, "fault_id": fault_id}


def _true_windows(tables: Tables) -> Iterator[Row]:
    for window in tables.windows:
        fault = window.truth.fault
        yield {
            "window_id": window.window_id,
            "fault_id": fault.fault_id if fault else "",
            "root_object": fault.element_id if fault else "",
            "alarm_ids": [tables.simulation.alarms[place].alarm_id for place in window.alarms],
            "fault_ids": sorted(name for name in window.truth.alarms if name),
        }


def _true_tickets(tables: Tables) -> Iterator[Row]:
    for ticket in tables.tickets:
        truth = ticket.truth
        yield {
            "ticket_id": truth.ticket_id,
            "fault_id": truth.fault_id,
            "element_id": truth.element_id,
            "customers": truth.customers,
            "said": list(truth.said),
            "misled_by": list(truth.misled_by),
            "impact_said": truth.impact_said,
        }


def _true_messages(tables: Tables) -> Iterator[Row]:
    for message in tables.messages:
        if message.truth is not None:
            yield {"message_id": message.truth.message_id, "fault_id": message.truth.fault_id}


SEEN: Final = ("topology", "alarms", "logs", "planned_work")
"""What systems of an operator would tell; KPIs are written apart, by series."""

DECISIONS: Final = ("windows", "tickets", "messages")
"""One row is one decision, its labels in the last columns."""

CHANGED: Final = ("windows-vendors", "windows-order")
"""The rows of "windows" told in other vendors' words, and with the alarms of each second in another order.

Same windows, same labels: what a decider must not lose its way in."""

TRUTH: Final = (
    "truth/faults",
    "truth/alarms",
    "truth/logs",
    "truth/windows",
    "truth/tickets",
    "truth/messages",
)

_MAKERS: Final[Mapping[str, Callable[[Tables], Iterator[Row]]]] = MappingProxyType(
    {
        "topology": _topology,
        "alarms": _alarms,
        "logs": _logs,
        "planned_work": _planned_work,
        "windows": _windows,
        "windows-vendors": _windows_vendors,
        "windows-order": _windows_order,
        "tickets": _tickets,
        "messages": _messages,
        "truth/faults": _true_faults,
        "truth/alarms": _true_alarms,
        "truth/logs": _true_logs,
        "truth/windows": _true_windows,
        "truth/tickets": _true_tickets,
        "truth/messages": _true_messages,
    }
)


def sized(
    plan: SimulationPlan, *, days: float | None, elements: int | None, seed: int | None
) -> SimulationPlan:
    """Return the plan with what is given in the place of its own."""
    given: dict[str, float | int | None] = {"days": days, "elements": elements, "seed": seed}
    changes: Sequence[tuple[str, float | int]] = [
        (name, value) for name, value in given.items() if value is not None
    ]
    return replace(plan, **dict(changes))  # type: ignore[arg-type]
