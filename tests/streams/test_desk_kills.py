"""Laws of both desks against a real broker: kills at every point change no route and no reply."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from streams.intake import IntakeStage
from streams.testing import consume_all
from streams.topics import DEAD_LETTERS, REPLIES, ROUTES, on_wire, route_lane
from telcollm.errors import FencedError
from telcollm.kafka_settings import KafkaSettings
from telcollm.ports import EVERYTHING
from telcollm.store.opening import Stores
from telcollm.store.tickets import TicketQuery
from tests.streams.desk_pipeline import (
    POINTS,
    WITHIN_S,
    Desks,
    message,
    ticket,
)

TICKETS = [
    ticket(0),
    b"{not json",
    [ticket(1), ticket(2, "core is wanted")],
    ticket(0),
    ticket(3, status="closed"),
    ticket(4, team="core"),
    [ticket(5), {"ticketId": 7}, ticket(6)],
    ticket(0, lastUpdate="2026-01-02T00:00:00Z"),
    ticket(1, "core after all"),
    {"ticketId": "t9" * 400, "description": "x"},
]
MESSAGES = [
    message(0, "c1"),
    message(1, "c2"),
    b"[",
    message(2, "c1", "agent"),
    [message(3, "c1"), message(4, "c2")],
    message(3, "c1"),
    {"messageId": "m9", "conversationId": "c1", "sentTime": "yesterday", "text": "x"},
    message(5, "c1"),
]


def outcome(desks: Desks) -> dict[str, Any]:
    care = desks.stores.care
    found = desks.stores.tickets.tickets(EVERYTHING, TicketQuery(limit=99))
    return {
        "tickets": sorted(one.ticket_id for one in found),
        "routes": sorted(
            (one.ticket_id, route.team)
            for one in found
            for route in desks.stores.tickets.route_history(EVERYTHING, one.ticket_id)
        ),
        "replies": sorted(one.text for name in ("c1", "c2") for one in care.replies(EVERYTHING, name)),
        "messages": [len(care.conversation(EVERYTHING, name)) for name in ("c1", "c2")],
        "sent routes": sorted((one["subjectId"], one["team"]) for one in desks.sent(ROUTES)),
        "sent replies": sorted(one["text"] for one in desks.sent(REPLIES)),
        "letters": [
            (one.topic.rpartition(".")[2], one.offset, one.field) for one in desks.stores.store.dead_letters()
        ],
    }


ROUTED = [
    ("t0", "team-0"),
    ("t1", "core"),
    ("t1", "team-1"),
    ("t2", "core"),
    ("t5", "team-2"),
    ("t6", "team-0"),
]
REPLIED = [
    "to m0 after 1",
    "to m1 after 1",
    "to m3 after 3",
    "to m4 after 2",
    "to m5 after 4",
]


@pytest.mark.broker
@pytest.mark.timeout(600)
def test_kills_at_every_point_leave_the_routes_and_replies_of_a_calm_run(
    kafka_settings: KafkaSettings, stores: Stores
) -> None:
    desks = Desks(kafka_settings, stores)
    desks.write(desks.tickets, TICKETS)
    desks.write(desks.care, MESSAGES)
    for number, point in enumerate(POINTS):
        # Something new on each topic, so that every point is passed.
        desks.write(desks.tickets, [ticket(10 + number, "radio is wanted")])
        desks.write(desks.care, [message(10 + number, "c1")])
        assert not desks.run(point), point
    assert desks.run()
    late = range(len(POINTS))
    routed = [*ROUTED, *((f"t{10 + number}", "radio") for number in late)]
    replied = [*REPLIED, *(f"to m{10 + number} after {5 + number}" for number in late)]
    assert outcome(desks) == {
        "tickets": sorted([f"t{number}" for number in range(7)] + [f"t{10 + number}" for number in late]),
        "routes": sorted(routed),
        "replies": sorted(replied),
        "messages": [4 + len(POINTS), 2],
        "sent routes": sorted(routed),
        "sent replies": sorted(replied),
        "letters": [
            ("care", 2, ""),
            ("care", 6, "sentTime"),
            ("tickets", 1, ""),
            ("tickets", 6, "[1].ticketId"),
            ("tickets", 9, "ticketId"),
        ],
    }
    letters = desks.stores.store.dead_letters()
    assert [letter.value for letter in letters if letter.field == "sentTime"] == [
        json.dumps(MESSAGES[6]).encode()
    ]
    assert len(consume_all(kafka_settings, on_wire(kafka_settings, DEAD_LETTERS))) == 5


@pytest.mark.broker
def test_what_is_not_live_is_kept_and_sent_to_nobody(kafka_settings: KafkaSettings, lite: Stores) -> None:
    desks = Desks(kafka_settings, lite, mode="backfill")
    desks.write(desks.tickets, TICKETS)
    desks.write(desks.care, MESSAGES)
    assert desks.run()
    found = outcome(desks)
    assert (found["routes"], found["replies"]) == (ROUTED, REPLIED)
    assert (found["sent routes"], found["sent replies"]) == ([], [])


@pytest.mark.broker
def test_an_owner_that_was_overtaken_writes_nothing(kafka_settings: KafkaSettings, lite: Stores) -> None:
    desks = Desks(kafka_settings, lite)
    desks.write(desks.tickets, TICKETS)

    def overtaken(point: str) -> None:
        if point == "before tickets store":
            lite.store.claim(desks.tickets, 0)

    stage = IntakeStage(desks.settings, lite.store, "tickets", queue=True, reached=overtaken)
    with pytest.raises(FencedError):
        end_s = time.monotonic() + WITHIN_S
        while time.monotonic() < end_s:
            stage.step(100)
    stage.close()
    assert lite.tickets.count(EVERYTHING, TicketQuery()) == lite.store.count_dead_letters() == 0
    assert lite.store.pending_desk_requests([route_lane(f"{desks.tickets}/0")], 9) == []
