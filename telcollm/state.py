"""What a worker keeps of a partition and commits with its offsets: plain rows, no behaviour.

Times are integers in ms since the Unix epoch, event time unless named otherwise. Does not know how rows
come about (`streams`) nor where they are kept (`telcollm.store`).
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from telcollm.records import Incident


class Suppression(StrEnum):
    """Why an alarm stays out of incidents; it stays in sight all the same."""

    NONE = ""
    SHELVED = "shelved"
    PLANNED = "planned"
    TOO_LATE = "too_late"


class AlarmState(msgspec.Struct):
    """One alarm: one raise and what became of it.

    `key` is what a clear is matched by. `home` is False for a copy kept only to find links across a cut
    of the topology. `facts` counts the raise, the changes and the clear. `body` is the encoded Alarm; an
    empty one on a later write leaves the stored one as it is.
    """

    alarm_id: str
    partition: int
    tenant: str
    region: str
    key: str
    source_system_id: str
    managed_object: str
    problem: str
    severity: int
    raised_ms: int
    cleared_ms: int | None = None
    component_id: str = ""
    home: bool = True
    suppressed: Suppression = Suppression.NONE
    facts: int = 1
    boundary: bool = False
    changed_ms: tuple[int, ...] = ()
    append_ms: int = 0
    offset: int = 0
    mode: str = "live"
    body: bytes = b""


class ComponentState(msgspec.Struct):
    """The alarms of one partition that hang together; `component_id` derives from the earliest of them.

    `merged_into` names the component of the same partition that took it in: storing it moves the stored
    alarms there as well. `complete`: the watermark has passed its window. `resolved`: complete, and every
    member has cleared.
    """

    component_id: str
    partition: int
    tenant: str
    complete: bool = False
    resolved: bool = False
    merged_into: str = ""


class Progress(msgspec.Struct):
    """How far a stage has read one partition, and the small state that goes with it.

    `owner_epoch` fences: a writer that holds an older one is refused. `blob` is the stage's own business.
    """

    topic: str
    partition: int
    owner_epoch: int
    next_offset: int | None = None
    blob: bytes = b""


class OutboxMessage(msgspec.Struct, frozen=True):
    """One message to be sent to Kafka once and only once. `message_id` derives from what it says.

    `lane` is the partition whose owner sends it, written as `topic/partition`.
    """

    message_id: str
    lane: str
    topic: str
    key: str
    value: bytes
    headers: tuple[tuple[str, str], ...] = ()
    sequence: int = 0


class SentMark(msgspec.Struct, frozen=True):
    """Up to where a lane's messages are known to lie in one partition of an output topic."""

    lane: str
    topic: str
    partition: int
    next_offset: int


class MemberGroup(msgspec.Struct, frozen=True):
    """The alarms of one problem on one object within an incident; `alarm_id` is the earliest of them."""

    alarm_id: str
    managed_object: str
    problem: str
    severity: int
    raised_ms: int
    last_ms: int
    repeats: int


class Candidate(msgspec.Struct, frozen=True):
    """One possible root cause of an incident as the cause graph and the topology rank it.

    `share` is its part of the belief in 0-1; what the shares leave to 1 is for a cause that no alarm tells
    of. `explained` counts the groups that it reaches, itself included; `edges` are the cause edges used.
    """

    alarm_id: str
    managed_object: str
    problem: str
    share: float
    explained: int
    edges: tuple[tuple[str, str], ...] = ()


class DiagnosisRequest(msgspec.Struct, frozen=True):
    """One revision of an incident that waits to be diagnosed, with the members it had then.

    `groups` holds the members in order of (raised_ms, alarm_id), bounded; `append_ms` is the broker's
    append time of the record that caused it.
    """

    request_id: str
    lane: str
    incident: Incident
    groups: tuple[MemberGroup, ...]
    candidates: tuple[Candidate, ...]
    append_ms: int
    sequence: int = 0


class DeskRequest(msgspec.Struct, frozen=True):
    """One thing that waits for a desk: a ticket for a route, a message for a reply, an incident that changed.

    `body` is the desk's own business; `lane` tells which desk, and the partition whose owner serves it.
    """

    request_id: str
    lane: str
    body: bytes
    sequence: int = 0


class DeadLetter(msgspec.Struct, frozen=True):
    """One record that could not be read: where it lay, what it held, and why."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    reason: str
    field: str
    append_ms: int
