"""A worker with desks that is killed anywhere leaves the same routes and replies, none doubled."""

from __future__ import annotations

import json
import random
import signal
import uuid
from pathlib import Path
from typing import Any

import pytest

from streams.broker import EmbeddedBroker
from streams.kafka.topics import TopicSpec, ensure_topics
from streams.testing import consume_all, produce_all
from streams.topics import REPLIES, ROUTES, on_wire
from telcollm.codec import decode
from telcollm.ports import EVERYTHING
from telcollm.records import Reply, Route
from telcollm.store.opening import open_stores
from telcollm.store.tickets import TicketQuery
from tests.streams.desk_pipeline import POINTS, message, ticket
from tests.streams.pipeline import Pipeline, alarm_payloads, fill_source, kafka_for, make_source, same


class DeskPipeline(Pipeline):
    """A pipeline whose worker routes tickets and answers customers beside its alarms."""

    def settings(self, static: bool) -> dict[str, Any]:
        settings = super().settings(static)
        settings["sources"] += [
            {"topic": f"{self.source}-{kind}", "kind": kind} for kind in ("tickets", "care")
        ]
        return settings

    def desk_outcome(self) -> dict[str, Any]:
        stores = open_stores(self.store_url)
        tickets = stores.tickets.tickets(EVERYTHING, TicketQuery(limit=10_000))
        heads = stores.care.conversations(EVERYTHING, limit=10_000, offset=0)
        found: dict[str, Any] = {
            "tickets": [one.ticket_id for one in tickets],
            "routes": sorted(
                (one.ticket_id, route.team)
                for one in tickets
                for route in stores.tickets.route_history(EVERYTHING, one.ticket_id)
            ),
            "replies": sorted(
                (head.conversation_id, reply.text)
                for head in heads
                for reply in stores.care.replies(EVERYTHING, head.conversation_id)
            ),
        }
        stores.close()
        routes = consume_all(self.kafka, on_wire(self.kafka, ROUTES))
        replies = consume_all(self.kafka, on_wire(self.kafka, REPLIES))
        sent = [decode(record.value or b"", Route) for record in routes]
        told = [decode(record.value or b"", Reply) for record in replies]
        found["sent routes"] = sorted((route.subject_id, route.team) for route in sent)
        found["sent replies"] = sorted((reply.conversation_id, reply.text) for reply in told)
        return found


def desk_pipelines(broker: EmbeddedBroker, tmp_path: Path, count: int) -> list[DeskPipeline]:
    """Two pipelines over the same topics of alarms, tickets and conversations."""
    source = f"alarms-{uuid.uuid4().hex[:8]}"
    make_source(broker, source, 1)
    fill_source(broker, source, alarm_payloads(1_200, seed=5))
    kafka = kafka_for(broker, "")
    chance = random.Random(count)
    tickets = [ticket(number % (count * 3 // 4), f"team-{chance.randrange(3)} x") for number in range(count)]
    messages = [
        message(number, f"c{chance.randrange(9)}", chance.choice(("customer", "customer", "agent")))
        for number in range(count)
    ]
    for kind, values in (("tickets", tickets), ("care", messages)):
        ensure_topics(kafka, {f"{source}-{kind}": TopicSpec(1)})
        produce_all(kafka, f"{source}-{kind}", [(b"key", json.dumps(value).encode()) for value in values])
    made = []
    for name in ("calm", "killed"):
        url = f"sqlite:///{tmp_path / name}.db"
        prefix = kafka_for(broker, f"{name}-{source}.")
        made.append(DeskPipeline(prefix, source, url, tmp_path / name, {"partitions": 1}))
        made[-1].prepare()
    return made


@pytest.mark.broker
@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_forty_kills_leave_the_routes_replies_and_incidents_no_kill_leaves(
    broker: EmbeddedBroker, tmp_path: Path
) -> None:
    calm, killed = desk_pipelines(broker, tmp_path, 300)
    assert calm.run(desks=True) == 0
    chance = random.Random(40)
    kills = 0
    for _ in range(40):
        code = killed.run(static=True, desks=True, point=chance.choice(POINTS), times=chance.randint(1, 2))
        kills += code == -signal.SIGKILL
    assert kills > 10
    assert killed.run(static=True, desks=True) == 0
    expected, found = calm.desk_outcome(), killed.desk_outcome()
    assert found == expected
    assert len(expected["sent routes"]) == len(expected["routes"]) > 200
    assert len(expected["sent replies"]) == len(expected["replies"]) > 100
    same(killed.outcome(), calm.outcome())
