"""Laws of proposals: typed, about what is there, kept nowhere, and nothing is done."""

from __future__ import annotations

import sqlalchemy as sa

from agents.tools import Toolbox, ToolStatus
from telcollm.records import CareMessage
from telcollm.store.columns import metadata
from telcollm.store.opening import Stores
from telcollm.topology import Topology
from tests.agents.tools.conftest import MakeToolbox
from tests.agents.tools.examples import NOW, element, ticket
from tests.telcollm.store.examples import planned_work


def filled(stores: Stores, toolbox: MakeToolbox) -> Toolbox:
    stores.store.put_planned_work([planned_work("w1")])
    stores.tickets.put([ticket("t1", ticket_type="change")])
    stores.care.put_messages(
        [CareMessage(tenant="acme", message_id="m1", conversation_id="v1", sent_time=NOW, text="help")]
    )
    return toolbox(topology=Topology([element("cell-7", "cell", "bbu-1")]))


def rows(stores: Stores) -> dict[str, list[object]]:
    with stores.database.reading() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(sa.select(table))))
            for table in metadata.sorted_tables
        }


def test_what_would_act_needs_approval_and_changes_nothing(stores: Stores, toolbox: MakeToolbox) -> None:
    tools = filled(stores, toolbox)
    before = rows(stores)
    answers = {
        "restart_cell": tools.restart_cell("cell-7", "it hangs [a1]"),
        "dispatch_technician": tools.dispatch_technician("bbu-1", "no light"),
        "roll_back_change": tools.roll_back_change("w1", "it broke"),
        "send_reply": tools.send_reply("v1", "asked", "We are on it."),
    }
    assert tools.roll_back_change("t1", "it broke").status is ToolStatus.NEEDS_APPROVAL
    for action, answer in answers.items():
        assert answer.status is ToolStatus.NEEDS_APPROVAL and answer.value is not None
        assert answer.why == f"{action} needs a person's approval; nothing has been done"
        assert (answer.value.action, answer.ids) == (action, (answer.value.target,))
    assert answers["send_reply"].value is not None and answers["send_reply"].value.text == "We are on it."
    assert rows(stores) == before
    assert any(before.values())


def test_a_proposal_about_what_is_not_there_fails_and_names_where_to_look(
    stores: Stores, toolbox: MakeToolbox
) -> None:
    tools = filled(stores, toolbox)
    answers = [
        tools.restart_cell("cell-8", "it hangs"),
        tools.roll_back_change("w9", "it broke"),
        tools.send_reply("v9", "asked", "We are on it."),
    ]
    assert [answer.status for answer in answers] == [ToolStatus.FAILED] * 3
    assert [answer.why.split(";")[0] for answer in answers] == [
        "restart_cell: target='cell-8' is no known element",
        "roll_back_change: target='w9' is no known change",
        "send_reply: target='v9' is no known conversation",
    ]


def test_a_proposal_is_no_record_that_a_statement_can_cite(stores: Stores, toolbox: MakeToolbox) -> None:
    tools = filled(stores, toolbox)
    tools.restart_cell("cell-7", "it hangs")
    assert tools.seen_ids == frozenset()


def test_reason_and_text_go_through_the_guard(stores: Stores, toolbox: MakeToolbox) -> None:
    answer = filled(stores, toolbox).send_reply("v1", "+49 170 1234567 asked", "Call +49 170 1234567.")
    assert "1234567" not in str(answer)
