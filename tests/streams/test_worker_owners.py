"""Laws of a worker whose lanes change hands while it works, its desks beside it on threads of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from streams.claims import ClaimedSource
from streams.correlate import CorrelateStage
from streams.worker import Stages, Worker
from telcollm.kafka_settings import KafkaSettings
from telcollm.ports import Store
from telcollm.records import DecidedBy
from telcollm.settings import Settings
from telcollm.state import Progress
from telcollm.store.opening import Stores
from tests.streams.test_advice import LANE, Noon, request
from tests.streams.test_led_diagnoses import desk, diagnoser, kept, waiting
from tests.telcollm.store.examples import alarm


@pytest.fixture
def store(stores: Stores) -> Store:
    return stores.store


class Owning:
    """A correlating stage that owns one lane, or none."""

    def __init__(self, *lanes: str) -> None:
        self.lanes = list(lanes)


STAGES: Any = Stages(None, Owning(LANE), None)  # type: ignore[arg-type]


def worker(store: Store, **options: Any) -> Worker:
    wanted: dict[str, Any] = {"sleep": lambda seconds: None, "stopping": lambda: True, **options}
    return Worker(Settings(), store, Noon(), diagnoser(store), lambda: STAGES, **wanted)


def leading(store: Store, **options: Any) -> Worker:
    return worker(store, desk=lambda made: desk(store), **options)


def wait_for_a_diagnosis(store: Store) -> None:
    asked = request(1)
    with store.transaction() as transaction:
        transaction.put_alarms(
            alarm(group.alarm_id, managed_object=group.managed_object, problem=group.problem)
            for group in asked.groups
        )
        transaction.put_requests([asked])


def test_an_owner_that_was_overtaken_while_it_diagnosed_undoes_nothing_the_next_one_wrote(
    store: Store,
) -> None:
    wait_for_a_diagnosis(store)
    overtaken: list[int] = []

    def reached(point: str) -> None:
        # Between the first one's thinking and its writing the lane's next owner is done, and led by a model.
        if not overtaken:
            overtaken.append(leading(store).diagnose(STAGES))
            assert desk(store).serve_once() == 1

    late = leading(store, reached=reached)
    late.diagnose(STAGES)
    assert (overtaken, late.status.diagnoses) == ([1], 0)
    (stands,) = kept(store)
    assert stands.decided_by is DecidedBy.MODEL
    assert len(waiting(store)) == 2
    assert desk(store).waiting() == late.diagnose(STAGES) == 0


def test_what_one_owner_diagnosed_is_counted_sent_and_asked_about_once(store: Store) -> None:
    wait_for_a_diagnosis(store)
    only = leading(store)
    assert [only.diagnose(STAGES), only.diagnose(STAGES)] == [1, 0]
    assert (only.status.diagnoses, len(waiting(store)), desk(store).waiting()) == (1, 1, 1)


def correlating(store: Store) -> tuple[Any, dict[int, Any]]:
    stage = CorrelateStage(
        Settings(),
        store,
        None,  # type: ignore[arg-type]
        lambda number: None,  # type: ignore[arg-type,return-value]
        open_source=lambda *given: None,  # type: ignore[arg-type]
    )
    owned: dict[int, Any] = stage._partitions
    return stage, owned


def claiming(store: Store) -> tuple[Any, dict[Any, Any]]:
    source = ClaimedSource(
        KafkaSettings(),
        "g",
        ["tickets"],
        store,
        open_source=lambda *given: None,  # type: ignore[arg-type]
    )
    return source, source.progress


@pytest.mark.parametrize(
    ("module", "made", "places"),
    [
        ("streams.correlate", correlating, [0, 1, 2]),
        ("streams.claims", claiming, [("tickets", number) for number in range(3)]),
    ],
    ids=["correlating", "intake"],
)
def test_a_desk_may_ask_for_the_lanes_while_they_go(
    lite: Stores,
    monkeypatch: pytest.MonkeyPatch,
    module: str,
    made: Callable[[Store], tuple[Any, dict[Any, Any]]],
    places: list[Any],
) -> None:
    stage, owned = made(lite.store)
    owned.update((place, Progress("tickets", 0, 1, None, b"")) for place in places)
    expected = stage.lanes
    assert len(expected) == 3

    def taken_meanwhile(topic: str, number: int) -> str:
        owned.pop(places[2], None)
        return f"{topic}/{number}"

    monkeypatch.setattr(f"{module}.lane_of", taken_meanwhile)
    assert stage.lanes == expected
    assert stage.lanes == expected[:2]


def test_a_desk_may_ask_for_the_lanes_while_the_worker_drops_everything(lite: Stores) -> None:
    class Going:
        """Stages that the worker drops right after a desk has seen that there are some."""

        def __init__(self, owner: Any) -> None:
            self._owner = owner
            self.correlate = Owning(LANE)
            self.intake = ()

        def __bool__(self) -> bool:
            self._owner._stages = None
            return True

    one: Any = worker(lite.store)
    one._stages = Going(one)
    assert (one.lanes, one.lanes) == ([LANE], [])
    one._stages = Going(one)
    assert (one.lanes_of("tickets"), one.lanes) == ([], [])


def test_the_last_batch_of_a_desk_is_in_the_final_status(lite: Stores) -> None:
    class Finishing:
        """A desk that is done with its batch once it is told to stop."""

        batches = 0
        failure = ""

        def start(self) -> None:
            pass

        def stop(self) -> None:
            self.batches, self.failure = 1, "the last prompt was too long"

    status = worker(lite.store, desk=lambda made: Finishing()).run()
    assert (status.advice_batches, status.advice_failure) == (1, "the last prompt was too long")
