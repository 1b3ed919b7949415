"""Not there yet."""

from __future__ import annotations

from agents.tools.arguments import OverObjects
from agents.tools.sources import Finding, Sources
from telcollm.errors import TelcollmError


def find_customers(sources: Sources, asked: OverObjects) -> Finding:
    """Not there yet."""
    message = "this tool is not there yet"
    raise TelcollmError(message)
