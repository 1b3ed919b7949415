"""The demo: real alarms replayed through the whole chain on embedded parts, and what came of it.

Everything it starts it stops. Its stores are made anew on each run; model, learned graphs and tracked runs
stay. Does not know terminals: it tells its steps to a callback.
"""

from __future__ import annotations

import fcntl
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from telcollm.errors import TelcollmError
from telcollm.ports import EVERYTHING, Adviser, IncidentQuery, Store
from telcollm.records import Diagnosis, Incident, Shadow
from telcollm.settings import Settings, SourceSettings
from telcollm.state import DiagnosisRequest

if TYPE_CHECKING:
    from agents.window_reader import WindowReader
    from streams.replay.row import AlarmTable
    from streams.replay.schedule import Schedule
    from streams.worker import Status
    from telcollm.graph import CauseGraph

LEARNED_SHARE = 0.7
ACCOUNT = "demo"
DECIDER = "window-fault-kind"
"""The shipped decider that says, in shadow, which kind of fault an incident looks like."""
_FOLDER = "demo"
_SHOWN = 500


@dataclass(frozen=True)
class Slice:
    """How much of a record the demo replays, and within how many minutes."""

    record: str
    alarms: int
    minutes: float


REAL_SLICES = (Slice("huawei-24v", 500, 0.35), Slice("csl", 400, 0.25))
GENERATED_SLICES = (Slice("generated", 300, 0.35),)


@dataclass(frozen=True)
class Outcome:
    """What one record came to: counts, the largest incidents, and where it all lies."""

    record: str
    status: Status
    total: int
    incidents: list[Incident]
    diagnoses: dict[str, Diagnosis]
    settings: Settings
    ready_s: float


class LateAdviser:
    """An adviser that is opened on first use, so that the stream need not wait for the model to load."""

    def __init__(self, open_adviser: Callable[[], Adviser | None]) -> None:
        self._open = open_adviser
        self._windows: WindowReader | None = None
        self._lock = threading.Lock()
        self._adviser: Adviser | None = None

    def opened(self) -> Adviser:
        """Return the adviser, loading the model the first time.

        Raises:
            TelcollmError: the model cannot be opened.
        """
        with self._lock:
            if self._adviser is None:
                self._adviser = self._open()
            if self._adviser is None:
                message = "no model is configured; set model.engine to torch or openai, or to none"
                raise TelcollmError(message)
            return self._adviser

    def over(self, windows: WindowReader) -> None:
        """Ask about windows of another record from now on, with the same models."""
        self._windows = windows

    def advise(self, requests: Sequence[DiagnosisRequest], *, prompt_tokens: int) -> list[Shadow]:
        """Return the model's opinion on each request, in order."""
        from agents.opinion import OpinionAdviser

        adviser = self.opened()
        if isinstance(adviser, OpinionAdviser) and self._windows is not None:
            adviser.windows = self._windows
        return adviser.advise(requests, prompt_tokens=prompt_tokens)

    def counters(self) -> Mapping[str, float]:
        """Return running totals, nothing before the model was opened."""
        return {} if self._adviser is None else self._adviser.counters()


def choose_slices(settings: Settings) -> tuple[Slice, ...]:
    """Return the real records that the data directory holds, the generated network where it holds none."""
    from streams.replay.dataset import has_dataset

    real = tuple(item for item in REAL_SLICES if has_dataset(item.record, settings.data_dir))
    return real or GENERATED_SLICES


def run_demo(
    settings: Settings,
    *,
    stop: threading.Event,
    tell: Callable[[str], None],
    on_status: Callable[[str, Status], None],
) -> Iterator[Outcome]:
    """Yield the outcome of each record, one after the other.

    Raises:
        TelcollmError: something could not be fetched, started or read; names the next step.
    """
    from streams.broker import EmbeddedBroker
    from telcollm.app.advisers import open_adviser

    began_s = time.monotonic()
    root = settings.home / _FOLDER
    with ExitStack() as stack:
        stack.enter_context(_alone(settings.home))
        try:
            fetch_model(settings, tell)
        except TelcollmError as error:
            tell(f"going on without a language model, by graph and rules alone: {error}")
            without = settings.model.model_copy(update={"engine": "none"})
            settings = settings.model_copy(update={"model": without})
        if settings.model.engine == "torch" and not settings.model.fault_kind:
            tuned = settings.model.model_copy(update={"fault_kind": DECIDER})
            settings = settings.model_copy(update={"model": tuned})
        adviser = LateAdviser(lambda: open_adviser(settings, base_too=True))
        shutil.rmtree(root, ignore_errors=True)
        if settings.model.engine == "torch":
            warm = threading.Thread(target=lambda: _warm(adviser), name="telcollm-model", daemon=True)
            warm.start()
            stack.callback(warm.join)
        tell("starting the embedded broker")
        broker = stack.enter_context(EmbeddedBroker("noida", root / "broker"))
        for item in choose_slices(settings):
            if stop.is_set():
                return
            mine = _settings_for(settings, item, root, broker.address)
            yield _run_slice(
                mine, item, adviser=adviser, stop=stop, tell=tell, on_status=on_status, began_s=began_s
            )


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Hold the home folder's demo while the block runs: a second one would delete the first one's stores."""
    home.mkdir(parents=True, exist_ok=True)
    path = home / f"{_FOLDER}.lock"
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            message = (
                f"a demo runs in {home} already (it holds {path}); one at a time is allowed; "
                "wait until it has ended, or set TELCOLLM_HOME to another folder"
            )
            raise TelcollmError(message) from error
        yield


def fetch_model(settings: Settings, tell: Callable[[str], None]) -> None:
    """Make sure that the configured base is in the cache: fetched, checked and converted once.

    Raises:
        TelcollmError: it cannot be had; names the ways to get it.
    """
    if settings.model.engine != "torch":
        return
    from telcollm.model import weights

    try:
        weights.locate(settings.model.name)
    except TelcollmError:
        tell(f"fetching the base model {settings.model.name}: once, about a minute")
        weights.pull(settings.model.name, progress=tell)


def _settings_for(settings: Settings, item: Slice, root: Path, address: str) -> Settings:
    kafka = settings.kafka.model_copy(
        update={"bootstrap_servers": (address,), "topic_prefix": f"{item.record}."}
    )
    home = root / item.record
    home.mkdir(parents=True, exist_ok=True)
    return settings.model_copy(
        update={
            "home": home,
            "kafka": kafka,
            "graph_path": home / "graph.json",
            "sources": (SourceSettings(topic=f"{item.record}.alarms", mode="replay"),),
            "streams": settings.streams.model_copy(update={"idle_s": 5.0}),
            "tracking": settings.tracking.model_copy(update={"uri": settings.tracking_uri}),
        }
    )


def _run_slice(
    settings: Settings,
    item: Slice,
    *,
    adviser: LateAdviser,
    stop: threading.Event,
    tell: Callable[[str], None],
    on_status: Callable[[str, Status], None],
    began_s: float,
) -> Outcome:
    from streams.replay.dataset import dataset_topology, load_dataset
    from streams.replay.schedule import ReplayPlan, schedule
    from telcollm import graph as graphs
    from telcollm.app.advisers import open_windows
    from telcollm.app.runtime import make_topics, run_worker
    from telcollm.app.session import open_session_tracker
    from telcollm.store.opening import open_stores

    tell(f"{item.record}: reading the record")
    table = load_dataset(item.record, settings.data_dir)
    topology = dataset_topology(item.record, settings.data_dir)
    links = [(element.element_id, link.target) for element in topology for link in element.links]
    cached = settings.home.parents[1] / "graphs" / f"{item.record}-{LEARNED_SHARE:g}.json"
    if cached.exists():
        tell(f"{item.record}: cause graph from {cached}")
        graph = graphs.load(cached)
    else:
        tell(f"{item.record}: learning the cause graph on the first {LEARNED_SHARE:.0%}, once")
        graph = learn_graph(table, links)
        cached.parent.mkdir(parents=True, exist_ok=True)
        graphs.save(graph, cached)
    shutil.copyfile(cached, settings.graph_path or settings.home / "graph.json")
    tell(f"{item.record}: {len(graph.edges)} cause edges between {len(graph.alarm_types)} problems")
    planned = schedule(
        table, ReplayPlan(minutes=item.minutes, from_fraction=LEARNED_SHARE, limit=item.alarms)
    )
    with ExitStack() as stack:
        stores = open_stores(settings.store_location)
        stack.callback(stores.close)
        store = stores.store
        store.put_topology(topology)
        adviser.over(open_windows(settings, stores))
        make_topics(settings)
        tracker = open_session_tracker(settings, f"demo {item.record}")
        done = stack.enter_context(_replaying(settings, planned, stop))
        ready_s = time.monotonic() - began_s
        counts = planned.counts
        tell(
            f"{item.record}: replaying {counts.alarms} alarms of {planned.span_s / 3600:.1f} h in "
            f"{planned.duration_s or 0:.0f} s"
        )
        status = run_worker(
            settings,
            store,
            stop=stop,
            draining=done.is_set,
            adviser=adviser if settings.model.engine != "none" else None,
            tracker=tracker,
            on_status=lambda now: on_status(item.record, now),
        )
        return _outcome(item.record, status, store, settings, ready_s)


@contextmanager
def _replaying(settings: Settings, planned: Schedule, stop: threading.Event) -> Iterator[threading.Event]:
    """Write the slice to Kafka beside the block; the event says that it is through."""
    from streams.kafka.sink import RecordSink
    from streams.replay.schedule import deliveries
    from streams.replay.writer import write
    from telcollm.app.alarm_source import alarm_source

    done = threading.Event()
    failures: list[TelcollmError] = []

    def work() -> None:
        try:
            with RecordSink(settings.kafka) as sink:
                write(
                    deliveries(planned),
                    sink,
                    alarm_source(settings).topic,
                    monotonic_s=time.monotonic,
                    wait=stop.wait,
                )
        except TelcollmError as error:
            failures.append(error)
            stop.set()
        finally:
            done.set()

    thread = threading.Thread(target=work, name="telcollm-replay", daemon=True)
    thread.start()
    try:
        yield done
    finally:
        thread.join(30)
    if failures:
        raise failures[0]


def learn_graph(table: AlarmTable, links: list[tuple[str, str]]) -> CauseGraph:
    """Return the cause graph learned on the first 70 % of a record's alarms."""
    from streams.causes.history import alarm_history
    from streams.causes.learning import learn

    history = alarm_history(
        table.name,
        [row.specific_problem or row.probable_cause for row in table.rows],
        [row.managed_object for row in table.rows],
        [row.raised_ms / 1000 for row in table.rows],
        [row.raised_ms / 1000 if row.cleared_ms is None else row.cleared_ms / 1000 for row in table.rows],
        links=links or None,
    )
    return learn(history.split(LEARNED_SHARE)[0], fraction=LEARNED_SHARE)


def make_account(settings: Settings) -> str:
    """Return the new password of the account `demo`, with every role, in the store of an outcome.

    It is kept nowhere but as a hash: whoever loses it runs the demo again.

    Raises:
        MissingExtraError: argon2-cffi is not installed.
        TelcollmError: the store cannot be used.
    """
    from telcollm.access import Role
    from telcollm.app.workplace import open_workplace

    password = secrets.token_urlsafe(12)
    desk = open_workplace(settings)
    try:
        if desk.accounts.account(ACCOUNT) is None:
            desk.accounts.add(ACCOUNT, password, roles=tuple(Role), scope=EVERYTHING, at=desk.now())
        else:
            # A store outside the demo's own folder is not made anew.
            desk.accounts.set_password(ACCOUNT, password)
    finally:
        desk.close()
    return password


def _outcome(record: str, status: Status, store: Store, settings: Settings, ready_s: float) -> Outcome:
    incidents = store.incidents(EVERYTHING, IncidentQuery(limit=_SHOWN))
    largest = sorted(incidents, key=lambda item: (-len(item.problems), -item.alarm_count))[:12]
    diagnoses = store.latest_diagnoses(EVERYTHING, [item.incident_id for item in largest])
    total = store.count_incidents(EVERYTHING, IncidentQuery())
    return Outcome(record, status, total, largest, diagnoses, settings, ready_s)


def _warm(adviser: LateAdviser) -> None:
    """Load the model while the graph is learned; what fails here fails again, and is told, when asked."""
    try:
        adviser.opened()
    except TelcollmError:
        return
