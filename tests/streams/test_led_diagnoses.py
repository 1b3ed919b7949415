"""Laws of diagnoses that an opinion changes: sent again once, after what they replace, whatever crashes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest

from agents.diagnosis import GraphDiagnoser
from agents.diagnosis.leading import Leading
from agents.opinion import OpinionAdviser
from streams.advice import AdviceDesk, Opinion, advice_request, diagnosis_message, kept_beside
from telcollm.codec import decode
from telcollm.errors import TransientError
from telcollm.ports import EVERYTHING, Store
from telcollm.records import DecidedBy, Diagnosis, Shadow
from telcollm.settings import (
    DiagnosisSettings,
)
from telcollm.state import DiagnosisRequest, OutboxMessage
from telcollm.store.opening import Stores
from telcollm.store.switch import ModelStoppedError, StopSwitch
from telcollm.testing import ScriptedModel
from telcollm.topology import Topology
from tests.agents.test_opinion import GUARD, decider, sure_of, windows
from tests.streams.test_advice import LANE, Noon, request
from tests.telcollm.store.examples import alarm, at

TOPIC = "diagnoses"


@pytest.fixture
def store(stores: Stores) -> Store:
    return stores.store


def adviser() -> OpinionAdviser:
    return OpinionAdviser(windows(), GUARD, root_cause=decider(ScriptedModel(score_rule=sure_of("LOSS"))))


def diagnoser(store: Store) -> GraphDiagnoser:
    return GraphDiagnoser(store, Topology(), DiagnosisSettings(), has_graph=False)


def desk(store: Store, asked: Any = None, **changes: Any) -> AdviceDesk:
    options: dict[str, Any] = {
        "lanes": lambda: [LANE],
        "topic": TOPIC,
        "batch_size": lambda: 16,
        "prompt_tokens": lambda: 512,
        "allowed": lambda: True,
        "conclude": Leading(diagnoser(store)),
    }
    return AdviceDesk(store, Noon(), asked or adviser(), **{**options, **changes})


def diagnosed(store: Store, *requests: DiagnosisRequest) -> list[Diagnosis]:
    """Leave the store as a worker does that has diagnosed the requests and asked for advice on them."""
    with store.transaction() as transaction:
        transaction.put_alarms(
            alarm(group.alarm_id, managed_object=group.managed_object, problem=group.problem)
            for asked in requests
            for group in asked.groups
        )
    found = diagnoser(store).diagnose(requests, decided_time=at(6))
    with store.transaction() as transaction:
        transaction.put_diagnoses(found)
        transaction.put_outbox(diagnosis_message(one, LANE, TOPIC) for one in found)
        transaction.put_requests(advice_request(asked) for asked in requests)
    return found


def waiting(store: Store) -> list[OutboxMessage]:
    return store.pending_outbox([LANE], 99)


def kept(store: Store, number: int = 1) -> list[Diagnosis]:
    return store.diagnoses(EVERYTHING, f"i{number}")


def test_what_an_opinion_changed_is_sent_after_what_it_replaces_as_it_is_stored(store: Store) -> None:
    (before,) = diagnosed(store, request(1))
    assert desk(store).serve_once() == 1
    (after,) = kept(store)
    assert after.decided_by is DecidedBy.MODEL
    assert after.hypotheses[0].root_cause_problem == "LOSS" != before.hypotheses[0].root_cause_problem
    first, second = waiting(store)
    assert decode(first.value, Diagnosis) == before and decode(second.value, Diagnosis) == after
    assert (first.key, first.topic, first.lane, first.headers) == (
        second.key,
        second.topic,
        second.lane,
        second.headers,
    )
    assert first.message_id != second.message_id
    assert after.diagnosis_id == before.diagnosis_id and after.decided_time > before.decided_time


def test_nothing_is_sent_where_an_opinion_changed_nothing(store: Store) -> None:
    (before,) = diagnosed(store, request(1))
    assert desk(store, conclude=kept_beside).serve_once() == 1
    assert [msgspec.structs.replace(one, shadow=None) for one in kept(store)] == [before]
    assert len(waiting(store)) == 1


def test_nothing_is_sent_where_the_decider_had_no_opinion_on_root_causes(store: Store) -> None:
    class OfKinds:
        def advise(self, requests: Sequence[DiagnosisRequest], *, prompt_tokens: int) -> list[Shadow]:
            return [Shadow(model="plain", probabilities=(), fault_kinds=(("cut", 0.9),)) for _ in requests]

        def counters(self) -> Mapping[str, float]:
            return {}

    diagnosed(store, request(1))
    assert desk(store, OfKinds()).serve_once() == 1
    assert kept(store)[0].shadow is not None and len(waiting(store)) == 1


def test_a_batch_is_sent_in_the_order_in_which_it_waited(store: Store) -> None:
    diagnosed(store, *(request(number) for number in range(5)))
    assert desk(store, batch_size=lambda: 3).serve_once() == 3
    assert desk(store).serve_once() == 2
    assert [message.key for message in waiting(store)] == [f"i{number}" for number in range(5)] * 2


class Killed(BaseException):
    """The process ends here, as far as the database can tell."""


def killing(point: str) -> Any:
    def reached(passed: str) -> None:
        if passed == point:
            raise Killed

    return reached


def test_what_an_opinion_leads_to_is_neither_stored_nor_sent_once_models_are_stopped(stores: Stores) -> None:
    store, switch, elsewhere = (
        stores.store,
        *(StopSwitch(stores.database, lambda: 0.0) for _ in range(2)),
    )

    def stopping(passed: str) -> None:
        if passed == "before advice store":
            elsewhere.set(stopped=True, by="eva", at=at(7))

    (before,) = diagnosed(store, request(1))
    told: list[Shadow] = []
    served = desk(
        store, check=switch.check_now, reached=stopping, on_batch=lambda asked, said: told.extend(said)
    )
    switch.check()
    with pytest.raises(ModelStoppedError):
        served.serve_once()
    assert kept(store) == [before] and len(waiting(store)) == 1
    assert (served.waiting(), served.batches, told) == (1, 0, [])

    elsewhere.set(stopped=False, by="eva", at=at(8))
    again = desk(store, check=switch.check_now)
    assert (again.serve_once(), again.serve_once()) == (1, 0)
    (after,) = kept(store)
    assert after.decided_by is DecidedBy.MODEL
    assert [decode(message.value, Diagnosis) for message in waiting(store)] == [before, after]


def test_a_desk_killed_before_it_stores_leaves_all_as_it_was_and_the_next_sends_once(store: Store) -> None:
    (before,) = diagnosed(store, request(1))
    with pytest.raises(Killed):
        desk(store, reached=killing("before advice store")).serve_once()
    assert kept(store) == [before] and len(waiting(store)) == 1
    again = desk(store)
    assert (again.waiting(), again.serve_once(), again.serve_once()) == (1, 1, 0)
    assert len(waiting(store)) == 2


def test_a_desk_killed_between_storing_and_sending_loses_and_doubles_nothing(store: Store) -> None:
    diagnosed(store, request(1))
    with pytest.raises(Killed):
        desk(store, reached=killing("after advice store")).serve_once()
    (after,) = kept(store)
    assert [decode(message.value, Diagnosis) for message in waiting(store)][1:] == [after]
    assert desk(store).serve_once() == 0
    assert len(waiting(store)) == 2


def test_a_database_that_fails_while_storing_leaves_the_request_waiting(store: Store) -> None:
    class Refusing:
        """The store, whose messages cannot be queued."""

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def transaction(self) -> Any:
            return Half(store.transaction())

    class Half:
        def __init__(self, whole: Any) -> None:
            self._whole = whole

        def __enter__(self) -> Any:
            self._inner = self._whole.__enter__()
            return self

        def __exit__(self, *what: Any) -> Any:
            return self._whole.__exit__(*what)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inner, name)

        def put_outbox(self, messages: Any) -> None:
            message = "the database went away; it answers later; try again"
            raise TransientError(message)

    (before,) = diagnosed(store, request(1))
    with pytest.raises(TransientError):
        desk(Refusing()).serve_once()
    assert kept(store) == [before] and desk(store).waiting() == 1


def test_of_two_owners_that_asked_the_same_one_alone_is_told_and_sent(store: Store) -> None:
    class Overtaken(OpinionAdviser):
        """While it thinks, the lane's next owner answers."""

        def advise(self, requests: Sequence[DiagnosisRequest], *, prompt_tokens: int) -> list[Shadow]:
            assert desk(store).serve_once() == 1
            told = super().advise(requests, prompt_tokens=prompt_tokens)
            return [msgspec.structs.replace(one, adapter="root@old") for one in told]

    diagnosed(store, request(1))
    slow = Overtaken(windows(), GUARD, root_cause=decider(ScriptedModel(score_rule=sure_of("LOSS"))))
    told: list[Shadow] = []
    assert desk(store, slow, on_batch=lambda asked, said: told.extend(said)).serve_once() == 1
    (after,) = kept(store)
    assert after.adapter == "root@3" and told == []
    assert [decode(message.value, Diagnosis) for message in waiting(store)][1:] == [after]


def test_of_a_revision_that_has_a_later_one_by_now_the_change_is_kept_and_not_sent(store: Store) -> None:
    old = request(1)
    diagnosed(store, old)
    new = msgspec.structs.replace(
        old,
        request_id="i1:4",
        incident=msgspec.structs.replace(old.incident, revision=4),
    )
    served = desk(store, batch_size=lambda: 1)
    diagnosed(store, new)
    assert [served.serve_once() for _ in range(3)] == [1, 1, 0]
    assert [(one.incident_revision, one.decided_by) for one in kept(store)] == [
        (3, DecidedBy.MODEL),
        (4, DecidedBy.MODEL),
    ]
    told = [decode(message.value, Diagnosis) for message in waiting(store)]
    assert [one.incident_revision for one in told] == [3, 4, 4]
    assert told[-1] == kept(store)[-1]


def test_what_a_later_revision_overtakes_while_it_is_concluded_is_kept_and_not_sent(store: Store) -> None:
    old = request(1)
    diagnosed(store, old)
    newer = msgspec.structs.replace(old.incident, revision=4)

    def conclude(opinions: Sequence[Opinion], *, decided_time: Any) -> list[Diagnosis]:
        diagnosed(store, msgspec.structs.replace(old, request_id="i1:4", incident=newer))
        return [msgspec.structs.replace(one, confidence=0.99) for _, one, _ in opinions]

    assert desk(store, conclude=conclude, batch_size=lambda: 1).serve_once() == 1
    assert [one.confidence == 0.99 for one in kept(store)] == [True, False]
    told = [decode(message.value, Diagnosis) for message in waiting(store)]
    assert [one.incident_revision for one in told] == [3, 4]


def test_what_a_later_revision_overtakes_right_before_it_is_stored_is_not_sent_after_it(store: Store) -> None:
    old = request(1)
    diagnosed(store, old)
    newer = msgspec.structs.replace(old.incident, revision=4)

    def overtaking(passed: str) -> None:
        if passed == "before advice store":
            diagnosed(store, msgspec.structs.replace(old, request_id="i1:4", incident=newer))

    assert desk(store, reached=overtaking, batch_size=lambda: 1).serve_once() == 1
    told = [decode(message.value, Diagnosis) for message in waiting(store)]
    assert [one.incident_revision for one in told] == [3, 4]
    assert [one.decided_by is DecidedBy.MODEL for one in kept(store)] == [True, False]


def test_the_stored_diagnoses_of_a_batch_are_read_in_one_go_before_and_after(store: Store) -> None:
    class Counting:
        """The store, and what was read of diagnoses."""

        def __init__(self) -> None:
            self.reads: list[str] = []

        def __getattr__(self, name: str) -> Any:
            if "diagnoses" in name:
                self.reads.append(name)
            return getattr(store, name)

    counting = Counting()
    diagnosed(store, *(request(number) for number in range(7)))
    concluded: list[int] = []

    def conclude(opinions: Sequence[Opinion], *, decided_time: Any) -> list[Diagnosis]:
        concluded.append(len(opinions))
        return kept_beside(opinions, decided_time=decided_time)

    assert desk(counting, conclude=conclude).serve_once() == 7
    assert (counting.reads, concluded) == (["latest_diagnoses"] * 2, [7])
