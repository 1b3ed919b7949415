"""The versioned cut of the topology into neighbourhoods, and neighbourhoods onto partitions.

Does not know Kafka: it maps object names to partition numbers and says which partitions need a copy.
Source: label-free graph growing; real alarm graphs are lumpy, so size is bounded, not the cut's weight.
"""

from __future__ import annotations

from collections import deque
from hashlib import blake2b

from telcollm.topology import Topology


def _stable_hash(name: str) -> int:
    return int.from_bytes(blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


class Cut:
    """Where each object's alarms go: its neighbourhood, its partition, and who needs a copy of them.

    Two objects that are or ever were neighbours in the topology meet in at least one partition.
    """

    def __init__(self, topology: Topology, partitions: int, neighbourhood_size: int) -> None:
        """Grow neighbourhoods of at most `neighbourhood_size` objects, then spread them by size."""
        self.partitions = partitions
        self.neighbourhood_of = _grow(topology, neighbourhood_size)
        sizes: dict[str, int] = {}
        for neighbourhood in self.neighbourhood_of.values():
            sizes[neighbourhood] = sizes.get(neighbourhood, 0) + 1
        loads = [0] * partitions
        self._partition_of: dict[str, int] = {}
        for neighbourhood in sorted(sizes, key=lambda name: (-sizes[name], name)):
            lightest = loads.index(min(loads))
            self._partition_of[neighbourhood] = lightest
            loads[lightest] += sizes[neighbourhood]
        self._targets: dict[str, tuple[int, ...]] = {}
        for name in self.neighbourhood_of:
            home = self.home(name)
            near = {self.home(other) for other in topology.all_neighbours(name)} - {home}
            self._targets[name] = (home, *sorted(near))
        content = repr((partitions, sorted(self.neighbourhood_of.items()), sorted(self._targets.items())))
        self.version = blake2b(content.encode(), digest_size=6).hexdigest()

    def home(self, managed_object: str) -> int:
        """Return the partition that owns the object's alarms; a stable hash where it is unknown."""
        neighbourhood = self.neighbourhood_of.get(managed_object)
        if neighbourhood is None:
            return _stable_hash(managed_object) % self.partitions
        return self._partition_of[neighbourhood]

    def neighbourhood(self, managed_object: str) -> str:
        """Return the object's neighbourhood: itself where the topology does not know it."""
        return self.neighbourhood_of.get(managed_object, managed_object)

    def targets(self, managed_object: str) -> tuple[int, ...]:
        """Return the partitions that must see the object's alarms, its home first."""
        found = self._targets.get(managed_object)
        return (self.home(managed_object),) if found is None else found


def _grow(topology: Topology, size: int) -> dict[str, str]:
    """Return {object: neighbourhood}, each grown breadth first from its first object by name."""
    assigned: dict[str, str] = {}
    for seed in topology.nodes():
        if seed in assigned:
            continue
        frontier = deque([seed])
        taken = 0
        while frontier and taken < size:
            name = frontier.popleft()
            if name in assigned:
                continue
            assigned[name] = seed
            taken += 1
            frontier.extend(near for near in sorted(topology.all_neighbours(name)) if near not in assigned)
    return assigned
