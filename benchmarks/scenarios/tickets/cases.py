"""Tickets as they came in over two days of the test time, in order, with what was known beside them.

Beside the tickets of the simulated operator stand repeats (the same party sends the same words again), near
misses (another party on another service sends the same words: no duplicate), and tickets with an instruction
hidden in them. Customers' tickets name the customer's own service, as a care desk's form does; nobody's names
the faulty object unless its writer did. Deliberately does not know who routes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec

from benchmarks.scenarios.case import Answer, Case, Part
from benchmarks.scenarios.folder import CaseFolder
from benchmarks.scenarios.orders import ORDERS, Order
from benchmarks.scenarios.simulated import day, operator_folder, rows_of
from benchmarks.scenarios.suite import Tell
from benchmarks.scenarios.tickets.network import TENANT, incident_revisions
from telcollm.codec import encode
from telcollm.records import Incident, TopologyElement, TroubleTicket

VERSION: Final = 1
DAYS: Final[Mapping[Part, tuple[float, float]]] = {"validation": (18.7, 20.1), "test": (22.0, 24.0)}
"""Which days of the simulation the cases are of."""

THRESHOLD_DAYS: Final = (20.1, 21.5)
"""Days on which the threshold is chosen: neither taught from nor tested on."""

REPEATED: Final = 0.05
NEAR_MISSES: Final = 0.03
ORDER_TICKETS: Final = 4
"""Shares of tickets that are repeated or nearly so, and how many tickets hold each hidden instruction."""

_OPEN: Final = timedelta(hours=4)
_LEARNT: Final = (
    "ticket_id",
    "description",
    "severity",
    "reported_type",
    "channel",
    "region",
    "team",
    "priority",
)


def make_cases(folder: CaseFolder, part: Part, tell: Tell) -> None:
    """Write a part's cases, what was known of the network, and the labelled tickets of earlier days."""
    operator = operator_folder(folder.root.parent.parent, tell)
    first, last = (day(number) for number in DAYS[part])
    tell("reading tickets")
    truth = {row["ticket_id"]: row for row in rows_of(operator, "truth/tickets")}
    faults = {
        row["fault_id"]: row
        for row in rows_of(operator, "truth/faults", columns=["fault_id", "affected_service_ids", "kind"])
    }
    rows = rows_of(operator, "tickets")
    learnt = [row for row in rows if row["split"] == "train"]
    held = [row for row in rows if row["split"] == "validation"]
    start, end = (day(number) for number in THRESHOLD_DAYS)
    _write_rows(folder.inputs / "train.jsonl", learnt)
    _write_rows(folder.inputs / "held.jsonl", [row for row in held if not start <= row["time"] < end])
    _write_rows(folder.inputs / "threshold.jsonl", [row for row in held if start <= row["time"] < end])
    topology = _topology(operator)
    services = {one.element_id: one.services for one in topology}
    told, behind = incident_revisions(operator, first, last, services)
    _write_network(folder.inputs, topology, told)
    asked = [row for row in rows if row["split"] == part and first <= row["time"] < last]
    written = [
        _Written(_ticket(row, faults[truth[row["ticket_id"]]["fault_id"]]), row, truth) for row in asked
    ]
    others = sorted({name for one in topology for name in one.services})
    written += [again for one in written for again in _again(one, others, last)]
    written.sort(key=lambda one: (one.time, one.ticket.ticket_id))
    cases: list[Case] = []
    answers: list[Answer] = []
    for one in written:
        cases.append(Case(one.ticket.ticket_id, {"kind": "route", "ticket": msgspec.to_builtins(one.ticket)}))
        answers.append(one.answer(written, told, behind))
    for case, answer in _with_orders([one for one in written if one.role == "own"], last):
        cases.append(case)
        answers.append(answer)
    folder.write(cases, answers)


class _Written:
    """A ticket with the row it was made of, and what it is: its own, a repeat, or a near miss."""

    def __init__(
        self,
        ticket: TroubleTicket,
        row: Mapping[str, Any],
        truth: Mapping[str, Mapping[str, Any]],
        role: str = "own",
        original: str = "",
    ) -> None:
        self.ticket, self.row, self.truth, self.role, self.original = ticket, row, truth, role, original
        # Words of another customer on another line: of no fault that is known.
        self.fault = "" if role == "near miss" else str(truth[row["ticket_id"]]["fault_id"])

    @property
    def time(self) -> datetime:
        return self.ticket.creation_date or day(0)

    def answer(
        self,
        tickets: Sequence[_Written],
        told: Sequence[tuple[datetime, Incident]],
        behind: Mapping[str, str],
    ) -> Answer:
        """Return the hidden answer: team, priority, and all that the ticket may rightly be linked to."""
        same = [
            one.ticket.ticket_id
            for one in tickets
            if self.fault and one.fault == self.fault and self.time - _OPEN <= one.time < self.time
        ]
        own = [one for at, one in told if at <= self.time and behind[one.incident_id] == self.fault]
        state = {one.incident_id: one.status.value for one in own} if self.fault else {}
        incidents = sorted(name for name in state)
        going_on = sorted(name for name, status in state.items() if status != "resolved")
        return Answer(
            self.ticket.ticket_id,
            {
                "role": self.role,
                "team": self.row["team"],
                "priority": self.row["priority"],
                "tickets": same,
                "incidents": incidents,
                "open_incidents": going_on,
                "original": self.original,
            },
            group=str(self.truth[self.row["ticket_id"]]["fault_id"]),
            slices={
                "language": self.row["language"],
                "voice": self.row["voice"],
                "dialect": "unseen" if self.row["dialect_unseen"] else "seen",
            }
            if self.role == "own"
            else {"role": self.role},
        )


def _again(one: _Written, services: Sequence[str], last: datetime) -> list[_Written]:
    share = _share(f"again:{one.ticket.ticket_id}")
    if one.row["voice"] != "customer" or share >= 3 * (REPEATED + NEAR_MISSES):
        return []
    random = Random(one.ticket.ticket_id)
    later = one.time + timedelta(minutes=random.uniform(5.0, 90.0))
    if later >= last:
        return []
    repeated = share < 3 * REPEATED
    ticket = msgspec.structs.replace(
        one.ticket,
        ticket_id=_name("T", one.ticket.ticket_id),
        creation_date=later,
        related_party=one.ticket.related_party if repeated else (_name("customer-", one.ticket.ticket_id),),
        related_entity=one.ticket.related_entity if repeated else (random.choice(services),),
    )
    role = "repeat" if repeated else "near miss"
    return [_Written(ticket, one.row, one.truth, role, one.ticket.ticket_id)]


def _with_orders(written: Sequence[_Written], last: datetime) -> Iterable[tuple[Case, Answer]]:
    """Yield tickets with an instruction in them; each is asked about beside its honest self.

    They come after all others, and ask for a team that the ticket is not of.
    """
    teams = sorted({one.row["team"] for one in written})
    for order in ORDERS:
        random = Random(order.name)
        alike = [one for one in written if one.row["language"] == order.language]
        for number, one in enumerate(random.sample(alike, min(ORDER_TICKETS, len(alike)))):
            team = random.choice([name for name in teams if name != one.row["team"]])
            name = _name("T", f"{order.name}:{number}")
            yield (
                Case(
                    name,
                    {
                        "kind": "order",
                        "ticket": msgspec.to_builtins(
                            msgspec.structs.replace(one.ticket, ticket_id=name, creation_date=last)
                        ),
                        "order": order.written(team, one.ticket.description, random),
                    },
                ),
                Answer(
                    name,
                    {"role": "order", "order": order.name},
                    group=order.name,
                    slices=order_slices(order),
                ),
            )


def order_slices(order: Order) -> dict[str, str]:
    """Return what figures on hidden instructions are also shown by."""
    return {
        "role": "order",
        "order_language": order.language,
        "order_wording": order.wording,
    }


def _ticket(row: Mapping[str, Any], fault: Mapping[str, Any]) -> TroubleTicket:
    customer = row["voice"] == "customer"
    services = tuple(fault["affected_service_ids"][:1]) if customer else ()
    return TroubleTicket(
        tenant=TENANT,
        region=row["region"],
        ticket_id=row["ticket_id"],
        description=row["description"],
        severity=row["severity"],
        ticket_type=row["reported_type"],
        creation_date=row["time"],
        channel=row["channel"],
        related_entity=services,
        related_party=(_name("customer-", f"of {row['ticket_id']}"),) if customer else (),
    )


def _topology(operator: Path) -> list[TopologyElement]:
    data = (operator / "topology.jsonl").read_bytes()
    return [msgspec.json.decode(line, type=TopologyElement) for line in data.splitlines()]


def _write_network(
    inputs: Path, topology: Iterable[TopologyElement], told: Iterable[tuple[datetime, Incident]]
) -> None:
    (inputs / "topology.jsonl").write_bytes(b"".join(encode(one) + b"\n" for one in topology))
    lines = (msgspec.json.encode({"at": at, "incident": msgspec.to_builtins(one)}) for at, one in told)
    (inputs / "incidents.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))


def _write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    path.write_bytes(
        b"".join(msgspec.json.encode({name: row[name] for name in _LEARNT}) + b"\n" for row in rows)
    )


def _name(kind: str, of: str) -> str:
    return f"{kind}{blake2b(of.encode(), digest_size=6).hexdigest()}"


def _share(name: str) -> float:
    return int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), "big") / 2**32
