"""Kafka sources and sinks, decoding, alarm life, windows, correlation, replay and the worker loop."""

# The name is a common one: `telcollm` checks by this that no other distribution has taken it.
OWNER = "telcollm"
