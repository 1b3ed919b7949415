"""Faults drawn from the catalogue without a topology, for tests of what is written of them."""

from __future__ import annotations

from random import Random

from streams.simulator.catalogue import FAULT_KINDS
from streams.simulator.fault import Fault, priority_of
from streams.simulator.naming import VENDORS

_REGIONS = ("north", "south", "east", "west", "centre")


def made_faults(count: int, seed: int = 1, days: float = 30.0) -> list[Fault]:
    """As many faults of all kinds, in order of time, each at a site of its own choice among 200."""
    random = Random(f"made faults {seed}")
    kinds = list(FAULT_KINDS.values())
    weights = [kind.share or 1.0 for kind in kinds]
    faults = []
    for number, started_s in enumerate(sorted(random.uniform(0, days * 86_400) for _ in range(count))):
        kind = random.choices(kinds, weights)[0]
        site = f"S{random.randrange(200):04d}"
        element = f"{site}-{random.choice('ABCDEF')}{random.randrange(9)}"
        quiet = kind.customer_effect.startswith("nothing") and random.random() < 0.5
        customers = 0 if quiet else int(10 ** random.uniform(0.3, 4.4))
        classes = tuple(
            name
            for name, odd in (("business", 0.25), ("emergency", 0.08), ("residential", 0.95))
            if customers and random.random() < odd
        )
        third_party = random.random() < 0.25
        after_work = random.random() < kind.work_share
        planned = kind.name == "planned_outage"
        faults.append(
            Fault(
                fault_id=f"F{seed}-{number:05d}",
                kind=kind.name,
                domain=kind.domain,
                element_id=element,
                element_type=kind.strikes[0],
                site_id=site,
                region=random.choice(_REGIONS),
                vendor=random.choice(VENDORS),
                started_s=started_s,
                ended_s=started_s + random.lognormvariate(0, kind.spread) * kind.typical_s,
                team=kind.team_of(third_party_site=third_party, after_planned_work=after_work),
                priority=priority_of(customers, classes, kind.severity),
                severity=kind.severity,
                affected_element_ids=(element, *(f"{site}-{letter}1" for letter in "XYZ")),
                affected_service_ids=(f"svc-{site}",),
                customers=customers,
                service_classes=classes,
                planned=planned,
                after_planned_work=after_work,
                third_party_site=third_party,
                rain=kind.name == "microwave_fading" or random.random() < 0.12,
            )
        )
    return faults
