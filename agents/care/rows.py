"""A message as the row that an intent decider reads: the columns that the tables of messages have.

Names, and numbers of any shape, are hidden before a row leaves here. Does not know deciders.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agents.care.case import Case
from agents.care.orders import sift
from agents.care.reading import Reading
from agents.care.text import without_numbers
from telcollm.decider.rows import HISTORY
from telcollm.guard import Guard
from telcollm.records import CareMessage


def message_row(
    messages: Sequence[CareMessage], reading: Reading, case: Case, guard_key: bytes
) -> dict[str, object]:
    """Return the last message's row, the customer's earlier ones under `HISTORY`, the oldest first."""
    names = [case.customer.name] if case.customer is not None and case.customer.name else []
    guard = Guard(guard_key, names=names, remember=False)
    rows: list[Mapping[str, object]] = []
    said = ""
    for turn, message in enumerate(messages, start=1):
        hidden = without_numbers(guard.hide(sift(message.text).text))
        if message.author != "customer":
            said = hidden
            continue
        traits = case.traits
        rows.append(
            {
                "message_id": message.message_id,
                "conversation_id": message.conversation_id,
                "turn": turn,
                "time": message.sent_time,
                "text": hidden,
                "desk_said": said,
                "desk_incident": traits["incident"],
                "desk_allowance_used": traits["allowance"] == "used",
                "desk_roaming_on": traits["roaming"] != "off",
                "desk_overdue": traits["overdue"] == "yes",
                "region": message.region,
                "language": reading.language,
            }
        )
        said = ""
    return {**rows[-1], HISTORY: tuple(rows[:-1])}
