"""Telemetry beside alarms: KPI samples and log lines. Does not know what is normal for either."""

from __future__ import annotations

from telcollm.records.record import Identifier, Record, UtcTime
from telcollm.records.vocabulary import Mode


class KpiSample(Record, frozen=True):
    """One measured value of one KPI on one object; the unit is the end of `kpi` (`prb_utilisation_ratio`)."""

    managed_object: Identifier
    kpi: Identifier
    sampled_time: UtcTime
    value: float
    granularity_s: int = 0
    source_system_id: str = ""
    mode: Mode = Mode.LIVE


class LogLine(Record, frozen=True):
    """One line a network element wrote; `text` is untrusted."""

    managed_object: Identifier
    logged_time: UtcTime
    text: str
    severity: str = ""
    facility: str = ""
    source_system_id: str = ""
    vendor: str = ""
    mode: Mode = Mode.LIVE
