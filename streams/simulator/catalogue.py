"""The catalogue: every kind of fault by name, and what may be asked of all of them.

It deliberately does not know how often faults really come: shares are relative and made up.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from streams.simulator.kind import Complaint, FaultKind, KpiEffect, LogRule, Place
from streams.simulator.kinds import access, core, ip, power, radio, transport

FAULT_KINDS: Final[Mapping[str, FaultKind]] = MappingProxyType(
    {kind.name: kind for domain in (power, transport, ip, radio, core, access) for kind in domain.KINDS}
)
"""Every kind of fault by name; `planned_outage` is no fault but announced work."""

PLANNED_OUTAGE: Final = "planned_outage"

TEAMS: Final = tuple(
    sorted(
        {
            team
            for kind in FAULT_KINDS.values()
            for team in (kind.team, kind.partner_team, kind.after_work_team)
            if team
        }
    )
)
"""Every team that repairs anything."""

__all__ = [
    "FAULT_KINDS",
    "PLANNED_OUTAGE",
    "TEAMS",
    "Complaint",
    "FaultKind",
    "KpiEffect",
    "LogRule",
    "Place",
]
