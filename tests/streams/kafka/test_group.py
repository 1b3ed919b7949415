"""Laws of a group: its members share the partitions, hand them over, lose them, and get them back."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from streams.broker import EmbeddedBroker
from streams.broker.process import LOOPBACK
from streams.kafka.group import GroupJoin, group_coordinator
from streams.kafka.library import TopicPartition, errors
from streams.kafka.source import PartitionSource
from streams.testing import produce_all
from telcollm.kafka_settings import KafkaSettings
from tests.streams.kafka.deaf import deaf_relay
from tests.streams.kafka.owner import (
    DEADLINE_S,
    Owner,
    made_topic,
    numbered,
    opened,
    polled,
    polled_until,
    until,
)

pytestmark = pytest.mark.broker


def test_two_members_share_the_partitions_and_each_record_reaches_one_of_them(
    any_kafka_settings: KafkaSettings,
) -> None:
    topic = made_topic(any_kafka_settings, 4)
    stored: dict[TopicPartition, int] = {}
    first, second = Owner(stored), Owner(stored)
    with ExitStack() as stack:
        one = stack.enter_context(opened(any_kafka_settings, topic, first))
        polled_until(lambda: len(one.assigned) == 4, one)
        two = stack.enter_context(opened(any_kafka_settings, topic, second))
        polled_until(lambda: len(one.assigned) == 2 and len(two.assigned) == 2, one, two)
        assert one.assigned | two.assigned == {TopicPartition(topic, n) for n in range(4)}
        for number in range(4):
            produce_all(any_kafka_settings, topic, numbered(25), partition=number)
        seen: list[tuple[int, int]] = []
        deadline = time.monotonic() + DEADLINE_S
        while len(seen) < 100 and time.monotonic() < deadline:
            for source, owner in ((one, first), (two, second)):
                batch = source.poll(50)
                assert {TopicPartition(r.topic, r.partition) for r in batch} <= source.assigned
                owner.keep(batch)
                seen += [(record.partition, record.offset) for record in batch]
        assert sorted(seen) == [(p, offset) for p in range(4) for offset in range(25)]
        two.close()
        polled_until(lambda: len(one.assigned) == 4, one)
    # All four were taken before two were given back, and again when the other left; how often the group went
    # round in between is the broker's affair.
    for owner, least in ((first, 3), (second, 1)):
        assert [what for what, _ in owner.told] == ["assigned", "revoked"] * (len(owner.told) // 2)
        assert len(owner.told) // 2 >= least
    assert len(first.told[0][1]) == len(first.told[-2][1]) == 4


def test_no_partition_has_two_owners_while_one_works_between_short_polls(
    any_kafka_settings: KafkaSettings,
) -> None:
    topic = made_topic(any_kafka_settings, 3)
    first, second = Owner(), Owner()
    with opened(any_kafka_settings, topic, first) as one:
        polled_until(lambda: len(one.assigned) == 3, one)
        with opened(any_kafka_settings, topic, second) as two:
            # One looks in and goes on working at once; two waits for what the group gives meanwhile.
            deadline = time.monotonic() + DEADLINE_S
            while not two.assigned:
                assert time.monotonic() < deadline, "two was given nothing"
                one.poll(0)
                two.poll(200)
                assert one.assigned.isdisjoint(two.assigned)


def test_a_member_whose_reason_to_join_passes_before_the_group_hears_of_it_reads_on(
    kafka_settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = made_topic(kafka_settings, 2)
    owner = Owner()
    with opened(kafka_settings, topic, owner) as source:
        polled_until(lambda: len(source.assigned) == 2, source)
        mine = source.assigned
        coordinator: Any = group_coordinator(source._consumer)
        as_it_is = coordinator.need_rejoin
        # The broker left the topic out of one list, and names it in the next.
        passing = [True]
        monkeypatch.setattr(coordinator, "need_rejoin", lambda: bool(passing and passing.pop()) or as_it_is())
        produce_all(kafka_settings, topic, numbered(5), partition=0)
        assert [record.offset for record in polled(source, owner, 5)] == list(range(5))
        assert source.assigned == mine
    assert owner.told == [("assigned", mine), ("revoked", mine)] * 2


class DiskFullError(Exception):
    """What a callback that stores may meet."""


class Wavering:
    """A coordinator that wants to join while `missing`; joins that are sent fail until it has passed."""

    def __init__(self, source: PartitionSource, monkeypatch: pytest.MonkeyPatch, failures: float = 1) -> None:
        inside: Any = group_coordinator(source._consumer)
        self.coordinator = inside
        self.missing = False
        self.failed = 0
        wants, send = inside.need_rejoin, inside._manager.send

        def failing(request: Any, *args: Any, **options: Any) -> Any:
            if self.failed < failures and type(request).__name__.startswith("JoinGroupRequest"):
                self.failed += 1
                # The broker that restarts is gone, and the list of another names the topic again.
                self.missing = False
                raise errors.KafkaConnectionError
            return send(request, *args, **options)

        monkeypatch.setattr(inside, "need_rejoin", lambda: self.missing or wants())
        monkeypatch.setattr(inside._manager, "send", failing)


@pytest.mark.parametrize("sees_first", ["owner", "client"])
def test_a_member_whose_reason_to_join_passes_while_the_group_does_not_answer_joins_and_reads_on(
    kafka_settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch, sees_first: str
) -> None:
    topic = made_topic(kafka_settings, 2)
    owner = Owner()
    with opened(kafka_settings, topic, owner) as source:
        polled_until(lambda: len(source.assigned) == 2, source)
        mine = source.assigned
        wavering = Wavering(source, monkeypatch)
        if sees_first == "owner":
            wavering.missing = True
        else:
            polls = source._consumer.poll

            def polling(**options: Any) -> Any:
                wavering.missing = not wavering.failed
                return polls(**options)

            monkeypatch.setattr(source._consumer, "poll", polling)
        produce_all(kafka_settings, topic, numbered(5), partition=0)
        assert [record.offset for record in polled(source, owner, 5)] == list(range(5))
        assert source.assigned == mine
        assert wavering.failed == 1
        # Another member may be given nothing while this one reads: the group hears from it again.
        assert wavering.coordinator.stable() and wavering.coordinator._heartbeat_enabled
        polled_until(lambda: source.drained(owner.stored), source)
    assert owner.told == [("assigned", mine), ("revoked", mine)] * 2


def _ended(join: GroupJoin) -> bool:
    return join.done


def test_a_member_that_cannot_join_again_is_not_drained_and_ends_when_it_is_closed(
    kafka_settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = made_topic(kafka_settings, 2)
    owner = Owner()
    source = opened(kafka_settings, topic, owner)
    with source:
        polled_until(lambda: len(source.assigned) == 2, source)
        mine = source.assigned
        wavering = Wavering(source, monkeypatch, failures=float("inf"))
        wavering.missing = True
        polled_until(lambda: wavering.failed >= 3, source)
        assert not source.drained({})
        assert source.assigned == frozenset()
        join = source._join
        assert join is not None and not _ended(join)
    assert _ended(join)
    assert owner.told == [("assigned", mine), ("revoked", mine)]


def test_what_a_callback_that_raised_was_to_hear_is_told_again_on_close(
    kafka_settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = made_topic(kafka_settings, 2)
    owner = Owner()
    heard: list[frozenset[TopicPartition]] = []

    def revoked(partitions: frozenset[TopicPartition]) -> None:
        heard.append(partitions)
        if len(heard) == 1:
            raise DiskFullError

    source = PartitionSource(kafka_settings, kafka_settings.topic("g"), [topic], owner.assigned, revoked)
    with source:
        polled_until(lambda: len(source.assigned) == 2, source)
        mine = source.assigned
        Wavering(source, monkeypatch).missing = True
        with pytest.raises(DiskFullError):
            source.poll(0)
    assert heard == [mine, mine]


def test_a_join_that_is_never_answered_is_asked_again(
    broker: EmbeddedBroker, kafka_settings: KafkaSettings
) -> None:
    topic = made_topic(kafka_settings, 2)
    owner = Owner()
    with deaf_relay(int(broker.address.rpartition(":")[2])) as relay:
        settings = kafka_settings.model_copy(update={"bootstrap_servers": (f"{LOOPBACK}:{relay.port}",)})
        with opened(settings, topic, owner) as source:
            polled_until(lambda: len(source.assigned) == 2, source)
            assert relay.kept == 1
    assert [what for what, _ in owner.told] == ["assigned", "revoked"]


def test_a_member_that_leaves_hands_its_stored_offsets_to_the_next(
    any_kafka_settings: KafkaSettings,
) -> None:
    topic = made_topic(any_kafka_settings, 2)
    for number in range(2):
        produce_all(any_kafka_settings, topic, numbered(30), partition=number)
    stored: dict[TopicPartition, int] = {}
    first = Owner(stored)
    with opened(any_kafka_settings, topic, first) as source:
        got = []
        while len(got) < 20:
            batch = source.poll(200, max_records=10)
            first.keep(batch)
            got += batch
    second = Owner(stored)
    with opened(any_kafka_settings, topic, second) as source:
        got += polled(source, second, 60 - len(got))
    assert sorted((r.partition, r.offset) for r in got) == [(p, o) for p in range(2) for o in range(30)]


MEMBER = """
import sys
from streams.kafka.source import PartitionSource
from telcollm.kafka_settings import KafkaSettings

settings, topic, instance = KafkaSettings.model_validate_json(sys.argv[1]), sys.argv[2], sys.argv[3] or None
source = PartitionSource(settings, settings.topic("g"), [topic], lambda found: {}, instance_id=instance)
while not source.assigned:
    source.poll(100)
print("assigned", flush=True)
while True:
    source.poll(1000)
"""


@contextmanager
def member(settings: KafkaSettings, topic: str, instance: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """Yield a process that is a member of the group and has partitions; it is killed in the end."""
    arguments = [sys.executable, "-c", MEMBER, settings.model_dump_json(), topic, instance]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"assigned\n"
            yield process
        finally:
            process.kill()


def test_a_killed_member_that_comes_back_under_its_name_goes_on_at_once(
    kafka_settings: KafkaSettings,
) -> None:
    # A session longer than this test may take: nobody waits for the dead member's to end.
    patient = kafka_settings.model_copy(
        update={"consumer": {**kafka_settings.consumer, "session_timeout_ms": 600_000}}
    )
    topic = made_topic(patient, 2)
    owner = Owner()
    group = patient.topic("g")
    with member(patient, topic, "worker-1"):
        pass
    with PartitionSource(
        patient, group, [topic], owner.assigned, owner.revoked, instance_id="worker-1"
    ) as source:
        polled_until(lambda: len(source.assigned) == 2, source)
        assert source.assigned == {TopicPartition(topic, number) for number in range(2)}
        assert owner.told == [("assigned", source.assigned)]


@pytest.mark.slow
@pytest.mark.parametrize("any_broker", ["tansu"], indirect=True)  # noida keeps dead members
def test_a_killed_members_partitions_go_to_one_that_only_computed_for_longer_than_a_session(
    any_kafka_settings: KafkaSettings,
) -> None:
    topic = made_topic(any_kafka_settings, 2)
    owner = Owner()
    with member(any_kafka_settings, topic) as other, opened(any_kafka_settings, topic, owner) as source:
        polled_until(lambda: len(source.assigned) == 1, source)
        other.kill()
        busy_until = time.monotonic() + 7  # the session is 6 s
        while time.monotonic() < busy_until:
            sum(range(10_000))
        polled_until(lambda: len(source.assigned) == 2, source)
        assert "lost" not in [what for what, _ in owner.told]


@pytest.mark.parametrize("shared", [False, True], ids=["alone", "beside a rival"])
def test_an_owner_silent_beyond_max_poll_interval_loses_its_partitions_and_gets_them_back(
    kafka_settings: KafkaSettings, shared: bool
) -> None:
    topic = made_topic(kafka_settings, 2)
    owner, other = Owner(), Owner()
    # Long against a join, or the owner would lose its place again while it takes it.
    short = kafka_settings.model_copy(
        update={"consumer": {**kafka_settings.consumer, "max_poll_interval_ms": 3_000}}
    )
    with ExitStack() as stack:
        source = stack.enter_context(opened(short, topic, owner))
        polled_until(lambda: source.drained({}), source)
        members = [source]
        if shared:
            rival = stack.enter_context(opened(kafka_settings, topic, other))
            members.append(rival)
        share = 2 // len(members)
        polled_until(lambda: all(len(member.assigned) == share for member in members), *members)
        mine = source.assigned
        owner.told.clear()
        if shared:
            polled_until(lambda: len(rival.assigned) == 2, rival)
        else:
            until(lambda: not source.drained({}))
        assert owner.told == [] and source.assigned == mine
        polled_until(lambda: bool(owner.told), *members)
        assert owner.told[0] == ("lost", mine)
        polled_until(lambda: all(len(member.assigned) == share for member in members), *members)
        assert "assigned" in [what for what, _ in owner.told]


def test_close_gives_the_partitions_back_once(kafka_settings: KafkaSettings) -> None:
    topic = made_topic(kafka_settings, 1)
    owner = Owner()
    source = opened(kafka_settings, topic, owner)
    polled_until(lambda: bool(source.assigned), source)
    source.close()
    source.close()
    assert [what for what, _ in owner.told] == ["assigned", "revoked"]
    assert source.assigned == frozenset()
