"""Which message of a record is delivered when: slices, pace, and the faults of delivery that tests ask for.

Everything here is a pure function of (table, plan): same seed, same deliveries. It deliberately does not know
Kafka nor the time of day.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Literal, NamedTuple

from streams.formats import alarm_id_of, to_3gpp, to_tmf642
from streams.formats.terms import NO_SEVERITY, alarm_type_of, probable_cause_of, severity_of
from streams.replay.row import DEFAULT_START, AlarmRow, AlarmTable, time_at
from telcollm.errors import SettingsError
from telcollm.records import Alarm, AlarmType, Mode, NotificationType, ProbableCause


@dataclass(frozen=True)
class ReplayPlan:
    """How a record is replayed. Of `speed`, `minutes` and `flat_out` one is given; 3 minutes by default.

    Ratios are shares of the messages in 0-1; `late_s`, `shuffle_s` and `speed` are in event time. Without a
    `start` a record keeps its own times, or starts at DEFAULT_START where it only counts seconds. Records
    that name no source system are spread over `systems` of them by device, as element managers are.
    """

    form: Literal["tmf642", "3gpp"] = "tmf642"
    key: Literal["source", "device", "none"] = "source"
    speed: float | None = None
    minutes: float | None = None
    flat_out: bool = False
    start: datetime | None = None
    late_ratio: float = 0.0
    late_s: float = 0.0
    duplicate_ratio: float = 0.0
    shuffle_s: float = 0.0
    seed: int = 0
    from_fraction: float = 0.0
    to_fraction: float = 1.0
    limit: int | None = None
    systems: int = 4
    tenant: str = "default"
    mode: Mode = Mode.REPLAY

    def __post_init__(self) -> None:
        """Check what is asked for.

        Raises:
            SettingsError: a value is out of range, or two paces are asked for.
        """
        for name, least, most in (
            ("late_ratio", 0.0, 1.0),
            ("duplicate_ratio", 0.0, 1.0),
            ("late_s", 0.0, 1e9),
            ("shuffle_s", 0.0, 1e9),
            ("from_fraction", 0.0, 1.0),
            ("to_fraction", 0.0, 1.0),
            ("systems", 1, 10_000),
        ):
            value = getattr(self, name)
            if not least <= value <= most:
                _refuse(name, value, f"{least:g} to {most:g} is allowed")
        if self.from_fraction >= self.to_fraction:
            _refuse(
                "from_fraction", self.from_fraction, f"less than to_fraction={self.to_fraction} is allowed"
            )
        if self.limit is not None and self.limit < 1:
            _refuse("limit", self.limit, "at least 1 is allowed")
        for name in ("speed", "minutes"):
            value = getattr(self, name)
            if value is not None and not 0 < value < 1e12:
                _refuse(name, value, "a number above 0 is allowed")
        if sum((self.speed is not None, self.minutes is not None, self.flat_out)) > 1:
            _refuse("speed", self.speed, "only one of speed, minutes and flat_out is allowed")
        if self.late_ratio > 0 and self.late_s == 0:
            _refuse("late_s", self.late_s, "with a late_ratio more than 0 is allowed")
        if self.start is not None and self.start.tzinfo is None:
            _refuse("start", self.start, "a time with its zone is allowed")


def _refuse(name: str, value: object, allowed: str) -> None:
    option = f"--{name.replace('_', '-')}"
    message = f"{name}={value} is out of range; {allowed}; change {option}"
    raise SettingsError(message)


class Step(NamedTuple):
    """One message: at which ms of the record it is delivered, of which row, and whether it is its clear."""

    position_ms: int
    sequence: int
    row: AlarmRow
    clear: bool
    event_ms: int


class Delivery(NamedTuple):
    """One message as it goes out: seconds after the replay began, key, payload, its event time in ms.

    `event_ms` counts from the start of the record.
    """

    due_s: float
    key: bytes | None
    value: bytes
    event_ms: int


@dataclass(frozen=True)
class Counts:
    """What a schedule holds. `alarms` are rows; each is one message, and one more for its clear."""

    alarms: int
    momentary: int
    clears: int
    never_cleared: int
    late: int
    duplicates: int

    @property
    def messages(self) -> int:
        """The number of messages, duplicates included."""
        return self.alarms + self.clears + self.duplicates


@dataclass(frozen=True)
class Schedule:
    """The deliveries of one replay in order; `speed` is event seconds a second, None flat out."""

    table: AlarmTable
    plan: ReplayPlan
    steps: Sequence[Step]
    counts: Counts
    start: datetime
    speed: float | None

    @property
    def span_s(self) -> float:
        """Event-time seconds from the first delivery to the last."""
        return (self.steps[-1].position_ms - self.steps[0].position_ms) / 1000 if self.steps else 0.0

    @property
    def duration_s(self) -> float:
        """Seconds the replay takes; 0.0 flat out."""
        return self.span_s / self.speed if self.speed else 0.0

    @property
    def last_event_time(self) -> datetime:
        """The latest event time that is told."""
        return time_at(self.start, max((step.event_ms for step in self.steps), default=0))


def chosen(table: AlarmTable, plan: ReplayPlan) -> tuple[AlarmRow, ...]:
    """Return the rows of the plan's slice, in order of raise.

    A fraction is cut where that share of the rows has been raised; rows raised at the very time of a cut come
    after it, as `AlarmHistory.split` has it, so that what was learned from is never replayed.
    """
    rows = table.rows
    if not rows:
        return ()
    if plan.from_fraction > 0.0:
        first_ms = _cut_ms(rows, plan.from_fraction)
        rows = tuple(row for row in rows if row.raised_ms >= first_ms)
    if plan.to_fraction < 1.0:
        end_ms = _cut_ms(table.rows, plan.to_fraction)
        rows = tuple(row for row in rows if row.raised_ms < end_ms)
    return rows if plan.limit is None else rows[: plan.limit]


def _cut_ms(rows: Sequence[AlarmRow], fraction: float) -> int:
    return rows[min(int(len(rows) * fraction), len(rows) - 1)].raised_ms


def schedule(table: AlarmTable, plan: ReplayPlan) -> Schedule:
    """Return the deliveries of `table` under `plan`, in order.

    An alarm is told at its raise; where it clears later, once more then, in the slice or not; where raise and
    clear coincide, once with both times. A late message comes up to `late_s` after its time, any message up
    to `shuffle_s` after it, a duplicate up to `shuffle_s`, at least one second, after the first.

    Raises:
        SettingsError: the slice holds no alarm.
    """
    rows = chosen(table, plan)
    if not rows:
        message = (
            f"{table.name} holds no alarm from fraction {plan.from_fraction:g} to {plan.to_fraction:g}; "
            "a slice with alarms is allowed; change --from-fraction or --to-fraction"
        )
        raise SettingsError(message)
    random = Random(plan.seed)
    steps: list[Step] = []
    late = duplicates = clears = 0
    again_ms = max(plan.shuffle_s, 1.0) * 1000
    for row in rows:
        clears_later = row.cleared_ms is not None and row.cleared_ms > row.raised_ms
        clears += clears_later
        for clear in (False, True) if clears_later else (False,):
            event_ms = row.cleared_ms if clear and row.cleared_ms is not None else row.raised_ms
            delay_ms = random.random() * plan.shuffle_s * 1000
            if random.random() < plan.late_ratio:
                late += 1
                # 1 - random() is in (0, 1]: a late message is never in time.
                delay_ms += (1.0 - random.random()) * plan.late_s * 1000
            position_ms = event_ms + int(delay_ms)
            steps.append(Step(position_ms, len(steps), row, clear, event_ms))
            if random.random() < plan.duplicate_ratio:
                duplicates += 1
                later_ms = position_ms + int(random.random() * again_ms)
                steps.append(Step(later_ms, len(steps), row, clear, event_ms))
    steps.sort(key=lambda step: (step.position_ms, step.event_ms, step.sequence))
    counts = Counts(
        alarms=len(rows),
        momentary=sum(row.cleared_ms == row.raised_ms for row in rows),
        clears=clears,
        never_cleared=sum(row.cleared_ms is None for row in rows),
        late=late,
        duplicates=duplicates,
    )
    start = plan.start or table.origin or DEFAULT_START
    span_s = (steps[-1].position_ms - steps[0].position_ms) / 1000
    speed = plan.speed
    if speed is None and not plan.flat_out and span_s > 0:
        speed = span_s / ((plan.minutes or 3.0) * 60)
    return Schedule(table, plan, steps, counts, start, speed)


def deliveries(planned: Schedule) -> Iterator[Delivery]:
    """Yield the messages of a schedule in order, each encoded as it is asked for."""
    if not planned.steps:
        return
    plan = planned.plan
    first_ms = planned.steps[0].position_ms
    per_ms = 0.0 if planned.speed is None else 1 / (planned.speed * 1000)
    render = to_tmf642 if plan.form == "tmf642" else to_3gpp
    for step in planned.steps:
        alarm = alarm_at(planned, step.row, clear=step.clear)
        key = {"source": alarm.source_system_id, "device": alarm.managed_object, "none": None}[plan.key]
        yield Delivery(
            due_s=(step.position_ms - first_ms) * per_ms,
            key=None if key is None else key.encode(),
            value=json.dumps(render(alarm), ensure_ascii=False, separators=(",", ":")).encode(),
            event_ms=step.event_ms,
        )


def alarm_at(planned: Schedule, row: AlarmRow, *, clear: bool = False) -> Alarm:
    """Return the alarm notification that tells of a row's raise, or of its clear.

    Nothing is invented: what the row does not tell stays empty, its severity INDETERMINATE.
    """
    plan = planned.plan
    raised = time_at(planned.start, row.raised_ms)
    cleared = None
    if row.cleared_ms is not None and (clear or row.cleared_ms == row.raised_ms):
        cleared = time_at(planned.start, row.cleared_ms)
    alarm_type, raw_type = AlarmType.OTHER, ""
    if row.alarm_type:
        alarm_type, raw_type, _ = alarm_type_of(row.alarm_type, "alarm_type")
    severity, raw_severity, _ = severity_of(row.severity, "severity") if row.severity else NO_SEVERITY
    cause = probable_cause_of(row.probable_cause, "probable_cause") if row.probable_cause else ProbableCause()
    system = row.source_system_id or system_of(planned.table.name, row.managed_object, plan.systems)
    return Alarm(
        tenant=plan.tenant,
        alarm_id=alarm_id_of(
            plan.tenant, system, row.managed_object, alarm_type, cause, row.specific_problem, raised
        ),
        source_system_id=system,
        managed_object=row.managed_object,
        alarm_raised_time=raised,
        alarm_cleared_time=cleared,
        alarm_type=alarm_type,
        raw_type=raw_type,
        probable_cause=cause,
        specific_problem=row.specific_problem,
        perceived_severity=severity,
        raw_severity=raw_severity,
        notification_type=NotificationType.CLEARED_ALARM if clear else NotificationType.NEW_ALARM,
        additional_text=row.additional_text,
        external_alarm_id=f"{planned.table.name}-{row.number}",
        mode=plan.mode,
    )


def system_of(name: str, managed_object: str, systems: int) -> str:
    """Return which of a record's element managers an object belongs to; the same on every machine.

    >>> system_of("huawei-24v", "55", 4)
    'huawei-24v-ems2'
    """
    return f"{name}-ems{zlib.crc32(managed_object.encode()) % systems}"
