"""Benchmarks: how fast telcollm is beside what one would otherwise use. Not part of the package."""
