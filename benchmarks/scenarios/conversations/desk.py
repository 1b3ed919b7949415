"""The care desk under test: the real one over a store that holds each conversation's records.

Every case has a tenant of its own, so that no record of one is known to another. Deliberately does not know
the answers.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from benchmarks.scenarios.case import Case, Said
from benchmarks.scenarios.suite import Options, Tell
from benchmarks.scenarios.version import weights_version
from telcollm.records import CareMessage, Customer, Incident, Reply, TicketStatus, TroubleTicket
from telcollm.settings import Settings

_UNKNOWN: Final = ""
_Kind = TypeVar("_Kind", bound=msgspec.Struct)


class CareScenarioDesk:
    """One variant; see `benchmarks.scenarios.suite.System`."""

    def __init__(self, variant: str, options: Options, settings: Settings, tell: Tell) -> None:
        from telcollm.app.care import open_desk
        from telcollm.decider.shelf import resolve
        from telcollm.store.opening import open_stores
        from telcollm.topology import Topology

        self._folder = Path(tempfile.mkdtemp(prefix="telcollm-care-"))
        self._stores = open_stores(f"sqlite:///{self._folder / 'telcollm.db'}")
        self._variant = variant
        self._decider = "" if variant == "phrases" else options.deciders.get("intent", "care-intent")
        try:
            tell("opening the care desk")
            self._desk = open_desk(
                settings,
                self._stores,
                Topology([]),
                intent=self._decider,
                rules_only=variant == "phrases",
            )
            self._weights = weights_version(resolve(self._decider, settings)) if self._decider else "none"
        except BaseException:
            self.close()
            raise

    @property
    def identity(self) -> Mapping[str, str]:
        """The variant, its decider and that one's weights."""
        return {
            "variant": self._variant,
            "decider_intent": self._decider or "none",
            "weights_intent": self._weights,
        }

    def answer(self, case: Case) -> Said:
        """Return the reply suggested; with and without an instruction, or before and after a change."""
        self._keep(case)
        at = datetime.fromisoformat(case.inputs["at"])
        messages = _messages(case, case.inputs["messages"])
        before = self._desk.usage
        reply = self._reply(messages, at)
        outcome = _outcome(reply)
        if case.inputs["kind"] == "order":
            forged = [*messages[:-1], msgspec.structs.replace(messages[-1], text=case.inputs["order"])]
            outcome = {"plain": outcome, "ordered": _outcome(self._reply(forged, at))}
        elif case.inputs["kind"] == "change":
            outcome["after"] = self._changed(case, messages, reply, at)
        tokens = (self._desk.usage - before).tokens_in
        return Said(case.case_id, outcome, text=reply.text, tokens=tokens, abstained=reply.abstained)

    def _reply(self, messages: Sequence[CareMessage], at: datetime) -> Reply:
        return self._desk.suggest([messages], decided_time=at)[0]

    def _keep(self, case: Case) -> None:
        """Keep what the systems of the case's tenant hold."""
        records, tenant = case.inputs["records"], case.case_id
        people = [one for one in (records["customer"], *records.get("others", ())) if one]
        self._stores.care.put_customers([_record(tenant, one, Customer) for one in people])
        known = records.get("incident")
        promised = records.get("ticket")
        if known or promised:
            with self._stores.store.transaction() as transaction:
                if known:
                    transaction.put_incidents([_record(tenant, known, Incident)])
                if promised:
                    transaction.put_tickets([_record(tenant, promised, TroubleTicket)])

    def _changed(
        self, case: Case, messages: Sequence[CareMessage], reply: Reply, at: datetime
    ) -> dict[str, Any]:
        """Return what becomes of a reply that is out when an incident changes."""
        self._stores.care.put_messages(messages)
        self._stores.care.put_replies([reply])
        known = _record(case.case_id, case.inputs["records"]["incident"], Incident)
        kind = case.inputs["change"]
        changed = msgspec.structs.replace(known, revision=known.revision + 1)
        if kind == "repaired":
            changed = msgspec.structs.replace(changed, status=TicketStatus.RESOLVED)
        elif kind == "merged":
            changed = msgspec.structs.replace(changed, superseded_by="inc-0000000000")
        elif kind == "another":
            changed = msgspec.structs.replace(
                changed, incident_id="inc-another", affected_service=("mobile-none",), affected_objects=()
            )
        with self._stores.store.transaction() as transaction:
            transaction.put_incidents([changed])
            if kind == "new estimate":
                transaction.put_tickets([_later(case, at)])
        after = self._desk.incident_changed(changed, decided_time=at)
        return {
            "withdrawn": any(one.withdrawn and one.reply_id == reply.reply_id for one in after),
            "replaced": any(one.supersedes == reply.reply_id for one in after),
            "rested": bool(reply.incident_id),
        }

    def close(self) -> None:
        """Close the store and take its file away."""
        self._stores.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _later(case: Case, at: datetime) -> TroubleTicket:
    """Return a ticket that gives the case's incident another time of repair."""
    from datetime import timedelta

    return TroubleTicket(
        tenant=case.case_id,
        ticket_id="tt-later",
        description="repair of a fault",
        status=TicketStatus.IN_PROGRESS,
        related_entity=(case.inputs["records"]["incident"]["incident_id"],),
        creation_date=at - timedelta(minutes=2),
        last_update=at - timedelta(minutes=1),
        expected_resolution_date=at + timedelta(hours=9, minutes=7),
    )


def _record(tenant: str, given: Mapping[str, Any], kind: type[_Kind]) -> _Kind:
    """Return a record from its fields by their names here; on the wire they are spelled otherwise."""
    wire = {field.name: field.encode_name for field in msgspec.structs.fields(kind)}
    return msgspec.convert({"tenant": tenant, **{wire[name]: value for name, value in given.items()}}, kind)


def _messages(case: Case, given: Sequence[Mapping[str, str]]) -> list[CareMessage]:
    own = case.inputs["records"]["customer"]
    return [
        CareMessage(
            tenant=case.case_id,
            message_id=f"{case.case_id}-{number:02d}",
            conversation_id=f"{case.case_id}-c",
            sent_time=datetime.fromisoformat(one["sent_time"]),
            text=one["text"],
            author=one["author"],
            customer_id=own["customer_id"] if own else _UNKNOWN,
            channel="chat",
        )
        for number, one in enumerate(given, start=1)
    ]


def _outcome(reply: Reply) -> dict[str, Any]:
    return {
        "script": reply.script_id,
        "intent": reply.intent,
        "refused_by": reply.refused_by,
        "text": reply.text,
        "slots": dict(reply.slots),
        "language": reply.language,
        "abstained": reply.abstained,
        "confidence": reply.confidence,
        "incident_id": reply.incident_id,
    }
