"""The router: tickets in, one route each out, with what decided it and whether a person must look.

Implements the worker's port of ticket routing. It reads open tickets and incidents and writes nothing. Does
not know topics, desks or where routes are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from agents.routing.deciding import Asked, Words, agrees
from agents.routing.instructions import Reading, without_instructions
from agents.routing.linking import Earlier, Linker, Links
from agents.routing.policy import RoutingPolicy
from agents.routing.reasons import decider_reason, priority_reason, rule_reason
from agents.routing.rules import first_spoken, ruled_team
from agents.routing.subjects import Subject, SubjectFinder, ticket_row
from telcollm.decider.decider import Decision
from telcollm.guard import Guard
from telcollm.identity import derive_id
from telcollm.model.port import Usage
from telcollm.records import DecidedBy, Mode, Route, TicketPriority, TroubleTicket
from telcollm.store.opening import Stores
from telcollm.topology import Topology

TOP: Final = 3
"""How many teams a person is shown where a route is not automatic."""

RULES_VERSION: Final = "rules-1"
_ROWS_AT_ONCE: Final = 64
_ALONE: Final = "all that is said may speak to whoever routes this, so a person looks"
_PRIORITIES: Final = {one.value.casefold(): one for one in TicketPriority}


@dataclass(frozen=True, slots=True)
class _Read:
    """A ticket as it may be read: without what speaks to the router, in words and in columns.

    `doubted` are sentences left out that may speak to the router; `whole` is the ticket read with them, None
    where there are none. `alone` tells that nothing else is said, and that they are read for want of more.
    """

    subject: Subject
    row: dict[str, object]
    set_aside: tuple[str, ...]
    doubted: tuple[str, ...] = ()
    alone: bool = False
    whole: _Read | None = None


@dataclass(frozen=True, slots=True)
class _Team:
    """What is decided about the team of one ticket."""

    team: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...]
    words: Words
    reason: str
    automatic: bool
    decided_by: DecidedBy


class Router:
    """Routes tickets by deciders where there are any, else by the policy's rules."""

    def __init__(
        self,
        stores: Stores,
        topology: Topology,
        policy: RoutingPolicy,
        guard: Guard,
        *,
        team: Asked | None = None,
        priority: Asked | None = None,
    ) -> None:
        self.policy = policy
        self._guard = guard
        self._team = team
        self._priority = priority
        self._finder = SubjectFinder(topology)
        self._names = tuple(dict.fromkeys((*self.teams, *policy.team_names)))
        self._linker = Linker(stores, self._finder, policy, self._text)

    @property
    def usage(self) -> Usage:
        """What the deciders' language models have been asked so far; one that both ask counts for each."""
        return sum((one.decider.usage for one in (self._team, self._priority) if one), Usage())

    @property
    def teams(self) -> tuple[str, ...]:
        """Every team that a route may name."""
        return self._team.labels if self._team else tuple(self.policy.teams)

    def route(
        self,
        tickets: Sequence[TroubleTicket],
        *,
        decided_time: datetime,
        progress: Callable[[int], None] = lambda count: None,
    ) -> list[Route]:
        """Return one route a ticket, in order; `progress` hears of tickets done.

        The same tickets over the same store give the same routes, whatever their order or batches.

        Raises:
            DeciderError: a decider cannot read tickets.
            TransientError: the store or a model server does not answer.
        """
        read = [self._read(ticket, decided_time) for ticket in tickets]
        teams = self._teams(read, progress)
        priorities = self._priorities(read)
        swayed = self._swayed(read, teams, priorities)
        # A ticket may repeat only those that came before it, wherever they stand in the batch.
        order = sorted(range(len(read)), key=lambda at: (read[at].subject.at, tickets[at].ticket_id))
        links: dict[int, Links] = {}
        earlier = Earlier()
        for place in order:
            subject = read[place].subject
            kind, _ = self._type(subject)
            links[place] = self._linker.links(subject, earlier, team=teams[place].team, ticket_type=kind)
            earlier.add(subject, links[place])
        return [
            self._one(read[place], teams[place], priorities[place], links[place], swayed[place], decided_time)
            for place in range(len(read))
        ]

    def _text(self, ticket: TroubleTicket) -> str:
        return self._read_text(ticket, sure=True) or self._read_text(ticket, sure=False)

    def _read_text(self, ticket: TroubleTicket, *, sure: bool) -> str:
        readings = [self._reading(text) for text in (ticket.name, ticket.description)]
        texts = [one.sure if sure else one.kept for one in readings]
        return "\n".join(text for text in texts if any(map(str.isalnum, text)))

    def _reading(self, text: str) -> Reading:
        return without_instructions(self._guard.hide(text), self._names)

    def _read(self, ticket: TroubleTicket, now: datetime) -> _Read:
        alone = not self._read_text(ticket, sure=True)
        kept = self._columns(ticket, now, sure=True)
        whole = self._columns(ticket, now, sure=False)
        if alone or not whole.doubted:
            return replace(whole, alone=alone and bool(whole.doubted))
        return replace(kept, whole=whole)

    def _columns(self, ticket: TroubleTicket, now: datetime, *, sure: bool) -> _Read:
        """Return a ticket with or without the sentences that may speak to the router."""
        subject = self._finder.subject(ticket, self._read_text(ticket, sure=sure), now)
        row = ticket_row(ticket, subject)
        set_aside: dict[str, None] = {}
        doubted: dict[str, None] = {}
        for name, cell in row.items():
            if isinstance(cell, str) and cell:
                # Any column may carry an order: a title, a note, a field of a form.
                reading = self._reading(cell)
                row[name] = reading.sure if sure else reading.kept
                set_aside.update(dict.fromkeys(reading.set_aside))
                doubted.update(dict.fromkeys(reading.doubted))
        return _Read(subject, row, tuple(set_aside), tuple(doubted))

    def _priorities(self, read: Sequence[_Read]) -> Sequence[Decision | None]:
        return self._priority.decide([one.row for one in read]) if self._priority else [None] * len(read)

    def _swayed(
        self, read: Sequence[_Read], teams: Sequence[_Team], priorities: Sequence[Decision | None]
    ) -> list[str]:
        """Return for each ticket what sentences that may speak to the router would have done, "" for nothing.

        What stands beside them decides, as if they were not there; alone, they leave it to a person.
        """
        why = [_ALONE if one.alone else "" for one in read]
        places = [place for place, one in enumerate(read) if one.whole is not None]
        others = [one.whole for one in read if one.whole is not None]
        if not others:
            return why
        told = zip(places, others, self._teams(others), self._priorities(others), strict=True)
        for place, other, team, priority in told:
            with_them = self._told(other.subject, team, priority)
            without = self._told(read[place].subject, teams[place], priorities[place])
            moved = [f"{what} {new or 'none'}" for what, new in with_them.items() if without[what] != new]
            if moved:
                why[place] = (
                    f"{_count(len(other.doubted))} that may speak to whoever routes this would have made it "
                    f"{', '.join(moved)}: not read for the decision"
                )
        return why

    def _told(self, subject: Subject, team: _Team, priority: Decision | None) -> dict[str, str]:
        level, _ = self._level(subject, priority)
        kind, _ = self._type(subject)
        return {"team": team.team, "priority": level.value if level else "", "type": kind}

    def _teams(
        self, read: Sequence[_Read], progress: Callable[[int], None] = lambda count: None
    ) -> list[_Team]:
        found: list[_Team] = []
        for start in range(0, len(read), _ROWS_AT_ONCE):
            part = read[start : start + _ROWS_AT_ONCE]
            if self._team is None:
                found += [self._ruled(one.subject) for one in part]
            else:
                rows = [one.row for one in part]
                decisions = self._team.decide(rows)
                told = zip(rows, decisions, self._team.words(rows, decisions), strict=True)
                found += [self._decided(self._team, *one) for one in told]
            progress(len(part))
        return found

    def _ruled(self, subject: Subject) -> _Team:
        ruled = ruled_team(subject.text, subject.object_types, self.policy)
        automatic = bool(ruled.team) and ruled.confidence >= self.policy.threshold
        reason = rule_reason(ruled, self.policy.threshold, automatic)
        return _Team(
            ruled.team, ruled.confidence, ruled.alternatives, ruled.words, reason, automatic, DecidedBy.RULE
        )

    def _decided(self, asked: Asked, row: dict[str, object], decision: Decision, words: Words) -> _Team:
        # A ticket of which nothing is left to read is nobody's to route alone.
        readable = len(asked.lacking(row)) < len(asked.columns) and bool(str(row["description"]).strip())
        automatic = readable and decision.confidence >= self.policy.threshold and not decision.abstained
        reason = decider_reason(
            decision,
            words,
            lacking=asked.lacking(row),
            threshold=max(self.policy.threshold, asked.decider.spec.threshold.confidence),
            automatic=automatic,
            explained=asked.expert is not None and agrees(decision),
        )
        return _Team(
            decision.label,
            decision.confidence,
            decision.alternatives[:TOP],
            words,
            reason,
            automatic,
            DecidedBy.MODEL,
        )

    def _type(self, subject: Subject) -> tuple[str, str]:
        """Return the ticket's type, and where it comes from."""
        spoken, word = first_spoken(subject.text, self.policy.ticket_types)
        if spoken:
            return spoken, f"type {spoken} by {word!r}"
        given = subject.ticket.ticket_type
        return given, f"type {given} as reported" if given else ""

    def _one(
        self,
        read: _Read,
        team: _Team,
        priority: Decision | None,
        links: Links,
        swayed: str,
        decided_time: datetime,
    ) -> Route:
        subject = read.subject
        ticket = subject.ticket
        kind, kind_why = self._type(subject)
        severity, severity_why = self._severity(subject, links)
        level, level_why = self._level(subject, priority)
        reasons = [*links.reasons, team.reason, level_why, severity_why, kind_why]
        if read.set_aside:
            count = len(read.set_aside)
            reasons.append(
                f"{count} passage{'s' if count > 1 else ''} that spoke to whoever routes this "
                "set aside and not read for the decision"
            )
        if swayed:
            reasons.append(swayed)
        decider = self._team.decider.spec if self._team else None
        updated = ticket.last_update or ticket.status_change_date or ticket.creation_date
        return Route(
            tenant=ticket.tenant,
            region=ticket.region,
            route_id=derive_id(
                "rou", ticket.tenant, ticket.ticket_id, updated.isoformat() if updated else ""
            ),
            subject_id=ticket.ticket_id,
            decided_time=decided_time,
            team=team.team,
            priority=level,
            severity=severity,
            ticket_type=kind,
            reason="; ".join(filter(None, reasons)) + ".",
            words=team.words,
            set_aside=read.set_aside + (read.doubted if swayed and not read.alone else ()),
            automatic=team.automatic and not read.alone,
            alternatives=team.alternatives,
            duplicate_of=links.duplicate_of,
            parent_incident=links.parent_incident,
            evidence=tuple(dict.fromkeys((ticket.ticket_id, *links.evidence))),
            confidence=min(1.0, team.confidence),
            decided_by=team.decided_by,
            model=(decider.base if decider.adapter else "plain expert") if decider else "",
            adapter=self._team.name if self._team else "",
            prompt_version=decider.row_version if decider else RULES_VERSION,
            mode=Mode(ticket.mode),
        )

    def _severity(self, subject: Subject, links: Links) -> tuple[str, str]:
        """Return the reporter's severity, else the parent incident's, else what words say; never a guess."""
        if subject.ticket.severity:
            return subject.ticket.severity, f"severity {subject.ticket.severity} as reported"
        if links.severity:
            return links.severity, f"severity {links.severity} from the incident"
        spoken, word = first_spoken(subject.text, self.policy.severities)
        if spoken:
            return spoken, f"severity {spoken} by {word!r}"
        return "INDETERMINATE", "severity is not told"

    def _level(self, subject: Subject, decision: Decision | None) -> tuple[TicketPriority | None, str]:
        if decision is not None:
            level = _PRIORITIES.get(decision.label.casefold())
            return level, priority_reason(decision, level)
        spoken, word = first_spoken(subject.text, self.policy.priorities)
        if spoken:
            return TicketPriority(spoken), f"priority {spoken} by {word!r}"
        if subject.ticket.priority is not None:
            return subject.ticket.priority, f"priority {subject.ticket.priority.value} as reported"
        return None, "no priority is told"


def _count(sentences: int) -> str:
    return "a sentence" if sentences == 1 else f"{sentences} sentences"
