"""Questions, handovers and post-mortems over a workplace: what CLI, API and console call.

Access is checked by who calls; what a caller's scope and roles do not allow is not looked at here either.
Does not know how anything is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from telcollm.ports import EVERYTHING, IncidentQuery, Scope

if TYPE_CHECKING:
    from agents.ask import Answer
    from agents.questions.objects import Names
    from agents.report import Report
    from agents.tools import Toolbox
    from telcollm.app.workplace import Workplace
    from telcollm.topology import Topology

_LATEST = 500


def open_toolbox(workplace: Workplace, scope: Scope, roles: Sequence[str], now: datetime) -> Toolbox:
    """Return the tools of one run for one caller; without documents there is no knowledge base to search."""
    from agents.tools import Toolbox

    documents = workplace.stores.documents.stamp(EVERYTHING)
    return Toolbox(
        workplace.stores,
        workplace.topology(scope),
        workplace.graph,
        workplace.library if documents else None,
        scope=scope,
        roles=roles,
        now=now,
        guard=workplace.guard,
    )


@lru_cache(maxsize=2)
def _known_names(topology: Topology) -> Names:
    """Return the names of a topology; those of a large one take seconds to put in order."""
    from agents.ask import names_of

    return names_of(topology)


def answer_question(
    workplace: Workplace,
    question: str,
    *,
    scope: Scope,
    roles: Sequence[str],
    model: bool = True,
    language: str | None = None,
    zone: tzinfo = UTC,
    now: datetime | None = None,
) -> Answer:
    """Return the answer to a question asked at `now` (the present by default), or why there is none.

    With `model`, a configured OpenAI-compatible model is asked what the playbook does not know.

    Raises:
        TelcollmError: `language` is neither en nor zh, or the database did not answer.
    """
    from agents.ask import answer, names_of
    from agents.toolcalling import open_tool_caller

    toolbox = open_toolbox(workplace, scope, roles, now or workplace.now())
    latest = workplace.stores.store.incidents(scope, IncidentQuery(limit=_LATEST))
    topology = toolbox.topology
    objects = dict.fromkeys(
        name for incident in latest for name in incident.affected_objects if name not in topology.elements
    )
    names = names_of(topology, list(objects)) if objects else _known_names(topology)
    free = open_tool_caller(workplace.settings.model) if model else None
    return answer(question, toolbox, names=names, language=language, zone=zone, free=free)


def answer_wire(answer: Answer) -> dict[str, Any]:
    """Return an answer as plain values for JSON; of the calls of tools, what was asked and how it went."""
    import msgspec

    values: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(answer, steps=()))
    values["text"] = answer.text
    values["steps"] = [
        {
            "name": call.name,
            "arguments": msgspec.to_builtins(call.arguments),
            "status": call.answer.status.value,
            "searched": call.answer.searched,
            "why": call.answer.why,
            "total": call.answer.total,
            "repeated": call.answer.repeated,
            "seconds_s": round(call.seconds_s, 4),
        }
        for call in answer.steps
    ]
    return values


def shift_handover(
    workplace: Workplace, *, scope: Scope, since: datetime, until: datetime, language: str, zone: tzinfo
) -> Report:
    """Return the handover of the shift [since, until).

    Raises:
        TelcollmError: `language` is neither en nor zh, or the database did not answer.
    """
    from agents.handover import handover

    return handover(
        workplace.stores,
        scope,
        since=since,
        until=until,
        guard=workplace.guard,
        language=language,
        zone=zone,
    )


def incident_postmortem(
    workplace: Workplace, incident_id: str, *, scope: Scope, language: str, zone: tzinfo
) -> Report:
    """Return the draft of an incident's post-mortem.

    Raises:
        TelcollmError: there is no such incident within the scope, or `language` is neither en nor zh.
    """
    from agents.postmortem import postmortem

    return postmortem(
        workplace.stores, scope, incident_id, guard=workplace.guard, language=language, zone=zone
    )
