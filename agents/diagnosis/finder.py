"""Which runbook's steps to take next: the one that an incident's problems speak for, or none and why.

Every problem of the incident is asked by itself, in full words; a guide that two problems speak for beats
one that a single problem names twice. Where two guides fit about equally well none is taken: wrong steps cost
more than no steps. Does not know how guides are cut, nor who asks.
"""

from __future__ import annotations

import logging
import threading
from collections import ChainMap
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import numpy as np

from agents.diagnosis.guides import Guides, Parts, Shares
from agents.diagnosis.wording import in_full
from telcollm.errors import TelcollmError
from telcollm.ports import Scope
from telcollm.records import NextStep

if TYPE_CHECKING:
    from telcollm.store.documents import StoredChunk

_LOG = logging.getLogger(__name__)

_CLEAR: Final = 0.2
"""How far the best guide must lead, in roots of shares: chosen on simulated incidents that no test holds."""

_SPOKEN: Final = 0.42
"""The root of the share that one problem at least must have of the guide: else all is said in passing."""

_SURE_KIND: Final = 0.5
_KIND_WEIGHT: Final = 2.0
_PROBLEMS: Final = 32
_REMEMBERED: Final = 4_096
_REMEMBERED_BYTES: Final = 4 * 2**20
_PLACES: Final = 16
"""Guides of so many tenants and regions are kept; those of the one that waited longest go first."""

_FRESH: Final = timedelta(seconds=3)
"""So long a removed runbook may still be followed; what is asked then is cheap unless something changed."""

_AGAIN: Final = timedelta(seconds=10)
"""So long nothing is asked of documents that could not be read: a database that is locked makes one wait."""

_TITLE: Final = 60

Kinds = Sequence[tuple[str, float]]
"""Kinds of fault with their probabilities, as a decider gives them, the likeliest first."""


class Shelf(Protocol):
    """Where guides come from: `telcollm.knowledge.library.Library`."""

    def readable(self, *, scope: Scope, roles: Sequence[str]) -> list[StoredChunk]:
        """Return every current passage that the roles may read, in the order of the documents."""
        ...


class Found(NamedTuple):
    """The steps of one guide; where there are none though guides are at hand, `why`."""

    steps: tuple[NextStep, ...] = ()
    why: str = ""


_UNREAD: Final = Found(why="the runbooks could not be read")


class _Known:
    """The guides among some passages, and what each problem asked since says of them."""

    def __init__(self, passages: Sequence[StoredChunk], known: Parts) -> None:
        self.passages = passages
        self.guides = Guides(passages, known)
        self.said: dict[tuple[str, bool], Shares] = {}
        each_bytes = max(1, len(self.guides)) * np.dtype(np.float32).itemsize
        self.most = min(_REMEMBERED, max(2 * _PROBLEMS, _REMEMBERED_BYTES // each_bytes))

    def share(self, words: str, *, names_alone: bool = False) -> Shares:
        """Return the root of what the words say of each guide: a problem counts more by speaking at all."""
        key = (words, names_alone)
        said = self.said.get(key)
        if said is None:
            if len(self.said) >= self.most:
                self.said.clear()
            shares = self.guides.named(words) if names_alone else self.guides.shares(words)
            said = self.said[key] = np.sqrt(np.maximum(shares, 0.0))
        return said


class StepFinder:
    """Steps by the problems of an incident; whether documents changed is asked every few seconds."""

    def __init__(self, shelf: Shelf, roles: Sequence[str] = (), *, heed_kinds: bool = False) -> None:
        """Take the shelf, and whose roles may read what is cited; without any, everyone may.

        With `heed_kinds` what a promoted decider takes for the kind of fault is heard beside the alarms.
        """
        self._shelf = shelf
        self._roles = tuple(roles)
        self.heeds_kinds = heed_kinds
        self._known: dict[tuple[str, str], tuple[datetime, _Known]] = {}
        self._lock = threading.Lock()
        self._failed_at: datetime | None = None

    def steps(
        self, tenant: str, problems: Iterable[str], at: datetime, kinds: Kinds = (), *, region: str = ""
    ) -> Found:
        """Return the steps that the tenant's documents have for the problems together.

        Heard are the documents of the incident's region and those of none; of an incident without a region
        all are, as only those see it who may see every region.

        A kind of fault is heeded where it is likelier than all others together, and only between guides that
        the problems themselves speak for.
        """
        known = self._current((tenant, region), at)
        if known is None:
            return _UNREAD
        if not len(known.guides):
            return Found()
        asked = list(dict.fromkeys(words for words in map(in_full, problems) if words))[:_PROBLEMS]
        scores = np.zeros(len(known.guides), dtype=np.float32)
        most = np.zeros(len(known.guides), dtype=np.float32)
        for words in asked:
            said = known.share(words)
            scores += said
            most = np.maximum(most, said)
        if self.heeds_kinds and kinds and kinds[0][1] >= _SURE_KIND:
            spoken = scores > 0.0
            for label, chance in kinds:
                scores += (
                    spoken * np.float32(_KIND_WEIGHT * chance) * known.share(in_full(label), names_alone=True)
                )
        return _chosen(known.guides, scores, most)

    def _current(self, place: tuple[str, str], at: datetime) -> _Known | None:
        """Return what is known of the guides of a tenant and region, the old ones where none can be read.

        One thread reads at a time; others go by the old ones meanwhile, and wait only where there are none.
        """
        before = self._known.get(place)
        if before is not None and abs(at - before[0]) < _FRESH:
            return before[1]
        if not self._lock.acquire(blocking=before is None):
            return before[1] if before else None
        try:
            return self._looked_up(place, at)
        finally:
            self._lock.release()

    def _looked_up(self, place: tuple[str, str], at: datetime) -> _Known | None:
        asked, known = self._known.get(place, (None, None))
        if asked is not None and abs(at - asked) < _FRESH:
            return known
        if self._failed_at is not None and abs(at - self._failed_at) < _AGAIN:
            return known
        tenant, region = place
        try:
            scope = Scope((tenant,), (region,) if region else ())
            passages = self._shelf.readable(scope=scope, roles=self._roles)
            if known is None or not _same(known.passages, passages):
                known = self._read(passages)
        except TelcollmError as error:
            kept = "without runbooks" if known is None else "by the runbooks as last read"
            _LOG.warning("diagnosed %s: %s", kept, error)
            self._failed_at = at
            return known
        self._failed_at = None
        known.passages = passages
        self._known.pop(place, None)
        self._known[place] = (at, known)
        if len(self._known) > _PLACES:
            del self._known[next(iter(self._known))]
        return known

    def _read(self, passages: Sequence[StoredChunk]) -> _Known:
        """Return the guides among passages: those of another place that reads the same, else read anew."""
        others = {id(known): known for _, known in self._known.values()}.values()
        for known in others:
            if _same(known.passages, passages):
                return known
        return _Known(passages, ChainMap(*(known.guides.parts for known in others)))


def _same(before: Sequence[StoredChunk], now: Sequence[StoredChunk]) -> bool:
    """Tell whether passages say the same for the same readers: an id may come to stand for another text."""
    return len(before) == len(now) and all(
        one is other or (one.document == other.document and one.chunk == other.chunk)
        for one, other in zip(before, now, strict=True)
    )


def _chosen(guides: Guides, scores: Shares, most: Shares) -> Found:
    """Return the best guide's steps if it leads clearly; `most` is the most one problem says of each."""
    order = np.argsort(-scores, kind="stable")
    best = int(order[0])
    if scores[best] <= 0.0:
        return Found(why="no runbook at hand speaks of these problems")
    name = repr(guides.guides[best].title[:_TITLE])
    if most[best] < _SPOKEN:
        return Found(why=f"the runbook {name} hardly speaks of these problems")
    rivals = [int(place) for place in order[1:3] if scores[best] - scores[int(place)] < _CLEAR]
    if not rivals:
        return Found(guides.guides[best].steps)
    *others, last = [name, *(repr(guides.guides[place].title[:_TITLE]) for place in rivals)]
    return Found(why=f"the runbooks {', '.join(others)} and {last} fit about equally well")
