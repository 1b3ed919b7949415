"""A worker that is killed anywhere leaves the same incidents and the same messages, none doubled."""

from __future__ import annotations

import os
import random
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.broker import EmbeddedBroker
from tests.streams.pipeline import POINTS, Pipeline, alarm_payloads, fill_source, kafka_for

STREAMS = {"partitions": 3, "neighbourhood_size": 64}


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[str]]:
    """URLs of two empty databases of the kind, dropped afterwards."""
    if request.param == "sqlite":
        yield [f"sqlite:///{tmp_path / 'calm.db'}", f"sqlite:///{tmp_path / 'killed.db'}"]
        return
    server = os.environ.get("TELCOLLM_TEST_POSTGRES_URL", "")
    if not server:
        pytest.skip("TELCOLLM_TEST_POSTGRES_URL is not set: no PostgreSQL to test against")
    import sqlalchemy as sa

    base = sa.make_url(server).set(drivername="postgresql+psycopg")
    names = [f"t{uuid.uuid4().hex[:12]}" for _ in range(2)]
    engine = sa.create_engine(base, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for name in names:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
    yield [base.set(database=name).render_as_string(hide_password=False) for name in names]
    with engine.connect() as connection:
        for name in names:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


def pipelines(
    broker: EmbeddedBroker, urls: list[str], tmp_path: Path, alarms: int
) -> tuple[Pipeline, Pipeline]:
    source = f"alarms-{uuid.uuid4().hex[:8]}"
    fill_source(broker, source, alarm_payloads(alarms, seed=7), partitions=1)
    made = []
    for name, url in zip(("calm", "killed"), urls, strict=True):
        kafka = kafka_for(broker, f"{name}-{source}.")
        made.append(Pipeline(kafka, source, url, tmp_path / name, STREAMS))
        made[-1].prepare()
    return made[0], made[1]


def kill_repeatedly(pipeline: Pipeline, kills: int, seed: int) -> int:
    chance = random.Random(seed)
    done = 0
    while done < kills:
        code = pipeline.run(point=chance.choice(POINTS), times=chance.randint(1, 2))
        if code == 0:
            break
        assert code == -signal.SIGKILL
        done += 1
    return done


@pytest.mark.broker
@pytest.mark.timeout(600)
def test_twenty_kills_leave_what_no_kill_leaves(
    broker: EmbeddedBroker, database: list[str], tmp_path: Path
) -> None:
    calm, killed = pipelines(broker, database, tmp_path, alarms=1_200)
    assert calm.run() == 0
    assert kill_repeatedly(killed, 20, seed=20) == 20
    assert killed.run() == 0
    expected, found = calm.outcome(), killed.outcome()
    assert expected["doubled"] == [] and found["doubled"] == []
    assert len(expected["incidents"]) > 50 and expected["dead letters"] > 3
    for part in ("incidents", "members", "dead letters", "diagnoses", "messages"):
        assert found[part] == expected[part], part


@pytest.mark.broker
@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_five_hundred_kills_leave_what_no_kill_leaves(
    broker: EmbeddedBroker, database: list[str], tmp_path: Path
) -> None:
    calm, killed = pipelines(broker, database, tmp_path, alarms=30_000)
    assert calm.run() == 0
    assert kill_repeatedly(killed, 500, seed=500) == 500
    assert killed.run() == 0
    expected, found = calm.outcome(), killed.outcome()
    assert expected["doubled"] == [] and found["doubled"] == []
    for part in ("incidents", "members", "dead letters", "diagnoses", "messages"):
        assert found[part] == expected[part], part
