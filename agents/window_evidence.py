"""What bears on a window beside its groups, from the store: X.733 causes, KPIs, new log lines, planned work.

Read for one incident at a time, bounded in objects and rows, and never from after its window. Worded as in
training by `telcollm.prompts`. Does not know how a window is written, nor who is asked.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from agents.tools.normal import normal_of, windows
from telcollm import codec
from telcollm.errors import DecodeError
from telcollm.ports import Scope
from telcollm.prompts import Hint, kpi_hint, line_shape, log_hint, work_hint
from telcollm.records import Alarm, KpiSample, LogLine, PlannedWork
from telcollm.state import DiagnosisRequest

if TYPE_CHECKING:
    from telcollm.ports import Store
    from telcollm.store.telemetry import TelemetryStore

_TOLD_AFTER_MS: Final = 10 * 60_000
_LOGS_BEFORE_MS: Final = 180_000
_HABIT_BEFORE_MS: Final = 6 * 3_600_000
_WORK_AFTER_MS: Final = 6 * 3_600_000
_DEVIATION: Final = 6.0
_NOISE_FLOOR: Final = 0.02
_LEAST_PERIODS: Final = 3
_LEAST_SAMPLES: Final = 6
_LEAST_SPREAD: Final = 1e-6
_WEEKS: Final = 4
_DAYS: Final = 7
_KPIS: Final = 5
_LOGS: Final = 2
_WORKS: Final = 2
_ROWS: Final = 20_000
_PROBLEMS: Final = 10_000


class WindowEvidence(Protocol):
    """Where a window's hints and causes come from."""

    def causes(self, request: DiagnosisRequest) -> Mapping[str, str]:
        """Return the X.733 probable cause of each problem of the request, where its alarm names one."""
        ...

    def hints(
        self, requests: Sequence[DiagnosisRequest], near: Sequence[Sequence[str]], kinds: Mapping[str, str]
    ) -> list[list[Hint]]:
        """Return what bears on each request's window, most telling first.

        `near` holds, for each request, its members and what is next to them; `kinds` the type of each.

        Raises:
            TransientError: the database did not answer.
        """
        ...


class _Away(NamedTuple):
    """A KPI's sample that was furthest off its usual."""

    value: float
    usual: float
    deviation: float


class StoreWindowEvidence:
    """Causes and hints from the store: `WindowEvidence`."""

    def __init__(self, store: Store, telemetry: TelemetryStore) -> None:
        self._store = store
        self._telemetry = telemetry
        self._causes: dict[str, str] = {}

    def causes(self, request: DiagnosisRequest) -> Mapping[str, str]:
        """Return the causes; a problem's cause is looked up once, from the first alarm that tells of it."""
        unknown = {
            group.problem: group.alarm_id for group in request.groups if group.problem not in self._causes
        }
        if unknown:
            if len(self._causes) > _PROBLEMS:
                self._causes.clear()
            scope = Scope(tenants=(request.incident.tenant,))
            for state in self._store.alarm_states(scope, list(unknown.values())):
                self._causes[state.problem] = _cause(state.body)
        return {group.problem: self._causes.get(group.problem, "") for group in request.groups}

    def hints(
        self, requests: Sequence[DiagnosisRequest], near: Sequence[Sequence[str]], kinds: Mapping[str, str]
    ) -> list[list[Hint]]:
        """Return for each request KPIs off their usual, then log lines, then work, each a few."""
        works: dict[str, list[PlannedWork]] = {}
        found: list[list[Hint]] = []
        for request, names in zip(requests, near, strict=True):
            tenant = request.incident.tenant
            scope = Scope(tenants=(tenant,))
            if tenant not in works:
                works[tenant] = self._store.planned_work(scope)
            first_ms = min((group.raised_ms for group in request.groups), default=0)
            until_ms = max((group.last_ms for group in request.groups), default=0) + _TOLD_AFTER_MS
            found.append(
                [
                    *self._kpi_hints(scope, names, kinds, first_ms, until_ms),
                    *self._log_hints(scope, names, first_ms, until_ms),
                    *_work_hints(request, works[tenant], first_ms),
                ]
            )
        return found

    def _kpi_hints(
        self, scope: Scope, near: Sequence[str], kinds: Mapping[str, str], first_ms: int, until_ms: int
    ) -> list[Hint]:
        """Return, for each KPI of each type of element, the object that was furthest off."""
        now = self._telemetry.kpis(scope, near, since_ms=first_ms, until_ms=until_ms, limit=_ROWS)
        if not now:
            return []
        past = self._past(scope, list(dict.fromkeys(one.managed_object for one in now)), first_ms, until_ms)
        strongest: dict[tuple[str, str], tuple[str, _Away]] = {}
        objects: Counter[tuple[str, str]] = Counter()
        for (name, kpi), samples in _by_series(now).items():
            away = _furthest(samples, past.get((name, kpi), ()))
            if away is None or abs(away.deviation) < _DEVIATION:
                continue
            place = (kinds.get(name, ""), kpi)
            objects[place] += 1
            known = strongest.get(place)
            if known is None or abs(away.deviation) > abs(known[1].deviation):
                strongest[place] = (name, away)
        ranked = sorted(strongest.items(), key=lambda item: (-abs(item[1][1].deviation), item[0]))
        return [
            kpi_hint(name, place[1], away.value, away.usual, away.deviation, objects[place])
            for place, (name, away) in ranked[:_KPIS]
        ]

    def _past(
        self, scope: Scope, objects: Sequence[str], first_ms: int, until_ms: int
    ) -> dict[tuple[str, str], list[KpiSample]]:
        """Return samples of the same hours of weeks before, of days before where there are none."""
        since, until = _time(first_ms), _time(until_ms)
        for step, times in ((timedelta(weeks=1), _WEEKS), (timedelta(days=1), _DAYS)):
            found: list[KpiSample] = []
            for begin, end in windows(since, until, step, times):
                found += self._telemetry.kpis(
                    scope, objects, since_ms=_ms(begin), until_ms=_ms(end), limit=_ROWS
                )
            if len({one.sampled_time.date() for one in found}) >= _LEAST_PERIODS:
                return _by_series(found)
        return {}

    def _log_hints(self, scope: Scope, near: Sequence[str], first_ms: int, until_ms: int) -> list[Hint]:
        """Return the rarest lines about the window that their element had not written in the hours before."""
        lines = self._telemetry.logs(
            scope, near, since_ms=first_ms - _HABIT_BEFORE_MS, until_ms=until_ms, limit=_ROWS
        )
        shapes = [line_shape(_bare(line)) for line in lines]
        since_ms = first_ms - _LOGS_BEFORE_MS
        habits = {
            (line.managed_object, shape)
            for line, shape in zip(lines, shapes, strict=True)
            if _ms(line.logged_time) < since_ms
        }
        often = Counter(shapes)
        new: dict[str, LogLine] = {}
        for line, shape in zip(lines, shapes, strict=True):
            if _ms(line.logged_time) >= since_ms and (line.managed_object, shape) not in habits:
                new.setdefault(shape, line)
        told = sorted(new, key=lambda shape: (often[shape], shape))[:_LOGS]
        return [log_hint(new[shape].managed_object, _bare(new[shape])) for shape in told]


def _cause(body: bytes) -> str:
    """Return the probable cause in a stored alarm; none where it cannot be read, as of another version."""
    try:
        return codec.decode(body, Alarm).probable_cause.label if body else ""
    except DecodeError:
        return ""


def _work_hints(request: DiagnosisRequest, works: Sequence[PlannedWork], first_ms: int) -> list[Hint]:
    """Return work on members and candidates that goes on, or ended in the hours before."""
    names = {group.managed_object for group in request.groups}
    names |= {item.managed_object for item in request.candidates}
    found: dict[str, tuple[float, str]] = {}
    for work in works:
        on = [name for name in work.managed_objects if name in names]
        start_ms, end_ms = _ms(work.start_time), _ms(work.end_time)
        if on and start_ms <= first_ms <= end_ms + _WORK_AFTER_MS:
            found.setdefault(work.description, ((first_ms - end_ms) / 60_000, on[0]))
    told = sorted(found.items(), key=lambda item: (item[1][0], item[0]))[:_WORKS]
    return [work_hint(name, words, since_min) for words, (since_min, name) in told]


def _by_series(samples: Iterable[KpiSample]) -> dict[tuple[str, str], list[KpiSample]]:
    found: dict[tuple[str, str], list[KpiSample]] = defaultdict(list)
    for sample in samples:
        if math.isfinite(sample.value):
            found[sample.managed_object, sample.kpi].append(sample)
    return found


def _furthest(samples: Sequence[KpiSample], past: Sequence[KpiSample]) -> _Away | None:
    """Return the sample furthest off the median of `past`, None where too little is known of the past."""
    if len(past) < _LEAST_SAMPLES:
        return None
    usual, spread = normal_of([one.value for one in past])
    steady = max(spread, _NOISE_FLOOR * abs(usual), _LEAST_SPREAD)
    value = max((one.value for one in samples), key=lambda one: abs(one - usual))
    return _Away(value, usual, (value - usual) / steady)


def _bare(line: LogLine) -> str:
    return line.text.replace(line.managed_object, "").strip()


def _ms(time: datetime) -> int:
    return int(time.timestamp() * 1000)


def _time(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)
