"""Tools: typed look-ups that an agent's statements must rest on. None changes anything.

A tool answers exactly one of: found, nothing found (with what was searched), failed, needs approval.
"""

from agents.tools.answer import ToolAnswer, ToolBudget, ToolCall, ToolStatus
from agents.tools.evidence import alarms_by_id, topology_path
from agents.tools.toolbox import Toolbox

__all__ = [
    "ToolAnswer",
    "ToolBudget",
    "ToolCall",
    "ToolStatus",
    "Toolbox",
    "alarms_by_id",
    "topology_path",
]
