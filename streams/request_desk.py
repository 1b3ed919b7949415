"""A desk of what waits for one answer each: a ticket its route, a message its reply, crashes or not.

An answer is written with the end of its request; only the one who ends the request writes. Answers to what
is live are sent through the outbox, all others are kept and sent to nobody. Does not know how anything is
decided.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import ClassVar, Final, Generic, TypeVar

from streams.desk import Desk
from streams.outbox import Reached, nothing
from telcollm.codec import encode
from telcollm.errors import TelcollmError
from telcollm.ports import Clock, Store, StoreTransaction
from telcollm.records import DecidedBy, Mode, Reply, Route
from telcollm.state import DeskRequest, OutboxMessage

BATCH: Final = 32
Decides = TypeVar("Decides")
Answer = TypeVar("Answer", bound=Route | Reply)


class RequestDesk(Desk, Generic[Decides, Answer]):
    """A desk of `DeskRequest`s; after a failure it goes on one by one, so that a bad one harms none.

    A subclass names what it gives, says in which lane requests wait, and asks the one who decides.
    `check` raises where nothing that a model decided may be given out: it has the last word before a batch
    that holds such an answer is committed. Where it raises nothing is stored; the requests are asked anew.
    """

    kind: ClassVar[str]

    def __init__(
        self,
        store: Store,
        clock: Clock,
        decides: Decides,
        *,
        lanes: Callable[[], Sequence[str]],
        topic: str,
        check: Callable[[], None] = lambda: None,
        reached: Reached = nothing,
        idle_wait_s: float = 0.2,
    ) -> None:
        super().__init__(store, name=f"telcollm-{self.kind}", idle_wait_s=idle_wait_s)
        self._clock = clock
        self._decides = decides
        self._lanes = lanes
        self._topic = topic
        self._check = check
        self._reached = reached
        self.answers = 0

    def _waiting_lanes(self) -> list[str]:
        return [self._lane_of(lane) for lane in self._lanes()]

    def _requests(self) -> list[DeskRequest]:
        lanes = self._waiting_lanes()
        return self._store.pending_desk_requests(lanes, 1 if self._failures else BATCH) if lanes else []

    def _first(self) -> list[str]:
        return [request.request_id for request in self._requests()]

    def serve_once(self) -> int:
        """Return how many requests were answered: one batch, or none that waited.

        Raises:
            TransientError: the database, or what decides, did not answer, or models were stopped meanwhile;
                the requests wait.
            TelcollmError: what decides gave another number of answers than it was asked for.
        """
        requests = self._requests()
        if not requests:
            return 0
        answers = self._answered(requests, datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC))
        self._reached(f"before {self.kind} store")
        with self._store.transaction() as transaction:
            mine = transaction.take_requests(request.request_id for request in requests)
            for request in requests:
                if request.request_id in mine:
                    self._write(transaction, request, answers[request.request_id])
            if any(_by_model(answer) for name in mine for answer in answers[name]):
                # Models may have been stopped since they decided: what is committed leaves.
                self._check()
        self._reached(f"after {self.kind} store")
        self.answers += sum(len(answers[name]) for name in mine)
        self._served()
        return len(requests)

    @abstractmethod
    def _answered(
        self, requests: Sequence[DeskRequest], decided_time: datetime
    ) -> Mapping[str, Sequence[Answer]]:
        """Return what is to be said to each request, by its id."""

    @abstractmethod
    def _lane_of(self, lane: str) -> str:
        """Return the lane in which the requests of a source's lane wait."""

    @abstractmethod
    def _keep(self, transaction: StoreTransaction, request: DeskRequest, answers: Sequence[Answer]) -> None:
        """Write the answers into the store, with what follows from them."""

    @abstractmethod
    def _key(self, answer: Answer) -> str:
        """Return the Kafka key of an answer."""

    def _write(self, transaction: StoreTransaction, request: DeskRequest, answers: Sequence[Answer]) -> None:
        self._keep(transaction, request, answers)
        transaction.put_outbox(
            self._message(request, number, answer)
            for number, answer in enumerate(answers)
            if answer.mode is Mode.LIVE
        )

    def _message(self, request: DeskRequest, number: int, answer: Answer) -> OutboxMessage:
        withdrawn = isinstance(answer, Reply) and answer.withdrawn
        return OutboxMessage(
            message_id=f"{request.request_id}:{number}",
            lane=request.lane.removeprefix(self._lane_of("")),
            topic=self._topic,
            key=self._key(answer),
            value=encode(answer),
            headers=(("mode", answer.mode.value), *((("withdrawn", "1"),) if withdrawn else ())),
        )


def _by_model(answer: Route | Reply) -> bool:
    """Tell whether an answer gives out what a model decided; one that takes a reply back does not."""
    return answer.decided_by is DecidedBy.MODEL and not (isinstance(answer, Reply) and answer.withdrawn)


def check_count(who: str, given: int, wanted: int) -> None:
    """Pass where each request got one answer.

    Raises:
        TelcollmError: it got more or fewer.
    """
    if given != wanted:
        message = (
            f"{who} gave {given} answers to {wanted} requests; one each, in order, is allowed; mend its code"
        )
        raise TelcollmError(message)
