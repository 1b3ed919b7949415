"""A case to write of, and what the slots of wordings hold for it: names, numbers and times.

It deliberately does not know the wordings, nor which facts a voice sees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from streams.simulator.fault import Fault
from streams.simulator.language.places import Named, owner, person, town
from streams.simulator.language.quantities import clock, clock_words, count_words, length_words
from streams.simulator.language.sayings import Language, Voice


@dataclass(frozen=True, slots=True)
class Case:
    """A fault with what is true of it, when it began, and other sites that may be named beside its own."""

    fault: Fault
    facts: tuple[str, ...]
    began: datetime
    other_sites: tuple[str, ...]


class Slots(Mapping[str, str]):
    """Values of the slots in one language: names are the case's own, the rest is drawn at each reading."""

    def __init__(self, case: Case, voice: Voice, language: Language, random: Random, **given: str) -> None:
        self.case, self.voice, self.language, self.random = case, voice, language, random
        self.given = given

    def holding(self, **given: str) -> Slots:
        """Return the same slots and these besides."""
        return Slots(self.case, self.voice, self.language, self.random, **given)

    def __getitem__(self, name: str) -> str:
        return self.given[name] if name in self.given else _DRAWS[name](self)

    def __contains__(self, name: object) -> bool:
        return name in self.given or name in _DRAWS

    def __iter__(self) -> Iterator[str]:
        return iter({**self.given, **_DRAWS})

    def __len__(self) -> int:
        return len({**self.given, **_DRAWS})

    def named(self, names: Named) -> str:
        """Return a name in the language of these slots."""
        return names.zh if self.language == "zh" else names.en

    def site(self) -> str:
        """Return the site by its number or by its town."""
        site_id = self.case.fault.site_id
        return site_id if self.random.random() < 0.6 else self.named(town(site_id))

    def far(self) -> str:
        """Return another site: a number for the network centre, a town for others."""
        others = self.case.other_sites or (self.case.fault.site_id,)
        other = self.random.choice(others)
        return other if self.voice == "noc" else self.named(town(other))

    def element(self) -> str:
        """Return an element that is affected, the struck one most often."""
        elements = self.case.fault.affected_element_ids or (self.case.fault.element_id,)
        return elements[min(int(self.random.expovariate(0.7)), len(elements) - 1)]

    def time(self) -> str:
        """Return a time of day near the beginning, as people remember it, or some other."""
        if self.random.random() < 0.3:
            return clock(self.random)
        moment = self.case.began + timedelta(minutes=self.random.gauss(2.0, 6.0))
        return clock_words(moment.hour, moment.minute, self.random)


_DRAWS: dict[str, Callable[[Slots], str]] = {
    "site": Slots.site,
    "far": Slots.far,
    "element": Slots.element,
    "time": Slots.time,
    "place": lambda slots: slots.named(town(slots.case.fault.site_id)),
    "towerco": lambda slots: slots.named(owner(slots.case.fault.site_id)),
    "name": lambda slots: slots.named(person(slots.random)),
    "region": lambda slots: slots.case.fault.region,
    "vendor": lambda slots: slots.case.fault.vendor,
    "customers": lambda slots: count_words(slots.case.fault.customers, slots.language, slots.random),
    "dur": lambda slots: length_words(slots.language, slots.random),
    "n": lambda slots: str(slots.random.randint(3, 14)),
    "d": lambda slots: str(slots.random.randint(0, 9)),
    "ref": lambda slots: str(slots.random.randint(10_000, 99_999)),
    "phone": lambda slots: str(slots.random.randint(100_000_000, 999_999_999)),
}
