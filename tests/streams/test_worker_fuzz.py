"""Ten thousand fuzzed records: none stops the worker, bad ones are kept with the reason, good ones go on."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from streams.kafka.topics import TopicSpec, ensure_topics
from streams.testing import consume_all, produce_all
from streams.topics import DEAD_LETTERS, on_wire
from telcollm.app.runtime import run_worker
from telcollm.kafka_settings import KafkaSettings
from telcollm.settings import ModelSettings, Settings, SourceSettings, StreamSettings
from telcollm.store import open_store
from telcollm.store.schema import alarms
from tests.streams.poison import made_records

RECORDS = 10_000


@pytest.mark.broker
@pytest.mark.timeout(900)
def test_bad_records_are_kept_with_their_reason_and_good_ones_beside_them_are_processed(
    kafka_settings: KafkaSettings, tmp_path: Path
) -> None:
    records = made_records(Settings().data_dir, seed=3, count=RECORDS)
    good = {record.stored for record in records if record.stored}
    bad = {offset: record.refused for offset, record in enumerate(records) if record.refused}
    either = [offset for offset, record in enumerate(records) if not (record.stored or record.refused)]
    assert len(records) == RECORDS and len(good) == RECORDS * 3 // 20
    assert len(bad) > RECORDS // 2 and len(either) > RECORDS // 20
    source = SourceSettings(topic=kafka_settings.topic("alarms"))
    ensure_topics(kafka_settings, {source.topic: TopicSpec(1)})
    produce_all(kafka_settings, source.topic, [(record.key, record.value) for record in records])
    settings = Settings(
        home=tmp_path,
        kafka=kafka_settings,
        sources=(source,),
        streams=StreamSettings(lateness_s=86_400, partitions=2),
        model=ModelSettings(engine="none"),
    )
    store = open_store(settings.store_location)
    status = run_worker(settings, store, stop=threading.Event(), draining=lambda: True)
    letters = {letter.offset: letter for letter in store.dead_letters(source.topic, limit=RECORDS)}
    store.close()
    engine = sa.create_engine(settings.store_location)
    with engine.connect() as connection:
        places = connection.execute(sa.select(alarms.c.managed_object, alarms.c.raised_ms)).all()
    engine.dispose()
    assert (status.restarts, status.failure, status.lag) == (0, "", 0)
    assert status.records == RECORDS and status.dead_letters == len(letters)
    assert good <= {(place.managed_object, place.raised_ms) for place in places}
    assert letters.keys() <= bad.keys() | set(either)
    for offset, words in bad.items():
        letter = letters[offset]
        assert re.search(words, f"{letter.field}: {letter.reason}"), (words, letter)
    for offset, letter in letters.items():
        assert (letter.key, letter.value) == (records[offset].key, records[offset].value)
        assert letter.reason
    told = consume_all(kafka_settings, on_wire(kafka_settings, DEAD_LETTERS))
    reasons = {int(dict(record.headers)["source-offset"]): dict(record.headers)["reason"] for record in told}
    assert len(told) == len(letters) and reasons.keys() == letters.keys() and all(reasons.values())


def test_the_same_seed_makes_the_same_records() -> None:
    made = made_records(None, seed=3, count=100)
    assert made == made_records(None, seed=3, count=100) != made_records(None, seed=4, count=100)
