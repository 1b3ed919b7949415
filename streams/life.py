"""Alarm life: raises, changes and clears of one partition made into alarms, in whatever order they come.

An alarm is one raise; the earliest clear of its key at or after the raise ends it. So the outcome depends on
which events came, not on their order, and duplicates change nothing. Does not know windows or incidents.
Source: X.733 (matching of clears), 3GPP TS 28.532 notifyAlarmListRebuilt.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping
from heapq import heappop, heappush
from typing import Any

from streams.event import AlarmEvent, EventKind
from telcollm.state import AlarmState, Suppression

# Before Python 3.12 a member read off its enumeration costs more than all the rest of a comparison.
_, _CHANGE, _CLEAR, _REBUILT = EventKind
_NOT_SUPPRESSED = Suppression.NONE
_ALWAYS_IN_SERVICE: Callable[[str, int], bool] = lambda managed_object, at_ms: False  # noqa: E731


_NO_LISTS: Mapping[int, frozenset[str]] = {}


class LiveAlarm(AlarmState):
    """An alarm in memory; `component` is where correlation has put it.

    `indexed` says that it can still link, `counted` how many of its facts its component knows of;
    `alias` is that of its event.
    """

    component: Any = None
    indexed: bool = False
    counted: int = 0
    alias: str = ""


class _Key:
    """The alarms and clears of one key that can still matter, both in order of time."""

    __slots__ = ("alarms", "clears")

    def __init__(self) -> None:
        self.alarms: list[LiveAlarm] = []
        self.clears: list[int] = []


class Outcome:
    """What one event did: an alarm that is new or too late, alarms that became clear or changed.

    `orphan_clear` is the (key, cleared_ms) of a clear that met nothing here.
    """

    __slots__ = ("changed", "cleared", "orphan_clear", "raised", "too_late")

    def __init__(self) -> None:
        self.raised: LiveAlarm | None = None
        self.too_late: LiveAlarm | None = None
        self.orphan_clear: tuple[str, int] | None = None
        self.cleared: list[LiveAlarm] = []
        self.changed: list[LiveAlarm] = []


class AlarmLife:
    """The alarms of one partition. `planned` tells whether an object is under planned work at a time."""

    def __init__(self, partition: int, planned: Callable[[str, int], bool] = _ALWAYS_IN_SERVICE) -> None:
        self.partition = partition
        self._planned = planned
        self._keys: dict[str, _Key] = {}
        self._rebuilds: dict[str, dict[int, frozenset[str]]] = {}
        self._clear_queue: list[tuple[int, str]] = []
        self._unmet: list[tuple[int, str]] = []
        self._aliases: dict[str, str] = {}
        self.open_alarms = 0

    def apply(self, event: AlarmEvent, watermark_ms: int) -> Outcome:
        """Return what the event did.

        A raise before `watermark_ms` is too late: it stays out of memory and out of incidents.
        """
        outcome = Outcome()
        if event.kind is _CLEAR:
            if event.alias:
                self._clear(event.alias, event.event_ms, outcome)
            self._clear(self._aliases.get(event.alias, event.key), event.event_ms, outcome)
        elif event.kind is _REBUILT:
            self._rebuild(event, outcome)
        else:
            self._raise(event, watermark_ms, outcome)
        return outcome

    def _raise(self, event: AlarmEvent, watermark_ms: int, outcome: Outcome) -> None:
        raised_ms = event.raised_ms
        if event.alias:
            early = self._keys.get(event.alias)
            for early_ms in tuple(early.clears) if early else ():
                self._clear(event.key, early_ms, outcome)
        key = self._keys.get(event.key)
        if key is None:
            key = _Key()
            place = 0
        else:
            place = _place(key.alarms, raised_ms)
        known = key.alarms[place] if place < len(key.alarms) else None
        if known is not None and known.raised_ms == raised_ms:
            self._repeat(known, event, outcome)
            if event.cleared_ms is not None:
                self._clear(event.key, event.cleared_ms, outcome)
            return
        alarm = self._new(event)
        cleared_ms = event.cleared_ms
        if cleared_ms is not None and cleared_ms < raised_ms:
            cleared_ms = raised_ms
        after = bisect_left(key.clears, raised_ms)
        if after < len(key.clears) and (cleared_ms is None or key.clears[after] < cleared_ms):
            cleared_ms = key.clears[after]
        lists = self._rebuilds.get(_source_of(event), _NO_LISTS)
        for rebuilt_ms, listed in lists.items():
            if raised_ms <= rebuilt_ms and event.key not in listed:
                cleared_ms = rebuilt_ms if cleared_ms is None else min(cleared_ms, rebuilt_ms)
        if cleared_ms is not None:
            alarm.cleared_ms = cleared_ms
            alarm.facts += 1
        if raised_ms < watermark_ms:
            alarm.suppressed = Suppression.TOO_LATE
            outcome.too_late = alarm
        else:
            self._keys[event.key] = key
            key.alarms.insert(place, alarm)
            if event.alias:
                alarm.alias = event.alias
                self._aliases[event.alias] = event.key
            if cleared_ms is None:
                self.open_alarms += 1
            outcome.raised = alarm
        if event.cleared_ms is not None:
            self._clear(event.key, event.cleared_ms, outcome)

    def _new(self, event: AlarmEvent) -> LiveAlarm:
        suppressed = _NOT_SUPPRESSED
        if event.shelved:
            suppressed = Suppression.SHELVED
        elif event.planned_outage or self._planned(event.managed_object, event.raised_ms):
            suppressed = Suppression.PLANNED
        changed = (event.event_ms,) if event.kind is _CHANGE else ()
        # By position, in the order of the fields: by name, msgspec takes five times as long.
        return LiveAlarm(
            event.alarm_id,
            self.partition,
            event.tenant,
            event.region,
            event.key,
            event.source_system_id,
            event.managed_object,
            event.problem,
            event.severity,
            event.raised_ms,
            None,
            "",
            event.home,
            suppressed,
            1 + len(changed),
            event.boundary,
            changed,
            event.append_ms,
            event.offset,
            event.mode,
            event.body,
        )

    def _repeat(self, alarm: LiveAlarm, event: AlarmEvent, outcome: Outcome) -> None:
        """Take what a second notification of the same raise adds: a change, a worse severity, un-shelving."""
        before = (alarm.changed_ms, alarm.severity, alarm.suppressed)
        if event.kind is _CHANGE and event.event_ms not in alarm.changed_ms:
            alarm.changed_ms = tuple(sorted((*alarm.changed_ms, event.event_ms)))
            alarm.facts += 1
        alarm.severity = max(alarm.severity, event.severity)
        if alarm.suppressed is Suppression.SHELVED and not event.shelved:
            alarm.suppressed = Suppression.NONE
        if before != (alarm.changed_ms, alarm.severity, alarm.suppressed):
            outcome.changed.append(alarm)

    def _clear(self, name: str, cleared_ms: int, outcome: Outcome) -> None:
        key = self._keys.get(name)
        if key is None:
            key = self._keys[name] = _Key()
        place = bisect_left(key.clears, cleared_ms)
        if place < len(key.clears) and key.clears[place] == cleared_ms:
            return
        key.clears.insert(place, cleared_ms)
        heappush(self._clear_queue, (cleared_ms, name))
        met = False
        for alarm in key.alarms:
            if alarm.raised_ms > cleared_ms:
                break
            if alarm.cleared_ms is None:
                alarm.cleared_ms = cleared_ms
                alarm.facts += 1
                self.open_alarms -= 1
                outcome.cleared.append(alarm)
                met = True
            elif alarm.cleared_ms > cleared_ms:
                heappush(self._unmet, (alarm.cleared_ms, name))
                alarm.cleared_ms = cleared_ms
                outcome.changed.append(alarm)
                met = True
            elif alarm.cleared_ms == cleared_ms:
                met = True
        if not met:
            heappush(self._unmet, (cleared_ms, name))
            outcome.orphan_clear = (name, cleared_ms)

    def _rebuild(self, event: AlarmEvent, outcome: Outcome) -> None:
        """Close what a rebuilt alarm list leaves out: whatever was raised by then and is not listed."""
        rebuilt_ms = event.event_ms
        source = _source_of(event)
        lists = self._rebuilds.setdefault(source, {})
        if rebuilt_ms in lists:
            return
        lists[rebuilt_ms] = event.listed
        for name, key in list(self._keys.items()):
            if name in event.listed:
                continue
            for alarm in key.alarms:
                if _source_of(alarm) != source or alarm.raised_ms > rebuilt_ms:
                    continue
                if alarm.cleared_ms is None:
                    alarm.cleared_ms = rebuilt_ms
                    alarm.facts += 1
                    self.open_alarms -= 1
                    outcome.cleared.append(alarm)
                elif alarm.cleared_ms > rebuilt_ms:
                    heappush(self._unmet, (alarm.cleared_ms, name))
                    alarm.cleared_ms = rebuilt_ms
                    outcome.changed.append(alarm)
        # A restart changes the order in which keys are held; what is told must not show it.
        outcome.cleared.sort(key=lambda alarm: (alarm.raised_ms, alarm.alarm_id))

    def forget(self, alarm: LiveAlarm) -> None:
        """Drop an alarm that has cleared and can link no more."""
        key = self._keys.get(alarm.key)
        if key is None:
            return
        place = _place(key.alarms, alarm.raised_ms)
        if place < len(key.alarms) and key.alarms[place] is alarm:
            del key.alarms[place]
        if alarm.cleared_ms in key.clears:
            # No row that a later owner loads holds this clear any more, and a raise may still need it.
            heappush(self._unmet, (alarm.cleared_ms, alarm.key))
        if alarm.alias and not any(other.alias == alarm.alias for other in key.alarms):
            self._aliases.pop(alarm.alias, None)
        if not key.alarms and not key.clears:
            del self._keys[alarm.key]

    def expire_clears(self, before_ms: int) -> None:
        """Drop clears and rebuilt lists that no raise still to come can need."""
        while self._unmet and self._unmet[0][0] < before_ms:
            heappop(self._unmet)
        queue = self._clear_queue
        while queue and queue[0][0] < before_ms:
            cleared_ms, name = heappop(queue)
            key = self._keys.get(name)
            if key is None:
                continue
            place = bisect_left(key.clears, cleared_ms)
            if place < len(key.clears) and key.clears[place] == cleared_ms:
                del key.clears[place]
            if not key.alarms and not key.clears:
                del self._keys[name]
        for source, lists in list(self._rebuilds.items()):
            kept = {at: listed for at, listed in lists.items() if at >= before_ms}
            if kept:
                self._rebuilds[source] = kept
            else:
                del self._rebuilds[source]

    def restore(self, alarms: Iterable[LiveAlarm], watermark_ms: int) -> None:
        """Take back alarms from the store, their clears with them."""
        for alarm in alarms:
            if alarm.alias:
                self._aliases[alarm.alias] = alarm.key
            key = self._keys.setdefault(alarm.key, _Key())
            insort(key.alarms, alarm, key=lambda item: item.raised_ms)
            if alarm.cleared_ms is None:
                self.open_alarms += 1
            elif alarm.cleared_ms >= watermark_ms and alarm.cleared_ms not in key.clears:
                insort(key.clears, alarm.cleared_ms)
                heappush(self._clear_queue, (alarm.cleared_ms, alarm.key))

    @property
    def unmet_clears(self) -> list[tuple[int, str]]:
        """Clears, as (cleared_ms, key), that may meet a raise still to come and that no loaded row holds."""
        return sorted(set(self._unmet))

    def restore_clears(self, clears: Iterable[tuple[int, str]]) -> None:
        """Take back clears that wait for their raise."""
        for cleared_ms, name in clears:
            heappush(self._unmet, (cleared_ms, name))
            key = self._keys.setdefault(name, _Key())
            if cleared_ms not in key.clears:
                insort(key.clears, cleared_ms)
                heappush(self._clear_queue, (cleared_ms, name))

    @property
    def rebuilds(self) -> Mapping[str, Mapping[int, frozenset[str]]]:
        """The rebuilt alarm lists of each source that a raise still to come can need, by their times."""
        return self._rebuilds

    def restore_rebuilds(self, rebuilds: Mapping[str, Mapping[int, frozenset[str]]]) -> None:
        """Take back rebuilt alarm lists."""
        for source, lists in rebuilds.items():
            self._rebuilds.setdefault(source, {}).update(lists)


def _source_of(item: AlarmEvent | LiveAlarm) -> str:
    """Return whose alarm lists speak of this: source systems of two tenants may have one name."""
    return f"{item.tenant}\x1f{item.source_system_id}"


def _place(alarms: list[LiveAlarm], raised_ms: int) -> int:
    """Return where a raise at `raised_ms` stands or belongs; at the end in the common case."""
    if not alarms or alarms[-1].raised_ms < raised_ms:
        return len(alarms)
    return bisect_left(alarms, raised_ms, key=lambda alarm: alarm.raised_ms)
