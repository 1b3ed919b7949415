"""Laws of what bears on a window: causes from alarms, KPIs off their past, lines not written before, work."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agents.window_evidence import StoreWindowEvidence
from agents.window_reader import WindowReader
from telcollm import codec
from telcollm.prompts import Hint, render_window, window_numbers
from telcollm.records import Alarm, Link, ProbableCause, TopologyElement
from telcollm.state import DiagnosisRequest
from telcollm.store.opening import Stores
from telcollm.topology import Topology
from tests.agents.test_evidence import GUARD, kpi, line, past, request, stores
from tests.telcollm.store.examples import NOON_MS, alarm, at, planned_work

__all__ = ["stores"]

KINDS = {"n1": "cell", "n2": "cell", "r1": "router"}


def hints(stores: Stores, near: tuple[str, ...] = ("n1", "n2"), **changes: Any) -> list[Hint]:
    asked = msgspec.structs.replace(request(), **changes)
    (found,) = StoreWindowEvidence(stores.store, stores.telemetry).hints([asked], [near], KINDS)
    return found


def test_nothing_known_is_nothing_told(stores: Stores) -> None:
    assert hints(stores) == []


def test_the_kpi_furthest_off_speaks_for_its_type_and_says_how_many_are_off(stores: Stores) -> None:
    stores.telemetry.put_kpis([*past("n1", 0.01), kpi("n1", 5, 0.2), *past("n2", 0.01), kpi("n2", 5, 0.4)])
    (told,) = hints(stores)
    assert (told.managed_object, told.kind, told.kpi) == ("n2", "kpi", "call_drop_ratio")
    assert told.text == "call drop 0.40 usual 0.01 (2)" and told.deviation > 6


@pytest.mark.parametrize(
    "samples",
    [
        [*past("n1", 0.01), kpi("n1", 5, 0.0101)],
        [kpi("n1", 5, 0.9)],
        [*past("n1", 0.01), kpi("n1", 60, 0.9)],
        [*past("n1", 0.01), kpi("n1", 5, 0.9, tenant="other")],
    ],
    ids=["as usual", "without a past", "after the window", "of another tenant"],
)
def test_a_kpi_is_no_hint(stores: Stores, samples: list[Any]) -> None:
    stores.telemetry.put_kpis(samples)
    assert hints(stores) == []


def test_a_line_that_the_object_writes_all_day_is_no_hint_and_a_new_one_is(stores: Stores) -> None:
    stores.telemetry.put_logs(
        [
            *(line("n1", minutes, f"NTP sync {900 + minutes}") for minutes in (-200, -100, -1, 1)),
            line("n1", 1, "port 7 of n1 lost carrier"),
        ]
    )
    (told,) = hints(stores)
    assert told == Hint("n1", "log port 7 of  lost carrier", "log")


def test_work_on_a_member_is_told_and_other_work_is_not(stores: Stores) -> None:
    stores.store.put_planned_work(
        [
            planned_work(f"w-{name}", managed_objects=(name,), start_time=at(since), end_time=at(until))
            for name, since, until in (("n1", -90, -30), ("n9", -90, 90), ("n2", -900, -800))
        ]
    )
    (told,) = hints(stores)
    assert (told.managed_object, told.kind) == ("n1", "work") and told.text.endswith("ended 30 min before")


def caused(stores: Stores) -> None:
    body = codec.encode(
        Alarm(
            tenant="acme",
            alarm_id="a0",
            source_system_id="ems",
            managed_object="n1",
            specific_problem="DOOR",
            probable_cause=ProbableCause("enclosureDoorOpen"),
            alarm_raised_time=at(0),
        )
    )
    with stores.store.transaction() as transaction:
        transaction.put_alarms(
            [alarm("a0", managed_object="n1", problem="DOOR", raised_ms=NOON_MS, body=body)]
        )


def read(stores: Stores, asked: DiagnosisRequest) -> Any:
    elements = [
        TopologyElement(
            tenant="acme", element_id="n1", element_type="cell", links=(Link(target="n2", kind="place"),)
        ),
        TopologyElement(tenant="acme", element_id="n2", element_type="cell"),
        TopologyElement(
            tenant="acme", element_id="r1", element_type="router", links=(Link(target="n1", kind="backhaul"),)
        ),
    ]
    evidence = StoreWindowEvidence(stores.store, stores.telemetry)
    (facts,) = WindowReader(Topology(elements), evidence, 8).read([asked])
    return facts


def test_a_window_tells_causes_links_that_carry_and_what_its_neighbours_show(stores: Stores) -> None:
    caused(stores)
    stores.telemetry.put_kpis([*past("r1", 0.01), kpi("r1", 5, 0.4)])
    facts = read(stores, request())
    assert facts.causes == {"DOOR": "enclosureDoorOpen", "ODD": ""}
    # n1 and n2 only stand at one place; n1 hangs on r1, which said nothing.
    assert list(facts.links) == [("n1", "r1")]
    text = render_window(facts, guard=GUARD)
    assert "DOOR [enclosure door open]" in text and "@near router call drop 0.40 usual 0.01" in text
    numbers = window_numbers(facts)
    assert numbers["f_pair_cell_enclosureDoorOpen"] == 1.0 and numbers["f_kpi_call_drop_ratio"] > 6
    assert numbers["f_type_cell"] == 2.0 and numbers["f_hour"] == 12.0


def test_a_cause_is_looked_up_once(stores: Stores) -> None:
    caused(stores)
    evidence = StoreWindowEvidence(stores.store, stores.telemetry)
    first = evidence.causes(request())
    stores.close()
    known = msgspec.structs.replace(request(), groups=request().groups[:1])
    assert evidence.causes(known) == {"DOOR": first["DOOR"]}
