"""Ten thousand records as they should never come, some good among them, and what must become of each.

What must become of a record is known from how it was made, never by asking telcollm: a good one is an alarm
with an object and a raise of its own, a bad one was broken in one known place. Of what was damaged at random
another JSON parser than telcollm's is asked. The same numbers give the same records.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from streams.replay.dataset import GENERATED, has_dataset, load_dataset
from streams.replay.schedule import ReplayPlan, deliveries, schedule
from telcollm.codec import encode
from tests.mutations import mutated_records
from tests.strategies import RECORDS

T = TypeVar("T")
Wire = dict[str, Any]
Place = tuple[str, int]

TOO_LARGE_BYTES = 600_000
MOST_A_BROKER_TAKES_BYTES = 900_000
NOT_JSON = r"JSON|is empty"


@dataclass(frozen=True)
class Record:
    """A record: with `stored` (object, raise in ms) it is good, with `refused`, a pattern, it is bad."""

    value: bytes | None
    stored: Place | None = None
    refused: str = ""
    key: bytes | None = None


def drawn(strategy: st.SearchStrategy[T], count: int) -> list[T]:
    """Return `count` values that Hypothesis makes, the same ones each time."""
    found: list[T] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def note(value: T) -> None:
        found.append(value)

    note()
    assert found, "Hypothesis made nothing"
    return [found[number % len(found)] for number in range(count)]


TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)
NAME = TEXT.filter(bool)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(-1e300, 1e300) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
ALARM: st.SearchStrategy[Wire] = st.fixed_dictionaries(
    {
        "alarmedObject": NAME.map(lambda name: {"id": name}) | NAME.map(lambda name: {"href": name}) | NAME,
        "sourceSystemId": NAME,
        "state": st.sampled_from(["raised", "RAISED"]),
        "alarmType": st.sampled_from(["communicationsAlarm", "EQUIPMENT_ALARM", "qualityOfServiceAlarm"]),
        "perceivedSeverity": st.sampled_from(["critical", "MAJOR", "minor", "warning", "indeterminate"]),
        "probableCause": st.sampled_from(["lossOfSignal", "powerProblem", 51]) | NAME,
    },
    optional={
        "specificProblem": TEXT | st.integers(0, 10**9),
        "alarmDetails": TEXT,
        "isRootCause": st.booleans(),
        "ackState": st.sampled_from(["acknowledged", "unacknowledged"]),
        "affectedService": st.lists(NAME.map(lambda name: {"id": name}), max_size=3),
        "x-unknown": JSON,
    },
)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
SPELLINGS: st.SearchStrategy[Callable[[datetime], Any]] = st.one_of(
    ZONES.map(lambda zone: lambda moment: moment.astimezone(zone).isoformat(timespec="milliseconds")),
    st.just(lambda moment: moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")),
    st.just(lambda moment: milliseconds(moment)),
    st.just(lambda moment: str(milliseconds(moment))),
)
NO_TIME = (
    st.none()
    | st.booleans()
    | st.lists(JSON, max_size=2)
    | st.dictionaries(TEXT, JSON, max_size=2)
    | TEXT.filter(lambda text: not text.isdecimal())
    | st.integers(-(10**30), 10**8)
    | st.sampled_from(
        ["2026-02-30T00:00:00Z", "2026-01-05T03:14:15", "2026-13-01T00:00:00Z", 1e308, 10**400, 10**18]
    )
)
NO_OBJECT = (
    st.none()
    | st.booleans()
    | st.floats(-1e300, 1e300)
    | st.lists(JSON, max_size=2)
    | st.sampled_from(["", {}, {"id": None}, {"id": ""}, {"id": []}, {"id": {"id": "x"}}, "x" * 1_100])
)
NO_TYPE = st.booleans() | st.lists(JSON, max_size=2) | st.dictionaries(TEXT, JSON, max_size=2)
NO_STATE = (TEXT | st.integers() | st.lists(JSON, max_size=2)).filter(
    lambda word: not isinstance(word, str) or word.lower() not in ("raised", "updated", "cleared", "active")
)
WRONG = {
    "alarmRaisedTime": NO_TIME,
    "alarmedObject": NO_OBJECT,
    "objectInstance": NO_OBJECT,
    "alarmType": NO_TYPE,
    "state": NO_STATE,
}
KEYS = st.none() | st.binary(max_size=64) | TEXT.map(str.encode)
LARGE_KEY = b"\xff\xfe" * 20_000


class Moments:
    """Raise times near those of real records, none given twice, and those of the rest, one after another."""

    def __init__(self) -> None:
        self._given: set[int] = set()

    def near(self, moment: datetime) -> datetime:
        while milliseconds(moment) in self._given:
            moment += timedelta(milliseconds=1)
        self._given.add(milliseconds(moment))
        return moment


def milliseconds(moment: datetime) -> int:
    """Return a time in ms since 1970."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def real_alarms(folder: Path | None, count: int) -> list[Wire]:
    """Return raises of the 24V and CSL records as TMF642 and as 3GPP, or of the generated network."""
    names = [name for name in ("huawei-24v", "csl") if has_dataset(name, folder)] or [GENERATED]
    found: list[Wire] = []
    for name in names:
        table = load_dataset(name, folder)
        for form in ("tmf642", "3gpp"):
            plan = ReplayPlan(form=form, flat_out=True, from_fraction=0.5, limit=4 * count)
            wires = (json.loads(delivery.value) for delivery in deliveries(schedule(table, plan)))
            raises = (wire for wire in wires if "clear" not in f"{wire.get('state')}{notice(wire)}".lower())
            found += islice(raises, count // (2 * len(names)))
    return [found[number % len(found)] for number in range(count)]


def notice(wire: Wire) -> str:
    return str(wire.get("notificationType", ""))


def object_field(wire: Wire) -> str:
    return "alarmedObject" if "alarmedObject" in wire else "objectInstance"


def place_of(wire: Wire, moment: datetime) -> Place:
    """Return the object and the raise that a good record tells of."""
    named = wire[object_field(wire)]
    if isinstance(named, dict):
        named = named.get("id") or named["href"]
    return str(named), milliseconds(moment)


def raised_at(wire: Wire, moment: datetime, spelling: Callable[[datetime], Any]) -> Wire:
    """Return the alarm as raised then, and cleared then where it was momentary."""
    times = [name for name in ("alarmRaisedTime", "alarmClearedTime", "eventTime") if name in wire]
    return {**wire, **{name: spelling(moment) for name in [*times, "alarmRaisedTime"]}}


def good(wire: Wire, moment: datetime, spelling: Callable[[datetime], Any], random: Random) -> Record:
    """Return a good record, written in one of the many ways that JSON allows."""
    told = raised_at(wire, moment, spelling)
    if random.random() < 0.5:
        names = list(told)
        random.shuffle(names)
        told = {name: told[name] for name in names}
    if random.random() < 0.3:
        told["vendorShelf"] = {"rack": random.random(), "slots": [1, None, {"deep": [[[]]]}]}
    for optional in ("perceivedSeverity", "mode", "externalAlarmId", "notificationId"):
        if random.random() < 0.2:
            told.pop(optional, None)
    text = json.dumps(
        told, ensure_ascii=random.random() < 0.5, indent=random.choice((None, 1)), allow_nan=False
    )
    return Record(text.encode(), stored=place_of(wire, moment))


def broken(data: bytes, random: Random) -> Record:
    """Return the record as bytes that are no JSON object any more."""
    middle = data.index(b'"') + 1
    whole = data.strip()
    ways: tuple[Callable[[], bytes | None], ...] = (
        lambda: whole[: random.randrange(len(whole))],
        lambda: whole[random.randrange(1, len(whole)) :],
        lambda: data[:middle] + b"\xff" + data[middle:],
        lambda: data[:middle] + b"\xed\xa0\x80" + data[middle:],
        lambda: data[:middle] + b"\n" + data[middle:],
        lambda: (
            whole[:-1] + b', "nothing": ' + random.choice((b"NaN", b"Infinity", b"-Infinity", b"0x1F")) + b"}"
        ),
        lambda: whole[:-1] + b",}",
        lambda: whole + random.choice((b"}", b"]", b"\x00", b"{}", whole)),
        lambda: b"[" + whole + b"]",
        lambda: b"\xef\xbb\xbf" + whole,
        lambda: data.decode().encode("utf-16"),
        lambda: gzip.compress(data, mtime=0),
        lambda: b'{"deep": ' * 3_000 + b"1" + b"}" * 3_000,
        lambda: json.dumps(data.decode()).encode(),
        lambda: whole[:-1] + b', "many": ' + b"9" * 5_000 + b"e" + b"9" * 400 + b"}",
        lambda: b"",
        lambda: None,
    )
    return Record(random.choice(ways)(), refused=NOT_JSON)


def spoilt(wire: Wire, wrong: Mapping[str, Callable[[], Any]], random: Random) -> Record:
    """Return the record with one field that is missing, of a wrong type, out of range, or too much."""
    told = dict(wire)
    held = object_field(told)
    choice = random.randrange(8)
    if choice == 0:
        told.pop(held)
        # A record that names no object by any of its names may not even tell its format.
        return Record(json.dumps(told).encode(), refused=f"{held}|no known format")
    if choice == 1:
        for name in ("alarmRaisedTime", "eventTime"):
            told.pop(name, None)
        return Record(json.dumps(told).encode(), refused="alarmRaisedTime")
    if choice == 2:
        for name in ("alarmType", "rawType", "specificProblem", "probableCause", "probableCauseVendor"):
            told.pop(name, None)
        return Record(json.dumps(told).encode(), refused="alarmType")
    if choice == 3:
        deep: Any = 1
        for _ in range(random.choice((33, 60, 400))):
            deep = random.choice(([deep], {"d": deep}))
        return Record(json.dumps({**told, "deep": deep}).encode(), refused=r"deep.*nests \d+ deep")
    if choice == 4:
        return Record(json.dumps({**told, "nul": "a\x00b"}).encode(), refused="nul.*U\\+0000")
    if choice == 5 and random.random() < 0.02:
        return Record(json.dumps({**told, "log": "x" * TOO_LARGE_BYTES}).encode(), refused="too large")
    fields = [name for name in wrong if name in told]
    name = random.choice(fields)
    if name == "alarmRaisedTime":
        told.pop("eventTime", None)
    value = wrong[name]()
    text = json.dumps({**told, name: value})
    # A number that no float can hold is refused by the parser, before any field is read.
    return Record(text.encode(), refused=NOT_JSON + f"|{name}")


def damaged(data: bytes, random: Random) -> Record:
    """Return the record after some bytes were flipped, lost, moved or inserted, wherever it hit."""
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 8))):
        place = random.randrange(len(changed))
        choice = random.randrange(4)
        if choice == 0:
            changed[place] ^= 1 << random.randrange(8)
        elif choice == 1:
            changed[place:place] = random.randbytes(random.randrange(1, 9))
        elif choice == 2:
            del changed[place : place + random.randrange(1, 30)]
        else:
            other = random.randrange(len(changed))
            changed[place : place + 5], changed[other : other + 5] = (
                changed[other : other + 5],
                changed[place : place + 5],
            )
        if not changed:
            break
    return judged(bytes(changed))


def judged(data: bytes) -> Record:
    """Return a record that is bad where it is too large, or no JSON object to Python, else either."""
    if len(data) > TOO_LARGE_BYTES:
        return Record(data, refused="too large")

    def refuse(word: str) -> float:
        raise ValueError(word)

    try:
        found = json.loads(data.decode(), parse_constant=refuse)
    except (ValueError, RecursionError):
        return Record(data, refused=NOT_JSON)
    return Record(data) if isinstance(found, dict) else Record(data, refused=NOT_JSON)


def made_records(folder: Path | None, seed: int, count: int) -> list[Record]:
    """Return `count` records in no order: real ones, such as Hypothesis makes, and what is left of both."""
    random = Random(seed)
    moments = Moments()
    part = count // 10
    real = real_alarms(folder, 2 * part)
    made = drawn(ALARM, part // 2)
    spellings = drawn(SPELLINGS, count // 50)
    wrong = {name: partial(random.choice, drawn(kind, count // 50)) for name, kind in WRONG.items()}
    start = datetime(2026, 1, 5, tzinfo=UTC)

    def moment_of(wire: Wire) -> datetime:
        if "alarmRaisedTime" not in wire:
            return moments.near(start + timedelta(seconds=random.randrange(86_400)))
        return moments.near(datetime.fromisoformat(wire["alarmRaisedTime"]))

    def fresh(wires: list[Wire]) -> Wire:
        wire = random.choice(wires)
        return raised_at(wire, moment_of(wire), random.choice(spellings))

    def encoded(wire: Wire) -> bytes:
        return json.dumps(wire, ensure_ascii=random.random() < 0.5).encode()

    records = [good(wire, moment_of(wire), random.choice(spellings), random) for wire in real[:part]]
    records += [good(wire, moment_of(wire), random.choice(spellings), random) for wire in made]
    records += [broken(encoded(fresh(real)), random) for _ in range(2 * part)]
    records += [spoilt(fresh(real), wrong, random) for _ in range(part)]
    records += [spoilt(fresh(made), wrong, random) for _ in range(part)]
    records += [
        Record(json.dumps(value).encode(), refused=NOT_JSON + "|no known format") for value in strange(part)
    ]
    records += [damaged(encoded(fresh(real)), random) for _ in range(2 * part)]
    records += [judged(encode(record)) for record in drawn(RECORDS, part // 2)]
    records += [
        judged(data[:MOST_A_BROKER_TAKES_BYTES]) for data, _ in islice(mutated_records(seed, part), part // 2)
    ]
    records += [damaged(encoded(fresh(made)), random) for _ in range(count - len(records))]
    keys = drawn(KEYS, count // 50)
    random.shuffle(records)
    return [replace(record, key=_key_for(record, random.choice((*keys, LARGE_KEY)))) for record in records]


def _key_for(record: Record, key: bytes | None) -> bytes | None:
    """Return the key, some key for a tombstone: the client sends none without."""
    return b"k" if key is None and record.value is None else key


def strange(count: int) -> Iterator[Any]:
    """Yield values of JSON that are no alarm: no object, or one of fields that no format has."""
    known = ("alarmedObject", "event", "managedObject", "objectInstance", "systemDN", "notificationType")
    values = drawn(JSON, count + count // 4)
    return islice(
        (value for value in cycle(values) if not isinstance(value, dict) or value.keys().isdisjoint(known)),
        count,
    )
