"""Laws of the tool over logs."""

from __future__ import annotations

from agents.tools import ToolStatus
from telcollm.identity import log_id
from telcollm.records import LogLine
from telcollm.store.opening import Stores
from tests.agents.tools.conftest import MakeToolbox
from tests.agents.tools.examples import BEFORE, NOW, allowing, at, line


def flaps(count: int, start: float = 0) -> list[LogLine]:
    return [
        line(f"Interface ge-0/0/{n} changed state to down", start + n, severity="error") for n in range(count)
    ]


def test_lines_that_differ_in_numbers_are_one_shape_with_its_count(
    stores: Stores, toolbox: MakeToolbox
) -> None:
    lines = [*flaps(5), line("BGP peer 10.0.0.7 lost", 3), line("BGP peer 10.9.9.9 lost", 9)]
    stores.telemetry.put_logs(lines)
    answer = toolbox().log_templates(["router-1"], BEFORE, NOW)
    assert answer.status is ToolStatus.FOUND and answer.value is not None
    first, second = answer.value.items
    assert (first.template, first.lines) == ("Interface ge-<NUM>/<NUM>/<NUM> changed state to down", 5)
    assert (first.first_time, first.last_time, first.severities) == (at(0), at(4), ("error",))
    assert (second.template, second.lines) == ("BGP peer <IP> lost", 2)
    assert first.examples == tuple(log_id(one) for one in lines[:3])
    assert answer.ids == (*first.examples, *second.examples)
    assert answer.value.counts["lines"] == {"in the interval": 7, "in the interval before": 0}


def test_a_word_that_varies_is_a_gap_in_the_shape(stores: Stores, toolbox: MakeToolbox) -> None:
    names = ("bgpd", "ospfd", "rpd")
    stores.telemetry.put_logs([line(f"a core was dumped by {name} today", n) for n, name in enumerate(names)])
    answer = toolbox().log_templates(["router-1"], BEFORE, NOW)
    assert answer.value is not None
    assert [(item.template, item.lines) for item in answer.value.items] == [
        ("a core was dumped by <*> today", 3)
    ]


def test_shapes_not_seen_in_the_interval_before_come_first(stores: Stores, toolbox: MakeToolbox) -> None:
    stores.telemetry.put_logs(
        [*flaps(3, start=-50), *flaps(9), line("fan tray failed", 5), line("too old", -70), line("late", 60)]
    )
    answer = toolbox().log_templates(["router-1"], BEFORE, NOW)
    assert answer.value is not None
    told = [(item.template.split()[0], item.lines, item.before) for item in answer.value.items]
    assert told == [("fan", 1, 0), ("Interface", 9, 3)]
    assert answer.value.counts["shapes"] == {"new": 1, "seen before": 1}


def test_no_identity_of_a_customer_is_in_an_answer(stores: Stores, toolbox: MakeToolbox) -> None:
    secrets = ["+49 170 1234567", "262011234567890", "anna@example.com", "490154203237518"]
    stores.telemetry.put_logs([line(f"attach of {secret} rejected", n) for n, secret in enumerate(secrets)])
    answer = toolbox().log_templates(["router-1"], BEFORE, NOW)
    assert answer.total >= 1
    assert not [secret for secret in secrets if secret in str(answer)]
    assert not any("1234567" in str(item) for item in (answer, answer.searched))


def test_the_same_lines_give_the_same_shapes_in_whatever_order_they_were_stored(
    stores: Stores, toolbox: MakeToolbox
) -> None:
    lines = [*flaps(4), line("fan tray failed", 5), line("fan unit failed", 6), line("", 7)]
    stores.telemetry.put_logs(lines[::-1])
    one = toolbox().log_templates(["router-1"], BEFORE, NOW)
    stores.telemetry.put_logs(lines)
    assert toolbox().log_templates(["router-1"], BEFORE, NOW) == one
    assert one.value is not None and "(an empty line)" in [item.template for item in one.value.items]


def test_more_lines_than_can_be_read_are_said_to_be_more(stores: Stores, toolbox: MakeToolbox) -> None:
    stores.telemetry.put_logs(flaps(5))
    answer = toolbox(budget=allowing(rows=3)).log_templates(["router-1"], BEFORE, NOW)
    assert not answer.complete
    assert answer.searched.endswith("the first 3 of each were read")
    assert answer.value is not None and answer.value.items[0].lines == 3
