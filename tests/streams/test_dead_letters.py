"""Laws of dead letters: read back as they were, sent again once, and only once they are durable marked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from streams.dead_letters import Letter, read_letters, replay_letters
from streams.edge import dead_letter_message
from streams.kafka.sink import RecordSink
from streams.kafka.topics import TopicSpec, ensure_topics
from streams.outbox import OutboxRelay
from streams.testing import consume_all, produce_all
from streams.topics import DEAD_LETTERS, lane_of, on_wire
from telcollm.errors import SettingsError, TransientError
from telcollm.kafka_settings import KafkaSettings
from telcollm.ports import Store
from telcollm.state import DeadLetter
from telcollm.store import open_store

pytestmark = pytest.mark.broker


class Desk:
    """Dead letters of one source topic, told to store and brokers as the edge and the relay do."""

    def __init__(self, kafka: KafkaSettings, store: Store) -> None:
        self.kafka = kafka
        self.store = store
        self.source = kafka.topic("alarms")
        self.topic = on_wire(kafka, DEAD_LETTERS)
        ensure_topics(kafka, {self.source: TopicSpec(1), self.topic: TopicSpec(1)})

    def letter(self, offset: int, value: bytes | None = b"{", **changes: Any) -> DeadLetter:
        fields: dict[str, Any] = {"key": b"k", "reason": "no JSON", "field": "", "append_ms": 5}
        return DeadLetter(self.source, 0, offset, value=value, **{**fields, **changes})

    def refuse(self, *letters: DeadLetter) -> None:
        with self.store.transaction() as transaction:
            transaction.put_dead_letters(letters)
            transaction.put_outbox(dead_letter_message(item, self.topic) for item in letters)
        relay = OutboxRelay(self.store, lambda: RecordSink(self.kafka), self.kafka)
        relay.relay([lane_of(self.source, 0)])
        relay.close()

    def sent_again(self) -> list[tuple[bytes | None, bytes | None, bytes]]:
        return [
            (record.key, record.value, dict(record.headers)["replayed-from"])
            for record in consume_all(self.kafka, self.source)
        ]


@pytest.fixture
def desk(kafka_settings: KafkaSettings, tmp_path: Path) -> Iterator[Desk]:
    store = open_store(f"sqlite:///{tmp_path / 'telcollm.db'}")
    yield Desk(kafka_settings, store)
    store.close()


def test_letters_are_read_back_as_the_records_were(desk: Desk) -> None:
    refused = [
        desk.letter(3, b"\xff{", key=None, reason="no JSON; mend it", field="a.b"),
        desk.letter(4, None, key=b"\x00"),
        desk.letter(5, b""),
        desk.letter(6, b"x" * 900_001),
    ]
    desk.refuse(*refused)
    found = list(read_letters(desk.kafka))
    assert [(item.place, item.reason) for item in found] == [
        ((item.topic, 0, item.offset), item.reason) for item in refused
    ]
    assert [item.complete for item in found] == [True, True, True, False]
    assert [(item.key, item.value) for item in found[:3]] == [(None, b"\xff{"), (b"\x00", None), (b"k", b"")]


def test_a_letter_that_lies_there_twice_and_what_is_no_letter_are_passed_over(desk: Desk) -> None:
    desk.refuse(desk.letter(3))
    message = dead_letter_message(desk.letter(3), desk.topic)
    headers = [(name, value.encode()) for name, value in message.headers]
    produce_all(desk.kafka, desk.topic, [(b"k", message.value)], headers=headers)
    produce_all(desk.kafka, desk.topic, [(b"k", b"somebody else's")])
    produce_all(desk.kafka, desk.topic, [(b"k", b"")], headers=[*headers[:5], ("source-partition", b"x")])
    assert [item.offset for item in read_letters(desk.kafka)] == [3]


def test_wanted_letters_are_sent_to_where_they_came_from_and_marked_once_durable(desk: Desk) -> None:
    desk.refuse(desk.letter(3, b"one"), desk.letter(4, b"two", key=None), desk.letter(5, b"x" * 900_001))
    marked: list[Letter] = []
    assert replay_letters(desk.kafka, lambda letter: letter.offset != 3, marked.extend) == 1
    assert [letter.offset for letter in marked] == [4]
    assert desk.sent_again() == [(None, b"two", f"{desk.source}/0/4".encode())]


def test_nothing_is_marked_where_nothing_could_be_sent(desk: Desk) -> None:
    desk.refuse(desk.letter(3))
    unreachable = desk.kafka.model_copy(
        update={"bootstrap_servers": ("127.0.0.1:1",), "client": {"bootstrap_timeout_ms": 300}}
    )
    marked: list[Letter] = []
    with pytest.raises(TransientError):
        replay_letters(unreachable, lambda letter: True, marked.extend)
    assert marked == []


def test_without_the_topic_it_is_named(kafka_settings: KafkaSettings) -> None:
    with pytest.raises(SettingsError, match="check the topic's name"):
        list(read_letters(kafka_settings))


# `telcollm dlq replay`, as an operator calls it.


@pytest.fixture
def cli(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    from telcollm.app.cli.dlq import app

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TELCOLLM_STORE_URL", f"sqlite:///{tmp_path / 'telcollm.db'}")
    monkeypatch.setenv("TELCOLLM_KAFKA__BOOTSTRAP_SERVERS", json.dumps(desk.kafka.bootstrap_servers))
    monkeypatch.setenv("TELCOLLM_KAFKA__TOPIC_PREFIX", desk.kafka.topic_prefix)

    def run(*words: str) -> str:
        result = CliRunner().invoke(app, ["replay", *words], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    return run


def test_replay_sends_each_letter_once_and_again_only_when_told(desk: Desk, cli: Any) -> None:
    desk.refuse(desk.letter(3, b"one"), desk.letter(4, b"two"))
    assert cli("--dry-run") == "2 dead letters would be sent to their topics again\n"
    assert desk.sent_again() == []
    assert cli() == "2 dead letters sent to their topics again\n"
    assert [value for _, value, _ in desk.sent_again()] == [b"one", b"two"]
    assert desk.store.count_dead_letters() == 0
    assert json.loads(cli("--json")) == {"replayed": 0, "wanted": 0}
    assert json.loads(cli("--again", "--json")) == {"replayed": 2, "wanted": 2}
    assert len(desk.sent_again()) == 4


def test_replay_takes_those_of_a_topic_and_a_reason(desk: Desk, cli: Any) -> None:
    desk.refuse(desk.letter(3, reason="has no time zone; set one"), desk.letter(4, reason="no JSON"))
    assert json.loads(cli("--topic", "other", "--json"))["replayed"] == 0
    assert json.loads(cli("--reason", "time zone", "--json"))["replayed"] == 1
    assert [item.offset for item in desk.store.dead_letters()] == [4]
    assert json.loads(cli("--topic", desk.source, "--json"))["replayed"] == 1


@pytest.mark.xfail(strict=True, reason="the dry run counts what is not sent")
def test_a_letter_whose_value_only_the_store_holds_is_not_counted_as_sent(desk: Desk, cli: Any) -> None:
    desk.refuse(desk.letter(3, b"x" * 900_001), desk.letter(4, b"two"))
    assert cli("--dry-run").startswith("1 dead letters would be sent")
    assert json.loads(cli("--json")) == {"replayed": 1, "wanted": 1}
    assert [item.offset for item in desk.store.dead_letters()] == [3]


def test_one_letter_is_found_behind_many_that_were_replayed(desk: Desk, cli: Any) -> None:
    desk.refuse(*(desk.letter(number) for number in range(5)))
    cli()
    desk.refuse(desk.letter(9))
    assert json.loads(cli("--json"))["replayed"] == 1


@pytest.mark.xfail(strict=True, reason="as many are looked up as lie on the brokers, the oldest first")
def test_letters_that_the_topic_has_lost_do_not_hide_those_it_still_has(desk: Desk, cli: Any) -> None:
    with desk.store.transaction() as transaction:
        transaction.put_dead_letters(desk.letter(number) for number in range(5))
    desk.refuse(desk.letter(9))
    assert json.loads(cli("--json"))["replayed"] == 1
