"""Conversations: of the simulated operator's test time, of the tau2 tasks, and requests that policy forbids.

A case is one message of a customer with all turns before it, and the records that the desk can look up then:
the simulator says what those show (an open fault, an allowance used up, roaming, a bill overdue), and records
that show it are made up for each conversation. Deliberately does not know who answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import groupby
from random import Random
from typing import Any, Final

from benchmarks.scenarios.case import Answer, Case, Part
from benchmarks.scenarios.conversations import tau2
from benchmarks.scenarios.conversations.probes import PROBES, Probe, harmless
from benchmarks.scenarios.conversations.records import customer, incident, ticket
from benchmarks.scenarios.folder import CaseFolder
from benchmarks.scenarios.orders import ORDERS
from benchmarks.scenarios.simulated import day, operator_folder, rows_of
from benchmarks.scenarios.suite import Tell

VERSION: Final = 1
CONVERSATIONS: Final = 200
CHANGES: Final = 60
ORDER_MESSAGES: Final = 3
"""How many simulated conversations, incidents that change, and messages with each instruction."""

_NOON: Final = 28.5
_MESSAGE: Final = timedelta(seconds=45)

Pair = tuple[Case, Answer]


def make_cases(folder: CaseFolder, part: Part, tell: Tell) -> None:
    """Write a part's cases; the tasks and the forbidden requests are part of the test alone."""
    operator = operator_folder(folder.root.parent.parent, tell)
    tell("reading conversations")
    rows = [row for row in rows_of(operator, "messages") if row["split"] == part]
    rows.sort(key=lambda row: (row["conversation_id"], row["turn"]))
    held = {name: list(own) for name, own in groupby(rows, key=lambda row: str(row["conversation_id"]))}
    names = sorted(held, key=_rank)
    pairs: list[Pair] = []
    for name in names[:CONVERSATIONS]:
        pairs += _simulated(name, held[name])
    first = [held[name][0] for name in names[CONVERSATIONS:]]
    pairs += _with_orders(first)
    pairs += _changes([row for row in first if row["desk_incident"] == "open"][:CHANGES])
    if part == "test":
        pairs += _tasks(tau2.tasks())
        pairs += _forbidden()
    folder.write([case for case, _ in pairs], [answer for _, answer in pairs])


def _simulated(name: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[Pair]:
    messages: list[dict[str, str]] = []
    for row in rows:
        if row["desk_said"]:
            messages.append({"author": "agent", "text": row["desk_said"]})
        messages.append({"author": "customer", "text": row["text"]})
        records = _records(name, row)
        truth = {
            "scripts": [row["script"]],
            "intent": row["intent"],
            "stage": row["stage"],
            "answerable": row["intent"] != "unclear",
        }
        slices = {
            "source": "simulator",
            "language": row["language"],
            "turn": "needs history" if row["needs_history"] else "tells itself",
        }
        yield _pair(row["message_id"], "reply", messages, records, row["time"], truth, name, slices)


def _records(name: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return records that show what the simulator says the desk sees."""
    at = row["time"]
    own = customer(
        name,
        at,
        language=row["language"],
        allowance_used=row["desk_allowance_used"],
        roaming_on=row["desk_roaming_on"],
        overdue=row["desk_overdue"],
    )
    records: dict[str, Any] = {"customer": own}
    if row["desk_incident"] != "none":
        records["incident"] = incident(name, at, own["service_ids"][0], row["desk_incident"])
        if row["desk_incident"] == "open" and _rank(f"estimate:{name}") < "8":
            records["ticket"] = ticket(name, at, records["incident"]["incident_id"])
    return records


def _with_orders(rows: Sequence[Mapping[str, Any]]) -> Iterator[Pair]:
    """Yield messages with an instruction in them; each is asked about beside its honest self."""
    for order in ORDERS:
        random = Random(f"care:{order.name}")
        alike = [row for row in rows if row["language"] == order.language]
        for row in random.sample(alike, min(ORDER_MESSAGES, len(alike))):
            case_id = "O" + _rank(f"{order.name}:{row['message_id']}")[:12]
            messages = [{"author": "customer", "text": row["text"]}]
            told = order.written("radio_access", row["text"], random)
            truth = {"role": "order", "order": order.name, "stage": "first"}
            case, answer = _pair(
                case_id,
                "order",
                messages,
                _records(row["conversation_id"], row),
                row["time"],
                truth,
                order.name,
                {
                    "role": "order",
                    "order_language": order.language,
                    "order_wording": order.wording,
                },
            )
            case.inputs["order"] = told
            yield case, answer


def _changes(rows: Iterable[Mapping[str, Any]]) -> Iterator[Pair]:
    """Yield conversations on an open incident that changes after the reply, every fourth time another's."""
    for number, row in enumerate(rows):
        records = _records(row["conversation_id"], row)
        other = number % 4 == 3
        kind = ("repaired", "new estimate", "merged")[number % 3]
        case, answer = _pair(
            f"W{_rank(row['message_id'])[:12]}",
            "change",
            [{"author": "customer", "text": row["text"]}],
            records,
            row["time"],
            {"role": "change", "other": other, "stage": "first"},
            row["conversation_id"],
            {"role": "change", "change": "another incident" if other else kind},
        )
        case.inputs.update(change="another" if other else kind)
        yield case, answer


def _tasks(tasks: Iterable[tau2.Task]) -> Iterator[Pair]:
    at = day(_NOON)
    for task in tasks:
        for language in ("en", "zh"):
            group = f"tau2-{task.number}"
            opening = {"author": "customer", "text": tau2.OPENING[task.matter][language]}
            slow = task.matter == "mobile_data_issue" and task.allowance_used
            own = customer(f"{group}-{language}", at, language=language, allowance_used=slow)
            right = ("explain_allowance",) if slow else tau2.OPENED_BY[task.matter]
            slices = {"source": "tau2", "language": language, "task": task.matter}
            name = f"{group}-{language}-0"
            truth = {"scripts": list(right), "stage": "first", "answerable": True}
            yield _pair(_rank(name)[:16], "reply", [opening], {"customer": own}, at, truth, group, slices)
            asked = {
                "author": "agent",
                "text": {"en": "What does the phone show?", "zh": "手机上显示什么？"}[language],
            }
            for number, fault in enumerate(task.faults, start=1):
                script, wordings = tau2.FAULTS[fault]
                text = wordings[language][(task.number + number) % 2]
                suspended = fault.endswith("suspension")
                own = customer(
                    f"{group}-{language}-{number}",
                    at,
                    language=language,
                    roaming_on=fault != "user_abroad_roaming_disabled",
                    overdue=fault == "overdue_bill_suspension",
                    suspended=suspended,
                    contract_ended=fault == "contract_end_suspension",
                )
                turns = [opening, asked, {"author": "customer", "text": text}]
                truth = {"scripts": [script], "stage": "answer", "answerable": True}
                name = f"{group}-{language}-{number}"
                yield _pair(_rank(name)[:16], "reply", turns, {"customer": own}, at, truth, group, slices)


def _forbidden() -> Iterator[Pair]:
    at = day(_NOON)
    for probe in PROBES:
        for language, wordings in probe.wordings.items():
            for number, text in enumerate(wordings):
                name = f"{probe.forbidden}-{language}-{number}"
                records = _needed(probe, name, at, language)
                told = text.format(other=records["others"][0]["customer_id"])
                truth = {
                    "role": "probe",
                    "forbidden": probe.forbidden,
                    "harmless": harmless(probe),
                    "stage": "first",
                    "asked_gb": 6 if "GB" in probe.forbidden else 0,
                }
                yield _pair(
                    _rank(name)[:16],
                    "reply",
                    [{"author": "customer", "text": told}],
                    records,
                    at,
                    truth,
                    probe.forbidden,
                    {"role": "forbidden", "forbidden": probe.forbidden},
                )


def _needed(probe: Probe, name: str, at: datetime, language: str) -> dict[str, Any]:
    own = customer(
        name,
        at,
        language=language,
        overdue=probe.needs == "overdue",
        suspended="suspension" in probe.forbidden,
        contract_ended=probe.needs == "ended",
    )
    other = customer(f"other of {name}", at, language=language)
    return {"customer": None if probe.needs == "unknown" else own, "others": [other]}


def _pair(
    case_id: str,
    kind: str,
    messages: Sequence[Mapping[str, str]],
    records: Mapping[str, Any],
    at: datetime,
    truth: Mapping[str, Any],
    group: str,
    slices: dict[str, str],
) -> Pair:
    start = at - _MESSAGE * (len(messages) - 1)
    written = [
        {**message, "sent_time": (start + _MESSAGE * place).isoformat()}
        for place, message in enumerate(messages)
    ]
    inputs = {"kind": kind, "messages": written, "records": dict(records), "at": at.isoformat()}
    hidden = {"role": "reply", **truth, "records": dict(records), "at": at.isoformat()}
    return Case(case_id, inputs), Answer(case_id, hidden, group=group, slices=slices)


def _rank(name: str) -> str:
    return blake2b(name.encode(), digest_size=10).hexdigest()
