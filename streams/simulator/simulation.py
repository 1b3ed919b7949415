"""simulate: a plan becomes a network, what is seen of it, and the truth beside it.

It deliberately does not know tickets, tables or files; nor does anything seen carry a word of the truth.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from streams.replay.row import AlarmRow, AlarmTable, alarm_table
from streams.simulator.background import background_alarms
from streams.simulator.effects import KpiChange, Raised, Written, effects_of
from streams.simulator.fault import Fault
from streams.simulator.kpi import KpiBook
from streams.simulator.log import SeenLog, write_logs
from streams.simulator.observation import AlarmTruth, Copy, SeenAlarm, observe
from streams.simulator.plan import SimulationPlan
from streams.simulator.strike import Rain, Work, draw_rain, draw_strikes
from streams.simulator.topology import Network, build_network
from telcollm.records import (
    PROBABLE_CAUSE_CODES,
    Alarm,
    AlarmType,
    LogLine,
    NotificationType,
    PerceivedSeverity,
    PlannedWork,
    ProbableCause,
    TopologyElement,
)


@dataclass(frozen=True)
class Simulation:
    """A simulated operator. Seen: `alarms`, `copies`, `logs`, `kpis`, `works`, `network`; all else is truth.

    `truths[i]` is the truth of `alarms[i]`, `log_fault_ids[i]` of `logs[i]`; `faults` are in order of start.
    """

    plan: SimulationPlan
    network: Network
    alarms: list[SeenAlarm]
    copies: list[Copy]
    logs: list[SeenLog]
    kpis: KpiBook
    works: list[Work]
    rains: list[Rain]
    faults: list[Fault]
    truths: list[AlarmTruth]
    log_fault_ids: list[str]
    lost: int

    @cached_property
    def fault_of(self) -> dict[str, Fault]:
        """The faults by id."""
        return {fault.fault_id: fault for fault in self.faults}

    def time(self, at_s: float) -> datetime:
        """Return the time `at_s` seconds after the start."""
        return self.plan.origin + timedelta(seconds=at_s)

    def topology(self) -> list[TopologyElement]:
        """Return the network as records."""
        return self.network.records(self.plan.tenant)

    def planned_work(self) -> list[PlannedWork]:
        """Return the announced works as records."""
        elements = self.network.elements
        return [
            PlannedWork(
                tenant=self.plan.tenant,
                region=elements[work.elements[0]].region,
                planned_work_id=f"CHG{number:06d}",
                managed_objects=tuple(elements[item].element_id for item in work.elements),
                start_time=self.time(work.start_s),
                end_time=self.time(work.end_s),
                description=work.description,
            )
            for number, work in enumerate(self.works, start=1)
        ]

    def notifications(self) -> Iterator[Alarm]:
        """Yield every notification as it arrives: raises, clears and copies of both, late ones late."""
        arrivals = [(alarm.reported_s, number, False) for number, alarm in enumerate(self.alarms)]
        for number, alarm in enumerate(self.alarms):
            moment = alarm.cleared_s == alarm.raised_s
            if alarm.clear_reported_s is not None and not moment:
                arrivals.append((alarm.clear_reported_s, number, True))
        arrivals += [
            (copy.reported_s, copy.alarm, copy.clear)
            for copy in self.copies
            if not (copy.clear and self.alarms[copy.alarm].cleared_s == self.alarms[copy.alarm].raised_s)
        ]
        arrivals.sort()
        for at_s, number, clear in arrivals:
            yield self.notification(number, clear=clear, reported_s=at_s)

    def notification(self, number: int, *, clear: bool = False, reported_s: float | None = None) -> Alarm:
        """Return the raise of `alarms[number]`, or its clear; an event is raised and cleared in one."""
        seen = self.alarms[number]
        moment = seen.cleared_s == seen.raised_s
        ended = clear or moment
        cause = seen.probable_cause
        if reported_s is None:
            reported_s = seen.clear_reported_s if clear else seen.reported_s
        code = PROBABLE_CAUSE_CODES.get(cause)
        return Alarm(
            tenant=self.plan.tenant,
            region=seen.region,
            alarm_id=seen.alarm_id,
            source_system_id=seen.source_system_id,
            managed_object=seen.element_id,
            managed_object_type=seen.element_type,
            alarm_raised_time=self.time(seen.raised_s),
            alarm_cleared_time=self.time(seen.cleared_s) if ended and seen.cleared_s is not None else None,
            alarm_reporting_time=None if reported_s is None else self.time(reported_s),
            alarm_type=AlarmType(seen.alarm_type),
            probable_cause=ProbableCause(name=cause if code else "", code=code, vendor="" if code else cause),
            specific_problem=seen.specific_problem,
            perceived_severity=PerceivedSeverity(seen.severity),
            notification_type=(NotificationType.CLEARED_ALARM if clear else NotificationType.NEW_ALARM),
            additional_text=seen.additional_text,
            vendor=seen.vendor,
        )

    def alarm_table(self) -> AlarmTable:
        """Return the alarms as a table that `streams.replay` replays; numbers are places in `alarms`."""
        return alarm_table(
            "simulated",
            [
                AlarmRow(
                    number=number,
                    managed_object=seen.element_id,
                    specific_problem=seen.specific_problem,
                    raised_ms=round(seen.raised_s * 1000),
                    cleared_ms=None if seen.cleared_s is None else round(seen.cleared_s * 1000),
                    alarm_type=seen.alarm_type,
                    probable_cause=seen.probable_cause,
                    severity=seen.severity,
                    source_system_id=seen.source_system_id,
                    additional_text=seen.additional_text,
                )
                for number, seen in enumerate(self.alarms)
            ],
            self.plan.origin,
        )

    def log_lines(self) -> Iterator[LogLine]:
        """Yield the log lines as records, in order of their writing."""
        for seen in self.logs:
            yield LogLine(
                tenant=self.plan.tenant,
                region=seen.region,
                managed_object=seen.element_id,
                logged_time=self.time(seen.logged_s),
                text=seen.text,
                severity=seen.severity,
                facility=seen.facility,
                source_system_id=seen.source_system_id,
                vendor=seen.vendor,
            )


def simulate(plan: SimulationPlan | None = None, *, dialects: Mapping[str, str] | None = None) -> Simulation:
    """Return what a plan makes happen, the default one where none is given: same plan, same bytes.

    `dialects` tells by vendor whose words its elements use, where not its own: what happens and when stays
    the same, alarm by alarm and line by line.
    """
    plan = plan or SimulationPlan()
    network = build_network(plan.elements, plan.seed)
    rains = draw_rain(plan, tuple(dict.fromkeys(element.region for element in network.elements)))
    strikes, works = draw_strikes(network, plan, rains)
    faults: list[Fault] = []
    raised: list[Raised] = []
    changes: list[KpiChange] = []
    written: list[Written] = []
    for strike in strikes:
        effects = effects_of(network, plan, strike)
        faults.append(effects.fault)
        raised += effects.raised
        changes += effects.changes
        written += effects.written
    raised += background_alarms(network, plan)
    fault_ids = [fault.fault_id for fault in faults]
    seen = observe(network, plan, raised, fault_ids, dialects)
    logs = write_logs(network, plan, written, fault_ids, dialects)
    return Simulation(
        plan=plan,
        network=network,
        alarms=seen.alarms,
        copies=seen.copies,
        logs=logs.lines,
        kpis=KpiBook(network, plan, changes),
        works=works,
        rains=rains,
        faults=faults,
        truths=seen.truths,
        log_fault_ids=logs.fault_ids,
        lost=seen.lost,
    )
