"""Not there yet."""

from __future__ import annotations

from agents.tools.arguments import OfKpi, OverInterval
from agents.tools.sources import Finding, Sources
from telcollm.errors import TelcollmError


def find_kpi_history(sources: Sources, asked: OfKpi) -> Finding:
    """Not there yet."""
    message = "this tool is not there yet"
    raise TelcollmError(message)


def find_kpi_deviations(sources: Sources, asked: OverInterval) -> Finding:
    """Not there yet."""
    message = "this tool is not there yet"
    raise TelcollmError(message)
