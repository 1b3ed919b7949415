"""The Streamlit console: pages and charts over the services in telcollm.app."""

# The name is a common one: `telcollm` checks by this that no other distribution has taken it.
OWNER = "telcollm"
