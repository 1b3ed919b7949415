"""Conversations of customers with the care desk of a simulated operator, with intents and scripts kept apart.

Some messages can only be understood from the turns before: "yes", "the second one". It deliberately does not
know how a desk's answers are worded in truth; the agent's turns here only give customers something to answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from streams.simulator.fault import Fault
from streams.simulator.language.dialogue import Dialogue, Turn
from streams.simulator.language.facts import draw_facts
from streams.simulator.language.places import anonymous
from streams.simulator.language.sayings import Language
from streams.simulator.messages_scripts import INTENTS, NETWORK_INTENTS, Desk, Incident
from streams.simulator.plan import DEFAULT_ORIGIN
from telcollm.errors import SettingsError
from telcollm.records import CareMessage

_SYMPTOMS: Final = {
    "outage_report": ("dead", "data_dead", "router_red", "no_address", "new_phones", "dying_gasp"),
    "slow_data": ("slow", "lag", "some_pages", "evening_only"),
    "call_trouble": ("calls_drop", "calls_fail", "audio_bad"),
}
"""By which of the facts that customers see a fault brings about which intent."""


@dataclass(frozen=True, slots=True)
class MessageTruth:
    """What is true of a customer's message and not in its record.

    `needs_history`: the text alone does not tell the intent. `fault_id` is empty where no fault is behind it.
    """

    message_id: str
    conversation_id: str
    turn: int
    intent: str
    stage: str
    script: str
    language: Language
    region: str
    fault_id: str
    needs_history: bool


@dataclass(frozen=True, slots=True)
class WrittenMessage:
    """One turn: the record as it comes in, what the desk sees of the customer, the truth (agents': None)."""

    record: CareMessage
    desk: Desk
    truth: MessageTruth | None


def write_conversations(
    faults: Sequence[Fault],
    seed: int = 1,
    *,
    days: float = 30.0,
    start: datetime = DEFAULT_ORIGIN,
    tenant: str = "default",
    chinese_ratio: float = 0.4,
    per_fault: float = 0.8,
    per_day: float = 40.0,
) -> list[WrittenMessage]:
    """Return the turns of all conversations in order of time: about `per_day` a day besides those on faults.

    The same arguments give the same turns; a conversation does not hang on the others.

    Raises:
        SettingsError: `start` has no time zone, or a ratio, rate or number of days is out of range.
    """
    _check(start, chinese_ratio, per_fault, per_day, days)
    plans = _on_faults(faults, seed, start, per_fault) + _on_anything(faults, seed, start, days, per_day)
    written = [turn for plan in plans for turn in _write(plan, tenant, chinese_ratio)]
    return sorted(written, key=lambda turn: (turn.record.sent_time, turn.record.message_id))


@dataclass(frozen=True, slots=True)
class _Plan:
    """A conversation to be written: its id and chance, what brings it about, and what the desk sees."""

    conversation_id: str
    random: Random
    began: datetime
    intent: str
    symptoms: tuple[str, ...]
    desk: Desk
    region: str
    fault: Fault | None


def _on_faults(faults: Sequence[Fault], seed: int, start: datetime, per_fault: float) -> list[_Plan]:
    plans = []
    for fault in faults:
        random = Random(f"{seed}:{fault.fault_id}:care")
        facts = draw_facts(fault.kind, random)
        fitting = [
            (intent, tuple(fact for fact in _SYMPTOMS[intent] if fact in facts)) for intent in NETWORK_INTENTS
        ]
        fitting = [(intent, seen) for intent, seen in fitting if seen]
        # One conversation more for each power of ten of customers, at most four.
        expected = per_fault * min(len(str(fault.customers)) / 2.0, 3.0)
        count = min(4, int(expected) + (random.random() < expected % 1)) if fault.customers and fitting else 0
        for number in range(count):
            inner = Random(f"{seed}:{fault.fault_id}:care:{number}")
            length_s = max(fault.ended_s - fault.started_s, 60.0)
            after_s = inner.random() ** 2 * length_s * 1.3
            known: Incident = "open" if after_s > 600 and inner.random() < 0.8 else "none"
            if after_s > length_s:
                known = "resolved"
            intent, seen = inner.choice(fitting)
            if known != "none" and inner.random() < 0.3:
                intent, seen = "outage_status", ()
            plans.append(
                _Plan(
                    anonymous("C", f"{seed}:{fault.fault_id}:{number}"),
                    inner,
                    start + timedelta(seconds=fault.started_s + after_s),
                    intent,
                    seen,
                    _desk(inner, known),
                    fault.region,
                    fault,
                )
            )
    return plans


def _on_anything(
    faults: Sequence[Fault], seed: int, start: datetime, days: float, per_day: float
) -> list[_Plan]:
    regions = sorted({fault.region for fault in faults}) or [""]
    plans = []
    for number in range(round(days * per_day)):
        random = Random(f"{seed}:care:{number}")
        # People write by day: the hour is the middle one of three draws.
        hour = sorted(random.uniform(5.0, 24.0) for _ in range(3))[1]
        began = start + timedelta(days=random.randrange(max(1, int(days))), hours=hour)
        intent = random.choice([name for name in INTENTS if name not in ("thanks", "unclear")])
        seen = _SYMPTOMS.get(intent, ())
        desk = _desk(random, random.choice(("none", "none", "none", "resolved")))
        plans.append(
            _Plan(
                anonymous("C", f"{seed}:{number}"),
                random,
                began,
                intent,
                seen,
                desk,
                random.choice(regions),
                None,
            )
        )
    return plans


def _desk(random: Random, incident: Incident) -> Desk:
    return Desk(
        incident=incident,
        allowance_used=random.random() < 0.3,
        roaming_on=random.random() < 0.5,
        overdue=random.random() < 0.4,
    )


def _write(plan: _Plan, tenant: str, chinese_ratio: float) -> list[WrittenMessage]:
    random = plan.random
    language: Language = "zh" if random.random() < chinese_ratio else "en"
    customer_id = f"customer-{random.randrange(1_000_000):06d}"
    key = plan.fault.site_id if plan.fault else plan.conversation_id
    services = plan.fault.affected_service_ids[:1] if plan.fault else ()
    dialogue = Dialogue(language, random, key, plan.began, plan.desk)
    sent = plan.began
    written = []
    for number, turn in enumerate(dialogue.turns(plan.intent, plan.symptoms), start=1):
        message_id = f"{plan.conversation_id}-{number:02d}"
        record = CareMessage(
            tenant=tenant,
            region=plan.region,
            message_id=message_id,
            conversation_id=plan.conversation_id,
            sent_time=sent,
            text=turn.text,
            author=turn.author,
            customer_id=customer_id,
            service_ids=services,
            channel="chat",
        )
        written.append(WrittenMessage(record, plan.desk, _truth(plan, turn, number, message_id, language)))
        sent += timedelta(seconds=random.lognormvariate(3.6, 0.7))
    return written


def _truth(plan: _Plan, turn: Turn, number: int, message_id: str, language: Language) -> MessageTruth | None:
    if turn.author != "customer":
        return None
    return MessageTruth(
        message_id=message_id,
        conversation_id=plan.conversation_id,
        turn=number,
        intent=turn.intent,
        stage=turn.stage,
        script=turn.script,
        language=language,
        region=plan.region,
        fault_id=plan.fault.fault_id if plan.fault else "",
        needs_history=turn.needs_history,
    )


def _check(start: datetime, chinese_ratio: float, per_fault: float, per_day: float, days: float) -> None:
    if start.tzinfo is None:
        message = f"start={start!r} has no time zone; an aware time is needed; add tzinfo=UTC"
        raise SettingsError(message)
    for name, value, most in (
        ("chinese_ratio", chinese_ratio, 1.0),
        ("per_fault", per_fault, 10.0),
        ("per_day", per_day, 100_000.0),
        ("days", days, 3_660.0),
    ):
        if not 0.0 <= value <= most:
            message = f"{name}={value} is out of range; 0 to {most:g} is allowed; change it"
            raise SettingsError(message)
