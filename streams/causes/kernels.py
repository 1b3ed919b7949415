"""What each alarm could have felt of earlier ones: exponentially fading traces, by type, distance and decay.

It deliberately does not know which traces excite anything: `hawkes` weighs them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from streams.causes.history import AlarmHistory

Floats = npt.NDArray[np.float64]

_FADED_PER_S = 1e-12
"""Fainter traces are 0: they explain nothing, and denormal numbers slow every product many times."""


@dataclass(frozen=True)
class Traces:
    """Traces of earlier alarms and how long each kind of trace was exposed to anything that could feel it.

    `felt` (alarms, types, kernels) in 1/s, 32-bit: the sum of exp(-age/decay)/decay over strictly earlier
    alarms of the type at the hop; kernels run over hops, then decays. `exposure` (types, kernels) is the
    integral of each kernel over the rest of the history and over all objects in reach. `delay_s` (kernels,)
    is each kernel's mean delay.
    """

    felt: npt.NDArray[np.float32]
    exposure: Floats
    delay_s: Floats


def onsets(history: AlarmHistory, quiet_s: float) -> AlarmHistory:
    """Return the alarms before which their object was quiet of their type for more than `quiet_s`.

    Repeats of an alarm that goes on tell nothing new of its causes, yet outnumber onsets in many networks.
    With quiet_s=0.0 only exact duplicates (same object, type and time) go.
    """
    order = np.lexsort((history.raised_s, history.types, history.objects))
    objects, types, raised_s = history.objects[order], history.types[order], history.raised_s[order]
    again = (objects[1:] == objects[:-1]) & (types[1:] == types[:-1]) & (np.diff(raised_s) <= quiet_s)
    kept = np.ones(len(history), dtype=bool)
    kept[order[1:][again]] = False
    return history.only(kept)


def neighbours_by_hop(history: AlarmHistory, hops: int) -> list[list[npt.NDArray[np.int64]]]:
    """Return, for hop 0 to `hops`, the objects exactly that far from each object; hop 0 is the object itself.

    Without links only hop 0 is returned: nothing is then known to be near.
    """
    count = len(history.object_names)
    rings = [[np.array([place]) for place in range(count)]]
    if history.links is None or len(history.links) == 0:
        return rings
    adjacent: list[set[int]] = [set() for _ in range(count)]
    for a, b in history.links.tolist():
        adjacent[a].add(b)
        adjacent[b].add(a)
    seen = [{place} for place in range(count)]
    front = [{place} for place in range(count)]
    for _ in range(hops):
        front = [
            {far for near in ring for far in adjacent[near]} - seen[place] for place, ring in enumerate(front)
        ]
        for place in range(count):
            seen[place] |= front[place]
        rings.append([np.array(sorted(ring), dtype=np.int64) for ring in front])
    return rings


def traces(history: AlarmHistory, decays_s: tuple[float, ...], hops: int) -> Traces:
    """Return the traces that every alarm felt; alarms of one instant feel nothing of each other.

    The history must hold at least one alarm.
    """
    rings = neighbours_by_hop(history, hops)
    active, objects_of = np.unique(history.objects, return_inverse=True)
    reach, reach_hops = _reach(rings, active)
    count, kinds, steps = len(history), len(history.type_names), len(decays_s)
    speeds = 1.0 / np.asarray(decays_s, dtype=np.float32)
    felt = np.zeros((count, kinds, len(rings), steps), dtype=np.float32)
    # What reaches an object is kept there, as of the time it was last touched, so that an alarm reads its
    # own object only: alarms are many, neighbours may be too.
    state = np.zeros((len(active), kinds, len(rings), steps), dtype=np.float32)
    touched_s = np.full((len(active), kinds, len(rings)), history.raised_s[0])
    types, objects, raised_s = history.types.tolist(), objects_of.tolist(), history.raised_s.tolist()
    first = 0
    while first < count:
        now = raised_s[first]
        last = first
        while last < count and raised_s[last] == now:
            last += 1
        for place in range(first, last):
            here = objects[place]
            age = (touched_s[here] - now).astype(np.float32)
            np.multiply(state[here], np.exp(age[..., None] * speeds), out=felt[place])
        for place in range(first, last):
            near, hop, kind = reach[objects[place]], reach_hops[objects[place]], types[place]
            age = (touched_s[near, kind, hop] - now).astype(np.float32)
            state[near, kind, hop] = state[near, kind, hop] * np.exp(age[:, None] * speeds) + speeds
            touched_s[near, kind, hop] = now
        first = last
    felt[felt < _FADED_PER_S] = 0.0
    left = 1.0 - np.exp((history.raised_s - raised_s[-1])[:, None] / np.asarray(decays_s))
    exposure = np.zeros((kinds, len(rings) * steps))
    for hop, ring in enumerate(rings):
        # Silent objects count too: an effect that never came there is evidence against the cause.
        width = np.array([len(near) for near in ring], dtype=np.float64)[history.objects]
        for step in range(steps):
            exposure[:, hop * steps + step] = np.bincount(history.types, width * left[:, step], kinds)
    return Traces(felt.reshape(count, kinds, -1), exposure, np.tile(np.asarray(decays_s), len(rings)))


def _reach(
    rings: list[list[npt.NDArray[np.int64]]], active: npt.NDArray[np.int64]
) -> tuple[list[npt.NDArray[np.int64]], list[npt.NDArray[np.int64]]]:
    """Return, for each active object, the active objects in reach (numbered among them) and their hops."""
    number = np.full(len(rings[0]), -1)
    number[active] = np.arange(len(active))
    reach, reach_hops = [], []
    for place in active.tolist():
        near = np.concatenate([ring[place] for ring in rings])
        hop = np.concatenate([np.full(len(ring[place]), hop) for hop, ring in enumerate(rings)])
        kept = number[near] >= 0
        reach.append(number[near[kept]])
        reach_hops.append(hop[kept])
    return reach, reach_hops
