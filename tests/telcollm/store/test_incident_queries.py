from __future__ import annotations

import itertools
from typing import Any

import pytest

from telcollm.ports import EVERYTHING, IncidentCounts, IncidentQuery, Scope, Store
from telcollm.records import Incident, PerceivedSeverity, TicketStatus
from telcollm.state import AlarmState
from tests.telcollm.store.examples import (
    NOON_MS,
    alarm,
    at,
    component,
    diagnosis,
    element,
    feedback,
    incident,
    planned_work,
)


def put(store: Store, *incidents: Incident) -> None:
    with store.transaction() as transaction:
        transaction.put_incidents(incidents)


def ids(store: Store, scope: Scope = EVERYTHING, **query: Any) -> list[str]:
    found = [one.incident_id for one in store.incidents(scope, IncidentQuery(**query))]
    unbounded = IncidentQuery(**{**query, "limit": 1})
    assert store.count_incidents(scope, unbounded) >= len(found)
    return found


def test_incident_comes_back_with_fields_nobody_knew(store: Store) -> None:
    whole = incident(
        extra={"vendorField": {"deep": [1, "two", None]}}, problems={"LINK_LOSS": 2}, description="nul \x00"
    )
    put(store, whole)
    assert store.incident(EVERYTHING, "i1") == whole


@pytest.mark.parametrize("together", [True, False])
def test_higher_revision_stays_in_any_order(store: Store, together: bool) -> None:
    for number, order in enumerate(itertools.permutations((1, 2, 3))):
        revisions = [incident(f"i{number}", revision, alarm_count=revision) for revision in order]
        for part in [revisions] if together else [[one] for one in revisions]:
            put(store, *part)
        found = store.incident(EVERYTHING, f"i{number}")
        assert found is not None
        assert (found.revision, found.alarm_count) == (3, 3)


@pytest.mark.parametrize("together", [True, False])
def test_superseded_incident_stays_so_unless_a_higher_revision_says_otherwise(
    store: Store, together: bool
) -> None:
    def superseded_by(*versions: Incident) -> str:
        for part in [versions] if together else [(one,) for one in versions]:
            put(store, *part)
        found = store.incident(EVERYTHING, versions[0].incident_id)
        assert found is not None
        return found.superseded_by

    assert superseded_by(incident("a", 2, superseded_by="w"), incident("a", 2)) == "w"
    assert superseded_by(incident("b", 2), incident("b", 2, superseded_by="w")) == "w"
    assert superseded_by(incident("c", 2, superseded_by="w"), incident("c", 1)) == "w"
    assert superseded_by(incident("d", 2, superseded_by="w"), incident("d", 3)) == ""
    assert superseded_by(incident("e", 2, superseded_by="w"), incident("e", 2, superseded_by="v")) == "v"


def test_incidents_are_listed_by_their_last_event_in_pages(store: Store) -> None:
    put(store, *(incident(f"i{number}", last_event_time=at(number % 4)) for number in range(8)))
    everything = ["i3", "i7", "i2", "i6", "i1", "i5", "i0", "i4"]
    assert ids(store) == everything
    assert [ids(store, limit=3, offset=offset) for offset in (0, 3, 6, 9)] == [
        everything[:3],
        everything[3:6],
        everything[6:],
        [],
    ]
    assert store.count_incidents(EVERYTHING, IncidentQuery(limit=1, offset=99)) == 8


def test_each_filter_keeps_what_it_says(store: Store) -> None:
    put(
        store,
        incident("open"),
        incident("resolved", status=TicketStatus.RESOLVED, last_event_time=at(4)),
        incident("object", affected_objects=("cell-8", "cell-9"), last_event_time=at(3)),
        incident("cause", affected_objects=(), root_cause_resource="cell-9", last_event_time=at(2)),
        incident("later", opened_time=at(60), last_event_time=at(70)),
        incident("lost", superseded_by="open", last_event_time=at(1)),
    )
    assert ids(store, statuses=("resolved", "closed")) == ["resolved"]
    assert ids(store, managed_object="cell-9") == ["object", "cause"]
    assert ids(store, managed_object="cell-") == []
    assert ids(store, since=at(5)) == ["later", "open"]
    assert ids(store, until=at(60)) == ["open", "resolved", "object", "cause"]
    assert ids(store, since=at(6), until=at(60)) == []
    assert ids(store, since=at(4), until=at(61), statuses=("inProgress",)) == ["later", "open"]
    assert ids(store, include_superseded=True, until=at(60)) == [
        "open",
        "resolved",
        "object",
        "cause",
        "lost",
    ]
    assert store.count_incidents(EVERYTHING, IncidentQuery(managed_object="cell-9", limit=1)) == 2


def test_a_console_finds_incidents_by_severity_and_words_in_the_order_it_asks_for(store: Store) -> None:
    put(
        store,
        incident("minor", perceived_severity=PerceivedSeverity.MINOR, opened_time=at(-9)),
        incident("wide", perceived_severity=PerceivedSeverity.MAJOR, affected_objects=("Cell-9", "cell-8")),
        incident(
            "served",
            perceived_severity=PerceivedSeverity.MAJOR,
            affected_service=("svc-1",),
            problems={"LINK_LOSS": 2},
            opened_time=at(1),
        ),
        incident("dire", perceived_severity=PerceivedSeverity.CRITICAL, root_cause_problem="Power_100%"),
        incident("unsaid", opened_time=at(-3), status=TicketStatus.RESOLVED),
    )
    at_least = PerceivedSeverity.MAJOR
    assert ids(store, sort="impact") == ["dire", "served", "wide", "minor", "unsaid"]
    assert ids(store, sort="age") == ["minor", "unsaid", "dire", "wide", "served"]
    assert ids(store, severity_at_least=at_least, sort="impact") == ["dire", "served", "wide"]
    assert ids(store, text="CELL-9") == ["wide"]
    assert ids(store, text="link_loss") == ids(store, text="svc-1") == ["served"]
    assert ids(store, text="100%") == ["dire"] and ids(store, text="r%0") == []
    counts = store.incident_counts(EVERYTHING, IncidentQuery(limit=1, offset=3))
    assert counts == IncidentCounts(
        5,
        {"inProgress": 4, "resolved": 1},
        {"CRITICAL": 1, "MAJOR": 2, "MINOR": 1, "INDETERMINATE": 1},
    )
    found = store.incident_counts(EVERYTHING, IncidentQuery(severity_at_least=at_least, text="cell"))
    assert found == IncidentCounts(3, {"inProgress": 3}, {"CRITICAL": 1, "MAJOR": 2})
    assert store.incident_counts(Scope(tenants=("bell",)), IncidentQuery()) == IncidentCounts(0, {}, {})


@pytest.mark.parametrize("sort", ["latest", "impact", "age"])
def test_pages_cover_each_incident_once_in_every_order(store: Store, sort: str) -> None:
    put(store, *(incident(f"i{number}", affected_objects=("a",) * (number % 2)) for number in range(9)))
    whole = ids(store, sort=sort)
    pages = [ids(store, sort=sort, limit=2, offset=start) for start in range(0, 10, 2)]
    assert list(itertools.chain(*pages)) == whole
    assert sorted(whole) == [f"i{number}" for number in range(9)]


def test_objects_of_the_newest_revision_count(store: Store) -> None:
    put(store, incident(affected_objects=("a", "b")))
    put(store, incident(revision=2, affected_objects=("b", "c")))
    put(store, incident(revision=1, affected_objects=("d",)))
    assert {name: ids(store, managed_object=name) for name in "abcd"} == {
        "a": [],
        "b": ["i1"],
        "c": ["i1"],
        "d": [],
    }


def test_incident_is_found_by_an_unambiguous_beginning_only(store: Store) -> None:
    put(store, incident("inc-aa1"), incident("inc-ab1"), incident("inc-ab"), incident("inc-%_"))

    def found(name: str, scope: Scope = EVERYTHING) -> str | None:
        one = store.incident(scope, name)
        return one and one.incident_id

    assert found("inc-aa") == "inc-aa1"
    assert found("inc-ab") == "inc-ab"
    assert found("inc-a") is None
    assert found("inc-%") == "inc-%_"
    assert found("aa1") is None
    assert found("") is None
    assert found("INC-AA1") is None
    assert found("inc-aa", Scope(tenants=("other",))) is None


def test_nearest_ids_are_those_that_begin_so_else_those_that_look_so(store: Store) -> None:
    put(store, incident("inc-aaaa"), incident("inc-aabb"), incident("inc-cccc"))
    assert store.nearest_incident_ids(EVERYTHING, "inc-aa", 5) == ["inc-aaaa", "inc-aabb"]
    assert store.nearest_incident_ids(EVERYTHING, "inc-cdcc", 1) == ["inc-cccc"]
    assert store.nearest_incident_ids(Scope(tenants=("other",)), "inc-aa", 5) == []
    assert store.nearest_incident_ids(EVERYTHING, "inc-aa", 0) == []


def test_diagnoses_are_told_by_revision_and_the_latest_of_each_incident(store: Store) -> None:
    first = diagnosis("d1", extra={"vendorField": 1})
    second = diagnosis("d0", incident_revision=2, decided_time=at(3))
    again = diagnosis("d3", incident_revision=2, decided_time=at(4))
    other = diagnosis("d4", "i2")
    with store.transaction() as transaction:
        transaction.put_diagnoses([again, other, second, first])
    assert store.diagnoses(EVERYTHING, "i1") == [first, second, again]
    wanted = ["i2", "none", "i1", *(f"absent{number}" for number in range(600))]
    assert list(store.latest_diagnoses(EVERYTHING, wanted).items()) == [("i2", other), ("i1", again)]


def test_members_follow_what_was_said_of_components_and_else_their_own_id(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.put_components(
            [component("i1"), component("i2", 1), component("i3"), component("i1", 2), component("i4")]
        )
        transaction.put_alarms(
            [
                alarm("c", component_id="i1"),
                alarm("b", component_id="i2", partition=1),
                alarm("a", component_id="i3", raised_ms=NOON_MS + 1),
                alarm("twin", component_id="i1", partition=2),
                alarm("other", component_id="i4"),
                alarm("copy", component_id="i1", home=False),
            ]
        )
        transaction.put_component_incidents([(1, "i2", "i1"), (0, "i3", "i2"), (2, "i1", "i9")])
        transaction.put_component_incidents([(0, "i3", "i1")])

    def names(incident_id: str, limit: int = 9) -> list[str]:
        found = store.incident_members(EVERYTHING, incident_id, limit)
        return [member.alarm_id for member in found]

    assert names("i1") == ["b", "c", "a"]
    assert names("i1", limit=2) == ["b", "c"]
    assert (names("i2"), names("i3"), names("i4"), names("i9")) == ([], [], ["other"], ["twin"])


def test_alarms_on_objects_lie_in_the_interval_in_order_of_raise(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.put_alarms(
            [alarm(f"n{number}", managed_object=f"o{number % 3}", raised_ms=number) for number in range(9)]
        )
        transaction.put_alarms([alarm("copy", managed_object="o0", raised_ms=3, home=False)])

    def names(objects: list[str], limit: int = 9) -> list[str]:
        return [found.alarm_id for found in store.alarms_on(EVERYTHING, objects, 2, 8, limit)]

    assert names(["o0", "o1", "o0"]) == ["n3", "n4", "n6", "n7"]
    assert names(["o0", "o2"], limit=2) == ["n2", "n3"]
    assert names([]) == []
    assert names([*(f"other{number}" for number in range(700)), "o1"]) == ["n4", "n7"]


def test_no_question_sees_beyond_its_scope(store: Store) -> None:
    places = list(itertools.product(("acme", "bell"), ("north", "")))
    for tenant, region in places:
        own = {"tenant": tenant, "region": region}
        name = f"{tenant}-{region}"
        with store.transaction() as transaction:
            transaction.put_alarms([alarm(f"a-{name}", component_id="i1", **own)])
            transaction.put_components([component("i1")])
            transaction.put_incidents([incident(f"i-{name}", **own)])
            transaction.put_diagnoses([diagnosis(f"d-{name}", "i1", **own)])
        store.put_topology([element(f"e-{name}", **own)])
        store.put_planned_work([planned_work(f"w-{name}", **own)])
        store.put_feedback(feedback(f"f-{name}", **own))

    def seen(scope: Scope) -> list[set[tuple[str, str]]]:
        alarm_ids = [f"a-{tenant}-{region}" for tenant, region in places]
        incident_ids = [f"i-{tenant}-{region}" for tenant, region in places]
        answers: list[list[Any] | list[AlarmState]] = [
            store.incidents(scope, IncidentQuery()),
            [one for name in incident_ids if (one := store.incident(scope, name))],
            store.diagnoses(scope, "i1"),
            list(store.latest_diagnoses(scope, ["i1"]).values()),
            store.alarm_states(scope, alarm_ids),
            store.alarms_on(scope, ["cell-7"], 0, NOON_MS + 1, 99),
            store.incident_members(scope, "i1", 99),
            store.topology(scope),
            store.planned_work(scope),
            store.feedback(scope),
        ]
        assert store.count_incidents(scope, IncidentQuery()) == len(answers[0])
        assert store.incident_counts(scope, IncidentQuery()).total == len(answers[0])
        assert len(store.nearest_incident_ids(scope, "i-", 99)) == len(answers[0])
        return [{(one.tenant, one.region) for one in answer} for answer in answers]

    for scope, visible in (
        (EVERYTHING, set(places)),
        (Scope(tenants=("acme",)), {("acme", "north"), ("acme", "")}),
        (Scope(regions=("north",)), {("acme", "north"), ("bell", "north")}),
        (Scope(tenants=("bell",), regions=("north",)), {("bell", "north")}),
        (Scope(tenants=("bell", "none"), regions=("south",)), set()),
    ):
        for answer in seen(scope):
            assert answer <= visible
        # The latest diagnosis is one an incident; every other question sees all there is.
        assert all(answer == visible for number, answer in enumerate(seen(scope)) if number != 3)
        assert len(seen(scope)[3]) == min(1, len(visible))
