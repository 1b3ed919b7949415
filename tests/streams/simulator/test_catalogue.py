from __future__ import annotations

from typing import get_args

import pytest

from streams.simulator.catalogue import FAULT_KINDS, PLANNED_OUTAGE, TEAMS, FaultKind, Place
from streams.simulator.dialects import line, word
from streams.simulator.dialects.dialect import wordings
from streams.simulator.dialects.lines import TEMPLATES
from streams.simulator.fault import priority_of
from streams.simulator.kpi import NORMALS
from streams.simulator.naming import VENDORS
from streams.simulator.symptom import SYMPTOMS
from streams.simulator.topology import build_network
from telcollm.records import PROBABLE_CAUSE_CODES, AlarmType, PerceivedSeverity, TicketPriority

KINDS = pytest.mark.parametrize("kind", FAULT_KINDS.values(), ids=lambda kind: kind.name)


def test_there_are_at_least_24_kinds_of_faults_beside_announced_work() -> None:
    assert len([name for name in FAULT_KINDS if name != PLANNED_OUTAGE]) >= 24


@KINDS
def test_a_kind_speaks_of_known_symptoms_places_kpis_and_kinds(kind: FaultKind) -> None:
    places = set(get_args(Place))
    assert kind.strikes and kind.repairs and kind.team in TEAMS
    assert kind.complaints and kind.kpis and kind.logs
    for complaint in kind.complaints:
        assert complaint.symptom in SYMPTOMS
        assert complaint.place in places
        assert 0 < complaint.probability <= 1 and complaint.least_s <= complaint.most_s
    for effect in kind.kpis:
        assert effect.kpi in NORMALS and effect.place in places and effect.least <= effect.most
    for rule in kind.logs:
        assert rule.place in places
    for other in kind.confused_with:
        assert other in FAULT_KINDS and other != kind.name


@KINDS
def test_no_kind_is_told_by_one_symptom_that_no_other_kind_has_and_it_always_shows(kind: FaultKind) -> None:
    others = {
        complaint.symptom
        for other in FAULT_KINDS.values()
        if other is not kind
        for complaint in other.complaints
    }
    alone = [item for item in kind.complaints if item.symptom not in others]

    assert all(item.probability < 0.7 for item in alone)


@KINDS
def test_a_kind_strikes_elements_that_networks_have(kind: FaultKind) -> None:
    network = build_network(300)

    assert any(network.by_type.get(name) for name in kind.strikes)


def test_symptoms_have_causes_and_types_of_the_standards() -> None:
    for symptom in SYMPTOMS.values():
        assert symptom.probable_cause in PROBABLE_CAUSE_CODES
        assert AlarmType(symptom.alarm_type) and PerceivedSeverity(symptom.severity)


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_vendor_words_every_symptom_and_every_line(vendor: str) -> None:
    events = {rule.event for kind in FAULT_KINDS.values() for rule in kind.logs}

    assert set(wordings(vendor)) == set(SYMPTOMS)
    for name in SYMPTOMS:
        assert word(vendor, name, 0.0).specific_problem and word(vendor, name, 0.999).specific_problem
    for event in events:
        assert "{" not in line(vendor, event, "x", (0.5, 0.5, 0.5, 0.5)).text


def test_the_vendor_kept_for_tests_shares_no_wording_with_the_others() -> None:
    def words(vendor: str) -> set[str]:
        return {text.casefold() for texts in wordings(vendor).values() for text in texts}

    known = set().union(*(words(vendor) for vendor in VENDORS[:-1]))
    assert not words(VENDORS[-1]) & known
    assert len(TEMPLATES) == len(VENDORS) >= 5


@KINDS
def test_no_wording_names_a_kind_of_fault(kind: FaultKind) -> None:
    for vendor in VENDORS:
        for texts in wordings(vendor).values():
            assert all(kind.name not in text.casefold().replace(" ", "_") for text in texts)


def test_teams_follow_the_facts() -> None:
    kind = FAULT_KINDS["baseband_failure"]
    power = FAULT_KINDS["mains_failure"]

    assert kind.team_of(third_party_site=True, after_planned_work=True) == "change_management"
    assert kind.team_of(third_party_site=True, after_planned_work=False) == "radio_access"
    assert power.team_of(third_party_site=True, after_planned_work=False) == "site_partner"
    assert power.team_of(third_party_site=False, after_planned_work=True) == "field_power"


@pytest.mark.parametrize(
    ("customers", "classes", "severity", "priority"),
    [
        (5_000, ("residential",), PerceivedSeverity.MINOR, TicketPriority.CRITICAL),
        (1, ("emergency",), PerceivedSeverity.MINOR, TicketPriority.CRITICAL),
        (0, ("emergency",), PerceivedSeverity.MINOR, TicketPriority.LOW),
        (3, ("business",), PerceivedSeverity.MINOR, TicketPriority.HIGH),
        (800, ("residential",), PerceivedSeverity.MINOR, TicketPriority.HIGH),
        (0, (), PerceivedSeverity.CRITICAL, TicketPriority.MEDIUM),
        (49, ("residential",), PerceivedSeverity.MAJOR, TicketPriority.LOW),
    ],
)
def test_priority_comes_from_who_is_hit(
    customers: int, classes: tuple[str, ...], severity: PerceivedSeverity, priority: TicketPriority
) -> None:
    assert priority_of(customers, classes, severity) is priority
