"""Real-looking alarms and what becomes of them on the way: cut, flipped, retyped, swollen.

`mutated_records` serves every test that must survive bad input.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any, Final

TMF642_ALARM: Final[dict[str, Any]] = {
    "id": "8675309",
    "href": "https://ems1.example.net/tmf-api/alarmManagement/v4/alarm/8675309",
    "@type": "Alarm",
    "@baseType": "Entity",
    "externalAlarmId": "ems1-553412",
    "state": "raised",
    "alarmType": "communicationsAlarm",
    "perceivedSeverity": "major",
    "probableCause": "lossOfSignal",
    "specificProblem": "LOS on port 1/1/3",
    "alarmedObject": {
        "id": "SubNetwork=North,ManagedElement=MW-0231,Port=3",
        "href": "https://ems1.example.net/inventory/resource/MW-0231-3",
        "@referredType": "Port",
    },
    "alarmedObjectType": "Port",
    "sourceSystemId": "ems-north-1",
    "reportingSystemId": "umbrella",
    "alarmRaisedTime": "2026-01-05T03:14:15.926Z",
    "alarmReportingTime": "2026-01-05T04:14:16+01:00",
    "ackState": "unacknowledged",
    "alarmDetails": "Loss of optical signal towards the far end",
    "isRootCause": False,
    "serviceAffecting": True,
    "plannedOutageIndicator": "inService",
    "proposedRepairedActions": "Check fibre and far-end transmitter",
    "affectedService": [{"id": "svc-1021"}, {"id": "svc-2210", "href": "https://x.example.net/svc-2210"}],
    "correlatedAlarm": [{"id": "8675301"}],
    "parentAlarm": [],
    "crossedThresholdInformation": {"thresholdId": "rx-low", "observedValue": "-31.2"},
    "place": [{"id": "site-77", "name": "North hill", "role": "site"}],
    "comment": [{"userId": "noc1", "comment": "seen before", "time": "2026-01-05T03:20:00Z"}],
    "vendorShelf": {"rack": 1, "slot": [4, 5]},
}

THREE_GPP_ALARM: Final[dict[str, Any]] = {
    "href": "https://mns.example.net/ManagedElement=gnb-17/GnbDuFunction=1",
    "objectInstance": "SubNetwork=North,ManagedElement=gnb-17,GnbDuFunction=1",
    "objectClass": "GnbDuFunction",
    "notificationId": 442_119,
    "notificationType": "notifyNewAlarm",
    "eventTime": "2026-01-05T03:14:16Z",
    "systemDN": "SubNetwork=North,MnsAgent=1",
    "alarmId": "gnb-17-9913",
    "alarmRaisedTime": "2026-01-05T03:14:15Z",
    "alarmType": "EQUIPMENT_ALARM",
    "probableCause": 15,
    "specificProblem": 7741,
    "perceivedSeverity": "CRITICAL",
    "backedUpStatus": True,
    "backUpObject": "ManagedElement=gnb-17,Unit=2",
    "trendIndication": "MORE_SEVERE",
    "thresholdInfo": {"observedMeasurement": "pwr", "observedValue": 3.2},
    "correlatedNotifications": [
        {"sourceObjectInstance": "SubNetwork=North,ManagedElement=gnb-18", "notificationIds": [12, 13]}
    ],
    "stateChangeDefinition": [{"operationalState": "DISABLED"}],
    "monitoredAttributes": {"voltage_v": 41.5},
    "proposedRepairActions": "Replace unit 1",
    "additionalText": "Unit 1 lost power",
    "additionalInformation": {"rack": "2", "temperature_c": 61},
    "rootCauseIndicator": True,
    "ackState": "UNACKNOWLEDGED",
    "serviceUser": "none",
}

NATIVE_ALARM: Final[dict[str, Any]] = {
    "tenant": "default",
    "managedObject": "cell-7",
    "sourceSystemId": "ems-2",
    "alarmRaisedTime": "2026-01-05T03:14:15Z",
    "alarmType": "QUALITY_OF_SERVICE_ALARM",
    "probableCause": {"name": "thresholdCrossed", "code": 51, "vendor": "PRB_HIGH"},
    "specificProblem": "prb_utilisation_ratio",
    "perceivedSeverity": "MINOR",
    "notificationType": "notifyNewAlarm",
    "operatorState": "shelved",
}


def tmf642_event() -> dict[str, Any]:
    """A TMF642 alarm in an event's envelope."""
    return {
        "eventId": "e-1",
        "eventType": "AlarmCreateEvent",
        "eventTime": "2026-01-05T03:14:17Z",
        "correlationId": "c-9",
        "event": {"alarm": deepcopy(TMF642_ALARM)},
    }


def three_gpp_clear() -> dict[str, Any]:
    """A 3GPP clear as the standard has it: no raise time, no specific problem."""
    kept = ("objectInstance", "notificationId", "systemDN", "alarmId", "alarmType", "probableCause")
    return {
        **{name: THREE_GPP_ALARM[name] for name in kept},
        "notificationType": "notifyClearedAlarm",
        "eventTime": "2026-01-05T03:20:00Z",
        "perceivedSeverity": "CLEARED",
        "clearUserId": "noc1",
    }


def rebuilt_list() -> dict[str, Any]:
    """A rebuilt alarm list that names one alarm."""
    return {
        "href": "https://mns.example.net/SubNetwork=North",
        "notificationId": 5,
        "notificationType": "notifyAlarmListRebuilt",
        "eventTime": "2026-01-05T04:00:00Z",
        "systemDN": THREE_GPP_ALARM["systemDN"],
        "reason": "System-NE communication error",
        "alarmList": [deepcopy(THREE_GPP_ALARM)],
    }


def good_records() -> list[dict[str, Any]]:
    """One record of each shape that decodes in a source with default settings."""
    return [
        deepcopy(TMF642_ALARM),
        {name: deepcopy(value) for name, value in TMF642_ALARM.items() if name != "vendorShelf"},
        {**deepcopy(TMF642_ALARM), "state": "cleared", "alarmClearedTime": "2026-01-05T03:15:00Z"},
        tmf642_event(),
        deepcopy(THREE_GPP_ALARM),
        three_gpp_clear(),
        rebuilt_list(),
        deepcopy(NATIVE_ALARM),
    ]


_ODD: Final[tuple[Any, ...]] = (
    None,
    True,
    False,
    0,
    -1,
    57,
    10**25,
    -(10**400),
    1e308,
    0.1,
    "",
    " ",
    "0",
    "cleared",
    "CRITICAL",
    "notifyClearedAlarm",
    "notifyAlarmListRebuilt",
    "2026-02-30T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-01-05T03:14:15",
    "1767225600",
    1767225600,
    1767225600123,
    -62135596801,
    "a\x00b",
    "\u202e\U0001f4a9",
    "x" * 2_000,
    "x" * 20_000,
    [],
    {},
    [[]],
    [None],
    [{"id": None}],
    {"id": 5},
    {"id": {"id": "x"}},
    [{"name": "a", "value": [1]}],
    ["a", 1, {"href": "h"}],
)


def mutated_records(seed: int, n: int) -> Iterator[tuple[bytes, bool | None]]:
    """Yield `n` records and whether each is good: True, False, or None where only decoding it can tell.

    Some are untouched, each told apart by its object; the others have fields dropped, retyped, renamed or
    doubled, values nested deep, or bytes cut, flipped, inserted and swapped. The same seed gives the same.
    """
    random = Random(seed)
    whole = good_records()
    for number in range(n):
        record = deepcopy(random.choice(whole))
        kind = random.random()
        if kind < 0.25:
            yield _told_apart(record, number), True
        elif kind < 0.65:
            for _ in range(random.choice((1, 1, 1, 2, 4))):
                _retype(random, record)
            yield json.dumps(record).encode(), None
        elif kind < 0.95:
            data = bytearray(json.dumps(record, ensure_ascii=random.random() < 0.5).encode())
            for _ in range(random.choice((1, 1, 2, 8))):
                _damage(random, data)
            yield bytes(data), None
        else:
            yield random.choice(_HOPELESS), False


def _told_apart(record: dict[str, Any], number: int) -> bytes:
    for holder in (record, record.get("event", {}).get("alarm", {})):
        for name in ("objectInstance", "managedObject"):
            if name in holder:
                holder[name] = f"{holder[name]}-{number}"
        if "alarmedObject" in holder:
            holder["alarmedObject"]["id"] += f"-{number}"
    return json.dumps(record).encode()


def _retype(random: Random, record: dict[str, Any]) -> None:
    holder: Any = record
    while True:
        name = random.choice(list(holder)) if holder else ""
        inside = holder.get(name)
        if isinstance(inside, list) and inside and isinstance(inside[0], dict):
            inside = inside[0]
        if not (isinstance(inside, dict) and inside and random.random() < 0.5):
            break
        holder = inside
    choice = random.random()
    if choice < 0.2:
        holder.pop(name, None)
    elif choice < 0.8:
        holder[name] = deepcopy(random.choice(_ODD))
    elif choice < 0.9:
        holder[random.choice((name.upper(), f"{name}.x", "extra", "tmf642", "tenant", ""))] = holder.get(name)
    else:
        deep: Any = 1
        for _ in range(random.choice((5, 40, 400))):
            deep = [deep] if random.random() < 0.5 else {"d": deep}
        holder[name] = deep


def _damage(random: Random, data: bytearray) -> None:
    place = random.randrange(len(data)) if data else 0
    choice = random.randrange(6)
    if choice == 0:
        del data[place:]
    elif choice == 1 and data:
        data[place] ^= 1 << random.randrange(8)
    elif choice == 2:
        data[place:place] = random.randbytes(random.randrange(1, 9))
    elif choice == 3:
        data[place : place + random.randrange(1, 40)] = b""
    elif choice == 4:
        data[place:place] = random.choice((b"\x00", b"\\u0000", b"\xff\xfe", b"}", b"]", b'"', b",", b"NaN"))
    else:
        other = random.randrange(len(data)) if data else 0
        data[place : place + 5], data[other : other + 5] = data[other : other + 5], data[place : place + 5]


_HOPELESS: Final = (
    b"",
    b" ",
    b"null",
    b"true",
    b"42",
    b'"alarm"',
    b"[]",
    b"{}",
    b"\x00" * 64,
    b"\xff\xfe{\x00}\x00",
    b"PK\x03\x04" + bytes(range(256)),
    b"[" * 50_000,
    b'{"a":' * 20_000,
    b'{"event":' * 200 + b"1" + b"}" * 200,
    b'{"alarmedObject": {"id": "x"}}',
    b'{"objectInstance": "x", "eventTime": "2026-01-05T00:00:00Z"}',
    b'{"managedObject": "x", "alarmRaisedTime": NaN}',
    b'{"alarmedObject": "' + b"x" * 2_000_000 + b'"}',
)
