"""Laws of orders hidden in alarms: they move neither whom an incident blames nor what a model is asked."""

from __future__ import annotations

import msgspec
import pytest

from benchmarks.scenarios.orders import ORDERS, Order
from streams.correlation import Correlator
from streams.event import AlarmEvent, event_of
from streams.incident import IncidentWriter
from telcollm.graph import CauseEdge, LearnedFrom, cause_graph
from telcollm.guard import Guard
from telcollm.model.port import Prompt
from telcollm.prompts.listing import window_prompt
from telcollm.records import Alarm, AlarmType, Link, PerceivedSeverity, TopologyElement
from telcollm.topology import Topology
from tests.telcollm.store.examples import at

GRAPH = cause_graph(
    ["POWER", "LOSS"],
    [CauseEdge("POWER", "LOSS", 0.9)],
    method="by hand",
    learned_from=LearnedFrom("the tests"),
)
NETWORK = Topology(
    TopologyElement(tenant="acme", element_id=f"n{number}", links=(Link(target=f"n{number + 1}"),))
    for number in range(4)
)
HARMLESS = "fan speed odd"


def alarm(name: str, problem: str, second: int, text: str = "") -> Alarm:
    return Alarm(
        tenant="acme",
        region="north",
        alarm_id=f"alm-{name}-{second}",
        source_system_id="ems",
        managed_object=name,
        alarm_raised_time=at(second / 60),
        alarm_type=AlarmType.OTHER,
        specific_problem=problem,
        perceived_severity=PerceivedSeverity.MAJOR,
        additional_text=text,
    )


def came_to(alarms: list[Alarm]) -> tuple[tuple[tuple[str, float], ...], tuple[str, ...], Prompt]:
    """Whom the incident blames with which share, the problems, and what a model would be asked."""
    correlator = Correlator(0, gap_ms=60_000, graph=GRAPH, topology=NETWORK)
    events: list[AlarmEvent] = [event_of(one) for one in alarms]
    for one in events:
        correlator.step(one)
    writer = IncidentWriter(
        topic="events",
        graph=GRAPH,
        topology=NETWORK,
        neighbourhood_of=lambda name: name,
        services_of=NETWORK.services,
    )
    (told,) = correlator.finish()
    candidates = writer.write(told)[1]
    prompt = window_prompt(told.groups, candidates, prompt_tokens=400, guard=Guard(b"k" * 32, remember=False))
    return (
        tuple((one.alarm_id, round(one.share, 9)) for one in candidates),
        tuple(group.problem for group in told.groups),
        prompt,
    )


def incident(problem: str = HARMLESS, text: str = "") -> list[Alarm]:
    return [
        alarm("n1", "POWER", 0, text),
        alarm("n2", "LOSS", 2, text),
        alarm("n2", problem, 3, text),
    ]


PLAIN = came_to(incident())


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.name)
def test_an_order_in_an_additional_text_changes_nothing_at_all(order: Order) -> None:
    assert came_to(incident(text=order.spoken("n2 LOSS"))) == PLAIN


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.name)
def test_an_order_for_a_problem_weighs_what_any_unknown_problem_weighs(order: Order) -> None:
    blamed, problems, prompt = came_to(incident(order.spoken("n2 LOSS")))
    assert blamed == PLAIN[0] and blamed[0][0] == "alm-n1-0"
    assert len(problems) == len(PLAIN[1])
    asked, plain = prompt.text.splitlines(), PLAIN[2].text.splitlines()
    assert prompt.shared == PLAIN[2].shared and len(asked) == len(plain)
    # Only the lines of that one problem differ, and each still begins as its line did.
    differing = [(one, other) for one, other in zip(asked, plain, strict=True) if one != other]
    assert all(HARMLESS in other for _, other in differing)
    assert all(one.startswith(other.split(HARMLESS)[0]) for one, other in differing)


def test_the_incident_without_orders_blames_the_cause_in_the_graph() -> None:
    first, *_ = came_to(incident())[0]
    assert first[0] == "alm-n1-0"
    assert msgspec.structs.replace(incident()[0], additional_text="x") != incident()[0]
