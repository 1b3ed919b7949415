"""SimulationPlan: everything a simulation is a function of.

It deliberately does not know what a good plan is for: `tables` has the plans that data is made with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Final

from streams.simulator.realism_chatter import ChatterPlan
from telcollm.errors import SettingsError

DEFAULT_ORIGIN: Final = datetime(2026, 1, 5, tzinfo=UTC)
"""A Monday."""


@dataclass(frozen=True)
class SimulationPlan:
    """What is simulated. `*_per_day` are for 500 elements and grow with the network; ratios lie in 0-1.

    - `faults_per_day`, `works_per_day`: faults, and announced works, that begin a day;
    - `joined_ratio`: faults that a second one at the same place follows within ten minutes;
    - `unannounced_ratio`: works that nobody announced, so that no planned work covers them;
    - `element_skew`: sigma of the logarithm of how unequally elements are struck (0: all alike);
    - `shares`: by kind, a factor on how often it comes (0 leaves it out);
    - `clarity`: a factor on how likely each complaint of a fault is (below 1: faults show less);
    - `stray_ratio`: a chance, for each fault, of one complaint of a kind it is confused with;
    - `momentary_ratio`: alarms told as events, raised and cleared in the same instant;
    - `flap_ratio`, `flaps`: alarms that come again, up to so many times, within minutes;
    - `missing_ratio`, `missing_clear_ratio`: raises (with their clears) and clears that never arrive;
    - `duplicate_ratio`: notifications that arrive twice;
    - `late_ratio`, `late_s`: notifications that arrive about `late_s` late; others take a second or so;
    - `skew_s`: how far clocks of element managers are off, as a standard deviation; `bad_clock_ratio` of them
      are off by 30 to 90 s;
    - `log_lines_per_day`: lines an element writes a day without a fault;
    - `kpi_granularity_s`: how often KPIs are sampled; `kpi_missing_ratio` of the samples are NaN;
    - `chatter`: alarms without a fault.
    """

    seed: int = 1
    elements: int = 500
    days: float = 30.0
    origin: datetime = DEFAULT_ORIGIN
    tenant: str = "default"
    faults_per_day: float = 190.0
    works_per_day: float = 6.0
    joined_ratio: float = 0.08
    unannounced_ratio: float = 0.15
    element_skew: float = 0.8
    shares: Mapping[str, float] = field(default_factory=dict)
    clarity: float = 1.0
    stray_ratio: float = 0.25
    momentary_ratio: float = 0.1
    flap_ratio: float = 0.05
    flaps: int = 4
    missing_ratio: float = 0.04
    missing_clear_ratio: float = 0.02
    duplicate_ratio: float = 0.01
    late_ratio: float = 0.02
    late_s: float = 240.0
    skew_s: float = 1.0
    bad_clock_ratio: float = 0.03
    log_lines_per_day: float = 12.0
    kpi_granularity_s: int = 900
    kpi_missing_ratio: float = 0.01
    chatter: ChatterPlan = field(default_factory=ChatterPlan)

    def __post_init__(self) -> None:
        """Check what is asked for.

        Raises:
            SettingsError: a value is out of range, or `shares` names no kind.
        """
        from streams.simulator.catalogue import FAULT_KINDS

        bounds: dict[str, tuple[float, float]] = {
            "days": (0.04, 3660.0),
            "elements": (200, 100_000),
            "seed": (0, 2**62),
            "clarity": (0.0, 1.2),
            "kpi_granularity_s": (60, 86_400),
        }
        for item in fields(self):
            if item.name in ("origin", "tenant", "shares", "chatter"):
                continue
            value = getattr(self, item.name)
            least, most = bounds.get(item.name, (0.0, 1.0 if item.name.endswith("_ratio") else 1e6))
            if not least <= value <= most:
                message = (
                    f"{item.name}={value} is out of range; {least:g} to {most:g} is allowed; "
                    "change it in the plan"
                )
                raise SettingsError(message)
        if self.origin.tzinfo is None:
            message = (
                f"origin={self.origin} has no zone; a time with its zone is allowed; "
                "give it one, such as datetime.UTC"
            )
            raise SettingsError(message)
        unknown = sorted(set(self.shares) - set(FAULT_KINDS))
        if unknown:
            message = (
                f"shares names {unknown[0]!r}, which is no kind of fault; {', '.join(FAULT_KINDS)} are "
                "allowed; correct the name"
            )
            raise SettingsError(message)

    @property
    def duration_s(self) -> float:
        """How long is simulated, in seconds."""
        return self.days * 86_400.0
