from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telcollm.ports import EVERYTHING, Scope
from telcollm.store.care import ConversationHead
from telcollm.store.opening import Stores
from telcollm.store.tickets import TicketQuery
from tests.telcollm.store.desk_examples import care_message, customer, kpi, line, reply, route, ticket
from tests.telcollm.store.examples import NOON_MS, at

few = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
spoken = st.lists(st.tuples(st.sampled_from(["c1", "c2", "c3"]), st.integers(0, 5)), max_size=9)
tenants = iter(f"tenant-{number}" for number in range(10_000))


@few
@given(spoken)
def test_conversations_hold_each_message_once_and_pages_each_conversation_once(
    stores: Stores, drawn: list[tuple[str, int]]
) -> None:
    tenant = next(tenants)
    messages = [
        care_message(f"m{number}", conversation_id=name, sent_time=at(minute), tenant=tenant)
        for number, (name, minute) in enumerate(drawn)
    ]
    stores.care.put_messages(messages)
    stores.care.put_messages(reversed(messages))
    scope = Scope(tenants=(tenant,))
    expected = [
        ConversationHead(name, "", at(max(minutes)), len(minutes), tenant)
        for name in ("c1", "c2", "c3")
        if (minutes := [minute for one, minute in drawn if one == name])
    ]
    expected.sort(key=lambda head: (-head.last_time.timestamp(), head.conversation_id))
    assert stores.care.conversations(scope, limit=9, offset=0) == expected
    paged = [stores.care.conversations(scope, limit=1, offset=start) for start in range(4)]
    assert list(itertools.chain(*paged)) == expected
    since = [head for head in expected if head.last_time >= at(3)]
    assert stores.care.conversations(scope, since=at(3), limit=9, offset=0) == since
    for name in ("c1", "c2", "c3"):
        found = stores.care.conversation(scope, name)
        assert sorted(found, key=lambda one: (one.sent_time, one.message_id)) == found
        assert {one.message_id for one in found} == {
            one.message_id for one in messages if one.conversation_id == name
        }


def test_customers_are_found_by_the_services_they_have_now(stores: Stores) -> None:
    stores.care.put_customers([customer("k2"), customer("k1", service_ids=("svc-1", "svc-2", "svc-2"))])
    stores.care.put_customers([moved := customer("k2", service_ids=("svc-3",), facts={"balance": 3.5})])
    assert stores.care.customer(EVERYTHING, "k2") == moved
    assert stores.care.customer(EVERYTHING, "k3") is None

    def on(*services: str) -> list[str]:
        return [one.customer_id for one in stores.care.customers_on(EVERYTHING, services)]

    assert on("svc-1", "svc-2") == ["k1"]
    assert on("svc-3", *map(str, range(600)), "svc-2") == ["k1", "k2"]
    assert on() == []
    assert [one.customer_id for one in stores.care.customers(EVERYTHING, limit=1, offset=1)] == ["k2"]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_withdrawn_reply_stays_withdrawn_and_of_others_the_later_stays(
    stores: Stores, order: tuple[int, ...]
) -> None:
    told = reply(incident_id="i1")
    reworded = msgspec.structs.replace(told, text="Later than we thought.", decided_time=at(3))
    withdrawn = msgspec.structs.replace(told, withdrawn=True)
    stores.care.put_replies([told, reworded])
    assert stores.care.replies_on_incident(EVERYTHING, "i1") == [reworded]
    stores.care.put_replies([[told, reworded, withdrawn][number] for number in order])
    assert stores.care.replies(EVERYTHING, "c1") == [withdrawn]
    assert stores.care.replies_on_incident(EVERYTHING, "i1") == []


def test_replies_are_told_in_the_order_decided(stores: Stores) -> None:
    first, second = reply("p9"), reply("p1", decided_time=at(3), withdrawn=True)
    stores.care.put_replies([second, first, reply("p3", conversation_id="c2")])
    assert stores.care.replies(EVERYTHING, "c1") == [first, second]
    assert stores.care.replies_on_incident(EVERYTHING, "") == []


def test_no_question_sees_beyond_its_scope(stores: Stores) -> None:
    places = list(itertools.product(("acme", "bell"), ("north", "")))
    for tenant, region in places:
        own = {"tenant": tenant, "region": region}
        # Only tenants have names of their own: a region's record is told from another's by its id.
        name = f"{tenant}-{region}"
        stores.telemetry.put_kpis([kpi(kpi=f"kpi-{name}", **own)])
        stores.telemetry.put_logs([line(text=name, **own)])
        stores.tickets.put([ticket(f"t-{name}", related_entity=("cell-7",), **own)])
        stores.tickets.put_routes([route(f"r-{name}", f"t-{name}", **own), route(f"s-{name}", "all", **own)])
        stores.care.put_messages([care_message(f"m-{name}", conversation_id="c1", **own)])
        stores.care.put_customers([customer(f"k-{name}", **own)])
        stores.care.put_replies([reply(f"p-{name}", incident_id="i1", **own)])
        stores.audit.append("ann", "read", name, at=at(0), **own)

    def seen(scope: Scope) -> list[list[Any]]:
        names = [f"{tenant}-{region}" for tenant, region in places]
        ever = {"since_ms": 0, "until_ms": NOON_MS * 2, "limit": 99}
        return [
            stores.telemetry.kpis(scope, ["cell-7"], **ever),
            stores.telemetry.logs(scope, ["cell-7"], **ever),
            stores.tickets.tickets(scope, TicketQuery(related_entity="cell-7")),
            [one for name in names if (one := stores.tickets.ticket(scope, f"t-{name}"))],
            list(stores.tickets.routes(scope, [f"t-{name}" for name in names]).values()),
            stores.tickets.route_history(scope, "all"),
            stores.care.conversation(scope, "c1"),
            stores.care.customers(scope, limit=99),
            stores.care.customers_on(scope, ["svc-1"]),
            [one for name in names if (one := stores.care.customer(scope, f"k-{name}"))],
            stores.care.replies(scope, "c1"),
            stores.care.replies_on_incident(scope, "i1"),
            stores.audit.entries(scope, 99),
        ]

    for scope, visible in (
        (EVERYTHING, set(places)),
        (Scope(tenants=("acme",)), {("acme", "north"), ("acme", "")}),
        (Scope(regions=("north",)), {("acme", "north"), ("bell", "north")}),
        (Scope(tenants=("bell",), regions=("north",)), {("bell", "north")}),
        (Scope(tenants=("bell", "none"), regions=("south",)), set()),
    ):
        for number, answer in enumerate(seen(scope)):
            assert {(one.tenant, one.region) for one in answer} == visible, number
            assert len(answer) == len(visible), number
        heads = stores.care.conversations(scope, limit=9, offset=0)
        assert {head.tenant for head in heads} == {tenant for tenant, _ in visible}
        assert sum(head.messages for head in heads) == len(visible)
        assert stores.audit.count(scope) == len(visible)
        ever = {"since_ms": 0, "until_ms": NOON_MS * 2}
        assert stores.telemetry.count_kpis(scope, ["cell-7"], **ever) == len(visible)
        assert stores.telemetry.count_logs(scope, ["cell-7"], **ever) == len(visible)
        assert stores.tickets.count(scope, TicketQuery()) == len(visible)
