"""Laws of linking: all conditions must hold, earlier tickets are the originals, tenants never meet."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agents.routing.policy import Linking, load_policy
from telcollm.records import Incident, PerceivedSeverity, Route, TicketStatus, TroubleTicket
from telcollm.store.opening import Stores
from tests.agents.routing.desk import NOON, at, router, ticket

TEXT = "cell-7 is down, no signal for customers in the north of town"


def incident(incident_id: str = "inc-1", **fields: Any) -> Incident:
    values: dict[str, Any] = {
        "tenant": "acme",
        "revision": 1,
        "status": TicketStatus.IN_PROGRESS,
        "opened_time": at(-20),
        "last_event_time": at(-5),
        "affected_objects": ("cell-7",),
        "active_alarms": 2,
        "perceived_severity": PerceivedSeverity.MAJOR,
        **fields,
    }
    return Incident(incident_id=incident_id, **values)


def put(stores: Stores, *incidents: Incident) -> None:
    with stores.store.transaction() as transaction:
        transaction.put_incidents(incidents)


def route(stores: Stores, *tickets: TroubleTicket) -> list[Route]:
    return router(stores).route(tickets, decided_time=NOON)


def test_a_ticket_on_the_same_object_in_like_words_is_a_duplicate_of_the_open_one(stores: Stores) -> None:
    stores.tickets.put([ticket("t1", TEXT, creation_date=at(-30))])
    found = route(stores, ticket("t2", f"{TEXT} again"))[0]
    assert found.duplicate_of == "t1"
    assert "both name cell-7" in found.reason
    assert "30 minutes apart" in found.reason
    assert "t1" in found.evidence


@pytest.mark.parametrize(
    "changes",
    [
        {"tenant": "other"},
        {"status": TicketStatus.RESOLVED},
        {"creation_date": at(-5 * 60)},
        {"creation_date": at(5)},
        {"description": "cell-7: antenna feeder return loss out of range after the storm"},
        {"description": TEXT.replace("cell-7", "cell-77")},
        {"description": TEXT.replace("cell-7", "somewhere")},
    ],
)
def test_where_one_condition_fails_nothing_is_linked(stores: Stores, changes: dict[str, Any]) -> None:
    other = {"description": TEXT, "creation_date": at(-30), **changes}
    stores.tickets.put([ticket("t1", **other)])
    assert route(stores, ticket("t2", TEXT))[0].duplicate_of == ""


def test_duplicates_within_a_batch_point_at_the_first_of_them_whatever_the_order(stores: Stores) -> None:
    batch = [ticket(f"t{number}", TEXT, creation_date=at(number)) for number in range(4)]
    links = {one.subject_id: one.duplicate_of for one in route(stores, *batch[::-1])}
    assert links == {"t0": "", "t1": "t0", "t2": "t0", "t3": "t0"}


def test_a_duplicate_of_a_duplicate_points_at_the_original(stores: Stores) -> None:
    first, second = ticket("t1", TEXT, creation_date=at(-30)), ticket("t2", TEXT, creation_date=at(-20))
    stores.tickets.put([first, second])
    stores.tickets.put_routes(route(stores, second))
    stores.tickets.put([msgspec.structs.replace(first, status=TicketStatus.CANCELLED, last_update=at(-1))])
    assert route(stores, ticket("t3", TEXT))[0].duplicate_of == "t1"


def test_the_same_party_saying_the_same_twice_is_a_duplicate_without_an_object(stores: Stores) -> None:
    text = "my television has no picture since this morning"
    stores.tickets.put([ticket("t1", text, related_party=("cust-4",), creation_date=at(-3))])
    assert route(stores, ticket("t2", text, related_party=("cust-4",)))[0].duplicate_of == "t1"
    assert route(stores, ticket("t3", text, related_party=("cust-5",)))[0].duplicate_of == ""


def test_a_ticket_of_trouble_on_an_object_of_an_open_incident_is_its_child(stores: Stores) -> None:
    put(stores, incident())
    found = route(stores, ticket(description="no service, please check", related_entity=("cell-7",)))[0]
    assert found.parent_incident == "inc-1"
    assert found.severity == "MAJOR"
    assert "it affects cell-7" in found.reason


def test_a_ticket_on_a_service_that_an_incident_affects_is_its_child(stores: Stores) -> None:
    put(stores, incident(affected_service=("svc-70",)))
    found = route(stores, ticket(description="svc-70 is offline"))[0]
    assert found.parent_incident == "inc-1"


@pytest.mark.parametrize(
    ("told", "changes"),
    [
        ("no service", {"tenant": "other"}),
        ("no service", {"status": TicketStatus.RESOLVED}),
        ("no service", {"superseded_by": "inc-0"}),
        ("no service", {"opened_time": at(60), "last_event_time": at(61)}),
        ("no service", {"active_alarms": 0, "last_event_time": at(-200), "opened_time": at(-300)}),
        ("no service", {"affected_objects": ("router-1",)}),
        ("when is the next maintenance of the mast?", {}),
        ("invoice wrong, prepaid balance charged twice, no service", {}),
    ],
)
def test_a_ticket_stays_on_its_own_where_one_condition_of_an_incident_fails(
    stores: Stores, told: str, changes: dict[str, Any]
) -> None:
    put(stores, incident(**changes))
    assert route(stores, ticket(description=told, related_entity=("cell-7",)))[0].parent_incident == ""


def test_of_several_incidents_none_is_taken_unless_one_has_its_root_there(stores: Stores) -> None:
    put(stores, incident("inc-1"), incident("inc-2"))
    one = ticket(description="no service", related_entity=("cell-7",))
    found = route(stores, one)[0]
    assert found.parent_incident == ""
    assert "2 open incidents fit (inc-1, inc-2)" in found.reason
    assert set(found.evidence) == {"t1", "inc-1", "inc-2"}
    put(stores, incident("inc-2", revision=2, root_cause_resource="cell-7"))
    assert route(stores, one)[0].parent_incident == "inc-2"


def test_objects_of_another_tenant_are_not_named_by_words(stores: Stores) -> None:
    put(stores, incident("inc-9", tenant="other", affected_objects=("cell-9",)))
    assert route(stores, ticket(description="cell-9 down"))[0].parent_incident == ""


def test_how_alike_texts_must_be_is_the_policys(stores: Stores) -> None:
    stores.tickets.put([ticket("t1", TEXT, creation_date=at(-30))])
    strict = msgspec.structs.replace(load_policy(), linking=Linking(alike=0.99))
    found = router(stores, policy=strict).route([ticket("t2", f"{TEXT} again")], decided_time=NOON)[0]
    assert found.duplicate_of == ""
