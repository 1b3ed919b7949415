"""A pipeline that runs, with a site in trouble for each language, for tests that look at it in a browser."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from streams.broker.process import free_port
from streams.kafka.topics import TopicSpec, ensure_topics
from streams.testing import produce_all
from telcollm import graph as graphs
from telcollm.access import Role
from telcollm.app.desks import open_desks
from telcollm.app.findings import open_findings
from telcollm.app.health import Health, serve_health
from telcollm.app.runtime import GRAPH_FILE, run_worker
from telcollm.app.workplace import Workplace, open_workplace
from telcollm.errors import SettingsError
from telcollm.graph import CauseEdge, LearnedFrom, cause_graph
from telcollm.kafka_settings import KafkaSettings
from telcollm.ports import EVERYTHING, IncidentQuery
from telcollm.records import Incident, Link
from telcollm.settings import ModelSettings, Settings, SourceSettings, StreamSettings
from tests.dashboards.network import HOSTILE
from tests.finetune import test_promotion as promotions
from tests.telcollm.store import desk_examples, examples

LANGUAGES: Final = ("en", "zh")
PASSWORD: Final = "correct horse battery"
WITHIN_S: Final = 900.0
LOOK_S: Final = 0.5
ALARMS: Final = 4
"""How many a site raises: a power of two, so that the last of them is told at once."""
CHALLENGER: Final = "routes"

_SITES: Final = ("main", "other")
_PORTS_TRIED: Final = 20

COMPLAINTS: Final = {
    "en": "My internet does not work since this morning, is there an outage?",
    "zh": "您好，我家的宽带从今天早上开始一直上不了网，手机也没有信号，请问是不是附近有故障？",
}
INJECTED: Final = "<img src=x onerror=alert(1)>"
"""Short beside a complaint, so that the complaint's language stays the customer's."""
TICKETS: Final = {
    "en": ("No light on the fibre to the building", "The antenna has a high VSWR"),
    "zh": ("大楼的光纤没有光，光功率为零", "天线驻波比过高"),
}


def wire(time_: datetime) -> str:
    return time_.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Pipeline:
    """A worker on a real broker and a real store, and what a test writes to it."""

    def __init__(self, settings: Settings, desk: Workplace) -> None:
        self.settings, self.desk = settings, desk
        self.began = datetime.now(UTC) - timedelta(minutes=10)
        self.failures: list[BaseException] = []
        self._failed = threading.Event()

    def fail(self, error: BaseException) -> None:
        """Take what ended the worker, for whoever waits for it."""
        self.failures.append(error)
        self._failed.set()

    def until(self, so: Callable[[], bool], what: str) -> None:
        """Wait for the worker to bring something about: by looking now and then, to leave it the machine."""
        end_s = time.monotonic() + WITHIN_S
        while not so():
            assert not self._failed.wait(LOOK_S), self.failures
            assert time.monotonic() < end_s, f"the pipeline did not come to it in {WITHIN_S} s: {what}"

    def write(self, kind: str, values: Iterable[Any]) -> None:
        produce_all(
            self.settings.kafka,
            self.settings.kafka.topic(kind),
            [(b"key", json.dumps(value).encode()) for value in values],
        )

    def alarms(self, site: str, language: str, *, cleared: bool = False) -> None:
        """Raise or clear the alarms of a site: its router lost its link, and its cells went down."""
        router = f"router-{site}-{language}"
        hostile = [(router, HOSTILE, "minor", 1)] if site == "main" else []
        cells = [(f"cell-{site}-{language}-{order}", "CELL_DOWN", "major", order * 5) for order in (1, 2, 3)]
        raised = [(router, "LINK_LOSS", "critical", 0), *hostile, *cells][:ALARMS]
        change = {"state": "cleared", "alarmClearedTime": wire(datetime.now(UTC))} if cleared else {}
        self.write(
            "alarms",
            (
                {
                    "alarmType": "communicationsAlarm",
                    "perceivedSeverity": severity,
                    "probableCause": "lossOfSignal",
                    "specificProblem": problem,
                    "alarmedObject": {"id": name},
                    "sourceSystemId": "ems",
                    "state": "raised",
                    "alarmRaisedTime": wire(self.began + timedelta(seconds=second)),
                    **change,
                }
                for name, problem, severity, second in raised
            ),
        )

    def incident(self, site: str, language: str) -> Incident | None:
        """Return the incident at a site."""
        query = IncidentQuery(managed_object=f"router-{site}-{language}")
        found = self.desk.stores.store.incidents(EVERYTHING, query)
        return next((one for one in found if not one.superseded_by), None)

    def replies(self, site: str, language: str) -> list[Any]:
        """Return what was suggested to the customer at a site."""
        return self.desk.stores.care.replies(EVERYTHING, f"c-{site}-{language}")

    def trouble(self) -> None:
        """Bring all sites into trouble, let people write about it, and wait until it was seen to."""
        places = [(site, language) for site in _SITES for language in LANGUAGES]
        for site, language in places:
            self.alarms(site, language)
        store = self.desk.stores.store
        self.until(
            lambda: all(
                (found := self.incident(*place)) is not None
                and found.alarm_count == ALARMS
                and any(
                    one.incident_revision == found.revision
                    for one in store.diagnoses(EVERYTHING, found.incident_id)
                )
                for place in places
            ),
            "an incident and a diagnosis of every site",
        )
        now = wire(datetime.now(UTC))
        self.write(
            "tickets",
            (
                {
                    "ticketId": f"t-{language}-{order}",
                    "description": f"{text} {HOSTILE}",
                    "creationDate": now,
                }
                for language in LANGUAGES
                for order, text in enumerate(TICKETS[language], start=1)
            ),
        )
        self.write(
            "care",
            (
                {
                    "messageId": f"m-{site}-{language}",
                    "conversationId": f"c-{site}-{language}",
                    "customerId": f"k-{site}-{language}",
                    "sentTime": now,
                    "text": f"{COMPLAINTS[language]} {INJECTED}",
                }
                for site, language in places
            ),
        )
        tickets = [f"t-{language}-{order}" for language in LANGUAGES for order in (1, 2)]
        self.until(
            lambda: (
                len(self.desk.stores.tickets.routes(EVERYTHING, tickets)) == len(tickets)
                and all(self.replies(*place) for place in places)
            ),
            "a route of every ticket and a reply to every customer",
        )


def _settings(home: Path, kafka: KafkaSettings, health_port: int) -> Settings:
    kinds: tuple[Any, ...] = ("alarms", "tickets", "care")
    return Settings(
        home=home,
        kafka=kafka,
        sources=tuple(
            SourceSettings(topic=kafka.topic(kind), kind=kind, tenant="acme", region="north")
            for kind in kinds
        ),
        streams=StreamSettings(partitions=1),
        model=ModelSettings(engine="none"),
        health_port=health_port,
    )


def _network(desk: Workplace) -> None:
    for site in _SITES:
        for language in LANGUAGES:
            router = f"router-{site}-{language}"
            desk.stores.store.put_topology(
                [
                    examples.element(router, element_type="router", links=()),
                    *(
                        examples.element(
                            f"cell-{site}-{language}-{order}",
                            element_type="cell",
                            links=(Link(target=router),),
                            services=(f"svc-{site}-{language}-{order}",),
                        )
                        for order in (1, 2, 3)
                    ),
                ]
            )
            desk.stores.care.put_customers(
                [
                    desk_examples.customer(
                        f"k-{site}-{language}",
                        name=f"Ann {HOSTILE}",
                        language=language,
                        service_ids=(f"svc-{site}-{language}-1",),
                    )
                ]
            )
    graph = cause_graph(
        ["LINK_LOSS", "CELL_DOWN"],
        [CauseEdge("LINK_LOSS", "CELL_DOWN", 0.9)],
        method="by hand",
        learned_from=LearnedFrom("the tests"),
    )
    graphs.save(graph, desk.settings.home / GRAPH_FILE)


def _people(desk: Workplace) -> None:
    for role in Role:
        desk.accounts.add(role.value, PASSWORD, roles=(role,), scope=EVERYTHING, at=desk.now())


def _challenger(settings: Settings, folder: Path) -> None:
    """Register a decider that is worse than its baselines, so that the gate has something to refuse."""
    from telcollm.decider.spec import DeciderSpec, write_spec

    spec = DeciderSpec(
        name=CHALLENGER,
        text_columns=("description",),
        label_column="team",
        labels=promotions.LABELS,
        row_version="row-1",
        mix={"plain": 1.0},
        plain=True,
    )

    def write(into: Path) -> DeciderSpec:
        into.mkdir(parents=True, exist_ok=True)
        write_spec(spec, into)
        return spec

    promotions.add(settings, write, folder, CHALLENGER, accuracy=0.7)


@contextmanager
def _served() -> Iterator[tuple[Health, int]]:
    """Serve health at a port that was free, and another one where somebody took it meanwhile."""
    with ExitStack() as stack:
        for tried in range(_PORTS_TRIED):
            port = free_port()
            try:
                health = stack.enter_context(serve_health(port))
            except SettingsError:
                if tried == _PORTS_TRIED - 1:
                    raise
            else:
                yield health, port
                return


@contextmanager
def running_pipeline(kafka: KafkaSettings, home: Path) -> Iterator[Pipeline]:
    """A pipeline that has seen to its sites, from then to the end of the block."""
    stop = threading.Event()
    with _served() as (health, port):
        settings = _settings(home, kafka, port)
        ensure_topics(kafka, {source.topic: TopicSpec(1) for source in settings.sources})
        desk = open_workplace(settings)
        try:
            _network(desk)
            _people(desk)
            _challenger(settings, home / "challenger")
            pipeline = Pipeline(settings, desk)

            def work() -> None:
                try:
                    desks = open_desks(desk)
                    run_worker(
                        settings,
                        desk.stores.store,
                        stop=stop,
                        router=desks.router,
                        suggester=desks.suggester,
                        findings=open_findings(settings, desk.stores, desk.guard),
                        on_status=health.note,
                    )
                except BaseException as error:
                    pipeline.fail(error)

            worker = threading.Thread(target=work, name="worker")
            worker.start()
            try:
                pipeline.trouble()
                yield pipeline
            finally:
                stop.set()
                worker.join(WITHIN_S)
            assert not pipeline.failures, pipeline.failures
            assert not worker.is_alive(), "the worker did not end"
        finally:
            desk.close()
