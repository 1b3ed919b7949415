"""What telcollm gives out: incidents, diagnoses, routes, replies, and what people made of them.

Every outcome carries the ids of its evidence, its confidence, who decided, the prompt version, the mode,
and offsets as provenance only. Does not know how any of them is reached.
"""

from __future__ import annotations

from telcollm.records.record import Identifier, Part, Ratio, Record, UtcTime
from telcollm.records.vocabulary import (
    DecidedBy,
    FeedbackKind,
    Mode,
    PerceivedSeverity,
    TicketPriority,
    TicketStatus,
    Verdict,
)


class Provenance(Part, frozen=True):
    """Where the evidence was read from: nothing is ever derived from it."""

    topic: str
    partition: int
    first_offset: int
    last_offset: int


class Incident(Record, frozen=True):
    """One problem of the network and the alarms that tell of it.

    `revision` counts the facts it rests on (raises, changes and clears of its members), so the same facts
    in any order give the same revision. Of incidents that merge the one with the earliest first alarm
    stays; the others carry `superseded_by`. `underlying_alarm` lists at most the first 256 members;
    `alarm_count` counts them all.
    Source: TMF656 v5 ServiceProblem.
    """

    incident_id: Identifier
    revision: int
    status: TicketStatus
    opened_time: UtcTime
    last_event_time: UtcTime
    window_complete: bool = False
    category: str = "network"
    priority: int = 5
    description: str = ""
    reason: str = ""
    originator_party: str = "telcollm"
    superseded_by: str = ""
    underlying_alarm: tuple[str, ...] = ()
    alarm_count: int = 0
    active_alarms: int = 0
    perceived_severity: PerceivedSeverity = PerceivedSeverity.INDETERMINATE
    affected_objects: tuple[str, ...] = ()
    affected_service: tuple[str, ...] = ()
    problems: dict[str, int] = {}
    neighbourhoods: tuple[str, ...] = ()
    root_cause_resource: str = ""
    root_cause_alarm: str = ""
    root_cause_problem: str = ""
    confidence: Ratio = 0.0
    decided_by: DecidedBy = DecidedBy.GRAPH
    prompt_version: str = ""
    trouble_ticket: tuple[str, ...] = ()
    mode: Mode = Mode.LIVE
    provenance: tuple[Provenance, ...] = ()


class Claim(Part, frozen=True):
    """One sentence and the ids of the records that bear it out: never empty.

    `against`: it speaks against the hypothesis it belongs to.
    """

    text: str
    evidence: tuple[Identifier, ...]
    against: bool = False


class NextStep(Part, frozen=True):
    """One thing to do next as a document says it: `citations` are its passages, `source` is for people.

    `needs_approval` unless it only looks: whatever changes the network waits for a person.
    """

    text: str
    citations: tuple[Identifier, ...]
    source: str = ""
    needs_approval: bool = True


class Hypothesis(Part, frozen=True):
    """One candidate root cause, with its share of belief and a path checked against the topology."""

    root_cause_resource: Identifier
    root_cause_alarm: Identifier
    root_cause_problem: str
    confidence: Ratio
    verdict: Verdict
    claims: tuple[Claim, ...] = ()
    path: tuple[str, ...] = ()
    explained_alarms: int = 0


class Shadow(Part, frozen=True):
    """What a model would say of the same candidates, in their order, whether it decides or not.

    `none_of_these` is what it gives to a cause beyond them, 0 where that is not among its five likeliest.
    Less sure than `sure_from`, it abstains. `fault_kinds` are the likeliest kinds of fault with their
    probabilities, where a decider was asked.
    """

    model: str
    probabilities: tuple[float, ...]
    adapter: str = ""
    prompt_version: str = ""
    agrees: bool = False
    fault_kinds: tuple[tuple[str, float], ...] = ()
    prompt_tokens: int = 0
    asked_with: str = ""
    none_of_these: Ratio = 0.0
    sure_from: float = 0.0


class Diagnosis(Record, frozen=True):
    """What is thought to be wrong in one revision of an incident, and on what evidence.

    `grounding` is the share of drafted claims that the store bore out; None where none was drafted.
    """

    diagnosis_id: Identifier
    incident_id: Identifier
    incident_revision: int
    decided_time: UtcTime
    hypotheses: tuple[Hypothesis, ...] = ()
    summary: str = ""
    abstained: bool = False
    missing: tuple[str, ...] = ()
    confidence: Ratio = 0.0
    decided_by: DecidedBy = DecidedBy.GRAPH
    model: str = ""
    adapter: str = ""
    prompt_version: str = ""
    dropped_claims: int = 0
    grounding: Ratio | None = None
    next_steps: tuple[NextStep, ...] = ()
    shadow: Shadow | None = None
    mode: Mode = Mode.LIVE


class Route(Record, frozen=True):
    """Which team a ticket or incident goes to, or the three likeliest when it is not sure enough.

    `words` are the words and facts that decided, each with its weight: log-odds that were lost without it.
    `set_aside` holds sentences of the ticket that spoke to whoever routes it and were not read for that.
    A ticket with `duplicate_of` or `parent_incident` is linked to an open ticket or incident, not filed.
    """

    route_id: Identifier
    subject_id: Identifier
    decided_time: UtcTime
    team: str = ""
    priority: TicketPriority | None = None
    severity: str = ""
    ticket_type: str = ""
    reason: str = ""
    words: tuple[tuple[str, float], ...] = ()
    set_aside: tuple[str, ...] = ()
    automatic: bool = False
    alternatives: tuple[tuple[str, float], ...] = ()
    duplicate_of: str = ""
    parent_incident: str = ""
    evidence: tuple[str, ...] = ()
    confidence: Ratio = 0.0
    decided_by: DecidedBy = DecidedBy.RULE
    model: str = ""
    adapter: str = ""
    prompt_version: str = ""
    mode: Mode = Mode.LIVE


class Reply(Record, frozen=True):
    """A suggested reply to a customer: a script whose slots are filled from live records only.

    `text` ends with `next_question`. `slots` holds what was filled in by name, `slot_sources` the id of
    the record each value was read from; those ids are in `evidence` too. `citations` are the script and
    the rules of the operator it stands on, `refused_by` the rule that forbids what was asked, `approvals`
    the roles that must agree before it is sent. It is not to be sent after `valid_until`. A reply that
    takes the place of another `supersedes` it; a withdrawn one says why.
    """

    reply_id: Identifier
    conversation_id: Identifier
    decided_time: UtcTime
    text: str
    message_id: str = ""
    customer_id: str = ""
    intent: str = ""
    script_id: str = ""
    language: str = ""
    next_question: str = ""
    slots: dict[str, str] = {}
    slot_sources: dict[str, str] = {}
    evidence: tuple[str, ...] = ()
    citations: tuple[str, ...] = ()
    refused_by: str = ""
    approvals: tuple[str, ...] = ()
    abstained: bool = False
    incident_id: str = ""
    incident_revision: int = 0
    valid_until: UtcTime | None = None
    supersedes: str = ""
    withdrawn: bool = False
    withdrawn_reason: str = ""
    confidence: Ratio = 0.0
    decided_by: DecidedBy = DecidedBy.RULE
    model: str = ""
    adapter: str = ""
    prompt_version: str = ""
    mode: Mode = Mode.LIVE


class Feedback(Record, frozen=True):
    """What a person did with one output, kept from the start for later tuning."""

    feedback_id: Identifier
    subject_id: Identifier
    subject_kind: str
    kind: FeedbackKind
    given_time: UtcTime
    actor: str = ""
    correction: str = ""
    reason: str = ""
