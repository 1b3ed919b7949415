from __future__ import annotations

import itertools
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telcollm.ports import EVERYTHING, Scope
from telcollm.records import TicketStatus
from telcollm.store.opening import Stores
from telcollm.store.tickets import TicketQuery
from tests.telcollm.store.desk_examples import route, ticket
from tests.telcollm.store.examples import at

few = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
versions = st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(0, 4)), max_size=9)
tenants = iter(f"tenant-{number}" for number in range(10_000))


def ids(stores: Stores, scope: Scope = EVERYTHING, **query: Any) -> list[str]:
    found = [one.ticket_id for one in stores.tickets.tickets(scope, TicketQuery(**query))]
    assert stores.tickets.count(scope, TicketQuery(**{**query, "limit": 1, "offset": 0})) >= len(found)
    return found


@few
@given(versions, st.integers(1, 9))
def test_the_newest_version_of_each_ticket_stays_however_they_come(
    stores: Stores, drawn: list[tuple[str, int]], size: int
) -> None:
    tenant = next(tenants)
    given_tickets = [
        ticket(name, tenant=tenant, last_update=at(version), related_entity=(f"e{version}",))
        for name, version in drawn
    ]
    for start in range(0, len(given_tickets), size):
        stores.tickets.put(given_tickets[start : start + size])
    stores.tickets.put(given_tickets)
    scope = Scope(tenants=(tenant,))
    newest = {name: max(other for same, other in drawn if same == name) for name, _ in drawn}
    found = stores.tickets.tickets(scope, TicketQuery())
    assert {one.ticket_id: one.last_update for one in found} == {
        name: at(version) for name, version in newest.items()
    }
    for entity in range(5):
        wanted = {name for name, version in newest.items() if version == entity}
        assert set(ids(stores, scope, related_entity=f"e{entity}")) == wanted


@few
@given(st.lists(st.integers(0, 3), max_size=9), st.integers(1, 4))
def test_pages_cover_each_ticket_once_newest_first(stores: Stores, created: list[int], size: int) -> None:
    scope = Scope(tenants=(tenant := next(tenants),))
    stores.tickets.put(
        ticket(f"t{number}", tenant=tenant, creation_date=at(minute)) for number, minute in enumerate(created)
    )
    whole = ids(stores, scope)
    paged = [ids(stores, scope, limit=size, offset=start) for start in range(0, len(created) + size, size)]
    assert list(itertools.chain(*paged)) == whole
    assert whole == sorted(whole, key=lambda name: (-created[int(name[1:])], name))


def test_each_filter_keeps_what_it_says(stores: Stores) -> None:
    stores.tickets.put(
        [
            ticket("plain", creation_date=at(1)),
            ticket("closed", status=TicketStatus.CLOSED, creation_date=at(2)),
            ticket("team", team="core", name="Straße 100%_x \x00", creation_date=at(3)),
            ticket("undated", creation_date=None),
            ticket("updated", creation_date=None, last_update=at(4)),
        ]
    )
    assert ids(stores) == ["updated", "team", "closed", "plain", "undated"]
    assert ids(stores, statuses=("closed", "held")) == ["closed"]
    assert ids(stores, team="core") == ["team"]
    assert ids(stores, text="NO LIGHT") == ["updated", "team", "closed", "plain", "undated"]
    assert ids(stores, text="STRASSE") == ["team"]
    assert ids(stores, text="100%_") == ["team"]
    assert ids(stores, text="1%x") == ids(stores, text="1__%") == ids(stores, text="y" * 60_000) == []
    assert ids(stores, text="x \x00") == ["team"]
    assert ids(stores, since=at(2), until=at(4)) == ["team", "closed"]
    assert ids(stores, related_entity="cell-7") == []


def test_one_ticket_is_found_by_its_id(stores: Stores) -> None:
    whole = ticket(extra={"vendorField": [1]}, related_entity=("cell-7", "cell-7", ""))
    stores.tickets.put([whole, ticket(tenant="bell")])
    assert stores.tickets.ticket(EVERYTHING, "t1") == whole
    found = stores.tickets.ticket(Scope(tenants=("bell",)), "t1")
    assert found is not None and found.tenant == "bell"
    assert stores.tickets.ticket(EVERYTHING, "t") is None
    assert ids(stores, related_entity="cell-7") == ["t1"]


def test_the_latest_route_counts_and_all_are_told_in_order(stores: Stores) -> None:
    first, second, other = route("r9"), route("r1", decided_time=at(2)), route("r5", "t2")
    stores.tickets.put_routes([second, other, first])
    stores.tickets.put_routes([first])
    assert stores.tickets.routes(EVERYTHING, ["t2", "none", "t1", *map(str, range(600))]) == {
        "t2": other,
        "t1": second,
    }
    assert stores.tickets.route_history(EVERYTHING, "t1") == [first, second]
    assert stores.tickets.route_history(Scope(tenants=("bell",)), "t1") == []
    assert stores.tickets.route(EVERYTHING, "r1") == second
    assert stores.tickets.route(EVERYTHING, "r2") is None
    assert stores.tickets.route(Scope(tenants=("bell",)), "r1") is None
