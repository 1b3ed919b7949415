"""Laws of the tools over incidents and past incidents."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from agents.tools import ToolStatus
from agents.tools.similar import WEIGHTS
from telcollm.ports import Scope
from telcollm.records import Claim, Incident, Note, TicketStatus
from telcollm.store.opening import Stores
from telcollm.topology import Topology
from tests.agents.tools.conftest import MakeToolbox
from tests.agents.tools.examples import NOW, at, element, put_alarms, raised, ticket
from tests.telcollm.store.examples import component, diagnosis, feedback, hypothesis, incident

NETWORK = Topology(
    [
        element("cell-7", "cell", "bbu-1"),
        element("cell-8", "cell", "bbu-2"),
        element("bbu-1", "baseband"),
        element("bbu-2", "baseband"),
        element("router-3", "site_router"),
    ]
)


def put(stores: Stores, *incidents: Incident, **also: Any) -> None:
    with stores.store.transaction() as transaction:
        transaction.put_incidents(incidents)
        transaction.put_components([component(one.incident_id) for one in incidents])
        transaction.put_diagnoses(also.get("diagnoses", ()))


def past(name: str, days: float = 1, **changes: Any) -> Incident:
    opened = NOW - timedelta(days=days)
    given: dict[str, Any] = {
        "opened_time": opened,
        "last_event_time": opened + timedelta(hours=1),
        "status": TicketStatus.RESOLVED,
        "problems": {"LINK_LOSS": 2},
        "affected_objects": ("cell-7",),
    }
    return incident(name, **{**given, **changes})


def now(**changes: Any) -> Incident:
    return past("now", 0, **{"status": TicketStatus.IN_PROGRESS, **changes})


def test_incidents_come_latest_first_by_object_interval_and_state(
    stores: Stores, toolbox: MakeToolbox
) -> None:
    put(stores, past("i1", 3), past("i2", 1), past("i3", 2, affected_objects=("cell-8",)), now())
    tools = toolbox()
    assert tools.incidents().ids == ("now", "i2", "i3", "i1")
    assert tools.incidents(["cell-8", "cell-9"]).ids == ("i3",)
    assert tools.incidents(statuses=["inProgress"]).ids == ("now",)
    answer = tools.incidents(since=NOW - timedelta(days=2.5), until=NOW - timedelta(days=1.5))
    assert answer.ids == ("i3",) and answer.value is not None
    assert answer.value.counts["status"] == {"resolved": 1}


def test_an_incident_comes_with_its_latest_diagnosis_and_its_alarms(
    stores: Stores, toolbox: MakeToolbox
) -> None:
    claim = Claim(text="seen by +49 170 1234567", evidence=("a1",))
    drafts = [
        diagnosis("d1", "i1", incident_revision=1),
        diagnosis("d2", "i1", incident_revision=2, hypotheses=(hypothesis(claims=(claim,)),)),
    ]
    put(stores, past("i1"), diagnoses=drafts)
    put_alarms(stores, [raised("a1", component_id="i1"), raised("a2", minutes=1, component_id="i1")])
    answer = toolbox().diagnosis("i1")
    assert (answer.status, answer.ids) == (ToolStatus.FOUND, ("i1", "d2", "a1", "a2"))
    assert answer.value is not None and answer.value.diagnosis is not None
    assert answer.value.diagnosis.hypotheses[0].claims[0].text.startswith("seen by <MSISDN:")
    assert answer.value.counts["problem"] == {"LINK_LOSS": 2}


def test_an_incident_without_diagnosis_or_alarms_is_still_found(stores: Stores, toolbox: MakeToolbox) -> None:
    put(stores, past("i1"))
    answer = toolbox().diagnosis("i1")
    assert (answer.status, answer.ids, answer.total) == (ToolStatus.FOUND, ("i1",), 0)


def test_an_incident_that_is_not_there_is_not_found_and_near_ones_are_named(
    stores: Stores, toolbox: MakeToolbox
) -> None:
    put(stores, past("inc-77"))
    for answer in (toolbox().diagnosis("inc-78"), toolbox().similar_incidents("inc-78")):
        assert answer.status is ToolStatus.NOTHING_FOUND
        assert answer.searched.endswith("ids that look like it: inc-77")


def test_past_incidents_with_like_problems_come_the_likest_first_with_parts_that_add_up(
    stores: Stores, toolbox: MakeToolbox
) -> None:
    put(
        stores,
        now(),
        past("same"),
        past("elsewhere", 2, affected_objects=("cell-8",)),
        past("other kind", 3, affected_objects=("router-3",)),
        past("other problem", 4, problems={"DOOR_OPEN": 1}),
        past("later", -1),
        past("theirs", 5, tenant="bell"),
    )
    answer = toolbox(topology=NETWORK).similar_incidents("now")
    assert answer.value is not None
    assert [item.incident_id for item in answer.value.items] == ["same", "elsewhere", "other kind"]
    same, elsewhere, other = answer.value.items
    assert same.parts == {"problems": 1.0, "object_types": 1.0, "neighbourhood": 1.0} and same.likeness == 1.0
    assert elsewhere.parts == {"problems": 1.0, "object_types": 1.0, "neighbourhood": 0.0}
    assert other.parts == {"problems": 1.0, "object_types": 0.0, "neighbourhood": 0.0}
    for item in answer.value.items:
        assert item.likeness == pytest.approx(sum(WEIGHTS[name] * part for name, part in item.parts.items()))
    assert answer.value.note == "likeness = 0.6 x problems + 0.2 x object_types + 0.2 x neighbourhood"
    assert same.shared_problems == ("LINK_LOSS",)


def test_a_rare_problem_in_common_counts_more_than_one_that_all_have(
    stores: Stores, toolbox: MakeToolbox
) -> None:
    common = [past(f"c{n}", n, problems={"LINK_LOSS": 1}) for n in range(5, 15)]
    put(
        stores,
        now(problems={"LINK_LOSS": 1, "CLOCK_LOST": 1}),
        past("rare", 1, problems={"CLOCK_LOST": 1}),
        past("usual", 2, problems={"LINK_LOSS": 1}),
        *common,
    )
    answer = toolbox(topology=NETWORK).similar_incidents("now")
    assert answer.value is not None and answer.value.items[0].incident_id == "rare"


def test_what_solved_a_past_incident_is_told_from_tickets_and_corrections_with_their_ids(
    stores: Stores, toolbox: MakeToolbox
) -> None:
    put(stores, now(), past("i1", trouble_ticket=("t1",)), diagnoses=[diagnosis("d1", "i1")])
    notes = (
        Note(text="card replaced by 张伟 +49 170 1234567", date=at(2)),
        Note(text="first look", date=at(0)),
        Note(text="on the way", date=at(1)),
    )
    stores.tickets.put(
        [
            ticket("t1", status=TicketStatus.CLOSED, status_change_reason="line card swapped", note=notes),
            ticket("t2", status=TicketStatus.RESOLVED, related_entity=("i1",), status_change_reason="reset"),
            ticket(
                "t3", status=TicketStatus.IN_PROGRESS, related_entity=("i1",), status_change_reason="seen"
            ),
        ]
    )
    stores.store.put_feedback(feedback("f1", subject_id="d1", correction="it was the power"))
    stores.store.put_feedback(feedback("f2", subject_id="d9", correction="not this one"))
    answer = toolbox(topology=NETWORK).similar_incidents("now")
    assert answer.value is not None
    [found] = answer.value.items
    told = [(item.source, item.record_id, item.text) for item in found.solved_by]
    assert told[:3] == [
        ("correction", "f1", "it was the power"),
        ("ticket status", "t1", "line card swapped"),
        ("ticket note", "t1", "on the way"),
    ]
    assert told[3][2].startswith("card replaced by") and "1234567" not in str(told)
    assert told[4] == ("ticket status", "t2", "reset")
    assert answer.ids == ("i1", "f1", "t1", "t2")


def test_past_incidents_beyond_the_scope_are_not_looked_at(stores: Stores, toolbox: MakeToolbox) -> None:
    put(stores, now(), past("i1", region="south"))
    answer = toolbox(scope=Scope(regions=("north",))).similar_incidents("now")
    assert answer.status is ToolStatus.NOTHING_FOUND and answer.searched.startswith("0 incidents")
