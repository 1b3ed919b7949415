"""Not there yet."""

from __future__ import annotations

from agents.tools.arguments import OfIncident
from agents.tools.sources import Finding, Sources
from telcollm.errors import TelcollmError


def find_similar(sources: Sources, asked: OfIncident) -> Finding:
    """Not there yet."""
    message = "this tool is not there yet"
    raise TelcollmError(message)
