"""A simulated operator, and the small generated network that the demo replays; both with known causes."""

from streams.simulator.network import TRUE_EDGES, Generated, generate

__all__ = ["TRUE_EDGES", "Generated", "generate"]
