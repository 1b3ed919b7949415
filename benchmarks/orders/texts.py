"""The texts that orders are learned from: those written for it, and honest ones of tickets and messages.

A line of a file is one text, `# ` begins a kind, `{t}` stands for a team's name. Does not know the model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final
from zlib import crc32

from agents.care.text import folded
from agents.orders.plain import NAMED, named, plain_text
from agents.orders.scoring import tokens
from agents.routing.policy import EXAMPLE, load_policy

_WRITTEN: Final = Path(__file__).with_name("written")
_TEAMS: Final = (
    "field_power field_site fixed_access ip_backbone microwave optical_transport packet_core radio_access "
    "security voice_core billing transmission network_planning"
).split()
_TEAMS_ZH: Final = "动力组 无线组 传输班 核心网 网优 计费组 现场维护".split()
_PARTS: Final = re.compile(
    r"(?<=[.!?;。！？；\n])\s*|\s-+\s|[,，](?=\s|[\u4e00-\u9fff])|(?<=[\u4e00-\u9fff]{2})\s+(?=[\u4e00-\u9fff])"
)
_SENTENCES: Final = re.compile(r"(?<=[.!?。！？\n])\s*")
_TICKETS: Final = 8_000
_PIECES: Final = 16_000
_UTTERANCES: Final = 3_000
_GROUPS: Final = 40
_LEAST_LEFT: Final = 0.6
"""Of an order in mark-up that a desk takes out, what is left may be honest."""
_ORDER_WEIGHT: Final = 3.0
_WRITTEN_WEIGHT: Final = 5.0
_FOUND_WEIGHT: Final = 1.0
"""An honest text that was written to look like an order teaches more than one that was found."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A text, whether it is an order, of which kind and source it is, and how much it counts."""

    text: str
    order: bool
    kind: str
    source: str
    weight: float


def samples(operator: Path, multidogo: Path | None) -> list[Sample]:
    """Return all texts, the same each time."""
    found = [*_written(), *_simulated(operator)]
    if multidogo is not None:
        found += _multidogo(multidogo)
    return found


def _written() -> Iterator[Sample]:
    for language in ("en", "zh"):
        for order in (True, False):
            name = f"{'orders' if order else 'honest'}_{language}"
            kind = ""
            for line in (_WRITTEN / f"{name}.txt").read_text(encoding="utf-8").splitlines():
                if line.startswith("# "):
                    kind = f"{name}: {line[2:]}"
                elif line.strip():
                    weight = _ORDER_WEIGHT if order else _WRITTEN_WEIGHT
                    for form in _forms(line):
                        for text in _with_teams(form, Random(form), language):
                            yield Sample(text, order, kind, name, weight)


def _forms(line: str) -> list[str]:
    """Return a line as a router reads it, and as a care desk does where little is lost with its mark-up."""
    routed, cared = plain_text(line).text, folded(line)
    whole = len(tokens(cared)) >= _LEAST_LEFT * len(tokens(routed))
    return sorted({routed, cared}) if whole else [routed]


def _with_teams(line: str, random: Random, language: str) -> list[str]:
    if "{t}" not in line:
        return [line]
    label = random.choice(_TEAMS)
    other = random.choice(_TEAMS_ZH if language == "zh" else _TEAMS)
    names = (NAMED, random.choice((label, label.replace("_", " "))), other)
    return [line.replace("{t}", name) for name in names]


def _simulated(operator: Path) -> Iterator[Sample]:
    from pyarrow.parquet import read_table

    labels = read_table(operator / "tickets.parquet", columns=["team"]).column("team").unique().to_pylist()
    teams, names = tuple(sorted(labels)), tuple(load_policy(EXAMPLE).team_names)
    for table, column in (("tickets", "description"), ("messages", "text")):
        rows = read_table(
            operator / f"{table}.parquet", columns=[column], filters=[("split", "==", "train")]
        ).to_pylist()
        texts = [str(row[column]) for row in rows]
        if table == "tickets":
            # What is called like a team is a team.
            texts = [named(plain_text(text), teams, names).text for text in texts]
        Random(1).shuffle(texts)
        pieces = {
            part.strip()
            for text in texts[:_TICKETS]
            for part in (*_SENTENCES.split(text), *_PARTS.split(text))
            if part and part.strip()
        }
        if table == "messages":
            pieces = {folded(piece) for piece in pieces}
        yield from _honest(sorted(pieces), _PIECES, table)


def _multidogo(folder: Path) -> Iterator[Sample]:
    for path in sorted(folder.glob("*/train.tsv")):
        rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[1:])
        said = {folded(row[4]) for row in rows if len(row) > 5}
        yield from _honest(sorted(said), _UTTERANCES, "multidogo")


def _honest(texts: list[str], most: int, source: str) -> Iterator[Sample]:
    """Yield all texts, which together count for no more than so many."""
    weight = _FOUND_WEIGHT * min(1.0, most / len(texts)) if texts else 0.0
    for text in texts:
        # What differs in figures and teams alone is learned and checked together.
        kind = crc32(" ".join(tokens(text)).encode()) % _GROUPS
        yield Sample(text, False, f"{source} {kind}", source, weight)
