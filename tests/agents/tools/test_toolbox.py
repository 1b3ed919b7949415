"""Laws of the door to the tools: one answer each, within the budget, the first one again, never an error."""

from __future__ import annotations

import dataclasses
import itertools
import json
import threading
from datetime import datetime
from typing import Any

import msgspec
import pytest

from agents.tools import ToolStatus
from telcollm.errors import TransientError
from telcollm.ports import Scope
from telcollm.store.opening import Stores
from tests.agents.tools.conftest import MakeToolbox
from tests.agents.tools.examples import BEFORE, HOUR, NOW, allowing, put_alarms, raised


class Broken:
    """A store whose every method does one thing."""

    def __init__(self, does: Any) -> None:
        self._does = does

    def __getattr__(self, name: str) -> Any:
        return self._does


def _silent(*given: Any, **named: Any) -> None:
    message = "the database did not answer; it must be up; try again"
    raise TransientError(message)


def _buggy(*given: Any, **named: Any) -> None:
    message = "surprise"
    raise KeyError(message)


def broken(stores: Stores, does: Any) -> Stores:
    one: Any = Broken(does)
    return dataclasses.replace(stores, store=one, telemetry=one, tickets=one, care=one)


ASKED: dict[str, dict[str, Any]] = {
    "alarms": {"objects": ["cell-7"], "since": BEFORE, "until": NOW},
    "kpi_history": {"object": "cell-7", "kpi": "load_ratio", "since": BEFORE, "until": NOW},
    "kpi_deviations": {"objects": ["cell-7"], "since": BEFORE, "until": NOW},
    "log_templates": {"objects": ["cell-7"], "since": BEFORE, "until": NOW},
    "changes": {"objects": ["cell-7"], "since": BEFORE, "until": NOW},
    "incidents": {},
    "diagnosis": {"incident_id": "i1"},
    "similar_incidents": {"incident_id": "i1"},
    "open_tickets": {"objects": ["cell-7"]},
    "customers": {"objects": ["cell-7"]},
}
"""A right question to each tool that reads the store."""

WITHOUT_STORE: dict[str, dict[str, Any]] = {
    "path": {"a": "cell-7", "b": "cell-8", "at": NOW},
    "neighbours": {"object": "cell-7", "at": NOW},
}


def test_every_tool_says_what_it_searched_when_it_finds_nothing(toolbox: MakeToolbox) -> None:
    tools = toolbox()
    for name, arguments in {**ASKED, **WITHOUT_STORE}.items():
        answer = tools.call(name, **arguments)
        assert (answer.status, answer.value, answer.why) == (ToolStatus.NOTHING_FOUND, None, ""), name
        about = [value for value in arguments.values() if isinstance(value, str | list)]
        assert all((one if isinstance(one, str) else one[0]) in answer.searched for one in about), name
        times = [value for value in arguments.values() if isinstance(value, datetime)]
        assert all(time.isoformat() in answer.searched for time in times), name


def test_a_store_that_does_not_answer_is_a_failed_answer_of_every_tool_that_reads_it(
    stores: Stores, toolbox: MakeToolbox
) -> None:
    tools = toolbox(stores=broken(stores, _silent))
    for name, arguments in ASKED.items():
        answer = tools.call(name, **arguments)
        assert answer.status is ToolStatus.FAILED, name
        assert answer.why == "the database did not answer; it must be up; try again"


def test_what_nobody_foresaw_is_a_failed_answer_too(stores: Stores, toolbox: MakeToolbox) -> None:
    answer = toolbox(stores=broken(stores, _buggy)).call("alarms", **ASKED["alarms"])
    assert (answer.status, answer.ids) == (ToolStatus.FAILED, ())
    assert answer.why == "alarms broke off: KeyError: 'surprise'; go on without it"


def test_a_store_that_stalls_is_given_up_after_the_budget_of_one_call(
    stores: Stores, toolbox: MakeToolbox
) -> None:
    done = threading.Event()

    def stall(*given: Any, **named: Any) -> list[Any]:
        done.wait(30)
        return []

    tools = toolbox(stores=broken(stores, stall), budget=allowing(call_s=0.05))
    answer = tools.call("alarms", **ASKED["alarms"])
    done.set()
    assert answer.status is ToolStatus.FAILED
    assert answer.why.startswith("alarms gave no answer in 0.05 s; ask about fewer objects or less time")


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("reboot_all", {}, "tool='reboot_all' is not known; alarms, kpi_history"),
        ("alarms", {}, "missing required field `objects`; it takes objects (ids of network elements"),
        ("alarms", {"objects": "cell-7", "since": BEFORE, "until": NOW}, "Expected `array`, got `str`"),
        ("alarms", {"objects": [], "since": BEFORE, "until": NOW}, "length >= 1"),
        ("alarms", {"objects": ["c"] * 101, "since": BEFORE, "until": NOW}, "length <= 100"),
        ("alarms", {**ASKED["alarms"], "colour": "red"}, "unknown field `colour`; it takes objects"),
        ("alarms", {**ASKED["alarms"], "hops": 9}, "Expected `int` <= 4"),
        ("alarms", {**ASKED["alarms"], "since": "2026-03-02T11:00"}, "with a timezone"),
        ("alarms", {**ASKED["alarms"], "since": "last night"}, "Invalid RFC3339"),
        ("alarms", {**ASKED["alarms"], "until": BEFORE}, "until must be after since"),
        ("kpi_history", {**ASKED["kpi_history"], "until": BEFORE + 200 * HOUR}, "by at most 7 days"),
        ("alarms", {**ASKED["alarms"], "page": "rubbish!"}, "page='rubbish!' is no page of this question"),
        ("incidents", {"statuses": ["burning"]}, "statuses='burning' is not known; acknowledged"),
        ("knowledge", {"question": "x"}, "length >= 2"),
        ("knowledge", {"question": object()}, "Expected `str`, got `object`"),
        ("path", {"a": None, "b": "x", "at": NOW}, "Expected `str`, got `null`"),
    ],
)
def test_wrong_arguments_are_a_failed_answer_that_names_what_is_allowed(
    toolbox: MakeToolbox, name: str, arguments: dict[str, Any], said: str
) -> None:
    answer = toolbox().call(name, **arguments)
    assert (answer.status, answer.value) == (ToolStatus.FAILED, None)
    assert said in answer.why


def test_an_instant_may_be_written_without_seconds(stores: Stores, toolbox: MakeToolbox) -> None:
    put_alarms(stores, [raised("a1", minutes=1)])
    answer = toolbox().call(
        "alarms", objects=["cell-7"], since="2026-03-02T11:00Z", until="2026-03-02T13:00+01:00"
    )
    assert answer.ids == ("a1",)


def test_the_same_call_twice_gives_the_first_answer_and_says_so(stores: Stores, toolbox: MakeToolbox) -> None:
    put_alarms(stores, [raised("a1")])
    tools = toolbox(budget=allowing(calls=2))
    first = tools.alarms(["cell-7", "cell-8"], BEFORE, NOW)
    put_alarms(stores, [raised("a2")])
    again = tools.call("alarms", objects=["cell-8", "cell-7", "cell-7"], since=BEFORE.isoformat(), until=NOW)
    assert (first.repeated, again.repeated) == (False, True)
    assert msgspec.structs.replace(again, repeated=False) == first
    assert first.ids == ("a1",)
    other = tools.alarms(["cell-7"], BEFORE, NOW)
    assert (other.repeated, other.ids) == (False, ("a1", "a2"))
    assert [call.answer.repeated for call in tools.calls] == [False, True, False]


def test_a_failure_is_repeated_as_it_was(stores: Stores, toolbox: MakeToolbox) -> None:
    asked = itertools.count(1)

    def count(*given: Any, **named: Any) -> None:
        message = f"no answer to question {next(asked)}; the database must be up; try again"
        raise TransientError(message)

    tools = toolbox(stores=broken(stores, count))
    answers = [tools.call("incidents") for _ in range(3)]
    assert {answer.why for answer in answers} == {
        "no answer to question 1; the database must be up; try again"
    }
    assert [answer.repeated for answer in answers] == [False, True, True]


def test_no_call_is_made_beyond_the_budget_of_calls_and_repeating_costs_none(toolbox: MakeToolbox) -> None:
    tools = toolbox(budget=allowing(calls=2))
    assert tools.call("incidents").status is ToolStatus.NOTHING_FOUND
    assert tools.call("incidents").repeated
    assert tools.call("diagnosis", incident_id="i1").status is ToolStatus.NOTHING_FOUND
    refused = tools.call("diagnosis", incident_id="i2")
    assert refused.status is ToolStatus.FAILED
    assert refused.why.startswith("this run has made 2 of 2 calls")
    assert tools.call("incidents").status is ToolStatus.NOTHING_FOUND


def test_no_call_is_made_once_the_seconds_of_the_run_are_gone(toolbox: MakeToolbox) -> None:
    clock = [100.0]
    tools = toolbox(budget=allowing(run_s=60.0), monotonic_s=lambda: clock[0])
    assert tools.call("incidents").status is ToolStatus.NOTHING_FOUND
    clock[0] = 161.0
    refused = tools.call("diagnosis", incident_id="i1")
    assert refused.status is ToolStatus.FAILED
    assert "has 0.0 of 60 s left" in refused.why


def test_an_answer_larger_than_its_budget_is_counted_and_paged_and_pages_join_to_all_of_it(
    stores: Stores, toolbox: MakeToolbox
) -> None:
    put_alarms(stores, [raised(f"a{n:03d}", minutes=n / 10, problem=f"P{n % 3}") for n in range(200)])
    tools = toolbox(budget=allowing(answer_bytes=2_000))
    seen: list[str] = []
    page, pages = "", 0
    while True:
        answer = tools.alarms(["cell-7"], BEFORE, NOW, page)
        assert answer.value is not None
        assert len(msgspec.json.encode(answer.value)) <= 2_000
        assert (answer.total, answer.shown, answer.complete) == (200, len(answer.value.items), True)
        assert answer.value.counts["problem"] == {"P0": 67, "P1": 67, "P2": 66}
        assert answer.ids == tuple(item.alarm_id for item in answer.value.items)
        seen += answer.ids
        pages += 1
        page = answer.next_page
        if not page:
            break
    assert seen == [f"a{n:03d}" for n in range(200)]
    assert pages > 5


def test_pages_of_one_run_are_of_one_moment(stores: Stores, toolbox: MakeToolbox) -> None:
    put_alarms(stores, [raised(f"a{n}", minutes=n) for n in range(4)])
    tools = toolbox(budget=allowing(items=2))
    first = tools.alarms(["cell-7"], BEFORE, NOW)
    put_alarms(stores, [raised("a00", minutes=0.5)])
    second = tools.alarms(["cell-7"], BEFORE, NOW, first.next_page)
    assert first.ids + second.ids == ("a0", "a1", "a2", "a3")
    assert second.next_page == ""


def test_a_page_of_another_question_is_refused(stores: Stores, toolbox: MakeToolbox) -> None:
    put_alarms(stores, [raised(f"a{n}") for n in range(3)])
    tools = toolbox(budget=allowing(items=1))
    token = tools.alarms(["cell-7"], BEFORE, NOW).next_page
    assert "cell" not in token and "a0" not in token
    answer = tools.alarms(["cell-8"], BEFORE, NOW, token)
    assert (answer.status, answer.value) == (ToolStatus.FAILED, None)
    assert "is no page of this question" in answer.why


def test_a_page_can_be_asked_for_in_a_later_run(stores: Stores, toolbox: MakeToolbox) -> None:
    put_alarms(stores, [raised(f"a{n}", minutes=n) for n in range(3)])
    budget = allowing(items=2)
    token = toolbox(budget=budget).alarms(["cell-7"], BEFORE, NOW).next_page
    assert toolbox(budget=budget).alarms(["cell-7"], BEFORE, NOW, token).ids == ("a2",)


def test_more_than_can_be_read_is_said_to_be_more(stores: Stores, toolbox: MakeToolbox) -> None:
    put_alarms(stores, [raised(f"a{n}", minutes=n) for n in range(4)])
    answer = toolbox(budget=allowing(rows=3)).alarms(["cell-7"], BEFORE, NOW)
    assert (answer.total, answer.complete) == (3, False)
    assert answer.searched.endswith("; the first 3 were read")


def test_an_item_too_large_for_any_answer_is_left_out_and_said_to_be(
    stores: Stores, toolbox: MakeToolbox
) -> None:
    put_alarms(stores, [raised("a1", "c" * 900), raised("a2", "c" * 900, minutes=1)])
    answer = toolbox(budget=allowing(answer_bytes=1_000)).alarms(["c" * 900], BEFORE, NOW)
    assert (answer.status, answer.shown, answer.total, answer.ids) == (ToolStatus.FOUND, 0, 2, ())
    assert answer.why.startswith("item 1 alone is larger than the budget of 1000 bytes")
    assert answer.next_page


def test_nothing_of_another_tenant_or_region_is_found(stores: Stores, toolbox: MakeToolbox) -> None:
    put_alarms(stores, [raised("a1"), raised("b1", tenant="bell"), raised("s1", region="south")])
    tools = toolbox(scope=Scope(tenants=("acme",), regions=("north",)))
    assert tools.alarms(["cell-7"], BEFORE, NOW).ids == ("a1",)


def test_the_catalogue_gives_every_tool_a_schema_that_its_own_arguments_keep_to(
    toolbox: MakeToolbox,
) -> None:
    described = {tool.name: tool for tool in toolbox().catalogue()}
    assert {**ASKED, **WITHOUT_STORE}.keys() <= described.keys()
    for tool in described.values():
        assert tool.description and tool.parameters["type"] == "object"
        assert tool.parameters["additionalProperties"] is False
        assert "$ref" not in json.dumps(tool.parameters)
        assert all("description" in json.dumps(field) for field in tool.parameters["properties"].values())
    assert {name for name, tool in described.items() if tool.acts} == {
        "restart_cell",
        "roll_back_change",
        "dispatch_technician",
        "send_reply",
    }
    assert sorted(described["alarms"].parameters["required"]) == ["objects", "since", "until"]


def test_a_run_keeps_its_calls_and_the_ids_that_it_has_seen(stores: Stores, toolbox: MakeToolbox) -> None:
    put_alarms(stores, [raised("a1"), raised("a2", "cell-8")])
    tools = toolbox()
    tools.alarms(["cell-7"], BEFORE, NOW)
    tools.call("alarms", objects="junk")
    assert [(call.name, call.answer.status) for call in tools.calls] == [
        ("alarms", ToolStatus.FOUND),
        ("alarms", ToolStatus.FAILED),
    ]
    assert tools.calls[0].arguments["objects"] == ["cell-7"]
    assert tools.seen_ids == {"a1"}
