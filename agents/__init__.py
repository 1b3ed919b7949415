"""Playbooks that diagnose, route and reply, and the tools they call."""

# The name is a common one: `telcollm` checks by this that no other distribution has taken it.
OWNER = "telcollm"
