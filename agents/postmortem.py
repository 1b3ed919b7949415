"""Post-mortem of one incident, drafted from the store: impact, timeline, cause, what only people know.

Every sentence has the ids of its records. What the store does not hold is asked, never made up.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, Final

from agents.handover import duration
from agents.questions.answer import Cited
from agents.questions.incident_sentences import OPEN
from agents.questions.phrases import Phrases, load_phrases, time_text
from agents.report import Draft, Report, cited
from telcollm.errors import TelcollmError
from telcollm.guard import Guard
from telcollm.ports import Scope
from telcollm.records import SEVERITY_RANK, Diagnosis, Hypothesis, Incident, TroubleTicket
from telcollm.state import AlarmState
from telcollm.store.tickets import TicketQuery

if TYPE_CHECKING:
    from telcollm.store.opening import Stores

_SEVERITIES: Final = {rank: name for name, rank in SEVERITY_RANK.items()}
_READ: Final = 2_000
_TOLD: Final = 12
_OBJECTS: Final = 10
_CHARACTERS: Final = 200
_WORK_BEFORE: Final = timedelta(hours=6)


def postmortem(
    stores: Stores,
    scope: Scope,
    incident_id: str,
    *,
    guard: Guard,
    language: str = "en",
    zone: tzinfo,
) -> Report:
    """Return the draft of an incident, named by its id or an unambiguous beginning of it.

    Raises:
        TelcollmError: there is no such incident within the scope, or the language is neither en nor zh.
    """
    phrases = load_phrases(language)
    incident = stores.store.incident(scope, incident_id)
    if incident is None:
        near = ", ".join(stores.store.nearest_incident_ids(scope, incident_id, 5))
        message = (
            f"incident={incident_id!r} is not known; the id of a stored incident is allowed, "
            f"{f'the nearest are {near}' if near else 'there is none in this tenant and region'}; "
            "telcollm incidents list shows them"
        )
        raise TelcollmError(message)
    return _Postmortem(stores, scope, incident, guard, phrases, zone).report()


class _Postmortem:
    """One post-mortem as it is drafted."""

    def __init__(
        self,
        stores: Stores,
        scope: Scope,
        incident: Incident,
        guard: Guard,
        phrases: Phrases,
        zone: tzinfo,
    ) -> None:
        self._stores = stores
        self._scope = scope
        self._incident = incident
        self._guard = guard
        self._phrases = phrases
        self._zone = zone
        store = stores.store
        self._diagnoses = store.diagnoses(scope, incident.incident_id)
        self._members = store.incident_members(scope, incident.incident_id, _READ)
        self._tickets = self._related_tickets()

    @property
    def _latest(self) -> Diagnosis | None:
        return self._diagnoses[-1] if self._diagnoses else None

    @property
    def _ended(self) -> datetime | None:
        """When it was over, by its last event; None while it goes on."""
        return None if self._incident.status.value in OPEN else self._incident.last_event_time

    def report(self) -> Report:
        """Return the report."""
        say = self._phrases.say
        draft = Draft()
        draft.section(say("heading summary"), self._summary())
        draft.section(say("heading impact"), self._impact())
        draft.section(say("heading timeline"), self._timeline())
        draft.section(say("heading cause"), self._cause())
        draft.section(say("heading considered"), self._considered())
        draft.section(say("heading similar"), self._work())
        draft.section(say("heading actions"), self._actions())
        draft.section(say("heading steps"), self._steps())
        draft.section(say("heading questions"), self._questions())
        return draft.report(
            say("postmortem title", incident=self._incident.incident_id),
            self._phrases.language,
            note=say("postmortem note"),
            absent_note=say("report absent"),
        )

    def _summary(self) -> list[Cited]:
        incident = self._incident
        slots: dict[str, Any] = {
            "incident": incident.incident_id,
            "severity": self._phrases.word(incident.perceived_severity.value),
            "opened": self._time(incident.opened_time),
            "count": incident.alarm_count,
            "active": incident.active_alarms,
            "objects": self._phrases.named(incident.affected_objects),
        }
        if self._ended is None:
            text = self._phrases.say("postmortem ongoing", **slots)
        else:
            length = duration(self._phrases, self._ended - incident.opened_time)
            text = self._phrases.say(
                "postmortem summary", ended=self._time(self._ended), duration=length, **slots
            )
        told = [cited(text, [incident.incident_id])]
        latest = self._latest
        if latest is not None and latest.hypotheses and not latest.abstained:
            told.append(self._named(latest, latest.hypotheses[0]))
        return told

    def _named(self, latest: Diagnosis, hypothesis: Hypothesis) -> Cited:
        text = self._phrases.say(
            "postmortem cause",
            decided_by=self._phrases.word(latest.decided_by.value),
            **self._hypothesis(hypothesis),
        )
        return cited(text, [latest.diagnosis_id, hypothesis.root_cause_alarm])

    def _hypothesis(self, hypothesis: Hypothesis) -> dict[str, Any]:
        return {
            "problem": self._text(hypothesis.root_cause_problem),
            "resource": hypothesis.root_cause_resource,
            "verdict": self._phrases.word(hypothesis.verdict.value),
            "confidence": hypothesis.confidence,
        }

    def _impact(self) -> list[Cited]:
        incident = self._incident
        own = incident.incident_id
        objects, services = incident.affected_objects, incident.affected_service
        named = self._phrases.named
        told = []
        if objects:
            text = self._phrases.say("postmortem objects", count=len(objects), objects=named(objects, 8))
            told.append(cited(text, [own]))
        if services:
            text = self._phrases.say("postmortem services", count=len(services), services=named(services, 8))
            told.append(cited(text, [own, *services]))
            # How many customers, never who: a post-mortem goes round.
            customers = self._stores.care.customers_on(self._scope, list(services))
            if customers:
                text = self._phrases.say("postmortem customers", count=len(customers))
                told.append(cited(text, list(services)))
        return told

    def _timeline(self) -> list[Cited]:
        """Tell the first alarms, the last clear, diagnoses, tickets and what people did, in order of time."""
        incident = self._incident
        events: list[tuple[datetime, Cited]] = []

        def tell(name: str, time: datetime, ids: Sequence[str], **slots: Any) -> None:
            text = self._phrases.say(name, time=self._time(time), **slots)
            events.append((time, cited(text, ids)))

        tell("timeline opened", incident.opened_time, [incident.incident_id])
        for member in self._members[:_TOLD]:
            tell(
                "timeline raised",
                _time(member.raised_ms),
                [member.alarm_id],
                problem=self._text(member.problem),
                object=member.managed_object,
                severity=self._phrases.word(_SEVERITIES.get(member.severity, "INDETERMINATE")),
            )
        left = self._members[_TOLD:]
        if left:
            text = self._phrases.say("timeline left", count=incident.alarm_count - _TOLD)
            events.append((_time(left[0].raised_ms), cited(text, [one.alarm_id for one in left])))
        cleared: list[tuple[int, AlarmState]] = [
            (one.cleared_ms, one) for one in self._members if one.cleared_ms is not None
        ]
        if cleared and len(cleared) == len(self._members):
            last_ms, last = max(cleared, key=lambda entry: (entry[0], entry[1].alarm_id))
            tell(
                "timeline cleared",
                _time(last_ms),
                [last.alarm_id],
                problem=self._text(last.problem),
                object=last.managed_object,
            )
        first_and_last = [*self._diagnoses[:1], *self._diagnoses[1:][-1:]]
        for found in first_and_last:
            tell(
                "timeline diagnosed",
                found.decided_time,
                [found.diagnosis_id],
                revision=found.incident_revision,
                summary=self._text(found.summary),
            )
        for ticket in self._tickets:
            if ticket.creation_date is not None:
                text = self._text(ticket.name or ticket.description)
                tell(
                    "timeline ticket",
                    ticket.creation_date,
                    [ticket.ticket_id],
                    ticket=ticket.ticket_id,
                    text=text,
                )
        events.sort(key=lambda event: event[0])
        return [sentence for _, sentence in events]

    def _cause(self) -> list[Cited]:
        latest = self._latest
        if latest is None:
            return []
        if latest.abstained or not latest.hypotheses:
            text = self._phrases.say("postmortem abstained", confidence=latest.confidence)
            told = [cited(text, [latest.diagnosis_id])]
        else:
            told = [self._named(latest, latest.hypotheses[0])]
        for best in latest.hypotheses[:1]:
            for claim in best.claims:
                name = "cause against" if claim.against else "cause claim"
                text = self._phrases.say(name, text=self._text(claim.text))
                told.append(cited(text, [latest.diagnosis_id, *claim.evidence]))
            if best.path:
                text = self._phrases.say("postmortem path", path=" - ".join(best.path))
                told.append(cited(text, [latest.diagnosis_id, *best.path]))
        return told

    def _considered(self) -> list[Cited]:
        latest = self._latest
        return [
            cited(
                self._phrases.say("cause other", **self._hypothesis(one)),
                [latest.diagnosis_id, one.root_cause_alarm],
            )
            for one in (latest.hypotheses[1:] if latest else ())
            if latest is not None
        ]

    def _work(self) -> list[Cited]:
        incident = self._incident
        objects = set(incident.affected_objects)
        return [
            cited(
                self._phrases.say(
                    "handover work",
                    work=work.planned_work_id,
                    objects=self._phrases.named(sorted(objects.intersection(work.managed_objects))),
                    since=self._time(work.start_time),
                    until=self._time(work.end_time),
                    text=self._text(work.description) or self._phrases.say("no text"),
                ),
                [work.planned_work_id],
            )
            for work in self._stores.store.planned_work(self._scope)
            if objects.intersection(work.managed_objects)
            and work.start_time <= incident.last_event_time
            and work.end_time > incident.opened_time - _WORK_BEFORE
        ][:_TOLD]

    def _actions(self) -> list[Cited]:
        subjects = {self._incident.incident_id, *(one.diagnosis_id for one in self._diagnoses)}
        told = [
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
            for one in self._stores.store.feedback(self._scope)
            if one.subject_id in subjects
        ]
        for ticket in self._tickets:
            for note in ticket.note[-3:]:
                text = f"{note.author}: {self._text(note.text)}" if note.author else self._text(note.text)
                told.append(cited(text, [ticket.ticket_id]))
        return told

    def _steps(self) -> list[Cited]:
        steps = self._latest.next_steps if self._latest else ()
        return [
            cited(
                self._phrases.say(
                    "postmortem step",
                    text=self._text(one.text),
                    mark=self._phrases.say("step approval" if one.needs_approval else "step safe"),
                    source=self._text(one.source),
                ),
                one.citations,
            )
            for one in steps
        ]

    def _questions(self) -> list[Cited]:
        """Ask what the store cannot know; each question rests on the records that leave it open."""
        own = self._incident.incident_id
        latest = self._latest
        told = []
        if latest is not None:
            judged = {one.subject_id for one in self._stores.store.feedback(self._scope)}
            if latest.hypotheses and not judged.intersection((own, latest.diagnosis_id)):
                text = self._phrases.say("question confirm", **self._hypothesis(latest.hypotheses[0]))
                told.append(cited(text, [latest.diagnosis_id]))
            for missing in latest.missing:
                text = self._phrases.say("question missing", missing=self._text(missing))
                told.append(cited(text, [latest.diagnosis_id]))
        if self._ended is not None:
            told.append(cited(self._phrases.say("question solved"), [own]))
        told.append(cited(self._phrases.say("question team"), [own]))
        return told

    def _related_tickets(self) -> list[TroubleTicket]:
        """Return tickets that name the incident or one of its objects, from the time it went on."""
        incident = self._incident
        found: dict[tuple[str, str], TroubleTicket] = {}
        for name in incident.trouble_ticket:
            ticket = self._stores.tickets.ticket(self._scope, name)
            if ticket is not None:
                found[ticket.tenant, ticket.ticket_id] = ticket
        since = incident.opened_time - timedelta(hours=1)
        until = incident.last_event_time + timedelta(hours=24)
        for entity in (incident.incident_id, *incident.affected_objects[:_OBJECTS]):
            query = TicketQuery(related_entity=entity, since=since, until=until, limit=_TOLD)
            for ticket in self._stores.tickets.tickets(self._scope, query):
                found.setdefault((ticket.tenant, ticket.ticket_id), ticket)
        return list(found.values())[:_TOLD]

    def _time(self, time: datetime) -> str:
        return time_text(time, self._zone)

    def _text(self, text: str) -> str:
        return " ".join(self._guard.hide(text).split())[:_CHARACTERS]


def _time(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)
