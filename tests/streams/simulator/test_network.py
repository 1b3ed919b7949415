from __future__ import annotations

import pytest

from streams.formats import decode_alarms
from streams.replay.schedule import ReplayPlan, deliveries, schedule
from streams.simulator import TRUE_EDGES, generate
from telcollm.errors import SettingsError
from telcollm.records import PROBABLE_CAUSE_CODES, PerceivedSeverity
from telcollm.settings import SourceSettings


def test_the_same_arguments_give_the_same_network_and_others_give_others() -> None:
    assert generate(seed=3, hours=4, sites=10) == generate(seed=3, hours=4, sites=10)
    assert generate(seed=3, hours=4, sites=10) != generate(seed=4, hours=4, sites=10)


def test_every_effect_follows_its_cause_along_a_true_edge_and_clears_after_it() -> None:
    rows = {row.number: row for row in generate().table.rows}
    effects = [row for row in rows.values() if row.true_cause != row.number]

    assert len(effects) > 1000
    for row in effects:
        assert row.true_cause is not None
        cause = rows[row.true_cause]
        assert (cause.probable_cause, row.probable_cause) in TRUE_EDGES
        assert cause.raised_ms < row.raised_ms
        assert cause.cleared_ms is not None and row.cleared_ms is not None
        assert cause.cleared_ms < row.cleared_ms


def test_every_true_edge_is_seen() -> None:
    rows = {row.number: row for row in generate().table.rows}
    seen = {
        (rows[row.true_cause].probable_cause, row.probable_cause)
        for row in rows.values()
        if row.true_cause is not None and row.true_cause != row.number
    }

    assert seen == set(TRUE_EDGES)


def test_alarms_spread_between_neighbours_only() -> None:
    network = generate(hours=12)
    near = {
        frozenset((element.element_id, link.target)) for element in network.topology for link in element.links
    }
    rows = {row.number: row for row in network.table.rows}

    for row in rows.values():
        if row.true_cause is not None and row.true_cause != row.number:
            assert frozenset((row.managed_object, rows[row.true_cause].managed_object)) in near


def test_some_alarms_are_momentary_and_all_clear() -> None:
    rows = generate().table.rows
    momentary = sum(row.cleared_ms == row.raised_ms for row in rows)

    assert 0.1 < momentary / len(rows) < 0.4
    assert all(row.cleared_ms is not None for row in rows)


def test_the_network_is_a_tree_whose_cells_carry_services() -> None:
    network = generate(sites=13)
    links = sum(len(element.links) for element in network.topology)

    assert links == len(network.topology) - 1
    assert sum(bool(element.services) for element in network.topology) == 13 * 3


def test_its_alarms_are_read_at_the_edge_with_standard_names_and_severities() -> None:
    network = generate(hours=2, sites=6)

    for message in deliveries(schedule(network.table, ReplayPlan(flat_out=True))):
        [alarm] = decode_alarms(message.value, SourceSettings())
        assert alarm.probable_cause.name in PROBABLE_CAUSE_CODES
        assert alarm.perceived_severity is not PerceivedSeverity.INDETERMINATE
        assert alarm.raw_type == ""


@pytest.mark.parametrize(("hours", "sites"), [(0, 5), (-1, 5), (9000, 5), (1, 0), (1, 10_001)])
def test_a_network_out_of_range_is_refused(hours: float, sites: int) -> None:
    with pytest.raises(SettingsError, match="are out of range"):
        generate(hours=hours, sites=sites)
