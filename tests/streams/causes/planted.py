"""A small network whose causes are known, because they were planted."""

from __future__ import annotations

from functools import cache

import numpy as np

from streams.causes.evidence import PairEvidence, gather
from streams.causes.history import AlarmHistory, alarm_history

NAMES = ("power", "link", "clock", "door", "fan")
TRUE_EDGES = (("power", "link"), ("link", "clock"))
LINKS = [(f"site-{place}", f"site-{place + 1}") for place in range(0, 10, 2)]


def planted_history(
    *, seed: int = 1, alarms: int = 500, name: str = "planted", causes: bool = True
) -> AlarmHistory:
    """Return alarms of five types on ten sites in linked pairs; TRUE_EDGES hold where `causes`, else none."""
    random = np.random.default_rng(seed)
    span_s = 400_000.0
    rows: list[tuple[str, int, float]] = []

    def raise_alarm(kind: str, site: int, raised_s: float) -> None:
        rows.append((kind, site, raised_s))
        if not causes:
            return
        for cause, effect in TRUE_EDGES:
            if cause == kind and random.random() < 0.7:
                where = site if random.random() < 0.5 else site ^ 1
                raise_alarm(effect, where, raised_s + 1 + random.exponential(20.0))

    for kind in NAMES:
        for _ in range(alarms // len(NAMES)):
            raise_alarm(kind, int(random.integers(10)), float(random.uniform(0, span_s)))
    return alarm_history(
        name,
        [row[0] for row in rows],
        [f"site-{row[1]}" for row in rows],
        [row[2] for row in rows],
        links=LINKS,
    )


@cache
def planted_evidence(*, causes: bool = True) -> PairEvidence:
    """Return the evidence of `planted_history`, gathered once for all tests."""
    return gather(planted_history(alarms=300, causes=causes))
