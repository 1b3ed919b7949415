"""Laws of the tools over changes and open tickets."""

from __future__ import annotations

from datetime import timedelta

from agents.tools import ToolStatus
from telcollm.records import TicketPriority, TicketStatus
from telcollm.store.opening import Stores
from telcollm.topology import Topology
from tests.agents.tools.conftest import MakeToolbox
from tests.agents.tools.examples import BEFORE, HOUR, NOW, at, element, ticket
from tests.telcollm.store.examples import planned_work


def test_planned_work_that_overlaps_the_interval_is_a_change(stores: Stores, toolbox: MakeToolbox) -> None:
    def work(name: str, start: float, end: float, *objects: str) -> None:
        given = planned_work(
            name,
            managed_objects=objects or ("cell-7",),
            start_time=at(start),
            end_time=at(end),
            description="swap",
        )
        stores.store.put_planned_work([given])

    work("over", -600, 600, "cell-9", "cell-7")
    work("begins", 30, 90)
    work("ended", -60, 0)
    work("to come", 60, 90)
    work("elsewhere", 0, 60, "cell-8")
    answer = toolbox().changes(["cell-7"], BEFORE, NOW)
    assert answer.ids == ("over", "begins") and answer.value is not None
    first = answer.value.items[0]
    assert (first.kind, first.objects, first.description) == ("planned work", ("cell-7",), "swap")
    assert toolbox().changes(["cell-7"], NOW, NOW + HOUR).ids == ("over", "begins", "to come")


def test_tickets_of_type_change_are_changes_and_others_are_not(stores: Stores, toolbox: MakeToolbox) -> None:
    stores.tickets.put(
        [
            ticket("c1", ticket_type="Change", status=TicketStatus.CLOSED),
            ticket(
                "c2", ticket_type="change request", related_entity=(), description="new antenna for cell-7"
            ),
            ticket("c3", ticket_type="change", related_entity=(), description="new antenna for cell-70"),
            ticket("c4", ticket_type="change", creation_date=at(-30), resolution_date=at(-1)),
            ticket("c5", ticket_type="change", creation_date=at(-30), expected_resolution_date=at(1)),
            ticket("t1", ticket_type="incident"),
        ]
    )
    answer = toolbox().changes(["cell-7"], BEFORE, NOW)
    assert sorted(answer.ids) == ["c1", "c2", "c5"]
    assert answer.value is not None and answer.value.counts == {"kind": {"ticket": 3}}


def test_changes_near_by_are_found_as_far_as_asked(stores: Stores, toolbox: MakeToolbox) -> None:
    stores.store.put_planned_work(
        [planned_work("w1", managed_objects=("router-1",), start_time=BEFORE, end_time=NOW)]
    )
    network = Topology([element("cell-7", "cell", "router-1"), element("router-1", "site_router")])
    tools = toolbox(topology=network)
    assert tools.changes(["cell-7"], BEFORE, NOW).status is ToolStatus.NOTHING_FOUND
    assert tools.changes(["cell-7"], BEFORE, NOW, hops=1).ids == ("w1",)


def test_open_tickets_are_those_someone_must_still_act_on_newest_first(
    stores: Stores, toolbox: MakeToolbox
) -> None:
    stores.tickets.put(
        [
            *(
                ticket(f"t-{one.value}", status=one, creation_date=at(n))
                for n, one in enumerate(TicketStatus)
            ),
            ticket("u1", related_entity=("cell-8",)),
        ]
    )
    answer = toolbox().open_tickets(["cell-7"])
    assert answer.ids == ("t-inProgress", "t-held", "t-pending", "t-acknowledged")
    assert "acknowledged, pending, held, inProgress" in answer.searched


def test_a_ticket_says_why_it_is_here_and_its_text_has_gone_through_the_guard(
    stores: Stores, toolbox: MakeToolbox
) -> None:
    stores.tickets.put(
        [
            ticket("t1", team="RAN", priority=TicketPriority.HIGH),
            ticket(
                "t2",
                related_entity=(),
                description="Cell-7故障,电话 +49 170 1234567",
                creation_date=NOW - timedelta(days=2),
            ),
        ]
    )
    answer = toolbox().open_tickets(["cell-7"])
    assert answer.value is not None
    first, second = answer.value.items
    assert (first.matched_by, first.team, first.priority) == ("related entity cell-7", "RAN", "High")
    assert second.matched_by == "its text names cell-7"
    assert "1234567" not in str(answer) and "<MSISDN:" in second.description
    assert answer.value.counts["team"] == {"RAN": 1, "none yet": 1}
