from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime

import msgspec
import numpy as np
import pytest

from streams.simulator.catalogue import FAULT_KINDS, TEAMS
from streams.simulator.fault import Fault
from streams.simulator.language.sayings import sayings
from streams.simulator.plan import DEFAULT_ORIGIN
from streams.simulator.tickets import TICKET_TYPES, WrittenTicket, write_tickets
from streams.simulator.voices import Manner
from telcollm.errors import SettingsError
from telcollm.records import TicketPriority
from tests.streams.simulator.made_faults import made_faults


@pytest.fixture(scope="module")
def tickets() -> list[WrittenTicket]:
    return write_tickets(made_faults(1_500, 1), 1)


def test_the_same_arguments_give_the_same_tickets_and_another_seed_gives_others() -> None:
    faults = made_faults(40)
    assert write_tickets(faults, 5) == write_tickets(faults, 5)
    texts = {ticket.record.description for ticket in write_tickets(faults, 5)}
    assert not texts & {ticket.record.description for ticket in write_tickets(faults, 6)}


def test_the_order_of_the_faults_changes_nothing() -> None:
    faults = made_faults(40)
    assert write_tickets(faults[::-1], 5) == write_tickets(faults, 5)


def test_every_fault_has_a_ticket_and_none_before_it_began(tickets: list[WrittenTicket]) -> None:
    faults = {fault.fault_id: fault for fault in made_faults(1_500, 1)}
    assert {ticket.truth.fault_id for ticket in tickets} == set(faults)
    times = [ticket.record.creation_date for ticket in tickets]
    assert times == sorted(times, key=lambda time: time or DEFAULT_ORIGIN)
    for ticket in tickets:
        assert ticket.record.creation_date is not None
        age = ticket.record.creation_date - DEFAULT_ORIGIN
        assert age.total_seconds() >= faults[ticket.truth.fault_id].started_s


def test_the_record_tells_neither_team_nor_priority_nor_kind(tickets: list[WrittenTicket]) -> None:
    for ticket in tickets[:300]:
        seen = msgspec.json.encode(ticket.record).decode()
        assert ticket.record.team == "" and ticket.record.priority is None
        assert ticket.truth.kind not in seen
        assert ticket.truth.fault_id not in seen
        assert "_" not in ticket.truth.team or ticket.truth.team not in seen


def test_all_voices_languages_teams_and_types_are_there(tickets: list[WrittenTicket]) -> None:
    truths = [ticket.truth for ticket in tickets]
    assert {truth.kind for truth in truths} == set(FAULT_KINDS)
    assert {truth.team for truth in truths} == set(TEAMS)
    assert {truth.ticket_type for truth in truths} == set(TICKET_TYPES)
    assert {truth.priority for truth in truths} == {priority.value for priority in TicketPriority}
    voices = Counter(truth.voice for truth in truths)
    assert set(voices) == {"noc", "field", "customer"}
    assert min(voices.values()) > len(truths) / 12
    chinese = sum(truth.language == "zh" for truth in truths) / len(truths)
    assert 0.35 < chinese < 0.45


def test_what_is_said_to_be_so_is_never_also_ruled_out(tickets: list[WrittenTicket]) -> None:
    for ticket in tickets:
        said = set(ticket.truth.said)
        assert not any(f"-{fact}" in said for fact in said)


def test_every_ticket_says_something_of_its_fault_or_says_that_nothing_was_found(
    tickets: list[WrittenTicket],
) -> None:
    silent = [ticket for ticket in tickets if not ticket.truth.said]
    assert len(silent) < len(tickets) / 100


def test_no_text_comes_twice(tickets: list[WrittenTicket]) -> None:
    texts = [ticket.record.description for ticket in tickets]
    assert len(set(texts)) == len(texts)
    assert 60 < np.median([len(text) for text in texts]) < 400


def test_customers_write_only_of_faults_they_notice() -> None:
    quiet = [replace(fault, customers=0, service_classes=()) for fault in made_faults(200)]
    assert "customer" not in {ticket.truth.voice for ticket in write_tickets(quiet)}


def test_field_reports_come_only_of_what_can_be_seen_on_site() -> None:
    voices = {
        (ticket.truth.kind, ticket.truth.voice)
        for ticket in write_tickets(made_faults(1_500, 2), per_fault=3.0)
    }
    assert ("name_service_failure", "field") not in voices
    assert ("mains_failure", "field") in voices


def test_rain_is_said_only_where_it_rained() -> None:
    def wet(faults: list[Fault]) -> int:
        return sum("rain" in ticket.truth.said for ticket in write_tickets(faults))

    faults = [fault for fault in made_faults(400) if fault.kind == "microwave_fading"]
    assert wet([replace(fault, rain=True) for fault in faults]) > 0
    assert wet([replace(fault, rain=False) for fault in faults]) == 0


def test_a_plain_manner_leaves_out_guesses_and_slips() -> None:
    plain = Manner(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    for ticket in write_tickets(made_faults(60), chinese_ratio=0.0, manner=plain):
        assert ticket.truth.misled_by == ()
        assert ticket.record.description.isascii() or "°" in ticket.record.description


def test_priority_can_be_known_from_what_is_said(tickets: list[WrittenTicket]) -> None:
    """Where the count is told, and every class that is there, the rule of priorities gives the priority."""
    from streams.simulator.fault import priority_of
    from telcollm.records import PerceivedSeverity

    right = told = 0
    for ticket in tickets:
        said = ticket.truth.impact_said
        if "count" in said:
            told += 1
            classes = tuple(name for name in ("business", "emergency") if name in said)
            severity = PerceivedSeverity.CRITICAL if "severity" in said else PerceivedSeverity.MAJOR
            right += priority_of(ticket.truth.customers, classes, severity) == ticket.truth.priority
    assert told > 0.75 * len(tickets)
    assert right / told > 0.88


def test_the_nearest_text_gives_away_neither_kind_nor_team() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.metrics import f1_score
    from sklearn.neighbors import KNeighborsClassifier

    learnt = write_tickets(made_faults(1_500, 11), 11)
    asked = write_tickets(made_faults(300, 12), 12)
    for options in ({"ngram_range": (1, 2)}, {"analyzer": "char_wb", "ngram_range": (2, 4)}):
        words = TfidfVectorizer(sublinear_tf=True, min_df=2, **options)
        known = words.fit_transform([ticket.record.description for ticket in learnt])
        new = words.transform([ticket.record.description for ticket in asked])
        for label in ("kind", "team"):
            truth = [getattr(ticket.truth, label) for ticket in asked]
            nearest = KNeighborsClassifier(1, metric="cosine")
            nearest.fit(known, [getattr(ticket.truth, label) for ticket in learnt])
            assert f1_score(truth, nearest.predict(new), average="macro") < 0.70


def test_one_who_reads_every_fact_can_tell_the_kind_and_the_team() -> None:
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    learnt = write_tickets(made_faults(1_500, 11), 11)
    asked = write_tickets(made_faults(300, 12), 12)
    facts = DictVectorizer()
    known = facts.fit_transform([dict.fromkeys(ticket.truth.said, 1) for ticket in learnt])
    new = facts.transform([dict.fromkeys(ticket.truth.said, 1) for ticket in asked])
    for label in ("kind", "team"):
        reader = LogisticRegression(C=3.0, max_iter=300)
        reader.fit(known, [getattr(ticket.truth, label) for ticket in learnt])
        assert reader.score(new, [getattr(ticket.truth, label) for ticket in asked]) > 0.86


def test_what_cannot_be_written_is_refused() -> None:
    faults = made_faults(1)
    with pytest.raises(SettingsError, match="add tzinfo=UTC"):
        write_tickets(faults, start=datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(SettingsError, match=r"chinese_ratio=1\.5"):
        write_tickets(faults, chinese_ratio=1.5)
    with pytest.raises(SettingsError, match="per_fault=0"):
        write_tickets(faults, per_fault=0)


def test_the_nothing_found_of_a_technician_is_worded() -> None:
    assert "nothing_found" in sayings("field_en").yes
