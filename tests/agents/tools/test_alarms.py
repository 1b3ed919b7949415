"""Laws of the tool over alarms."""

from __future__ import annotations

from agents.tools import ToolStatus
from telcollm.state import Suppression
from telcollm.store.opening import Stores
from telcollm.topology import Topology
from tests.agents.tools.conftest import MakeToolbox
from tests.agents.tools.examples import BEFORE, NOW, at, element, ms, put_alarms, raised

CHAIN = Topology([element("cell-7", "cell", "router-1"), element("router-1", "site_router", "core-1")])


def test_alarms_of_an_interval_come_in_order_of_raise_with_counts(
    stores: Stores, toolbox: MakeToolbox
) -> None:
    late = raised("a3", minutes=60)
    put_alarms(
        stores,
        [
            raised("a2", minutes=20, severity=6, cleared_ms=ms(at(30))),
            raised("a1", minutes=10, suppressed=Suppression.PLANNED),
            late,
            raised("x1", "cell-8", minutes=15),
        ],
    )
    answer = toolbox().alarms(["cell-7"], BEFORE, NOW)
    assert (answer.status, answer.ids, answer.total) == (ToolStatus.FOUND, ("a1", "a2"), 2)
    assert answer.value is not None
    first, second = answer.value.items
    assert (first.severity, first.suppressed, first.cleared_time) == ("MAJOR", "planned", None)
    assert (second.severity, second.raised_time, second.cleared_time) == ("CRITICAL", at(20), at(30))
    assert answer.value.counts["state"] == {"active": 1, "cleared": 1}
    assert answer.value.counts["severity"] == {"CRITICAL": 1, "MAJOR": 1}


def test_the_neighbourhood_is_looked_at_as_far_as_asked(stores: Stores, toolbox: MakeToolbox) -> None:
    put_alarms(stores, [raised("a1"), raised("r1", "router-1", 1), raised("c1", "core-1", 2)])
    tools = toolbox(topology=CHAIN)
    assert tools.alarms(["cell-7"], BEFORE, NOW).ids == ("a1",)
    near = tools.alarms(["cell-7"], BEFORE, NOW, hops=1)
    assert near.ids == ("a1", "r1")
    assert near.value is not None and [item.hops for item in near.value.items] == [0, 1]
    assert "and on 1 elements within 1 links" in near.searched
    assert tools.alarms(["cell-7"], BEFORE, NOW, hops=2).ids == ("a1", "r1", "c1")


def test_texts_have_gone_through_the_guard(stores: Stores, toolbox: MakeToolbox) -> None:
    told = raised("a1", text="caller +49 170 1234567\nis cut off", problem="LOST +49 170 1234567")
    put_alarms(stores, [told, raised("a2", minutes=1, body=b"{broken")])
    answer = toolbox().alarms(["cell-7"], BEFORE, NOW)
    assert answer.value is not None
    first, second = answer.value.items
    assert first.text.startswith("caller <MSISDN:") and first.text.endswith("is cut off")
    assert "1234567" not in str(answer)
    assert second.text == ""
