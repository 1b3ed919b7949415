"""Laws of dead letters: sent again as they were, once, and marked only once they are durable."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from streams.dead_letters import Replayed, count_letters, replay_letters
from streams.kafka.sink import RecordSink
from streams.kafka.topics import TopicSpec, ensure_topics
from streams.outbox import OutboxRelay
from streams.refusals import dead_letter_message
from streams.testing import consume_all
from streams.topics import DEAD_LETTERS, lane_of, on_wire
from telcollm.errors import TransientError
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


def everything(letter: DeadLetter) -> bool:
    return True


def test_letters_are_sent_as_the_records_were_and_marked(desk: Desk) -> None:
    desk.refuse(
        desk.letter(3, b"\xff{", key=None, field="a.b"),
        desk.letter(4, None, key=b"\x00"),
        desk.letter(5, b""),
        desk.letter(6, b"x" * 900_001),
    )
    assert replay_letters(desk.kafka, desk.store, everything) == Replayed(sent=4)
    origin = f"{desk.source}/0/".encode()
    assert desk.sent_again() == [
        (None, b"\xff{", origin + b"3"),
        (b"\x00", None, origin + b"4"),
        (b"k", b"", origin + b"5"),
        (b"k", b"x" * 900_001, origin + b"6"),
    ]
    assert desk.store.count_dead_letters() == 0


def test_wanted_letters_alone_are_sent_and_marked(desk: Desk) -> None:
    desk.refuse(desk.letter(3, b"one"), desk.letter(4, b"two"))
    assert replay_letters(desk.kafka, desk.store, lambda letter: letter.offset != 3).sent == 1
    assert [value for _, value, _ in desk.sent_again()] == [b"two"]
    assert [letter.offset for letter in desk.store.dead_letters()] == [3]


def test_letters_that_the_brokers_have_forgotten_are_sent_from_the_store(desk: Desk) -> None:
    with desk.store.transaction() as transaction:
        transaction.put_dead_letters([desk.letter(number) for number in range(3)])
    assert consume_all(desk.kafka, desk.topic) == []
    assert replay_letters(desk.kafka, desk.store, everything).sent == 3


def test_pages_of_letters_are_sent_each_once_wanted_or_not(desk: Desk) -> None:
    with desk.store.transaction() as transaction:
        transaction.put_dead_letters([desk.letter(number, b"%d" % number) for number in range(450)])
    third = range(0, 450, 3)
    assert count_letters(desk.store, lambda letter: letter.offset % 3 == 0) == len(third)
    assert replay_letters(desk.kafka, desk.store, lambda letter: letter.offset % 3 == 0).sent == len(third)
    assert [int(value or b"") for _, value, _ in desk.sent_again()] == list(third)
    assert replay_letters(desk.kafka, desk.store, everything, again=True).sent == 450
    assert desk.store.count_dead_letters() == 0


def test_one_that_the_broker_takes_no_more_is_told_and_the_others_go_on(desk: Desk) -> None:
    desk.refuse(
        desk.letter(3, b"one"),
        desk.letter(4, b"x" * 1_200_000),
        desk.letter(5, None, key=None),
        desk.letter(6),
    )
    result = replay_letters(desk.kafka, desk.store, everything)
    assert result.sent == 2
    assert [item.letter.offset for item in result.refused] == [4, 5]
    assert all(item.reason for item in result.refused)
    assert [value for _, value, _ in desk.sent_again()] == [b"one", b"{"]
    assert [letter.offset for letter in desk.store.dead_letters()] == [4, 5]


def test_nothing_is_marked_where_nothing_could_be_sent(desk: Desk) -> None:
    desk.refuse(desk.letter(3))
    unreachable = desk.kafka.model_copy(
        update={"bootstrap_servers": ("127.0.0.1:1",), "client": {"bootstrap_timeout_ms": 300}}
    )
    with pytest.raises(TransientError):
        replay_letters(unreachable, desk.store, everything)
    assert desk.store.count_dead_letters() == 1


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
    assert json.loads(cli("--json")) == {"replayed": 0, "wanted": 0, "refused": []}
    assert json.loads(cli("--again", "--json")) == {"replayed": 2, "wanted": 2, "refused": []}
    assert len(desk.sent_again()) == 4


def test_replay_takes_those_of_a_topic_and_a_reason(desk: Desk, cli: Any) -> None:
    desk.refuse(desk.letter(3, reason="has no time zone; set one"), desk.letter(4, reason="no JSON"))
    assert json.loads(cli("--topic", "other", "--json"))["replayed"] == 0
    assert json.loads(cli("--reason", "time zone", "--json"))["replayed"] == 1
    assert [item.offset for item in desk.store.dead_letters()] == [4]
    assert json.loads(cli("--topic", desk.source, "--json"))["replayed"] == 1


def test_replay_tells_which_were_refused(desk: Desk, cli: Any) -> None:
    desk.refuse(desk.letter(3, b"x" * 1_200_000), desk.letter(4, b"two"))
    told = json.loads(cli("--json"))
    assert (told["replayed"], told["wanted"]) == (1, 2)
    assert [(item["topic"], item["partition"], item["offset"]) for item in told["refused"]] == [
        (desk.source, 0, 3)
    ]
    assert cli() == "0 dead letters sent to their topics again\n"
    assert [item.offset for item in desk.store.dead_letters()] == [3]


def test_one_letter_is_found_behind_many_that_were_replayed(desk: Desk, cli: Any) -> None:
    desk.refuse(*(desk.letter(number) for number in range(5)))
    cli()
    desk.refuse(desk.letter(9))
    assert json.loads(cli("--json"))["replayed"] == 1


def test_letters_that_the_topic_has_lost_are_sent_with_those_it_still_has(desk: Desk, cli: Any) -> None:
    with desk.store.transaction() as transaction:
        transaction.put_dead_letters(desk.letter(number) for number in range(5))
    desk.refuse(desk.letter(9))
    assert json.loads(cli("--json"))["replayed"] == 6
