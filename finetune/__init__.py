"""Data sets, training, evaluation, calibration and promotion of adapters."""

# The name is a common one: `telcollm` checks by this that no other distribution has taken it.
OWNER = "telcollm"
