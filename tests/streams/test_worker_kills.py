"""A worker that is killed anywhere leaves the same incidents and the same messages, none doubled."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest

from streams.broker import EmbeddedBroker
from tests.streams.pipeline import POINTS, Pipeline, alarm_payloads, pipelines, same, standing


def kill_repeatedly(pipeline: Pipeline, kills: int, seed: int) -> int:
    chance = random.Random(seed)
    done = 0
    while done < kills:
        code = pipeline.run(static=True, point=chance.choice(POINTS), times=chance.randint(1, 2))
        if code == 0:
            break
        assert code == -signal.SIGKILL
        done += 1
    return done


@pytest.mark.broker
@pytest.mark.timeout(1800)
def test_twenty_kills_leave_what_no_kill_leaves(
    broker: EmbeddedBroker, database: list[str], tmp_path: Path
) -> None:
    calm, killed = pipelines(broker, database, tmp_path, alarm_payloads(1_200, seed=7))
    assert calm.run() == 0
    assert kill_repeatedly(killed, 20, seed=20) == 20
    assert killed.run(static=True) == 0
    same(killed.outcome(), calm.outcome())


@pytest.mark.broker
@pytest.mark.timeout(1800)
def test_kills_among_partitions_that_share_incidents_leave_the_incidents_no_kill_leaves(
    broker: EmbeddedBroker, tmp_path: Path
) -> None:
    urls = [f"sqlite:///{tmp_path / name}.db" for name in ("calm", "killed")]
    calm, killed = pipelines(broker, urls, tmp_path, alarm_payloads(700, seed=11), partitions=2)
    for pipeline in (calm, killed):
        pipeline.streams |= {"neighbourhood_size": 2}
    assert calm.run() == 0
    assert kill_repeatedly(killed, 10, seed=10) == 10
    assert killed.run(static=True) == 0
    expected, found = calm.outcome(), killed.outcome()
    # Partitions take turns as they please: what is told on the way differs, what stands in the end does not.
    assert found["doubled"] == []
    assert found["members"] == expected["members"]
    assert standing(found) == standing(expected)


@pytest.mark.broker
@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_five_hundred_kills_leave_what_no_kill_leaves(
    broker: EmbeddedBroker, database: list[str], tmp_path: Path
) -> None:
    calm, killed = pipelines(broker, database, tmp_path, alarm_payloads(14_000, seed=8))
    for pipeline in (calm, killed):
        pipeline.streams |= {"batch_max_records": 20}
    assert calm.run() == 0
    assert kill_repeatedly(killed, 500, seed=500) == 500
    assert killed.run(static=True) == 0
    same(killed.outcome(), calm.outcome())
