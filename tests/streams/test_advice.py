"""Laws of the advice desk: what waits is asked in batches, kept beside the decision, and lost by nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agents.advice import ModelAdviser
from streams.advice import AdviceDesk, advice_request, wants_advice
from streams.topics import advice_lane
from telcollm.errors import TransientError
from telcollm.guard import Guard
from telcollm.ports import EVERYTHING, Store
from telcollm.records import Shadow
from telcollm.settings import DiagnosisSettings
from telcollm.state import Candidate, DiagnosisRequest, MemberGroup
from telcollm.store import open_store
from telcollm.testing import ScriptedModel
from tests.telcollm.store.examples import NOON_MS, diagnosis, incident

LANE = "events/0"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'telcollm.db'}")
    yield opened
    opened.close()


def request(number: int, *, problems: Sequence[str] = ("POWER", "LOSS"), **changes: Any) -> DiagnosisRequest:
    groups = tuple(
        MemberGroup(
            f"a{number}-{place}",
            f"dev-{number}-{place}",
            problem,
            5,
            NOON_MS + place * 1000,
            NOON_MS + place * 1000,
            1,
        )
        for place, problem in enumerate(problems)
    )
    fields: dict[str, Any] = {
        "incident": incident(f"i{number}", 3, window_complete=True),
        "groups": groups,
        "candidates": tuple(
            Candidate(item.alarm_id, item.managed_object, item.problem, 0.4, 1) for item in groups
        ),
        "append_ms": NOON_MS,
    }
    return DiagnosisRequest(f"i{number}:3", LANE, **{**fields, **changes})


def wait_for(store: Store, *requests: DiagnosisRequest) -> None:
    """Put diagnoses of both an earlier and the present revision in the store, and queue the requests."""
    with store.transaction() as transaction:
        for item in requests:
            name = item.incident.incident_id
            transaction.put_diagnoses(
                diagnosis(f"d-{name}-{revision}", name, incident_revision=revision) for revision in (2, 3)
            )
        transaction.put_requests(advice_request(item) for item in requests)


def adviser(model: ScriptedModel) -> ModelAdviser:
    return ModelAdviser(model, DiagnosisSettings(), Guard(b"0123456789abcdef"))


class Noon:
    """A clock that stands still: ten minutes after the alarms."""

    def now_ms(self) -> int:
        return NOON_MS + 600_000

    def monotonic_s(self) -> float:
        return 0.0


def desk(store: Store, asked: Any, **changes: Any) -> AdviceDesk:
    options: dict[str, Any] = {
        "lanes": lambda: [LANE],
        "topic": "diagnoses",
        "batch_size": lambda: 16,
        "prompt_tokens": lambda: 512,
        "allowed": lambda: True,
        "idle_wait_s": 0.01,
    }
    return AdviceDesk(store, Noon(), asked, **{**options, **changes})


def shadows(store: Store, number: int) -> dict[int, Shadow | None]:
    return {item.incident_revision: item.shadow for item in store.diagnoses(EVERYTHING, f"i{number}")}


def test_advice_waits_in_a_lane_of_its_own() -> None:
    asked = advice_request(request(1))
    assert (asked.request_id, asked.lane) == ("advice:i1:3", advice_lane(LANE))
    assert asked.groups == request(1).groups


def test_only_a_complete_incident_with_a_choice_is_worth_asking_about() -> None:
    assert wants_advice(request(1))
    assert not wants_advice(request(1, problems=("POWER",)))
    assert not wants_advice(request(1, incident=incident("i1", 3, window_complete=False)))


def test_the_opinion_is_kept_with_the_diagnosis_of_that_revision_and_with_no_other(store: Store) -> None:
    wait_for(store, request(1))
    told: list[tuple[int, int]] = []
    served = desk(
        store, adviser(ScriptedModel()), on_batch=lambda asked, said: told.append((len(asked), len(said)))
    )
    assert served.waiting() == 1
    assert served.serve_once() == 1
    found = shadows(store, 1)
    assert found[2] is None
    assert found[3] is not None and found[3].model == "scripted" and len(found[3].probabilities) == 2
    assert (served.waiting(), served.serve_once(), told, served.batches) == (0, 0, [(1, 1)], 1)


def test_the_decision_stays_as_it_was(store: Store) -> None:
    wait_for(store, request(1))
    (before,) = [item for item in store.diagnoses(EVERYTHING, "i1") if item.incident_revision == 3]
    model = ScriptedModel(score_rule=lambda prompt, choices: [0, 1])
    desk(store, adviser(model)).serve_once()
    (after,) = [item for item in store.diagnoses(EVERYTHING, "i1") if item.incident_revision == 3]
    assert after.shadow is not None and not after.shadow.agrees
    assert msgspec.structs.replace(after, shadow=None) == before
    assert store.pending_outbox([LANE], 9) == []


def test_windows_alike_in_shape_are_asked_once(store: Store) -> None:
    wait_for(store, *(request(number) for number in range(10)), request(10, problems=("DOOR", "LOSS")))
    model = ScriptedModel()
    asked = adviser(model)
    served = desk(store, asked, batch_size=lambda: 4)
    assert [served.serve_once() for _ in range(4)] == [4, 4, 3, 0]
    assert [len(call.prompts) for call in model.calls] == [1, 1]
    assert asked.counters()["prompts"] == 11 and asked.counters()["asked"] == 2
    assert len({shadow.probabilities for n in range(10) if (shadow := shadows(store, n)[3])}) == 1


def test_a_transient_failure_leaves_the_requests_waiting(store: Store) -> None:
    wait_for(store, request(1))
    served = desk(store, adviser(ScriptedModel(fail_at=[1])))
    with pytest.raises(TransientError):
        served.serve_once()
    assert (served.waiting(), shadows(store, 1)[3]) == (1, None)
    assert served.serve_once() == 1


def test_other_lanes_and_none_are_left_alone(store: Store) -> None:
    wait_for(store, request(1))
    assert desk(store, adviser(ScriptedModel()), lanes=lambda: ["events/1"]).serve_once() == 0
    without = desk(store, adviser(ScriptedModel()), lanes=lambda: [])
    assert (without.serve_once(), without.waiting()) == (0, 0)


class Watched:
    """An adviser that answers as told and says when it was asked."""

    def __init__(self, answer: Callable[[int], None]) -> None:
        self._answer = answer
        self._inner = adviser(ScriptedModel())
        self.asked = 0
        self.answered = threading.Event()

    def advise(self, requests: Sequence[DiagnosisRequest], *, prompt_tokens: int) -> list[Shadow]:
        self.asked += 1
        self._answer(self.asked)
        self.answered.set()
        return self._inner.advise(requests, prompt_tokens=prompt_tokens)

    def counters(self) -> Mapping[str, float]:
        return self._inner.counters()


def test_the_thread_tries_again_after_a_transient_failure_and_stops_when_told(store: Store) -> None:
    def answer(times: int) -> None:
        if times < 3:
            message = "the model did not answer; it answers later; try again"
            raise TransientError(message)

    wait_for(store, request(1))
    done = threading.Event()
    failures: list[str] = []

    def told(asked: Sequence[DiagnosisRequest], said: Sequence[Shadow]) -> None:
        failures.append(served.failure)
        done.set()

    watched = Watched(answer)
    served = desk(store, watched, on_batch=told)
    served.start()
    assert done.wait(120)
    assert (served.alive, served.failure, failures) == (True, "", [""])
    served.stop()
    assert not served.alive
    assert (watched.asked, served.waiting()) == (3, 0)


def failing(*, until: int = 10**9) -> Callable[[int], None]:
    def answer(times: int) -> None:
        if times <= until:
            message = "the model choked on a prompt"
            raise RuntimeError(message)

    return answer


def test_what_the_model_cannot_answer_is_let_go_after_three_tries_and_the_rest_is_answered(
    store: Store,
) -> None:
    wait_for(store, request(1), request(2))
    done = threading.Event()
    watched = Watched(failing(until=3))
    served = desk(store, watched, batch_size=lambda: 1, on_batch=lambda asked, told: done.set())
    served.start()
    assert done.wait(120) and served.alive
    served.stop()
    assert (watched.asked, served.waiting()) == (4, 0)
    assert shadows(store, 1)[3] is None and shadows(store, 2)[3] is not None


def test_that_requests_got_no_opinion_is_still_told_when_nothing_waits_any_more(store: Store) -> None:
    wait_for(store, request(1))
    watched = Watched(failing())
    passes = 0
    idle = threading.Event()

    def lanes() -> list[str]:
        nonlocal passes
        passes += watched.asked >= 3
        if passes > 5:
            idle.set()
        return [LANE]

    served = desk(store, watched, lanes=lanes)
    served.start()
    assert idle.wait(120)
    served.stop()
    assert served.waiting() == 0
    assert "the model choked on a prompt" in served.failure


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_database_that_is_locked_while_requests_are_let_go_does_not_end_the_desk(store: Store) -> None:
    class Locked:
        """The store, whose first transaction fails."""

        def __init__(self) -> None:
            self.transactions = 0
            self.again = threading.Event()

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def transaction(self) -> Any:
            self.transactions += 1
            if self.transactions == 1:
                message = "the database is locked; it answers later; try again"
                raise TransientError(message)
            self.again.set()
            return store.transaction()

    wait_for(store, request(1))
    locked = Locked()
    served = desk(locked, Watched(failing()))  # type: ignore[arg-type]
    served.start()
    tried_again = locked.again.wait(120)
    alive = served.alive
    served.stop()
    assert tried_again and alive


def test_nothing_is_asked_while_only_rules_are_allowed(store: Store) -> None:
    wait_for(store, request(1))
    looked = threading.Event()
    allowed = threading.Event()
    done = threading.Event()

    def may() -> bool:
        looked.set()
        return allowed.is_set()

    watched = Watched(lambda times: None)
    served = desk(store, watched, allowed=may, on_batch=lambda asked, told: done.set())
    served.start()
    assert looked.wait(120) and watched.asked == 0
    allowed.set()
    assert done.wait(120) and watched.asked == 1
    served.stop()


def test_a_desk_that_never_began_can_be_stopped(store: Store) -> None:
    served = desk(store, adviser(ScriptedModel()))
    served.stop()
    assert not served.alive
