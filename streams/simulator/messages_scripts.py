"""Intents of customers' messages, and which script a desk answers with: decided by intent, stage and records.

It deliberately does not know the wording of a message nor of a script.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Stage = Literal["first", "answer", "accepted", "declined"]
"""Where in a matter a message stands: it opens it, answers a question, takes an offer or turns it down."""

Incident = Literal["none", "open", "resolved"]

INTENTS: Final = (
    "outage_report",
    "outage_status",
    "slow_data",
    "call_trouble",
    "roaming",
    "sim_card",
    "bill_question",
    "payment_trouble",
    "plan_change",
    "cancel",
    "complaint",
    "compensation",
    "appointment",
    "number_port",
    "fraud",
    "thanks",
    "unclear",
)
"""What a customer can be after; `unclear` is a message that says nothing of it yet."""

NETWORK_INTENTS: Final = ("outage_report", "slow_data", "call_trouble")
"""Intents a fault of the network can bring about."""

FOLLOWS: Final[dict[str, tuple[str, ...]]] = {
    "outage_report": ("outage_status", "compensation", "complaint", "appointment", "thanks", "cancel"),
    "outage_status": ("compensation", "complaint", "thanks", "appointment", "cancel"),
    "slow_data": ("plan_change", "compensation", "appointment", "cancel", "outage_status", "thanks"),
    "call_trouble": ("outage_status", "sim_card", "complaint", "compensation", "thanks"),
    "roaming": ("bill_question", "plan_change", "thanks", "payment_trouble"),
    "sim_card": ("fraud", "number_port", "thanks", "plan_change"),
    "bill_question": ("payment_trouble", "complaint", "plan_change", "compensation", "fraud", "cancel"),
    "payment_trouble": ("bill_question", "plan_change", "thanks", "cancel"),
    "plan_change": ("bill_question", "number_port", "roaming", "thanks"),
    "cancel": ("number_port", "bill_question", "complaint", "thanks"),
    "complaint": ("cancel", "compensation", "appointment", "thanks"),
    "compensation": ("complaint", "bill_question", "thanks", "cancel"),
    "appointment": ("outage_status", "thanks", "complaint"),
    "number_port": ("sim_card", "plan_change", "thanks"),
    "fraud": ("sim_card", "bill_question", "complaint", "thanks"),
}
"""What customers come to next, after each intent."""


REASONS: Final[dict[str, tuple[str, ...]]] = {
    "compensation": ("outage_report", "slow_data", "call_trouble", "appointment"),
    "complaint": ("outage_report", "bill_question", "appointment", "number_port", "slow_data", "sim_card"),
    "cancel": ("slow_data", "bill_question", "complaint", "outage_report", "call_trouble"),
    "appointment": ("outage_report", "slow_data", "call_trouble"),
    "plan_change": ("slow_data", "bill_question", "roaming", "payment_trouble"),
    "number_port": ("cancel", "call_trouble", "plan_change"),
    "payment_trouble": ("bill_question", "roaming", "fraud"),
    "bill_question": ("roaming", "plan_change", "cancel", "fraud", "payment_trouble"),
    "outage_status": ("outage_report", "call_trouble", "slow_data", "appointment"),
    "sim_card": ("fraud", "call_trouble", "roaming", "number_port"),
    "fraud": ("sim_card", "bill_question", "call_trouble"),
}
"""What customers tell as the reason why they come with an intent: the reason is not what they are after."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What the desk's records say of the customer while he writes; seen, not truth."""

    incident: Incident = "none"
    allowance_used: bool = False
    roaming_on: bool = True
    overdue: bool = False


_BY_STAGE: Final[dict[str, dict[Stage, str]]] = {
    "outage_report": {
        "first": "ask_fault_details",
        "answer": "open_fault_ticket",
        "accepted": "open_fault_ticket",
    },
    "outage_status": {"first": "check_fault_state", "accepted": "promise_message"},
    "slow_data": {"first": "ask_speed_checks", "answer": "open_fault_ticket", "accepted": "add_data"},
    "call_trouble": {"first": "ask_call_checks", "answer": "open_fault_ticket"},
    "roaming": {"first": "explain_roaming_costs", "accepted": "switch_roaming_on"},
    "sim_card": {"first": "identify_card", "answer": "offer_card_order", "accepted": "order_card"},
    "bill_question": {"first": "explain_bill", "answer": "explain_item", "accepted": "open_dispute"},
    "payment_trouble": {"first": "check_payment", "accepted": "confirm_payment_plan"},
    "plan_change": {"first": "present_plans", "accepted": "confirm_plan"},
    "cancel": {"first": "offer_to_stay", "accepted": "keep_contract", "declined": "confirm_cancellation"},
    "complaint": {"first": "apologise", "answer": "record_complaint", "accepted": "arrange_call_back"},
    "compensation": {"first": "check_credit", "accepted": "grant_credit"},
    "appointment": {"first": "propose_visit", "accepted": "confirm_visit"},
    "number_port": {"first": "explain_porting", "accepted": "start_porting"},
    "fraud": {"first": "warn_of_fraud", "accepted": "lock_account"},
    "thanks": {"first": "close_politely"},
    "unclear": {"first": "ask_what_it_is"},
}

SCRIPTS: Final = tuple(
    sorted(
        {script for stages in _BY_STAGE.values() for script in stages.values()}
        | {"explain_known_incident", "give_repair_time", "confirm_repaired", "explain_allowance"}
        | {"offer_roaming", "offer_payment_plan", "ask_what_else"}
    )
)
"""Every script of the desk."""


def script_of(intent: str, stage: Stage, desk: Desk) -> str:
    """Return the script that is right for a message, one of `SCRIPTS`.

    >>> script_of("cancel", "declined", Desk())
    'confirm_cancellation'
    """
    if desk.incident == "open" and intent in NETWORK_INTENTS and stage != "accepted":
        return "explain_known_incident"
    if intent == "outage_status" and stage in ("first", "answer") and desk.incident != "none":
        return "give_repair_time" if desk.incident == "open" else "confirm_repaired"
    if intent == "slow_data" and stage != "accepted" and desk.allowance_used:
        return "explain_allowance"
    if intent == "roaming" and stage in ("first", "answer") and not desk.roaming_on:
        return "offer_roaming"
    if intent == "payment_trouble" and stage in ("first", "answer") and desk.overdue:
        return "offer_payment_plan"
    stages = _BY_STAGE[intent]
    if stage in stages:
        return stages[stage]
    return "ask_what_else" if stage == "declined" else stages["first"]
