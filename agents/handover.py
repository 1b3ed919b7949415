"""Shift handover, drafted from the store: what is open, what ended, what is doubtful, what comes next.

Every sentence has the ids of its records. Nothing is concluded that the store does not hold. Changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, Final

from agents.questions.answer import Cited
from agents.questions.incident_sentences import OPEN
from agents.questions.phrases import Phrases, load_phrases, time_text
from agents.report import Draft, Report, cited
from telcollm.guard import Guard
from telcollm.ports import IncidentQuery, Scope
from telcollm.records import SEVERITY_RANK, Diagnosis, Incident, TicketStatus
from telcollm.store.tickets import TicketQuery

if TYPE_CHECKING:
    from telcollm.store.opening import Stores

_LISTED: Final = 20
_READ: Final = 2_000
_AHEAD: Final = timedelta(hours=12)
_LONG: Final = timedelta(hours=4)
_URGENT: Final = SEVERITY_RANK["MAJOR"]
_CHARACTERS: Final = 160
_OVER: Final = (TicketStatus.RESOLVED.value, TicketStatus.CLOSED.value)


def handover(
    stores: Stores,
    scope: Scope,
    *,
    since: datetime,
    until: datetime,
    guard: Guard,
    language: str = "en",
    zone: tzinfo,
) -> Report:
    """Return the handover of the shift [since, until), its times told in `zone`, its texts guarded.

    Raises:
        TelcollmError: the language is neither en nor zh, or the database did not answer.
    """
    return _Handover(stores, scope, since, until, guard, load_phrases(language), zone).report()


class _Handover:
    """One handover as it is drafted."""

    def __init__(
        self,
        stores: Stores,
        scope: Scope,
        since: datetime,
        until: datetime,
        guard: Guard,
        phrases: Phrases,
        zone: tzinfo,
    ) -> None:
        self._stores = stores
        self._scope = scope
        self._since = since
        self._until = until
        self._guard = guard
        self._phrases = phrases
        self._zone = zone

    def report(self) -> Report:
        """Return the report."""
        say = self._phrases.say
        store = self._stores.store
        # What was opened after the shift is the next one's.
        listed = store.incidents(self._scope, IncidentQuery(statuses=OPEN, until=self._until, limit=_READ))
        ended = store.incidents(
            self._scope,
            IncidentQuery(statuses=_OVER, since=self._since, until=self._until, limit=_READ),
        )
        ended = [one for one in ended if one.last_event_time < self._until]
        listed.sort(key=self._urgency)
        diagnoses = store.latest_diagnoses(self._scope, [one.incident_id for one in (*listed, *ended)])
        draft = Draft()
        draft.section(say("heading needs"), self._needed(listed))
        draft.section(say("heading open"), self._many(listed, "handover incident"))
        draft.section(say("heading resolved"), self._many(ended, "handover resolved"))
        draft.section(say("heading doubt"), self._doubtful(listed, diagnoses))
        draft.section(say("heading work"), self._work())
        draft.section(say("heading tickets"), self._tickets())
        draft.section(say("heading judged"), self._judged())
        draft.section(say("heading grounding"), self._grounding(list(diagnoses.values())))
        title = say("handover title", since=self._time(self._since), until=self._time(self._until))
        return draft.report(
            title, self._phrases.language, note=say("handover note"), absent_note=say("report absent")
        )

    def _urgency(self, incident: Incident) -> tuple[int, int, datetime, str]:
        rank = SEVERITY_RANK[incident.perceived_severity.value]
        return (-rank, -incident.active_alarms, incident.opened_time, incident.incident_id)

    def _slots(self, incident: Incident) -> dict[str, Any]:
        phrases = self._phrases
        cause = phrases.say("no cause")
        if incident.root_cause_resource:
            problem = self._text(incident.root_cause_problem)
            cause = phrases.say("cause", problem=problem, resource=incident.root_cause_resource)
        return {
            "incident": incident.incident_id,
            "status": phrases.word(incident.status.value),
            "severity": phrases.word(incident.perceived_severity.value),
            "opened": self._time(incident.opened_time),
            "ended": self._time(incident.last_event_time),
            "cause": cause,
            "count": incident.alarm_count,
            "active": incident.active_alarms,
            "objects": phrases.named(incident.affected_objects),
            "services": phrases.named(incident.affected_service) or phrases.say("no services"),
        }

    def _many(self, incidents: Sequence[Incident], name: str) -> list[Cited]:
        told = [
            cited(self._phrases.say(name, **self._slots(one)), [one.incident_id, *one.underlying_alarm[:3]])
            for one in incidents[:_LISTED]
        ]
        rest = incidents[_LISTED:]
        if rest:
            more = self._phrases.say("handover more", count=len(rest))
            told.append(cited(more, [one.incident_id for one in rest]))
        return told

    def _needed(self, incidents: Sequence[Incident]) -> list[Cited]:
        """Tell of grave incidents that have gone on for hours with alarms still active."""
        return [
            cited(
                self._phrases.say(
                    "handover needs",
                    **self._slots(one),
                    age=duration(self._phrases, self._until - one.opened_time),
                ),
                [one.incident_id],
            )
            for one in incidents
            if SEVERITY_RANK[one.perceived_severity.value] >= _URGENT
            and one.active_alarms
            and self._until - one.opened_time >= _LONG
        ][:_LISTED]

    def _doubtful(self, incidents: Sequence[Incident], diagnoses: dict[str, Diagnosis]) -> list[Cited]:
        told = []
        for one in incidents:
            found = diagnoses.get(one.incident_id)
            if found is not None and found.abstained:
                missing = "; ".join(self._text(text) for text in found.missing[:3])
                text = self._phrases.say(
                    "handover doubt",
                    incident=one.incident_id,
                    confidence=found.confidence,
                    missing=missing or self._phrases.say("no missing"),
                )
                told.append(cited(text, [one.incident_id, found.diagnosis_id]))
        return told[:_LISTED]

    def _work(self) -> list[Cited]:
        return [
            cited(
                self._phrases.say(
                    "handover work",
                    work=work.planned_work_id,
                    objects=self._phrases.named(work.managed_objects),
                    since=self._time(work.start_time),
                    until=self._time(work.end_time),
                    text=self._text(work.description) or self._phrases.say("no text"),
                ),
                [work.planned_work_id],
            )
            for work in self._stores.store.planned_work(self._scope)
            if work.start_time < self._until + _AHEAD and work.end_time > self._until
        ][:_LISTED]

    def _tickets(self) -> list[Cited]:
        tickets = self._stores.tickets
        fresh = tickets.tickets(self._scope, TicketQuery(since=self._since, until=self._until, limit=_LISTED))
        still = tickets.tickets(self._scope, TicketQuery(statuses=OPEN, until=self._until, limit=_LISTED))
        known = {(one.tenant, one.ticket_id): one for one in (*fresh, *still)}
        return [
            cited(
                self._phrases.say(
                    "handover ticket",
                    ticket=one.ticket_id,
                    status=self._phrases.word(one.status.value),
                    team=self._text(one.team) or self._phrases.say("no team"),
                    text=self._text(one.name or one.description),
                ),
                [one.ticket_id],
            )
            for one in list(known.values())[:_LISTED]
        ]

    def _judged(self) -> list[Cited]:
        given = [
            one
            for one in self._stores.store.feedback(self._scope)
            if self._since <= one.given_time < self._until
        ]
        return [
            cited(
                self._phrases.say(
                    "handover judged",
                    actor=self._text(one.actor) or self._phrases.say("someone"),
                    kind=self._phrases.word(one.kind.value),
                    kind_of=self._phrases.word(one.subject_kind),
                    subject=one.subject_id,
                    time=self._time(one.given_time),
                    text=self._text(one.correction or one.reason) or self._phrases.say("no text"),
                ),
                [one.feedback_id, one.subject_id],
            )
            for one in given[-_LISTED:]
        ]

    def _grounding(self, diagnoses: Sequence[Diagnosis]) -> list[Cited]:
        measured = [
            one
            for one in diagnoses
            if one.grounding is not None and self._since <= one.decided_time < self._until
        ]
        if not measured:
            return []
        kept = sum(len(claims.claims) for one in measured for claims in one.hypotheses)
        dropped = sum(one.dropped_claims for one in measured)
        text = self._phrases.say(
            "handover grounding",
            share=kept / (kept + dropped) if kept + dropped else 0.0,
            count=len(measured),
            dropped=dropped,
        )
        return [cited(text, [one.diagnosis_id for one in measured])]

    def _time(self, time: datetime) -> str:
        return time_text(time, self._zone)

    def _text(self, text: str) -> str:
        return " ".join(self._guard.hide(text).split())[:_CHARACTERS]


def duration(phrases: Phrases, length: timedelta) -> str:
    """Return a length of time in words.

    >>> duration(load_phrases("en"), timedelta(minutes=135))
    '2 h 15 min'
    """
    minutes = int(length.total_seconds()) // 60
    return phrases.say("duration", hours=minutes // 60, minutes=minutes % 60)
