"""What the operator's customer record says of one customer: traits of the case, and values for slots.

Read are flat facts (`overdue`, `allowance_used`, `roaming_on`, `line_status`, ...) and lists of `lines`,
`bills` and `plans`, as customer databases export them. Of several lines that the case may be about, only what
they agree on is told. Does not know where the record comes from.
Source: tau2-bench telecom, domain basics (customer, line, plan, bill).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from agents.care.slots import Slot
from telcollm.records import Customer

Facts = Mapping[str, Any]

_LINE_STATUS: Final = {
    "active": "active",
    "suspended": "suspended",
    "pending activation": "pending",
    "pending": "pending",
    "closed": "closed",
}
_UNKNOWN: Final = "unknown"


def account_of(
    customer: Customer | None, service_ids: Sequence[str], at: datetime
) -> tuple[dict[str, str], dict[str, Slot]]:
    """Return the traits and slots that a customer's record gives as of `at`; without one all is unknown."""
    traits = dict.fromkeys(
        ("line", "contract", "overdue", "awaiting_payment", "allowance", "roaming"), _UNKNOWN
    )
    if customer is None:
        return traits, {}
    facts = customer.facts
    own = customer.customer_id
    lines = _lines(facts, service_ids)
    plans = [_plan(facts, customer, line) for line in lines]
    traits["line"] = _agreed(_line_status(line) for line in lines)
    traits["contract"] = _agreed(_contract(line, at) for line in lines)
    traits["roaming"] = _agreed(
        _choice(_first(line, "roaming_on", "roaming_enabled"), "on", "off") for line in lines
    )
    traits["allowance"] = _agreed(_allowance(line, plan) for line, plan in zip(lines, plans, strict=True))
    bills = _bills(facts, own)
    statuses = [str(bill.get("status", "")).casefold().replace("_", " ") for bill in bills]
    traits["overdue"] = _choice(facts.get("overdue"), "yes", "no")
    traits["awaiting_payment"] = _choice(facts.get("awaiting_payment"), "yes", "no")
    if bills:
        if traits["overdue"] == _UNKNOWN or "overdue" in statuses:
            traits["overdue"] = "yes" if "overdue" in statuses else "no"
        waits = "awaiting payment" in statuses
        if traits["awaiting_payment"] == _UNKNOWN or waits:
            traits["awaiting_payment"] = "yes" if waits else "no"
    slots = {"customer_name": Slot(customer.name, own)}
    if len(lines) == 1:
        slots |= _line_slots(facts, lines[0], plans[0], own)
    elif customer.plan:
        slots["plan_name"] = Slot(customer.plan, own)
    wanted = (
        ("overdue", "awaiting payment") if {"overdue", "awaiting payment"} & set(statuses) else ("issued",)
    )
    open_bills = [bill for bill, status in zip(bills, statuses, strict=True) if status in wanted]
    if open_bills:
        slots |= _bill_slots(facts, min(open_bills, key=lambda bill: str(bill.get("due_date", "9"))), own)
    return traits, slots


def _lines(facts: Facts, service_ids: Sequence[str]) -> list[Facts]:
    """Return the lines that the case may be about; flat facts are one line."""
    lines = [line for line in _dicts(facts.get("lines")) if line.get("line_id")]
    named = [
        line
        for line in lines
        if {line.get("line_id"), line.get("phone_number"), line.get("service_id")} & set(service_ids)
    ]
    return named or lines or [facts]


def _plan(facts: Facts, customer: Customer, line: Facts) -> Facts:
    """Return the plan of a line, empty where the record does not tell which it is."""
    wanted = line.get("plan_id") or customer.plan
    for plan in _dicts(facts.get("plans")):
        if wanted and wanted in (plan.get("plan_id"), plan.get("name")):
            return plan
    flat = {
        "name": customer.plan,
        "data_limit_gb": _first(facts, "plan_limit_gb", "data_limit_gb"),
        "price_per_month": _first(facts, "plan_price", "price_per_month"),
        "data_refueling_price_per_gb": _first(facts, "refuel_price_per_gb", "data_refueling_price_per_gb"),
    }
    return {} if facts.get("plans") else flat


def _bills(facts: Facts, customer_id: str) -> list[Facts]:
    """Return the customer's bills without drafts; one that names another customer is left out."""
    return [
        bill
        for bill in _dicts(facts.get("bills"))
        if bill.get("bill_id")
        and str(bill.get("customer_id", customer_id)) == customer_id
        and str(bill.get("status", "")).casefold() != "draft"
    ]


def _line_status(line: Facts) -> str:
    value = _first(line, "line_status", "status")
    return _LINE_STATUS.get(str(value).casefold().replace("_", " "), _UNKNOWN)


def _contract(line: Facts, at: datetime) -> str:
    ends = as_date(_first(line, "contract_end", "contract_end_date"))
    return _UNKNOWN if ends is None else "ended" if ends < at.date() else "running"


def _allowance(line: Facts, plan: Facts) -> str:
    told = _choice(line.get("allowance_used"), "used", "left")
    used, limit = _number(line.get("data_used_gb")), _number(plan.get("data_limit_gb"))
    if told != _UNKNOWN or used is None or limit is None:
        return told
    more = _number(line.get("data_refueling_gb")) or 0.0
    return "used" if used > limit + more else "left"


def _line_slots(facts: Facts, line: Facts, plan: Facts, own: str) -> dict[str, Slot]:
    source = str(line.get("line_id") or own)
    priced = str(plan.get("plan_id") or own)
    currency = facts.get("currency", "")
    values = {
        "line_ending": (_first(line, "phone_number", "msisdn"), source),
        "data_used_gb": (_number(line.get("data_used_gb")), source),
        "contract_end": (as_date(_first(line, "contract_end", "contract_end_date")), source),
        "plan_name": (plan.get("name"), priced),
        "plan_limit_gb": (_number(plan.get("data_limit_gb")), priced),
        "plan_price": (_money(plan.get("price_per_month"), currency), priced),
        "refuel_price_per_gb": (_money(plan.get("data_refueling_price_per_gb"), currency), priced),
    }
    return {name: Slot(value, where) for name, (value, where) in values.items() if value is not None}


def _bill_slots(facts: Facts, bill: Facts, own: str) -> dict[str, Slot]:
    source = str(bill.get("bill_id") or own)
    values = {
        "bill_reference": bill.get("bill_id"),
        "bill_amount": _money(_first(bill, "total_due", "amount"), facts.get("currency", "")),
        "bill_due": as_date(bill.get("due_date")),
    }
    return {name: Slot(value, source) for name, value in values.items() if value is not None}


def as_date(value: Any) -> date | None:
    """Return a date given as one or as ISO 8601 text; None for anything else."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def _dicts(value: Any) -> list[Facts]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list | tuple) else []


def _first(facts: Facts, *names: str) -> Any:
    return next((facts[name] for name in names if facts.get(name) is not None), None)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _money(value: Any, currency: Any) -> tuple[float, str] | None:
    amount = _number(value)
    return None if amount is None else (amount, str(currency))


def _choice(value: Any, true: str, false: str) -> str:
    return true if value is True else false if value is False else _UNKNOWN


def _agreed(values: Iterable[str]) -> str:
    """Return the one value that all have, unknown where they differ."""
    found = set(values)
    return found.pop() if len(found) == 1 else _UNKNOWN
