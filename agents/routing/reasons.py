"""A route's reason in words: what decided, how sure it is, and what was not there to be read.

Does not decide.
"""

from __future__ import annotations

from agents.routing.deciding import Words
from agents.routing.rules import RuledTeam
from telcollm.decider.decider import Decision
from telcollm.records import TicketPriority


def rule_reason(ruled: RuledTeam, threshold: float, automatic: bool) -> str:
    """Return why rules name a team, or that they name none."""
    if not ruled.team:
        return "no rule's word or object type is in the ticket: a person must look"
    told = ", ".join(word for word, _ in ruled.words)
    return f"rules say {ruled.team} ({ruled.confidence:.0%}) by {told}; {_verdict(automatic, threshold)}"


def decider_reason(
    decision: Decision,
    words: Words,
    *,
    lacking: tuple[str, ...],
    threshold: float,
    automatic: bool,
    explained: bool,
) -> str:
    """Return why a decider names a team; says so where the language model alone decided."""
    parts = [f"{decision.label} ({decision.confidence:.0%})"]
    if words:
        parts[0] += " by " + ", ".join(f"{word} ({weight:+.1f})" for word, weight in words)
    elif explained:
        parts[0] += ": no single word or fact decided, the whole of the text did"
    elif "plain" in decision.parts:
        other = decision.parts["plain"][0]
        parts[0] += f": only the language model says so, the plain expert says {other}; no words can be named"
    else:
        parts[0] += ": only the language model decided; no words can be named"
    if lacking:
        parts.append(f"the decider also reads {', '.join(lacking)}, which the ticket lacks")
    parts.append(_verdict(automatic, threshold))
    return "; ".join(parts)


def priority_reason(decision: Decision, level: TicketPriority | None) -> str:
    """Return how sure the priority is, and what else it might be."""
    if level is None:
        return f"priority decider says {decision.label!r}, which is none of TMF621's"
    told = f"priority {level.value} ({decision.confidence:.0%})"
    if decision.abstained and len(decision.alternatives) > 1:
        other, chance = decision.alternatives[1]
        told += f", a guess: perhaps {other} ({chance:.0%})"
    return told


def _verdict(automatic: bool, threshold: float) -> str:
    if automatic:
        return f"automatic from {threshold:.0%} on"
    if threshold > 1:
        return "the decider never proved precise enough to route alone: a person looks"
    return f"below the {threshold:.0%} from which a route is automatic: a person looks"
