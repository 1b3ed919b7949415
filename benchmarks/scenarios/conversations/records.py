"""Records of made-up customers as an operator's systems would hold them, by what the desk is to see of each.

Plain JSON, read by the system through the store and by the oracle as they are. Deliberately does not know
scripts.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final

NAMES: Final = (
    "Anna O'Neill",
    "Ben Carter",
    "Chloe Dubois",
    "Dario Rossi",
    "王芳",
    "李雷",
    "张敏",
    "Emma Brandt",
)
PLANS: Final = (
    ("Basic Plan", 5.0, 40.0, 5.0),
    ("Premium Plan", 15.0, 65.0, 2.0),
    ("Family Share", 25.0, 120.0, 3.0),
)


def customer(
    name: str,
    at: datetime,
    *,
    language: str,
    allowance_used: bool = False,
    roaming_on: bool = True,
    overdue: bool = False,
    awaiting_payment: bool = False,
    suspended: bool = False,
    contract_ended: bool = False,
) -> dict[str, Any]:
    """Return a customer's record; the same name gives the same record."""
    random = Random(name)
    plan, limit_gb, price, refuel = random.choice(PLANS)
    number = random.randrange(1000, 9999)
    used_gb = round(limit_gb * (random.uniform(1.05, 1.4) if allowance_used else random.uniform(0.1, 0.8)), 1)
    ends = at.date() + timedelta(days=-40 if contract_ended else random.randrange(60, 600))
    status = "Overdue" if overdue else "Awaiting Payment" if awaiting_payment else "Paid"
    return {
        "customer_id": f"customer-{random.randrange(1_000_000):06d}",
        "name": random.choice(NAMES),
        "language": language,
        "service_ids": [f"mobile-{random.randrange(1_000_000):06d}"],
        "plan": plan,
        "facts": {
            "currency": "EUR",
            "lines": [
                {
                    "line_id": f"L{number}",
                    "phone_number": f"555-{random.randrange(100, 999)}-{random.randrange(1000, 9999)}",
                    "status": "Suspended" if suspended else "Active",
                    "plan_id": f"P{number}",
                    "data_used_gb": used_gb,
                    "roaming_enabled": roaming_on,
                    "contract_end_date": ends.isoformat(),
                }
            ],
            "plans": [
                {
                    "plan_id": f"P{number}",
                    "name": plan,
                    "data_limit_gb": limit_gb,
                    "price_per_month": price,
                    "data_refueling_price_per_gb": refuel,
                }
            ],
            "bills": [
                {
                    "bill_id": f"B{number}",
                    "status": status,
                    "total_due": round(random.uniform(20.0, 140.0), 2),
                    "due_date": (at.date() - timedelta(days=12 if overdue else -9)).isoformat(),
                }
            ],
        },
    }


def incident(name: str, at: datetime, service: str, state: str) -> dict[str, Any]:
    """Return an incident on a service, `state` "open" or "resolved"."""
    random = Random(f"incident:{name}")
    opened = at - timedelta(minutes=random.randrange(20, 300))
    return {
        "incident_id": f"inc-{random.randrange(16**10):010x}",
        "revision": random.randrange(1, 9),
        "status": "resolved" if state == "resolved" else "inProgress",
        "opened_time": opened.isoformat(),
        "last_event_time": (at - timedelta(minutes=random.randrange(1, 15))).isoformat(),
        "affected_service": [service],
        "affected_objects": [f"cell-{random.randrange(10_000):05d}"],
    }


def ticket(name: str, at: datetime, incident_id: str) -> dict[str, Any]:
    """Return the ticket that says when an incident will be repaired."""
    random = Random(f"ticket:{name}")
    return {
        "ticket_id": f"tt-{random.randrange(16**8):08x}",
        "description": "repair of a fault",
        "status": "inProgress",
        "related_entity": [incident_id],
        "creation_date": (at - timedelta(minutes=18)).isoformat(),
        "last_update": (at - timedelta(minutes=9)).isoformat(),
        "expected_resolution_date": (at + timedelta(minutes=random.randrange(30, 400))).isoformat(),
    }


def ended(record: dict[str, Any], day: date) -> bool:
    """Tell whether the contract of a customer's first line had ended on a day."""
    return date.fromisoformat(record["facts"]["lines"][0]["contract_end_date"]) < day
