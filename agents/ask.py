"""Questions answered: understood by a typed playbook, looked up by tools, told in cited sentences.

What cannot be answered is declined with the reason. The question is untrusted: nothing in it changes what is
looked at or said. Changes nothing; does not know the command line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, timedelta, tzinfo
from typing import Final, Protocol

import msgspec

from agents.questions.answer import Answer, Cited, Declined
from agents.questions.calendar import Span
from agents.questions.incident_sentences import (
    OPEN,
    incidents_on,
    tell_counts,
    tell_incident,
    tell_knowledge,
    tell_list,
    tell_similar,
)
from agents.questions.intents import Intent
from agents.questions.network_sentences import (
    day_before,
    tell_active,
    tell_affected,
    tell_alarms,
    tell_changes,
    tell_kpis,
    tell_logs,
)
from agents.questions.objects import Named, Names
from agents.questions.phrases import load_phrases
from agents.questions.question import LONGEST, Question, language_of, understand
from agents.questions.telling import Telling
from agents.tools import Toolbox
from telcollm.access import ALLOWED, Action
from telcollm.topology import Topology

__all__ = ["Answer", "Cited", "Declined", "FreeAnswerer", "answer", "names_of"]

_ASKS: Final = {
    Intent.OPEN_INCIDENTS: Action.INCIDENT_LIST,
    Intent.KNOWLEDGE: Action.KNOWLEDGE_READ,
}
"""What an intent asks to see; every other one asks to read incidents."""

_TIMED: Final = (Intent.WHY, Intent.HAPPENED, Intent.CHANGED)
"""What is about the last day where no time is named; the others are about the present, or about no time."""

_ACTIVE_WITHIN: Final = timedelta(days=30)
_INCIDENTS: Final = 2


class FreeAnswerer(Protocol):
    """A model that may call the tools by itself, asked only where the playbook knows no such question."""

    def __call__(self, question: str, tools: Toolbox, language: str) -> tuple[Sequence[Cited], str]:
        """Return sentences with the ids they rest on, and the model's name; none where it has no answer."""
        ...


def names_of(topology: Topology, objects: Sequence[str] = ()) -> Names:
    """Return what can be asked about: elements by id and name, services, and further objects."""
    things = []
    services: dict[str, list[str]] = {}
    for element_id, element in topology.elements.items():
        things.append(Named(element_id, element.element_type, (element_id,)))
        if element.name and element.name != element_id:
            things.append(Named(element.name, element.element_type, (element_id,)))
        for service in element.services:
            services.setdefault(service, []).append(element_id)
    things += [Named(name, "", (name,)) for name in objects if name not in topology.elements]
    things += [Named(name, "service", tuple(sorted(riding))) for name, riding in services.items()]
    return Names(things)


def answer(
    question: str,
    toolbox: Toolbox,
    *,
    names: Names | None = None,
    language: str | None = None,
    zone: tzinfo = UTC,
    free: FreeAnswerer | None = None,
) -> Answer:
    """Return the answer to a question asked at `toolbox.now`, or why there is none.

    `names` are those that can be asked about, by default the topology's. Times are read and told in `zone`.

    Raises:
        TelcollmError: `language` is neither en nor zh.
    """
    names = names if names is not None else names_of(toolbox.topology)
    short = question[:LONGEST]
    telling = Telling(toolbox, load_phrases(language or language_of(short)), zone)
    if len(question) > LONGEST:
        said = telling.phrases.say("declined long", most=LONGEST, count=len(question))
        return _declined(telling, Declined.OUT_OF_SCOPE, said)
    asked = understand(question, names, toolbox.now, zone)
    declined = _refused(telling, asked)
    if declined is not None:
        return msgspec.structs.replace(declined, objects=asked.objects)
    if asked.intent is None and not asked.objects and not asked.incident_ids:
        return _freely(telling, question, free)
    intent = _intent(asked)
    span = asked.span or day_before(toolbox.now)
    if span.since > toolbox.now and intent is not Intent.CHANGED:
        said = telling.phrases.say("declined future", since=telling.when(span.since))
        return _declined(telling, Declined.BAD_TIME, said)
    if intent is not Intent.CHANGED:
        span = Span(span.since, min(span.until, toolbox.now))
    _PLAYBOOK[intent](telling, asked, span)
    return _answered(telling, asked, intent, span)


def _intent(asked: Question) -> Intent:
    if asked.intent is Intent.OPEN_INCIDENTS and asked.objects:
        return Intent.STATUS
    if asked.intent is Intent.STATUS and not asked.objects and not asked.incident_ids:
        return Intent.OPEN_INCIDENTS if asked.span is None else Intent.HAPPENED
    return asked.intent or Intent.STATUS


def _refused(telling: Telling, asked: Question) -> Answer | None:
    """Return why the question is not answered, before anything is looked up."""
    say = telling.phrases.say
    if asked.order:
        return _declined(telling, Declined.OUT_OF_SCOPE, say("declined order"))
    if asked.intent is not None or asked.objects or asked.incident_ids:
        wanted = _ASKS.get(_intent(asked), Action.INCIDENT_READ)
        allowed = sorted(role.value for role in ALLOWED[wanted])
        if not set(allowed).intersection(telling.tools.roles):
            roles = ", ".join(telling.tools.roles) or say("nobody")
            said = say("declined permission", roles=roles, allowed=", ".join(allowed))
            return _declined(telling, Declined.NO_PERMISSION, said)
    if asked.intent is Intent.KNOWLEDGE:
        return None
    if asked.bad_time:
        return _declined(telling, Declined.BAD_TIME, say("declined time", why=asked.bad_time))
    if asked.unknown and not asked.objects and not asked.incident_ids:
        first = asked.unknown[0]
        name = "declined object near" if first.suggestions else "declined object"
        said = say(name, said=first.said, names=telling.phrases.named(first.suggestions, 5))
        refused = _declined(telling, Declined.UNKNOWN_OBJECT, said)
        return msgspec.structs.replace(refused, suggestions=first.suggestions)
    needed = asked.intent in (Intent.WHY, Intent.AFFECTED, Intent.CHANGED, Intent.HEALTHY, Intent.SIMILAR)
    if needed and not asked.objects and not asked.incident_ids:
        return _declined(telling, Declined.NO_OBJECT, say("declined no object"))
    return None


def _freely(telling: Telling, question: str, free: FreeAnswerer | None) -> Answer:
    """Return what a model makes of a question that the playbook does not know, its ids checked.

    Its tools see incidents, so it is asked only for a role that may read them.
    """
    may_read = ALLOWED[Action.INCIDENT_READ].intersection(telling.tools.roles)
    if free is not None and may_read:
        sentences, model = free(question, telling.tools, telling.phrases.language)
        seen = telling.tools.seen_ids
        kept = tuple(one for one in sentences if one.ids and seen.issuperset(one.ids))
        telling.dropped += len(sentences) - len(kept)
        if kept:
            telling.sentences += kept
            found = _told(telling, Intent.STATUS.value)
            return msgspec.structs.replace(found, intent="", decided_by="model", model=model)
    return _declined(telling, Declined.OUT_OF_SCOPE, telling.phrases.say("declined scope"))


def _why(telling: Telling, asked: Question, span: Span) -> None:
    if asked.incident_ids:
        for name in asked.incident_ids[:_INCIDENTS]:
            tell_incident(telling, name)
        return
    objects = asked.objects
    incidents = incidents_on(telling, objects, span)
    for incident in incidents[:_INCIDENTS]:
        tell_incident(telling, incident.incident_id)
    alarms = tell_alarms(telling, objects, span)
    tell_kpis(telling, objects, span)
    tell_logs(telling, objects, span)
    tell_changes(telling, objects, span)
    if not alarms and not incidents:
        tell_alarms(telling, objects, span, hops=1)


def _status(telling: Telling, asked: Question, span: Span) -> None:
    if asked.incident_ids:
        _why(telling, asked, span)
        return
    if asked.span is not None:
        _why(telling, asked, span)
        return
    now = telling.tools.now
    for incident in incidents_on(telling, asked.objects, None, OPEN)[:_INCIDENTS]:
        tell_incident(telling, incident.incident_id)
    tell_alarms(telling, asked.objects, Span(now - _ACTIVE_WITHIN, now), active_only=True)
    tell_kpis(telling, asked.objects, Span(now - timedelta(hours=2), now))
    tell_changes(telling, asked.objects, Span(now, now + timedelta(minutes=1)), before=False)


def _happened(telling: Telling, asked: Question, span: Span) -> None:
    if asked.objects or asked.incident_ids:
        _why(telling, asked, span)
        return
    tell_list(telling, tell_counts(telling, "went on", span, ()))


def _open(telling: Telling, asked: Question, span: Span) -> None:
    """Tell what is open; with a time in the question, what of it went on then."""
    tell_list(telling, tell_counts(telling, "open", asked.span and span, OPEN))


def _affected(telling: Telling, asked: Question, span: Span) -> None:
    objects = list(asked.objects)
    for name in asked.incident_ids:
        incident = tell_incident(telling, name, steps=False)
        objects += incident.affected_objects if incident else ()
    if objects:
        tell_affected(telling, list(dict.fromkeys(objects)))


def _changed(telling: Telling, asked: Question, span: Span) -> None:
    objects = list(asked.objects)
    for name in asked.incident_ids:
        incident = tell_incident(telling, name, steps=False)
        objects += incident.affected_objects if incident else ()
    if objects:
        tell_changes(telling, list(dict.fromkeys(objects)), span, before=False)


def _healthy(telling: Telling, asked: Question, span: Span) -> None:
    now = telling.tools.now
    if asked.span is not None or not asked.objects:
        _why(telling, asked, span)
        return
    active = tell_active(telling, asked.objects, Span(now - _ACTIVE_WITHIN, now))
    tell_list(telling, incidents_on(telling, asked.objects, None, OPEN))
    tell_kpis(telling, asked.objects, Span(now - timedelta(hours=2), now), usual=not active)


def _similar(telling: Telling, asked: Question, span: Span) -> None:
    names = list(asked.incident_ids)
    if not names:
        found = incidents_on(telling, asked.objects, span if asked.span else None)
        latest = sorted(found, key=lambda one: one.last_event_time, reverse=True)
        names = [one.incident_id for one in latest[:1]]
    for name in names[:1]:
        tell_incident(telling, name, steps=False)
        tell_similar(telling, name)


def _knowledge(telling: Telling, asked: Question, span: Span) -> None:
    tell_knowledge(telling, asked.text)


def _handover(telling: Telling, asked: Question, span: Span) -> None:
    if asked.span is None:
        span = Span(span.until - timedelta(hours=8), span.until)
    tell_list(telling, tell_counts(telling, "went on", span, ()))
    tell_list(telling, tell_counts(telling, "open", None, OPEN))


_PLAYBOOK: Final[dict[Intent, Callable[[Telling, Question, Span], None]]] = {
    Intent.WHY: _why,
    Intent.STATUS: _status,
    Intent.HAPPENED: _happened,
    Intent.OPEN_INCIDENTS: _open,
    Intent.AFFECTED: _affected,
    Intent.CHANGED: _changed,
    Intent.HEALTHY: _healthy,
    Intent.SIMILAR: _similar,
    Intent.KNOWLEDGE: _knowledge,
    Intent.HANDOVER: _handover,
}


def _answered(telling: Telling, asked: Question, intent: Intent, span: Span) -> Answer:
    timed = asked.span is not None or intent in _TIMED
    if telling.sentences:
        found = _told(telling, intent.value)
    elif telling.failures:
        said = telling.phrases.say("declined failed", why="; ".join(telling.failures[:3]))
        found = _declined(telling, Declined.FAILED, said)
    else:
        searched = "; ".join(telling.searched) or "-"
        said = telling.phrases.say("declined nothing", searched=searched)
        if intent is Intent.OPEN_INCIDENTS:
            said = telling.phrases.say("open none") + ("" if telling.phrases.language == "zh" else " ") + said
        found = _declined(telling, Declined.NOTHING_FOUND, said)
    return msgspec.structs.replace(
        found,
        intent=intent.value,
        objects=asked.objects,
        since=span.since if timed else None,
        until=span.until if timed else None,
    )


def _told(telling: Telling, intent: str) -> Answer:
    return Answer(
        language=telling.phrases.language,
        intent=intent,
        sentences=tuple(telling.sentences),
        next_steps=tuple(telling.next_steps[:5]),
        searched=tuple([*telling.searched, *telling.failures]),
        dropped=telling.dropped,
        grounding=telling.grounding,
        steps=telling.tools.calls,
    )


def _declined(telling: Telling, reason: Declined, said: str) -> Answer:
    return Answer(
        language=telling.phrases.language,
        declined=said,
        reason=reason,
        searched=tuple([*telling.searched, *telling.failures]),
        dropped=telling.dropped,
        grounding=telling.grounding,
        steps=telling.tools.calls,
    )
