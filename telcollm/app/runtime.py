"""Composition: settings made into a running worker, with its store, model, tracking and topics.

Does not know terminals: the command line shows what `Status` says.
"""

from __future__ import annotations

import importlib
import threading
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

from telcollm.app.clock import SystemClock
from telcollm.app.findings import Findings
from telcollm.app.planned import PlannedCalendar
from telcollm.app.session import Session
from telcollm.errors import SettingsError, TelcollmError
from telcollm.kafka_settings import KafkaSettings, OutputTopic, topic_options
from telcollm.ports import EVERYTHING, Adviser, ReplySuggester, Store, TicketRouter, Tracker
from telcollm.settings import Settings
from telcollm.topology import Topology

if TYPE_CHECKING:
    from streams.outbox import Reached
    from streams.worker import Stages, Status, Worker
    from telcollm.graph import CauseGraph
    from telcollm.store.switch import StopSwitch

GRAPH_FILE = "graph.json"
_TOPICS_WITHIN_S = 10.0


def find_broker(settings: Settings) -> Settings:
    """Return the settings with the address of the broker that `telcollm broker start` runs, if one is needed.

    Only where no address was configured: a configured one is never overruled.
    """
    if settings.kafka.bootstrap_servers != KafkaSettings().bootstrap_servers:
        return settings
    from streams.broker.detached import running_broker

    state = running_broker(settings.home)
    if state is None:
        return settings
    kafka = settings.kafka.model_copy(update={"bootstrap_servers": (state.address,)})
    return settings.model_copy(update={"kafka": kafka})


def load_graph(settings: Settings) -> CauseGraph | None:
    """Return the cause graph the settings name, else the one in the home folder, else None."""
    from telcollm import graph

    path = settings.graph_path or settings.home / GRAPH_FILE
    if settings.graph_path is None and not path.exists():
        return None
    return graph.load(path)


def make_topics(settings: Settings) -> list[str]:
    """Make the topics that are missing and return the lanes of the alarms' source partitions."""
    from streams.kafka.topics import PartitionCountWarning, TopicSpec, ensure_topics
    from streams.topics import (
        DEAD_LETTERS,
        DIAGNOSES,
        EVENTS,
        INCIDENTS,
        REPLIES,
        ROUTES,
        lane_of,
        on_wire,
    )

    partitions = settings.streams.partitions
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PartitionCountWarning)
        sources = ensure_topics(
            settings.kafka,
            {item.topic: TopicSpec(partitions) for item in settings.sources},
            on_mismatch="warn",
            timeout_s=_TOPICS_WITHIN_S,
        )
    own = settings.kafka.topics
    events = TopicSpec(partitions, topic_options(own.events))
    ensure_topics(settings.kafka, {on_wire(settings.kafka, EVENTS): events})
    results = {INCIDENTS: own.incidents, DIAGNOSES: own.diagnoses, DEAD_LETTERS: own.dead_letters}
    kinds = {item.kind for item in settings.sources}
    if "tickets" in kinds:
        results[ROUTES] = OutputTopic()
    if "care" in kinds:
        results[REPLIES] = OutputTopic()
    outputs = {
        on_wire(settings.kafka, name): TopicSpec(made.partitions, topic_options(made))
        for name, made in results.items()
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PartitionCountWarning)
        ensure_topics(settings.kafka, outputs, on_mismatch="warn")
    alarms = [item.topic for item in settings.sources if item.kind == "alarms"]
    return [lane_of(topic, number) for topic in alarms for number in range(sources[topic])]


def stage_builder(
    settings: Settings,
    store: Store,
    graph: CauseGraph | None,
    topology: Topology,
    *,
    reached: Reached,
    desks: frozenset[str] = frozenset(),
) -> Callable[[], Stages]:
    """Return what builds the stages anew, at the start and after each failure.

    `desks` names the kinds, tickets and care, of which what comes in waits for a desk.
    """
    from streams.correlate import CorrelateStage
    from streams.cut import Cut
    from streams.edge import EdgeStage
    from streams.incident import IncidentWriter
    from streams.intake import IntakeStage
    from streams.kafka.sink import RecordSink
    from streams.outbox import OutboxRelay
    from streams.partition import Partition, PartitionSettings
    from streams.topics import EVENTS, on_wire
    from streams.worker import Stages

    cut = Cut(topology, settings.streams.partitions, settings.streams.neighbourhood_size)
    window = PartitionSettings(
        gap_ms=int(settings.streams.gap_s * 1000), lateness_ms=int(settings.streams.lateness_s * 1000)
    )
    planned = PlannedCalendar(store.planned_work(EVERYTHING))
    writer = IncidentWriter(
        topic=on_wire(settings.kafka, EVENTS),
        graph=graph,
        topology=topology,
        neighbourhood_of=cut.neighbourhood,
        services_of=topology.services,
    )

    def make_partition(number: int) -> Partition:
        return Partition(number, window, graph=graph, topology=topology, planned=planned)

    kinds = sorted({item.kind for item in settings.sources} - {"alarms"})

    def make_intake(kind: str, relay: OutboxRelay) -> IntakeStage:
        return IntakeStage(
            settings, store, kind, queue=kind in desks, reached=reached, on_owned=relay.take_over
        )

    def build() -> Stages:
        source_lanes = make_topics(settings)
        relay = OutboxRelay(store, lambda: RecordSink(settings.kafka), settings.kafka, reached=reached)
        edge = None
        if source_lanes:
            edge = EdgeStage(
                settings,
                store,
                cut,
                SystemClock(),
                source_lanes=source_lanes,
                reached=reached,
                on_owned=relay.take_over,
            )
        intake = tuple(make_intake(kind, relay) for kind in kinds)
        correlate = CorrelateStage(
            settings,
            store,
            writer,
            make_partition,
            reached=reached,
            on_owned=relay.take_over,
            looks_at_replies="care" in desks,
        )
        return Stages(edge, correlate, relay, intake)

    return build


def run_worker(
    settings: Settings,
    store: Store,
    *,
    stop: threading.Event,
    draining: Callable[[], bool] = lambda: False,
    adviser: Adviser | None = None,
    switch: StopSwitch | None = None,
    router: TicketRouter | None = None,
    suggester: ReplySuggester | None = None,
    findings: Findings | None = None,
    tracker: Tracker | None = None,
    on_status: Callable[[Status], None] = lambda status: None,
    reached: Reached | None = None,
) -> Status:
    """Run a worker until `stop` is set, or once `draining()`, until all that is on the brokers is through.

    Tickets wait for a route only where there is a `router`, messages for a reply only where there is a
    `suggester`. Without `findings` diagnoses rest on alarms, graph and topology alone.

    Raises:
        TelcollmError: something that trying again cannot mend.
    """
    from agents.diagnosis import GraphDiagnoser
    from agents.diagnosis.leading import Leading
    from streams.advice import AdviceDesk, Conclude, kept_beside
    from streams.degradation import Level
    from streams.outbox import nothing
    from streams.reply_desk import ReplyDesk
    from streams.routing_desk import RoutingDesk
    from streams.topics import DIAGNOSES, REPLIES, ROUTES, on_wire
    from streams.worker import Worker
    from telcollm.app.stopping import switched

    graph = load_graph(settings)
    topology = Topology(store.topology(EVERYTHING))
    beside = findings or Findings()
    diagnoser = GraphDiagnoser(
        store, topology, settings.diagnosis, has_graph=graph is not None, **beside._asdict()
    )
    conclude: Conclude = kept_beside
    if settings.diagnosis.led_by == "champion":
        # A calibration was learned of the graph's shares; a decider that leads is taken at its own word.
        own = beside._replace(calibration=None)._asdict()
        conclude = Leading(
            GraphDiagnoser(store, topology, settings.diagnosis, has_graph=graph is not None, **own)
        )
    reached = reached or nothing
    if switch is not None:
        adviser = switched(adviser, switch)
    check: Callable[[], None] = switch.check_now if switch is not None else lambda: None
    session = Session(settings, tracker, adviser)

    def make_desk(worker: Worker) -> AdviceDesk:
        if adviser is None:
            message = "an advice desk needs an adviser; set model.engine to torch, openai or none"
            raise SettingsError(message)

        def shrink() -> int:
            return 2 if worker.level >= Level.SHORT_PROMPTS else 1

        desk = AdviceDesk(
            store,
            SystemClock(),
            adviser,
            lanes=lambda: worker.lanes,
            topic=on_wire(settings.kafka, DIAGNOSES),
            batch_size=lambda: settings.model.batch_size * shrink(),
            prompt_tokens=lambda: settings.model.prompt_tokens // shrink(),
            allowed=lambda: worker.level < Level.RULES_ONLY,
            conclude=conclude,
            check=check,
            on_batch=lambda asked, told: session.advised(worker, desk, asked, told),
            reached=reached,
        )
        return desk

    def make_desks(worker: Worker) -> list[RoutingDesk | ReplyDesk]:
        made: list[RoutingDesk | ReplyDesk] = []
        if router is not None:
            made.append(
                RoutingDesk(
                    store,
                    SystemClock(),
                    router,
                    lanes=lambda: worker.lanes_of("tickets"),
                    topic=on_wire(settings.kafka, ROUTES),
                    check=check,
                    reached=reached,
                )
            )
        if suggester is not None:
            made.append(
                ReplyDesk(
                    store,
                    SystemClock(),
                    suggester,
                    lanes=lambda: [*worker.lanes_of("care"), *worker.lanes],
                    topic=on_wire(settings.kafka, REPLIES),
                    check=check,
                    reached=reached,
                )
            )
        return made

    def wait(seconds: float) -> None:
        stop.wait(seconds)

    def report(status: Status) -> None:
        session.track(status)
        on_status(status)

    worker = Worker(
        settings,
        store,
        SystemClock(),
        diagnoser,
        stage_builder(
            settings,
            store,
            graph,
            topology,
            reached=reached,
            desks=frozenset(
                kind for kind, desk in (("tickets", router), ("care", suggester)) if desk is not None
            ),
        ),
        desk=make_desk if adviser is not None else None,
        desks=make_desks,
        sleep=wait,
        stopping=stop.is_set,
        draining=draining,
        on_status=report,
        reached=reached,
    )
    outcome = "FAILED"
    try:
        status = worker.run()
        outcome = "FINISHED"
        return status
    except KeyboardInterrupt:
        outcome = "KILLED"
        raise
    finally:
        session.close(worker.status, outcome)


OWN_PACKAGES = ("streams", "agents", "finetune", "dashboards")


def check_names() -> None:
    """Make sure that streams, agents, finetune and dashboards are telcollm's own.

    Raises:
        TelcollmError: another distribution has taken one of the names.
    """
    for name in OWN_PACKAGES:
        try:
            found = importlib.import_module(name)
        except ImportError as error:
            found, place = None, f"nothing that can be imported ({error})"
        else:
            place = getattr(found, "__file__", None) or "a folder that is no package"
        if getattr(found, "OWNER", "") != "telcollm":
            message = (
                f"the package name {name} is taken by {place}; it must be telcollm's own; "
                "install telcollm into an environment of its own"
            )
            raise TelcollmError(message)
