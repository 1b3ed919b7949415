"""A small generated network with known causes: the seed of the network simulator to come."""

from streams.simulator.network import TRUE_EDGES, Generated, generate

__all__ = ["TRUE_EDGES", "Generated", "generate"]
