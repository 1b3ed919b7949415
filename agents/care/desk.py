"""The care desk: one suggested reply a conversation, from the operator's scripts, records and policy.

It implements `telcollm.ports.ReplySuggester`. It suggests and never sends. Does not know how messages come
in, nor who reads its replies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo

from agents.care.book import UNCLEAR, ScriptBook
from agents.care.case import Case, gather
from agents.care.choice import Answer, choose
from agents.care.condition import SIGN
from agents.care.intent import IntentDecider, IntentGuess, by_decider
from agents.care.outages import Outages
from agents.care.policy import Policy
from agents.care.reading import Reader, Reading
from agents.care.revision import Revision
from agents.care.rows import message_row
from telcollm.identity import derive_id
from telcollm.model.port import Usage
from telcollm.ports import EVERYTHING, Scope
from telcollm.records import CareMessage, DecidedBy, Incident, Reply
from telcollm.store.opening import Stores
from telcollm.topology import Topology

SCRIPT_VERSION = "care-1"


@dataclass(frozen=True, slots=True)
class NamedDecider:
    """A decider of intents, and the name and adapter by which its decisions are found again.

    `learned` are the intents it can name at all.
    """

    decider: IntentDecider
    name: str
    learned: frozenset[str]
    adapter: str = ""

    def knows_better(self, guess: IntentGuess, reading: Reading) -> bool:
        """Tell whether its guess stands: phrases abstain, or are less sure of what it could have named."""
        if not reading.text:
            return False
        surer = reading.intent in self.learned and guess.confidence >= reading.confidence
        return reading.abstained or surer


@dataclass(frozen=True, slots=True)
class _Read:
    """A conversation with what was read of it."""

    messages: Sequence[CareMessage]
    reading: Reading
    case: Case


class CareDesk:
    """Suggests replies; see `telcollm.ports.ReplySuggester`."""

    def __init__(
        self,
        stores: Stores,
        topology: Topology,
        book: ScriptBook,
        policy: Policy,
        *,
        guard_key: bytes,
        decider: NamedDecider | None = None,
        scope: Scope = EVERYTHING,
        zone: tzinfo = UTC,
    ) -> None:
        """Take what replies rest on; times are written in `zone`, texts reach `decider` guarded only."""
        self._stores, self._topology, self._scope, self._zone = stores, topology, scope, zone
        self.book, self.policy = book, policy
        self._reader = Reader(book)
        self._guard_key = guard_key
        self._decider = decider
        self._revision = Revision(stores, topology, scope, self._answer)

    @property
    def usage(self) -> Usage:
        """What the language model of the decider of intents has been asked so far; nothing without one."""
        return self._decider.decider.usage if self._decider is not None else Usage()

    def suggest(
        self, conversations: Sequence[Sequence[CareMessage]], *, decided_time: datetime
    ) -> list[Reply]:
        """Return one reply a conversation, in order, to its last message; none where the desk spoke last.

        Each conversation is in the order sent. Of a conversation only the messages of its last one's tenant
        are read, and only where the desk's scope holds that tenant.

        Raises:
            TransientError: the store or what decides did not answer.
        """
        by_tenant: dict[str, Outages] = {}
        found = []
        for messages in conversations:
            tenant = messages[-1].tenant if messages else ""
            if not messages or (self._scope.tenants and tenant not in self._scope.tenants):
                continue
            if tenant not in by_tenant:
                scope = Scope((tenant,), self._scope.regions)
                by_tenant[tenant] = Outages(self._stores, self._topology, scope, decided_time)
            found.append((messages, by_tenant[tenant]))
        return self._answer(found, decided_time)

    def incident_changed(self, incident: Incident, *, decided_time: datetime) -> list[Reply]:
        """Return the replies that no longer hold, withdrawn, and what replaces them; none where all hold.

        Replies that rest on the incident are looked at, and where it newly touches services, those on
        conversations of the last two hours that it makes untrue.

        Raises:
            TransientError: the store or what decides did not answer.
        """
        return self._revision.after(incident, decided_time)

    def _answer(
        self, found: Sequence[tuple[Sequence[CareMessage], Outages]], decided_time: datetime
    ) -> list[Reply]:
        read = []
        for messages, outages in found:
            tenant = messages[-1].tenant
            own = [message for message in messages if message.tenant == tenant]
            scope = Scope((tenant,), self._scope.regions)
            case = gather(own, self._stores, outages, scope, decided_time)
            language = (case.customer.language,) if case.customer is not None else ()
            reading = self._reader.read(own, known_language=language)
            if reading is not None:
                read.append(_Read(own, reading, case))
        return [self._reply(one, decided_time) for one in self._decided(read)]

    def _decided(self, read: list[_Read]) -> list[_Read]:
        """Return the conversations, the decider's intents in the place of the phrases' where it is sure.

        What policy refuses as the phrases read it stays refused, whatever else the decider takes it for.
        """
        if self._decider is None or not read:
            return read
        rows = [message_row(one.messages, one.reading, one.case, self._guard_key) for one in read]
        guesses = by_decider(self._decider.decider, rows, self.book.intents)
        return [
            one
            if guess is None
            or not self._decider.knows_better(guess, one.reading)
            or self._chosen(one).rule is not None
            else replace(
                one,
                reading=replace(
                    one.reading,
                    intent=guess.intent,
                    confidence=guess.confidence,
                    abstained=False,
                    decided_by=guess.decided_by,
                ),
            )
            for one, guess in zip(read, guesses, strict=True)
        ]

    def _chosen(self, one: _Read) -> Answer:
        reading = one.reading
        traits = {
            **one.case.traits,
            "stage": reading.stage,
            SIGN: reading.sign,
            "asked_gb": reading.asked_gb,
            "orders": reading.orders,
        }
        return choose(
            self.book,
            self.policy,
            traits,
            one.case.slots,
            intent=_intent(reading),
            text=reading.text,
            language=reading.language,
            zone=self._zone,
        )

    def _reply(self, one: _Read, decided_time: datetime) -> Reply:
        reading, case, last = one.reading, one.case, one.reading.message
        intent, answer = _intent(reading), self._chosen(one)
        evidence = _evidence(answer, last, case)
        incident_id = _incident_of(answer, case)
        by_model = reading.decided_by is DecidedBy.MODEL and self._decider is not None
        return Reply(
            tenant=last.tenant,
            region=last.region,
            reply_id=reply_id(last, answer.text),
            conversation_id=last.conversation_id,
            message_id=last.message_id,
            customer_id=last.customer_id,
            decided_time=decided_time,
            text=answer.text,
            next_question=answer.next_question,
            intent=intent,
            script_id="" if answer.script is None else answer.script.id,
            language=reading.language,
            slots=dict(answer.values),
            slot_sources=dict(answer.sources),
            evidence=evidence,
            citations=_citations(answer),
            refused_by="" if answer.rule is None else answer.rule.id,
            approvals=() if answer.script is None else answer.script.approvals,
            abstained=reading.abstained or not answer.text,
            incident_id=incident_id,
            incident_revision=case.incident.revision if incident_id and case.incident is not None else 0,
            valid_until=case.estimate_time if "incident_estimate" in answer.values else None,
            confidence=min(max(reading.confidence, 0.0), 1.0),
            decided_by=reading.decided_by,
            model=self._decider.name if by_model and self._decider is not None else "",
            adapter=self._decider.adapter if by_model and self._decider is not None else "",
            prompt_version=SCRIPT_VERSION,
            mode=last.mode,
        )


def _intent(reading: Reading) -> str:
    return UNCLEAR if reading.abstained else reading.intent


def reply_id(message: CareMessage, said: str) -> str:
    """Return the id of a reply: of the same words to the same message it is the same."""
    return derive_id("rpl", message.tenant, message.conversation_id, message.message_id, said)


def _evidence(answer: Answer, message: CareMessage, case: Case) -> tuple[str, ...]:
    """Return the ids of all that a reply rests on: the message, and records by slot and by condition."""
    when = answer.script.when if answer.script else answer.rule.when if answer.rule else {}
    by_trait = (case.sources[name] for name in when if name in case.sources)
    return tuple(dict.fromkeys((message.message_id, *answer.sources.values(), *by_trait)))


def _incident_of(answer: Answer, case: Case) -> str:
    """Return the incident that a reply speaks of or was chosen for, else an empty text."""
    if case.incident is None or answer.script is None:
        return ""
    spoken = any(name.startswith("incident_") for name in answer.values)
    chosen = "none" not in answer.script.when.get("incident", {"none"})
    return case.incident.incident_id if spoken or chosen else ""


def _citations(answer: Answer) -> tuple[str, ...]:
    if answer.rule is not None:
        return tuple(filter(None, (f"rule {answer.rule.id}", answer.rule.source)))
    if answer.script is not None:
        return (f"script {answer.script.id}", *answer.script.cites)
    return ()
