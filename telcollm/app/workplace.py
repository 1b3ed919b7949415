"""The workplace: what services share, opened once a process: settings, stores, topology, graph, library.

It tells the time as well.

What is slow to open is opened when it is first asked for. Does not know who asks, nor what for.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar, cast

from telcollm.access import Caller
from telcollm.app.clock import SystemClock
from telcollm.errors import TelcollmError
from telcollm.ports import EVERYTHING, Clock, Scope
from telcollm.records import CareMessage, Reply, Route, TroubleTicket
from telcollm.settings import Settings
from telcollm.store.accounts import AccountStore, Hasher
from telcollm.store.actions import ActionStore
from telcollm.store.subscriptions import SubscriptionStore
from telcollm.store.switch import StopSwitch
from telcollm.topology import Topology

if TYPE_CHECKING:
    from streams.kafka.sink import RecordSink
    from telcollm.app.identity_provider import IdentityProvider
    from telcollm.graph import CauseGraph
    from telcollm.guard import Guard
    from telcollm.knowledge.library import Library
    from telcollm.store.opening import Stores

TOPOLOGY_FRESH_S = 30.0
"""How long a topology that was read is taken for the present one."""


REOPEN_S = 600.0
"""After how long routers and desks are opened anew, with the topology and the champions of that time."""

T = TypeVar("T")


class Look(NamedTuple):
    """When the pipeline was looked at, how many alarms it had read by then, and how many a second before."""

    at_s: float
    alarms: int
    rate_per_s: float | None


class Router(Protocol):
    """Decides where tickets go; see `agents.routing.router`."""

    def route(self, tickets: Sequence[TroubleTicket], *, decided_time: datetime) -> list[Route]:
        """Return one route a ticket, in order."""
        ...


class Desk(Protocol):
    """Suggests replies; see `agents.care.desk`."""

    def suggest(
        self, conversations: Sequence[Sequence[CareMessage]], *, decided_time: datetime
    ) -> list[Reply]:
        """Return one reply a conversation in which the customer spoke last."""
        ...


class Publisher(Protocol):
    """Puts records on Kafka and returns when they are durable."""

    def __call__(self, topic: str, records: Sequence[tuple[str, bytes]]) -> None:
        """Send (key, value) pairs.

        Raises:
            TransientError: the brokers do not answer; nothing or a part was delivered.
        """
        ...


class Workplace:
    """What every service takes first. Safe to share between threads."""

    def __init__(
        self,
        settings: Settings,
        stores: Stores,
        *,
        clock: Clock | None = None,
        publisher: Publisher | None = None,
        hasher: Hasher | None = None,
    ) -> None:
        self.settings = settings
        self.stores = stores
        self.clock = clock or SystemClock()
        self.accounts = AccountStore(stores.database, hasher=hasher)
        self.actions = ActionStore(stores.database)
        self.subscriptions = SubscriptionStore(stores.database)
        self.switch = StopSwitch(stores.database, self.clock.monotonic_s)
        self._kept: dict[str, tuple[float, object]] = {}
        self.refusals: dict[tuple[str, str], int] = {}
        """Which refusals the audit trail was told of, and in which second."""
        self.token_holders: dict[bytes, tuple[Caller, float]] = {}
        """Who holds which signed token, by its SHA-256, and until which second that is believed."""
        self.last_look: Look | None = None
        self._publisher = publisher
        self._own_publisher: KafkaPublisher | None = None
        self._lock = threading.RLock()
        self._topologies: dict[Scope, tuple[float, Topology]] = {}

    def now(self) -> datetime:
        """Return the time of day in UTC."""
        return datetime.fromtimestamp(self.clock.now_ms() / 1000, UTC)

    def topology(self, scope: Scope = EVERYTHING) -> Topology:
        """Return the topology within the scope, read again when it is older than half a minute."""
        with self._lock:
            now_s = self.clock.monotonic_s()
            read_s, topology = self._topologies.get(scope, (None, None))
            if topology is None or read_s is None or now_s - read_s >= TOPOLOGY_FRESH_S:
                topology = Topology(self.stores.store.topology(scope))
                self._topologies[scope] = (now_s, topology)
            return topology

    @functools.cached_property
    def graph(self) -> CauseGraph | None:
        """The cause graph, where one has been learned."""
        from telcollm.app.runtime import load_graph

        return load_graph(self.settings)

    @functools.cached_property
    def identity_provider(self) -> IdentityProvider:
        """Whose signed tokens are let in."""
        from telcollm.app.identity_provider import IdentityProvider

        return IdentityProvider(self.settings.access, self.clock)

    @functools.cached_property
    def guard(self) -> Guard:
        """What text goes through on its way to a model or a log."""
        from telcollm.guard import Guard, load_key

        return Guard(load_key(self.settings.home), remember=False)

    @functools.cached_property
    def library(self) -> Library | None:
        """The knowledge base; by meaning as well where its model has been pulled; None without its extra."""
        from importlib.util import find_spec

        if find_spec("bm25s") is None:
            return None
        from telcollm.knowledge.library import Library
        from telcollm.knowledge.meaning import open_embedder

        return Library(self.stores.documents, open_embedder(), clock=self.now)

    def router(self, *, model: bool) -> Router:
        """Return what routes tickets: by the settings' deciders, or by rules alone."""
        from telcollm.app.routing import open_router

        return self._opened(
            f"router {model}",
            lambda: open_router(self.settings, self.stores, self.topology(), rules_only=not model),
        )

    def teams(self) -> tuple[str, ...]:
        """Return every team that is routed to."""
        from telcollm.app.routing import known_teams

        return self._opened("teams", lambda: known_teams(self.settings))

    def desk(self, *, model: bool) -> Desk:
        """Return what suggests replies: with the settings' decider of intents, or by rules alone."""
        from telcollm.app.care import open_desk

        return self._opened(
            f"desk {model}",
            lambda: open_desk(self.settings, self.stores, self.topology(), rules_only=not model),
        )

    def _opened(self, name: str, open_it: Callable[[], T]) -> T:
        """Return what was opened under the name, opened anew when its topology is old."""
        with self._lock:
            now_s = self.clock.monotonic_s()
            opened_s, found = self._kept.get(name, (None, None))
            if opened_s is None or now_s - opened_s >= REOPEN_S:
                found = open_it()
                self._kept[name] = (now_s, found)
            return cast("T", found)

    def publish(self, topic: str, records: Sequence[tuple[str, bytes]]) -> None:
        """Put records on Kafka; they are durable on return.

        Raises:
            TransientError: the brokers do not answer.
            SettingsError: an option or credential is refused.
        """
        with self._lock:
            if self._publisher is None:
                self._publisher = self._own_publisher = KafkaPublisher(self.settings)
            self._publisher(topic, records)

    def audit(
        self,
        caller: Caller | str,
        action: str,
        subject: str,
        *,
        tenant: str = "",
        region: str = "",
        detail: str = "",
    ) -> None:
        """Append to the audit trail what somebody is about to do, so that nothing is done untold."""
        actor = caller if isinstance(caller, str) else caller.name
        self.stores.audit.append(
            actor, action, subject, tenant=tenant, region=region, detail=detail, at=self.now()
        )

    def close(self) -> None:
        """Give connections back."""
        if self._own_publisher is not None:
            self._own_publisher.close()
        self.stores.close()


def open_workplace(settings: Settings, *, clock: Clock | None = None) -> Workplace:
    """Return the workplace that the settings describe.

    Raises:
        TelcollmError: the store cannot be used; names the next step.
    """
    from telcollm.store.opening import open_stores

    settings.home.mkdir(parents=True, exist_ok=True)
    return Workplace(settings, open_stores(settings.store_location), clock=clock)


class KafkaPublisher:
    """Sends to the settings' brokers, by one connection that is made when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sink: RecordSink | None = None

    def __call__(self, topic: str, records: Sequence[tuple[str, bytes]]) -> None:
        """Send (key, value) pairs; they are durable on return.

        Raises:
            TransientError: the brokers do not answer; nothing or a part was delivered.
        """
        from streams.kafka.sink import RecordSink
        from telcollm.app.runtime import find_broker

        if self._sink is None:
            self._sink = RecordSink(find_broker(self._settings).kafka, max_block_s=5.0)
        try:
            for key, value in records:
                self._sink.send(topic, key.encode(), value)
            self._sink.flush(10.0)
        except TelcollmError:
            # A broker of this machine that was started anew has another address.
            sink, self._sink = self._sink, None
            sink.close()
            raise

    def close(self) -> None:
        """Let go of the connection."""
        if self._sink is not None:
            self._sink.close()
            self._sink = None
