"""What would act, as proposals: typed, for a person to approve; kept nowhere, and nothing is carried out.

Does not know who approves, nor how anything is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from agents.tools.answer import ToolAnswer, ToolStatus
from agents.tools.arguments import Act, ArgumentError, Message
from agents.tools.found import Proposal
from agents.tools.network import known
from agents.tools.sources import Sources


class Action(NamedTuple):
    """What an action would do, in words, on what, and whether the same means undo it."""

    effect: str
    on: str
    reversible: bool


ACTIONS: Final[Mapping[str, Action]] = MappingProxyType(
    {
        "restart_cell": Action("the cell is out of service for minutes; its calls drop", "element", False),
        "roll_back_change": Action("the change's configuration is taken back", "change", True),
        "dispatch_technician": Action("a technician is sent to the site", "element", True),
        "send_reply": Action("the text reaches the customer and cannot be taken back", "conversation", False),
    }
)
"""Every action that may be proposed."""


def propose(sources: Sources, action: str, asked: Act) -> ToolAnswer[Proposal]:
    """Return the proposal, which needs a person's approval; what it is about must be there.

    Raises:
        ArgumentError: the target is not known within the caller's scope.
    """
    what = ACTIONS[action]
    _check_target(sources, what.on, action, asked.target)
    proposal = Proposal(
        action=action,
        target=asked.target,
        reason=sources.text(asked.reason, 2_000),
        effect=what.effect,
        reversible=what.reversible,
        text=sources.guard.hide(asked.text) if isinstance(asked, Message) else "",
    )
    return ToolAnswer(
        ToolStatus.NEEDS_APPROVAL,
        proposal,
        why=f"{action} needs a person's approval; nothing has been done",
        ids=proposal.record_ids,
        total=1,
        shown=1,
    )


def _check_target(sources: Sources, on: str, action: str, target: str) -> None:
    stores, scope = sources.stores, sources.scope
    if on == "element":
        there = known(sources.network, target)
        known_from = "the topology: see neighbours and path"
    elif on == "change":
        works = stores.store.planned_work(scope)
        there = any(work.planned_work_id == target for work in works)
        there = there or stores.tickets.ticket(scope, target) is not None
        known_from = "planned work and change tickets: see changes"
    else:
        there = bool(stores.care.conversation(scope, target))
        known_from = "the conversations of the care desk"
    if not there:
        message = f"{action}: target={target!r} is no known {on}; one of {known_from} is allowed; name one"
        raise ArgumentError(message)
