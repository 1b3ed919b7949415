"""Alarms as people and element managers meet them: lists, one of them, acknowledging, sending in.

An alarm comes in by Kafka alone, so that it takes the same way as all others. Does not know their lives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from telcollm import codec
from telcollm.access import Action, Caller, narrowed, require, require_place
from telcollm.app.services.incidents import ALL, NotFoundError, acknowledgements, bounded, filled
from telcollm.app.workplace import Workplace
from telcollm.errors import DecodeError, TelcollmError
from telcollm.ports import Scope
from telcollm.records import SEVERITY_RANK, AckState, Alarm, PerceivedSeverity
from telcollm.settings import SourceSettings
from telcollm.state import AlarmState
from telcollm.store.actions import ActionKind, OperatorAction
from telcollm.store.alarm_listing import AlarmQuery, find_alarms

_NAMES: Final = {rank: name for name, rank in SEVERITY_RANK.items()}


class AlarmRow(msgspec.Struct, frozen=True):
    """One alarm: the record that raised or changed it last, when it cleared, and who acknowledged it."""

    alarm: Alarm
    cleared_time: datetime | None = None
    acknowledged: OperatorAction | None = None
    comments: tuple[OperatorAction, ...] = ()


def list_alarms(
    workplace: Workplace, caller: Caller, query: AlarmQuery, *, wanted: Scope = ALL
) -> tuple[list[AlarmRow], int]:
    """Return a page of alarms, the latest raised first, and how many there are on all pages.

    Raises:
        AccessDenied: not with the caller's roles, or not in the wanted tenants and regions.
    """
    require(caller, Action.ALARM_LIST)
    scope = narrowed(caller, wanted)
    found, total = find_alarms(workplace.stores.database, scope, query)
    known = acknowledgements(workplace, scope, [state.alarm_id for state in found])
    return [_row(state, known.get(state.alarm_id)) for state in found], total


def alarm(
    workplace: Workplace, caller: Caller, alarm_id: str, action: Action = Action.ALARM_READ
) -> AlarmRow:
    """Return one alarm with the comments on it.

    Raises:
        AccessDenied: the caller may not take the action.
        NotFoundError: there is none in the caller's scope.
    """
    require(caller, action)
    found = workplace.stores.store.alarm_states(caller.scope, [alarm_id])
    if not found:
        message = (
            f"alarm={alarm_id[:80]!r} is not known; the id of one in your scope is allowed; "
            "look it up in the list of alarms"
        )
        raise NotFoundError(message)
    state = found[0]
    actions = workplace.actions.actions(caller.scope, state.alarm_id)
    comments = tuple(one for one in reversed(actions) if one.kind is ActionKind.COMMENTED)
    known = acknowledgements(workplace, caller.scope, [state.alarm_id])
    return _row(state, known.get(state.alarm_id), comments)


def _row(
    state: AlarmState, acknowledged: OperatorAction | None, comments: tuple[OperatorAction, ...] = ()
) -> AlarmRow:
    cleared = None if state.cleared_ms is None else datetime.fromtimestamp(state.cleared_ms / 1000, UTC)
    try:
        record = codec.decode(state.body, Alarm)
    except DecodeError:
        # A body that was given back or written by another version: what the row itself tells.
        record = Alarm(
            tenant=state.tenant,
            region=state.region,
            alarm_id=state.alarm_id,
            source_system_id=state.source_system_id,
            managed_object=state.managed_object,
            alarm_raised_time=datetime.fromtimestamp(state.raised_ms / 1000, UTC),
            specific_problem=state.problem,
            perceived_severity=PerceivedSeverity(_NAMES[state.severity]),
        )
    return AlarmRow(record, cleared, acknowledged, comments)


def source_of(workplace: Workplace, caller: Caller, tenant: str, region: str) -> SourceSettings:
    """Return the configured source whose topic takes alarms of the tenant and region in TMF642.

    Raises:
        AccessDenied: the place is outside the caller's scope.
        TelcollmError: no such source is configured.
    """
    sources = [
        source
        for source in workplace.settings.sources
        if source.kind == "alarms"
        and source.format in ("auto", "tmf642")
        and not source.mapping
        and (not tenant or source.tenant == tenant)
        and (not region or source.region == region)
    ]
    topic = workplace.settings.api.alarm_topic
    named = [source for source in sources if not topic or source.topic == topic]
    for source in named:
        inside = not caller.scope.tenants or source.tenant in caller.scope.tenants
        if inside and (not caller.scope.regions or source.region in caller.scope.regions):
            return source
    if tenant or region:
        require_place(caller, tenant, region)
    message = (
        f"no source takes TMF642 alarms of tenant={tenant or 'any'!r}, region={region or 'any'!r} "
        "in your scope; one of [[sources]] with format auto or tmf642 is needed; add it to telcollm.toml"
    )
    raise TelcollmError(message)


def send_in(
    workplace: Workplace, caller: Caller, wire: Mapping[str, Any], *, tenant: str = "", region: str = ""
) -> Alarm:
    """Return the alarm that a TMF642 alarm or event describes, once it lies in its source's topic.

    Raises:
        AccessDenied, TransientError, TelcollmError: as `send_all` does.
    """
    return send_all(workplace, caller, [wire], tenant=tenant, region=region)[0]


def send_all(
    workplace: Workplace,
    caller: Caller,
    wires: Sequence[Mapping[str, Any]],
    *,
    tenant: str = "",
    region: str = "",
    action: Action = Action.ALARM_WRITE,
) -> list[Alarm]:
    """Return the alarms that TMF642 alarms or events describe, once they lie in their source's topic.

    None is sent where one cannot be read.

    Raises:
        AccessDenied: the caller may not send alarms, or not there.
        DecodeError: a field is missing or not allowed.
        TransientError: the brokers do not answer.
        TelcollmError: no source is configured for the place.
    """
    require(caller, action)
    source = source_of(workplace, caller, tenant, region)
    from streams.formats import decode_alarms

    bodies = [msgspec.json.encode(wire) for wire in wires]
    try:
        found = [decode_alarms(body, source)[0] for body in bodies]
    except DecodeError as error:
        message = str(error).partition("; mend the producer")[0] + "; mend the field"
        raise DecodeError(message, field=error.field) from error
    for one in found:
        workplace.audit(caller, "alarm sent in", one.alarm_id, tenant=one.tenant, region=one.region)
    records = [(one.managed_object, body) for one, body in zip(found, bodies, strict=True)]
    if records:
        workplace.publish(source.topic, records)
    return found


def change_alarm(
    workplace: Workplace, caller: Caller, alarm_id: str, *, ack: AckState | None = None, comment: str = ""
) -> AlarmRow:
    """Return the alarm, acknowledged or not, with the comment added.

    Raises:
        AccessDenied, NotFoundError: not theirs to change.
        TelcollmError: nothing is changed, or the comment is too long.
    """
    found = alarm(workplace, caller, alarm_id, Action.ALARM_WRITE).alarm
    kinds = []
    if ack is not None:
        kind = ActionKind.ACKNOWLEDGED if ack is AckState.ACKNOWLEDGED else ActionKind.UNACKNOWLEDGED
        kinds.append((kind, ""))
    if bounded("comment", comment):
        kinds.append((ActionKind.COMMENTED, filled("comment", comment)))
    if not kinds:
        message = "nothing of the alarm is changed; ackState and comment are allowed; give one of them"
        raise TelcollmError(message)
    for kind, detail in kinds:
        workplace.audit(
            caller,
            f"alarm {kind.value}",
            found.alarm_id,
            tenant=found.tenant,
            region=found.region,
            detail=detail[:200],
        )
        workplace.actions.put(
            [
                OperatorAction(
                    found.tenant, found.region, found.alarm_id, kind, caller.name, workplace.now(), detail
                )
            ]
        )
    return alarm(workplace, caller, alarm_id, Action.ALARM_WRITE)
