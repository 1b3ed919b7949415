"""Partitions that change hands and a broker that restarts change nothing in what comes out."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import sqlalchemy as sa

from streams.broker import EmbeddedBroker
from tests.streams.pipeline import alarm_payloads, fill_source, finished, pipelines, same, standing

PAYLOADS = alarm_payloads(1_200, seed=9)
HALF = len(PAYLOADS) // 2


def incidents(connection: sa.Connection) -> int:
    return int(connection.execute(sa.text("SELECT count(*) FROM incidents")).scalar_one())


def handed_over(connection: sa.Connection) -> int:
    return int(
        connection.execute(sa.text("SELECT count(*) FROM progress WHERE owner_epoch > 1")).scalar_one()
    )


@pytest.mark.broker
@pytest.mark.timeout(1800)
def test_a_rebalance_in_the_middle_leaves_what_a_calm_run_leaves(
    broker: EmbeddedBroker, database: list[str], tmp_path: Path
) -> None:
    check_rebalance(broker, database, tmp_path)


@pytest.mark.broker
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_rebalance_leaves_the_same_on_either_broker(
    any_broker: EmbeddedBroker, database: list[str], tmp_path: Path
) -> None:
    check_rebalance(any_broker, database, tmp_path)


def check_rebalance(broker: EmbeddedBroker, database: list[str], tmp_path: Path) -> None:
    calm, disturbed = pipelines(broker, database, tmp_path, PAYLOADS[:HALF])
    first = disturbed.start(drain=False)
    disturbed.wait_until(lambda connection: incidents(connection) > 0)
    second = disturbed.start(drain=False)
    disturbed.wait_until(lambda connection: handed_over(connection) > 0)
    fill_source(broker, disturbed.source, PAYLOADS[HALF:])
    seen = HALF // 8
    disturbed.wait_until(lambda connection: incidents(connection) > seen)
    first.send_signal(signal.SIGTERM)
    assert finished(first) == 0
    # noida never drops a member that died without leaving; other brokers do after the session timeout.
    last_blow = signal.SIGTERM if broker.kind == "noida" else signal.SIGKILL
    second.send_signal(last_blow)
    assert finished(second) in (0, -signal.SIGKILL)
    assert disturbed.run() == 0
    assert calm.run() == 0
    same(disturbed.outcome(), calm.outcome())


@pytest.mark.broker
@pytest.mark.timeout(1800)
def test_a_broker_restart_leaves_what_a_calm_run_leaves(database: list[str], tmp_path: Path) -> None:
    with EmbeddedBroker("noida", tmp_path / "broker") as own:
        calm, disturbed = pipelines(own, database, tmp_path, PAYLOADS[:HALF])
        worker = disturbed.start(drain=False)
        disturbed.wait_until(lambda connection: incidents(connection) > 0)
        # noida loses what it acknowledges while it writes its data down, so the worker is frozen meanwhile.
        worker.send_signal(signal.SIGSTOP)
        fill_source(own, disturbed.source, PAYLOADS[HALF:])
        own.restart()
        worker.send_signal(signal.SIGCONT)
        disturbed.wait_until(lambda connection: incidents(connection) > HALF // 8)
        worker.send_signal(signal.SIGTERM)
        assert finished(worker) == 0
        assert disturbed.run() == 0
        assert calm.run() == 0
        same(disturbed.outcome(), calm.outcome())


@pytest.mark.broker
@pytest.mark.timeout(1800)
def test_a_cut_through_the_topology_gives_the_incidents_of_the_whole(
    broker: EmbeddedBroker, database: list[str], tmp_path: Path
) -> None:
    whole, cut = pipelines(broker, database, tmp_path, PAYLOADS)
    cut.streams |= {"neighbourhood_size": 2, "partitions": 4}
    assert whole.run() == 0
    assert cut.run() == 0
    expected, found = whole.outcome(), cut.outcome()
    assert found["doubled"] == []
    assert found["members"] == expected["members"]
    for incident_id, incident in standing(expected).items():
        other = standing(found)[incident_id]
        told = (
            "revision",
            "alarmCount",
            "activeAlarms",
            "rootCauseAlarm",
            "confidence",
            "status",
            "problems",
        )
        for field in told:
            assert other.get(field) == incident.get(field), (incident_id, field)
    assert standing(found).keys() == standing(expected).keys()
