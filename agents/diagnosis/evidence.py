"""Evidence beside alarms: what KPIs, logs and changes of the suspected objects say, read for a whole batch.

Bounded: a batch is cut into at most three stretches of time, and each is a handful of queries however many
incidents it holds. While no telemetry was ever found, it is looked for again every half minute only, so that
a stream of alarms alone is as fast as before. Does not know what is concluded from a sign.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from agents.tools.found import KpiSummary
from agents.tools.masking import mask
from agents.tools.normal import judge, windows
from telcollm.guard import Guard
from telcollm.identity import log_id
from telcollm.ports import Scope
from telcollm.records import KpiSample, LogLine, PlannedWork
from telcollm.state import DiagnosisRequest

if TYPE_CHECKING:
    from telcollm.ports import Store
    from telcollm.store.telemetry import TelemetryStore

_STRETCHES: Final = 3
_STRETCH_MS: Final = 3 * 3_600_000
_BEFORE_MS: Final = 30 * 60_000
_AFTER_MS: Final = 15 * 60_000
_LOGS_BEFORE_MS: Final = 60 * 60_000
_WORK_BEFORE_MS: Final = 2 * 3_600_000
_QUIET: Final = timedelta(seconds=30)
_WORKS_FRESH: Final = timedelta(seconds=60)
_OBJECTS: Final = 400
_ROWS: Final = 20_000
_WEEKS: Final = 4
_DAYS: Final = 7
_CITED: Final = 3
_KPIS_TOLD: Final = 2
_LOG_CHARACTERS: Final = 160
_LINES: Final = 300
_LOUD: Final = ("e", "w", "a", "c", "f")
"""First letters of syslog's severities from warning up, and of "fatal"; a line without one counts as well."""


class Sign(NamedTuple):
    """What one kind of record says of an object, and the records' ids; `against`: that all was normal."""

    managed_object: str
    text: str
    ids: tuple[str, ...]
    against: bool = False


class EvidenceSource(Protocol):
    """Where a diagnosis looks beside alarms."""

    def signs(
        self, requests: Sequence[DiagnosisRequest], most: int, at: datetime
    ) -> list[Mapping[str, Sequence[Sign]]]:
        """Return, for each request in order, the signs by object of its first candidates, as of `at`.

        Raises:
            TransientError: the database did not answer.
        """
        ...


class _Stretch(NamedTuple):
    """Requests that are near each other in time, and the objects they suspect."""

    tenant: str
    places: list[int]
    objects: list[str]
    since_ms: int
    until_ms: int


class StoreEvidence:
    """Signs from the store: `EvidenceSource`. Log lines go through `guard`, and what varies is left out."""

    def __init__(self, store: Store, telemetry: TelemetryStore, guard: Guard) -> None:
        self._store = store
        self._telemetry = telemetry
        self._guard = guard
        self._shapes: dict[str, str] = {}
        self._works: tuple[datetime, dict[str, list[PlannedWork]]] | None = None
        self._asked: datetime | None = None
        self._heard = False

    def signs(
        self, requests: Sequence[DiagnosisRequest], most: int, at: datetime
    ) -> list[Mapping[str, Sequence[Sign]]]:
        """Return the signs by object, in order; requests beyond three stretches of time get none."""
        found: list[Mapping[str, Sequence[Sign]]] = [{} for _ in requests]
        works = self._planned(at)
        listening = self._heard or self._asked is None or abs(at - self._asked) >= _QUIET
        if not listening and not works:
            return found
        self._shapes.clear()
        for stretch in _stretches(requests, most):
            scope = Scope(tenants=(stretch.tenant,))
            kpis = self._kpis(scope, stretch) if listening else {}
            logs = self._logs(scope, stretch) if listening else {}
            self._heard = self._heard or bool(kpis or logs)
            for place in stretch.places:
                request = requests[place]
                first_ms = request.groups[0].raised_ms
                last_ms = max(group.raised_ms for group in request.groups)
                signs: dict[str, list[Sign]] = defaultdict(list)
                for name in _suspects(request, most):
                    signs[name] += _kpi_signs(name, kpis.get(name, {}), first_ms, last_ms)
                    signs[name] += self._log_signs(name, logs.get(name, ()), first_ms, last_ms)
                    signs[name] += _work_signs(
                        name, [one for one in works.get(name, ()) if one.tenant == stretch.tenant], first_ms
                    )
                found[place] = {name: told for name, told in signs.items() if told}
        if listening:
            self._asked = at
        return found

    def _kpis(self, scope: Scope, stretch: _Stretch) -> dict[str, dict[str, list[KpiSample]]]:
        """Return the samples of the stretch and of the same hours before, by object and KPI."""
        now = self._telemetry.kpis(
            scope,
            stretch.objects,
            since_ms=stretch.since_ms - _BEFORE_MS,
            until_ms=stretch.until_ms + _AFTER_MS,
            limit=_ROWS,
        )
        if not now:
            return {}
        objects = list(dict.fromkeys(sample.managed_object for sample in now))
        since, until = _time(stretch.since_ms - _BEFORE_MS), _time(stretch.until_ms + _AFTER_MS)
        past: list[KpiSample] = []
        for step, times in ((timedelta(weeks=1), _WEEKS), (timedelta(days=1), _DAYS)):
            for begin, end in windows(since, until, step, times):
                past += self._telemetry.kpis(
                    scope, objects, since_ms=_ms(begin), until_ms=_ms(end), limit=_ROWS
                )
            if past:
                break
        by_object: dict[str, dict[str, list[KpiSample]]] = defaultdict(lambda: defaultdict(list))
        for sample in {id(one): one for one in (*past, *now)}.values():
            by_object[sample.managed_object][sample.kpi].append(sample)
        return by_object

    def _logs(self, scope: Scope, stretch: _Stretch) -> dict[str, list[LogLine]]:
        lines = self._telemetry.logs(
            scope,
            stretch.objects,
            since_ms=stretch.since_ms - _LOGS_BEFORE_MS,
            until_ms=stretch.until_ms + _AFTER_MS,
            limit=_ROWS,
        )
        by_object: dict[str, list[LogLine]] = defaultdict(list)
        for line in lines:
            by_object[line.managed_object].append(line)
        return by_object

    def _planned(self, at: datetime) -> dict[str, list[PlannedWork]]:
        """Return planned work by object, read again when it is a minute old."""
        if self._works is None or abs(at - self._works[0]) >= _WORKS_FRESH:
            by_object: dict[str, list[PlannedWork]] = defaultdict(list)
            for work in self._store.planned_work(Scope()):
                for name in work.managed_objects:
                    by_object[name].append(work)
            self._works = (at, by_object)
        return self._works[1]

    def _shape(self, line: LogLine) -> str:
        """Return a line without what varies; the same line of several incidents is worked on once."""
        key = log_id(line)
        shape = self._shapes.get(key)
        if shape is None:
            # Diagnoses that a decider leads are made on another thread, which may clear what was kept.
            shape = mask(line.text, line.managed_object, self._guard.hide)[:_LOG_CHARACTERS]
            self._shapes[key] = shape
        return shape

    def _log_signs(self, name: str, lines: Sequence[LogLine], first_ms: int, last_ms: int) -> list[Sign]:
        """Return the most frequent shape of loud lines that came with the alarms, not in the hour before."""
        before: set[str] = set()
        during: dict[str, list[LogLine]] = defaultdict(list)
        for line in lines[-_LINES:]:
            at_ms = _ms(line.logged_time)
            shape = self._shape(line)
            if at_ms < first_ms - _AFTER_MS:
                if at_ms >= first_ms - _LOGS_BEFORE_MS:
                    before.add(shape)
            elif at_ms <= last_ms + _AFTER_MS and line.severity[:1].casefold() in ("", *_LOUD):
                during[shape].append(line)
        new = {shape: told for shape, told in during.items() if shape not in before}
        if not new:
            return []
        shape = min(new, key=lambda one: (-len(new[one]), one))
        ids = tuple(log_id(line) for line in new[shape][:_CITED])
        lines_text = "1 line" if len(new[shape]) == 1 else f"{len(new[shape])} lines"
        return [Sign(name, f"New in the log of {name}: {shape} ({lines_text}).", ids)]


def _stretches(requests: Sequence[DiagnosisRequest], most: int) -> list[_Stretch]:
    """Return the requests cut by tenant and time: at most three stretches, those with the most requests."""
    by_tenant: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for place, request in enumerate(requests):
        if request.groups:
            by_tenant[request.incident.tenant].append((request.groups[0].raised_ms, place))
    cut: list[_Stretch] = []
    for tenant, timed in by_tenant.items():
        timed.sort()
        run: list[tuple[int, int]] = []
        for entry in [*timed, (timed[-1][0] + 2 * _STRETCH_MS, -1)]:
            if run and entry[0] - run[0][0] > _STRETCH_MS:
                places = [place for _, place in run]
                objects = dict.fromkeys(name for place in places for name in _suspects(requests[place], most))
                last_ms = max(group.raised_ms for place in places for group in requests[place].groups)
                until_ms = min(last_ms, run[0][0] + 2 * _STRETCH_MS)
                cut.append(_Stretch(tenant, places, list(objects)[:_OBJECTS], run[0][0], until_ms))
                run = []
            run.append(entry)
    return sorted(cut, key=lambda one: -len(one.places))[:_STRETCHES]


def _suspects(request: DiagnosisRequest, most: int) -> list[str]:
    return list(dict.fromkeys(item.managed_object for item in request.candidates[:most]))


def _kpi_signs(
    name: str, by_kpi: Mapping[str, Sequence[KpiSample]], first_ms: int, last_ms: int
) -> list[Sign]:
    """Return what KPIs that left their normal say; where all stayed within it, that, as a sign against."""
    since, until = _time(first_ms - _BEFORE_MS), _time(last_ms + _AFTER_MS)
    judged: list[KpiSummary] = []
    for samples in by_kpi.values():
        now = [sample for sample in samples if since <= sample.sampled_time < until]
        if any(sample.value == sample.value for sample in now):
            judged.append(judge(now, samples, since, until).summary)
    known = [one for one in judged if one.normal is not None]
    away = sorted(
        (one for one in known if one.departs),
        key=lambda one: (-abs(one.deviation) if one.deviation is not None else float("-inf"), one.kpi),
    )
    if away:
        return [Sign(name, f"{one.said}.", one.evidence[:_CITED]) for one in away[:_KPIS_TOLD]]
    if not known:
        return []
    names = ", ".join(sorted(one.kpi for one in known)[:5])
    count = "1 KPI" if len(known) == 1 else f"{len(known)} KPIs"
    ids = tuple(one.evidence[0] for one in known[:_CITED])
    return [Sign(name, f"{count} of {name} stayed within what is normal: {names}.", ids, against=True)]


def _work_signs(name: str, works: Sequence[PlannedWork], first_ms: int) -> list[Sign]:
    """Return the planned work that was on, or had ended less than two hours before."""
    signs = []
    for work in works:
        start_ms, end_ms = _ms(work.start_time), _ms(work.end_time)
        if start_ms <= first_ms <= end_ms + _WORK_BEFORE_MS:
            when = "was on" if first_ms < end_ms else f"had ended {(first_ms - end_ms) // 60_000} min before"
            signs.append(
                Sign(name, f"Planned work {work.planned_work_id} on {name} {when}.", (work.planned_work_id,))
            )
    return signs[:1]


def _ms(time: datetime) -> int:
    return int(time.timestamp() * 1000)


def _time(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)
