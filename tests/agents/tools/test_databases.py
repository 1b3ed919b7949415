"""Law of the tools and the two databases: the same records give the same answers."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

from agents.tools import ToolStatus
from telcollm.records import Customer
from telcollm.store.opening import Stores, open_stores
from telcollm.topology import Topology
from tests.agents.tools.conftest import MakeToolbox
from tests.agents.tools.examples import BEFORE, HOUR, NOW, element, line, put_alarms, raised, sample, ticket
from tests.telcollm.store.conftest import postgres_schema
from tests.telcollm.store.examples import component, diagnosis, incident, planned_work

__all__ = ["postgres_schema"]

ON = {"objects": ["cell-7"]}
OVER = {**ON, "since": BEFORE, "until": NOW}
QUESTIONS: list[tuple[str, dict[str, Any]]] = [
    ("alarms", OVER),
    ("kpi_history", {"object": "cell-7", "kpi": "prb_utilisation_ratio", "since": BEFORE, "until": NOW}),
    ("kpi_deviations", OVER),
    ("log_templates", OVER),
    ("changes", OVER),
    ("incidents", ON),
    ("diagnosis", {"incident_id": "i2"}),
    ("similar_incidents", {"incident_id": "i2"}),
    ("open_tickets", ON),
    ("customers", ON),
]


def fill(stores: Stores) -> None:
    put_alarms(stores, [raised("a1", component_id="i2"), raised("a2", minutes=9, problem="\x00 odd\ue000")])
    history = [NOW - HOUR - timedelta(weeks=n) for n in range(9)]
    stores.telemetry.put_kpis([sample(time, 0.3 + 0.01 * math.sin(n)) for n, time in enumerate(history)])
    stores.telemetry.put_logs([line(f"port {n} down 端口", n, "cell-7") for n in range(3)])
    stores.store.put_planned_work([planned_work("w1", start_time=BEFORE, end_time=NOW)])
    stores.tickets.put([ticket("t1"), ticket("t2", ticket_type="change", related_entity=(), name="CELL-7")])
    stores.care.put_customers([Customer(tenant="acme", customer_id="k1", service_ids=("s1",))])
    then = NOW - timedelta(days=1)
    with stores.store.transaction() as transaction:
        transaction.put_incidents(
            [
                incident("i1", problems={"X": 1}, opened_time=then, last_event_time=then),
                incident("i2", problems={"X": 1}, opened_time=NOW, last_event_time=NOW),
            ]
        )
        transaction.put_components([component("i2")])
        transaction.put_diagnoses([diagnosis("d1", "i2")])


def test_the_same_records_give_the_same_answers_on_both_databases(
    stores: Stores, toolbox: MakeToolbox, postgres_schema: str
) -> None:
    network = Topology([element("cell-7", "cell", services=("s1",))])
    other = open_stores(postgres_schema)
    try:
        for one in (stores, other):
            fill(one)
        here, there = toolbox(topology=network), toolbox(topology=network, stores=other)
        for name, arguments in QUESTIONS:
            answer = here.call(name, **arguments)
            assert answer.status is ToolStatus.FOUND, (name, answer)
            assert there.call(name, **arguments) == answer, name
    finally:
        other.close()
