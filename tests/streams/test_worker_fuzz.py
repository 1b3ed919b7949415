"""Ten thousand damaged records: none stops the worker, each bad one is kept with its reason."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from streams.edge import MAX_RECORD_BYTES
from streams.formats import decode_alarms
from telcollm.app.runtime import run_worker
from telcollm.errors import DecodeError
from telcollm.kafka_settings import KafkaSettings
from telcollm.ports import EVERYTHING
from telcollm.settings import ModelSettings, Settings, SourceSettings, StreamSettings
from telcollm.store import open_store
from tests.mutations import mutated_records
from tests.streams.pipeline import fill, stamp

RECORDS = 10_000
GOOD_EVERY = 10
MOST_A_BROKER_TAKES_BYTES = 1_000_000


def good_alarm(number: int) -> bytes:
    alarm = {
        "alarmedObject": {"id": f"good-{number % 50}"},
        "sourceSystemId": "ems",
        "state": "raised",
        "alarmType": "equipmentAlarm",
        "perceivedSeverity": "major",
        "probableCause": "powerProblem",
        "alarmRaisedTime": stamp(number),
    }
    return json.dumps(alarm).encode()


@pytest.mark.broker
@pytest.mark.timeout(600)
def test_bad_records_are_kept_with_their_reason_and_good_ones_beside_them_are_processed(
    kafka_settings: KafkaSettings, tmp_path: Path
) -> None:
    source = SourceSettings(topic=kafka_settings.topic("alarms"))
    payloads: list[bytes] = []
    for number, (mutated, _) in enumerate(mutated_records(seed=3, n=RECORDS)):
        payloads.append(mutated[:MOST_A_BROKER_TAKES_BYTES])
        if number % GOOD_EVERY == 0:
            payloads.append(good_alarm(number // GOOD_EVERY))
    refused: set[int] = set()
    readable = 0
    wanted: set[str] = set()
    for offset, payload in enumerate(payloads):
        try:
            alarms = decode_alarms(payload, source) if len(payload) <= MAX_RECORD_BYTES else []
            if not alarms:
                refused.add(offset)
                continue
        except DecodeError:
            refused.add(offset)
            continue
        readable += 1
        wanted.update(alarm.alarm_id for alarm in alarms if alarm.managed_object.startswith("good-"))
    assert len(refused) > 1_000 and readable > 2_000 and len(wanted) == RECORDS // GOOD_EVERY
    fill(kafka_settings, source.topic, payloads)
    settings = Settings(
        home=tmp_path,
        kafka=kafka_settings,
        sources=(source,),
        streams=StreamSettings(lateness_s=86_400, partitions=2),
        model=ModelSettings(engine="none"),
    )
    store = open_store(settings.store_location)
    status = run_worker(settings, store, stop=threading.Event(), draining=lambda: True)
    letters = store.dead_letters(source.topic, limit=len(payloads))
    found = {alarm.alarm_id for alarm in store.alarm_states(EVERYTHING, sorted(wanted))}
    store.close()
    assert status.restarts == 0 and status.failure == ""
    assert {letter.offset for letter in letters} == refused
    assert all(letter.reason and letter.value == payloads[letter.offset] for letter in letters)
    assert found == wanted
