"""FaultKind: what a kind of fault does to a network, stated once for every part of the simulator.

It deliberately does not know the topology: places are named by their relation to the element that is struck,
and `places` finds them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from telcollm.records import PerceivedSeverity, TicketPriority

Place = Literal[
    "self",
    "parent",
    "ends",
    "near_end",
    "far_end",
    "peers",
    "site_power",
    "site_environment",
    "site_router",
    "site_baseband",
    "site_radio_units",
    "site_cells",
    "own_cells",
    "own_splitters",
    "downstream_routers",
    "downstream_basebands",
    "downstream_cells",
    "downstream_access",
    "nearby_basebands",
    "nearby_cells",
    "nearby_hops",
    "nearby_power",
    "nearby_splitters",
    "clients",
    "core_peers",
]
"""Where along the topology something is seen, as seen from the element that is struck.

`ends` are both ends of a link, `near_end` the end that is nearer the core. `downstream_*` are those whose
every path to the core passes the struck element; `nearby_*` those of neighbouring sites in the same district;
`clients` the basebands a security gateway serves, `core_peers` the other core functions."""


class Complaint(NamedTuple):
    """An alarm a fault brings about: each element of `place` raises it with `probability`.

    It comes `least_s` to `most_s` after the fault began (never if the fault is over by then), `repeats` times
    up to; it clears with the fault, or after about `lasts_s`.
    """

    symptom: str
    place: Place = "self"
    probability: float = 1.0
    least_s: float = 0.0
    most_s: float = 10.0
    repeats: int = 1
    lasts_s: float | None = None


class KpiEffect(NamedTuple):
    """What a fault does to a KPI: `change` it by a draw between `least` and `most`, from `lead_s` before.

    `scale` multiplies, `add` adds, `set` puts in its place; a `ramp` grows over the fault's life, a `step`
    is whole at once.
    """

    kpi: str
    place: Place
    change: Literal["scale", "add", "set"]
    least: float
    most: float
    shape: Literal["step", "ramp"] = "step"
    lead_s: float = 0.0


class LogRule(NamedTuple):
    """Log lines a fault makes elements of `place` write: up to `repeats` of the template `event`."""

    event: str
    place: Place = "self"
    probability: float = 0.9
    least_s: float = 0.0
    most_s: float = 30.0
    repeats: int = 1


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One kind of fault. `typical_s` is the median of its length, `spread` the sigma of its logarithm.

    `team` repairs it; `partner_team` where the site is a third party's; `after_work_team` where work that
    just ended brought it about (empty: the same team). `customer_effect` is what customers notice, empty for
    nothing. `share` is how often it comes, relative to the others. `work_share` is how likely it follows
    work. `blame` is where its cause is seen, `reach` the least and most share of the sites behind or around
    that it touches; `hours` is when it likes to come (any: no preference).
    """

    name: str
    title: str
    domain: str
    strikes: tuple[str, ...]
    team: str
    priority: TicketPriority
    severity: PerceivedSeverity
    customer_effect: str
    repairs: tuple[str, ...]
    typical_s: float
    complaints: tuple[Complaint, ...]
    kpis: tuple[KpiEffect, ...] = ()
    logs: tuple[LogRule, ...] = ()
    spread: float = 0.6
    share: float = 1.0
    partner_team: str = ""
    after_work_team: str = ""
    work_share: float = 0.0
    confused_with: tuple[str, ...] = ()
    blame: tuple[Place, ...] = ("self",)
    reach: tuple[float, float] = (1.0, 1.0)
    hours: Literal["any", "day", "evening", "night", "rain"] = "any"

    def team_of(self, *, third_party_site: bool, after_planned_work: bool) -> str:
        """Return who repairs it under these facts; work that went wrong outranks the site's owner."""
        if after_planned_work and self.after_work_team:
            return self.after_work_team
        if third_party_site and self.partner_team:
            return self.partner_team
        return self.team
