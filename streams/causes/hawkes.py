"""A topological Hawkes process: how much each type of alarm excites each other, near by and soon after.

It deliberately does not know which excitations count as edges (`selection`), nor any true graph: everything
here, the length of the kernels included, comes from the alarms alone.

Source: Cai, Wu, Qiao, Hao, Zhang, Zhang, "THPs: Topological Hawkes Processes for Learning Causal Structure on
Event Sequences", IEEE TNNLS 2022; here with several decays at once and a baseline per type and object.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from streams.causes.history import AlarmHistory

Floats = npt.NDArray[np.float64]

DECAYS_S = (3.0, 30.0, 300.0)
HOPS = 2


@dataclass(frozen=True)
class Excitation:
    """What a fitted process says of every ordered pair of types, cause in rows, effect in columns.

    `offspring` (types, types) is the expected number of effect alarms that one cause alarm brings about;
    `explained` (types, types) the share of the effect's alarms that the cause explains, 0-1; `lag_s`
    (types, types) the mean delay of the kernel, 0 where nothing is excited.
    """

    offspring: Floats
    explained: Floats
    lag_s: Floats


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
    edge = [{place} for place in range(count)]
    for _ in range(hops):
        edge = [
            set().union(*(adjacent[near] for near in ring)) - seen[place] for place, ring in enumerate(edge)
        ]
        for place in range(count):
            seen[place] |= edge[place]
        rings.append([np.array(sorted(ring), dtype=np.int64) for ring in edge])
    return rings


def excitation_histories(
    history: AlarmHistory, decays_s: tuple[float, ...], hops: int
) -> tuple[Floats, Floats]:
    """Return each alarm's excitation by earlier alarms, and the exposure that each kernel had in all.

    The first is of shape (alarms, types, kernels), kernels running over hops then decays, in 1/s: the sum of
    exp(-age/decay)/decay over strictly earlier alarms of the type at that hop. The second is of shape
    (types, kernels): the kernel's integral over the rest of the history and over all objects in reach.
    """
    rings = neighbours_by_hop(history, hops)
    count, kinds, kernels = len(history), len(history.type_names), len(rings) * len(decays_s)
    decays = np.asarray(decays_s)
    felt = np.zeros((count, kinds, kernels))
    state = np.zeros((len(history.object_names), kinds, len(decays)))
    touched_s = np.full(len(history.object_names), history.raised_s[0] if count else 0.0)
    types, objects, raised_s = history.types.tolist(), history.objects.tolist(), history.raised_s
    start = 0
    while start < count:
        now = raised_s[start]
        stop = start
        while stop < count and raised_s[stop] == now:
            stop += 1
        for place in range(start, stop):
            for hop, ring in enumerate(rings):
                near = ring[objects[place]]
                if len(near):
                    fade = np.exp(-(now - touched_s[near])[:, None] / decays)
                    felt[place, :, hop * len(decays) : (hop + 1) * len(decays)] = np.einsum(
                        "nk,nvk->vk", fade, state[near]
                    )
        for place in range(start, stop):
            here = objects[place]
            state[here] *= np.exp(-(now - touched_s[here]) / decays)
            touched_s[here] = now
            state[here, types[place]] += 1.0 / decays
        start = stop
    left = 1.0 - np.exp(-(raised_s[-1] - raised_s)[:, None] / decays)
    exposure = np.zeros((kinds, kernels))
    for hop, ring in enumerate(rings):
        reach = np.array([len(near) for near in ring], dtype=np.float64)[history.objects]
        for k in range(len(decays)):
            exposure[:, hop * len(decays) + k] = np.bincount(history.types, reach * left[:, k], kinds)
    return felt, exposure


def fit(
    history: AlarmHistory,
    *,
    decays_s: tuple[float, ...] = DECAYS_S,
    hops: int = HOPS,
    rounds: int = 100,
    pseudo_exposure: float = 20.0,
) -> Excitation:
    """Return the excitations that expectation maximisation finds in the history, `rounds` rounds long.

    `pseudo_exposure` is added to the exposure of every kernel (an exponential prior on its excitation), so
    that rare types do not look certain.
    """
    kinds = len(history.type_names)
    felt, exposure = excitation_histories(history, decays_s, hops)
    kernels = exposure.shape[1]
    span_s = max(history.span_s, 1.0)
    offspring, explained, lag = np.zeros((kinds, kinds)), np.zeros((kinds, kinds)), np.zeros((kinds, kinds))
    mean_s = np.tile(np.asarray(decays_s), kernels // len(decays_s))
    weight = exposure.ravel() + pseudo_exposure
    reach = exposure / np.maximum(np.bincount(history.types, minlength=kinds), 1)[:, None]
    for effect in range(kinds):
        rows = history.types == effect
        count = int(rows.sum())
        if count == 0:
            continue
        seen = felt[rows].reshape(count, -1)
        _, home, at_home = np.unique(history.objects[rows], return_inverse=True, return_counts=True)
        alpha = np.full(kinds * kernels, 0.5 * count / max(weight.sum(), 1.0))
        base = 0.5 * at_home / span_s
        for _ in range(rounds):
            own = base[home]
            rate = own + seen @ alpha
            alpha *= (seen.T @ (1.0 / rate)) / weight
            base = np.bincount(home, own / rate, len(base)) / span_s
        share = alpha * (seen.T @ (1.0 / (base[home] + seen @ alpha)))
        by_pair = alpha.reshape(kinds, kernels)
        offspring[:, effect] = (by_pair * reach).sum(axis=1)
        explained[:, effect] = share.reshape(kinds, kernels).sum(axis=1) / count
        mass = by_pair.sum(axis=1)
        lag[:, effect] = np.divide(by_pair @ mean_s, mass, out=np.zeros(kinds), where=mass > 0)
    return Excitation(offspring, explained, lag)
