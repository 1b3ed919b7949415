"""How a case is told: by a network operations centre, a technician on site, or a customer and the care desk.

A telling is put together from independent pieces (facts of the case, facts ruled out, other people's guesses,
what was once the matter here, impact, asides), in no fixed order, by a writer with habits and slips. It
deliberately does not know whom the ticket should go to.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from streams.simulator.catalogue import FAULT_KINDS
from streams.simulator.dialects import word
from streams.simulator.language.case import Case, Slots
from streams.simulator.language.facts import likelihoods
from streams.simulator.language.grammar import Sequence, Writer, expand
from streams.simulator.language.hand import Hand, tidy
from streams.simulator.language.sayings import LANGUAGES, Language, Voice, sayings

_SYMPTOMS_SAID: Final = {"noc": (2, 5), "field": (2, 4), "customer": (3, 6)}


@dataclass(frozen=True, slots=True)
class Manner:
    """How writers write: chances (0-1) of each kind of piece, and rates of slips per word or sign."""

    ruled_out: float = 0.6
    guess: float = 0.35
    right_guess: float = 0.25
    past: float = 0.45
    aside: float = 0.4
    copied: float = 0.2
    opening: float = 0.6
    closing: float = 0.45
    switch: float = 0.08
    hasty: float = 0.3
    slips: float = 0.03


@dataclass(frozen=True, slots=True)
class Telling:
    """A text, and what it truly says.

    `said` are facts (`-` before those ruled out), `misled_by` other kinds it points to; `impact_said` what it
    tells of who is hit: of `count`, `emergency`, `business` and `severity` (`-` before one ruled out).
    """

    text: str
    said: tuple[str, ...]
    misled_by: tuple[str, ...]
    impact_said: tuple[str, ...]


def can_tell(kind: str, voice: Voice) -> bool:
    """Return whether that voice sees enough of such a fault to write of it."""
    seen = sayings(f"{voice}_en").yes
    return sum(odd for fact, odd in likelihoods()[kind].items() if fact in seen) >= 1.0


def tell(case: Case, voice: Voice, language: Language, random: Random, manner: Manner) -> Telling:
    """Return one text about the case, told in that voice and language.

    Raises:
        SettingsError: a wording has a slot that no case fills.
    """
    return _Teller(case, voice, language, random, manner).tell()


class _Teller:
    """One writer at one text."""

    def __init__(self, case: Case, voice: Voice, language: Language, random: Random, manner: Manner) -> None:
        self.case, self.fault, self.voice, self.language = case, case.fault, voice, language
        self.random, self.manner = random, manner
        self.habit = Random(f"{random.randrange(400)}:{voice}").getrandbits(32)
        self.said: list[str] = []
        self.misled_by: list[str] = []
        self.impact_said: list[str] = []
        self.slots = {name: Slots(case, voice, name, random) for name in LANGUAGES}

    def tell(self) -> Telling:
        manner = self.manner
        pieces = self.symptoms() + self.ruled_out()
        self.random.shuffle(pieces)
        impact = self.impact()
        extras = impact + self.circumstances() + self.distractions()
        self.random.shuffle(extras)
        for piece in extras:
            pieces.insert(self.random.randint(0, len(pieces)), piece)
        if self.random.random() < self.manner.closing:
            pieces.append(self.chat(f"{self.voice}_close"))
        opening = self.chat(f"{self.voice}_open") if self.random.random() < self.manner.opening else ""
        text = Hand(self.language, self.habit, manner.slips, manner.hasty).write(opening, pieces, self.random)
        return Telling(text, tuple(self.said), tuple(self.misled_by), tuple(self.impact_said))

    def symptoms(self) -> list[str]:
        """What is so: some of the true facts that this voice sees, the telling ones more surely."""
        odds = likelihoods()[self.fault.kind]
        seen = sayings(f"{self.voice}_en").yes
        known = [fact for fact in self.case.facts if fact in seen]
        least, most = _SYMPTOMS_SAID[self.voice]
        # The draw without replacement, by weight: the largest of u ** (1 / weight) come first.
        known.sort(key=lambda fact: self.random.random() ** (1.0 / odds.get(fact, 0.3)), reverse=True)
        chosen = known[: self.random.randint(least, most)]
        self.said.extend(chosen)
        if not chosen and "nothing_found" in seen:
            chosen = ["nothing_found"]
        return [self.say(self.voice, fact) for fact in chosen]

    def ruled_out(self) -> list[str]:
        """What was looked for and is not so: telling facts of a kind this one is confused with."""
        pieces = []
        denials = sayings(f"{self.voice}_en").no
        for _ in range(3):
            if self.random.random() >= self.manner.ruled_out:
                continue
            false = [
                fact
                for fact, odd in likelihoods()[self.suspect()].items()
                if odd > 0.4
                and fact in denials
                and fact not in self.case.facts
                and f"-{fact}" not in self.said
                and fact != "rain"
            ]
            if false:
                fact = self.random.choice(false)
                self.said.append(f"-{fact}")
                pieces.append(self.say(self.voice, fact, so=False))
        return pieces

    def distractions(self) -> list[str]:
        """Guesses (mostly wrong), what was once the matter, alarms copied from the list, and asides."""
        manner, random = self.manner, self.random
        pieces = []
        if random.random() < manner.guess:
            if self.voice == "customer" and random.random() < 0.5:
                pieces.append(self.chat("customer_guess"))
            else:
                right = random.random() < manner.right_guess
                kind = self.fault.kind if right else self.suspect()
                if not right:
                    self.misled_by.append(kind)
                guess = self.write(sayings(f"guess_{self.language}").yes[kind])
                pieces.append(self.chat("guess", guess=guess))
        if random.random() < manner.past:
            kind = random.choice(sorted(likelihoods())) if random.random() < 0.5 else self.suspect()
            seen = sayings(f"{self.voice}_{self.language}").yes
            telling = [fact for fact, odd in likelihoods()[kind].items() if fact in seen and odd > 0.6]
            if telling and kind != self.fault.kind:
                self.misled_by.append(kind)
                old = self.write(seen[random.choice(telling)])
                pieces.append(self.chat("past", old=old))
        if self.voice == "noc" and random.random() < manner.copied:
            pieces.append(self.chat("copied", line=self.alarm_line()))
        while random.random() < manner.aside and len(pieces) < 4:
            pieces.append(self.chat("aside"))
        return pieces

    def impact(self) -> list[str]:
        """Who is hit, as the one who writes knows it: mostly said where it decides the priority."""
        fault, random = self.fault, self.random
        classes = fault.service_classes if fault.customers else ()
        critical = fault.severity == "CRITICAL"
        # What is told, by which section, and how likely.
        told = [
            ("count", "count_many" if fault.customers else "count_none", 0.92 if self.voice == "noc" else 0.8)
        ]
        if "emergency" in classes:
            told.append(("emergency", "class_emergency", 0.9))
        else:
            told.append(("-emergency", "class_no_emergency", 0.15))
        if "business" in classes:
            told.append(("business", "class_business", 0.9))
        elif classes:
            told.append(("-business", "class_residential", 0.35))
        decides = 0.75 if fault.customers < 50 else 0.2
        sign, section = ("", "severity_critical") if critical else ("-", "severity_less")
        told.append((f"{sign}severity", section, decides))
        pieces = []
        for name, section, odd in told:
            if random.random() < odd:
                self.impact_said.append(name)
                pieces.append(self.chat(section))
        return pieces

    def circumstances(self) -> list[str]:
        """Whether work went before, and whose the site is."""
        fault, random = self.fault, self.random
        pieces = []
        if fault.after_planned_work:
            if random.random() < 0.9:
                pieces.append(self.work(so=True))
                self.said.append("after_change")
        elif not fault.planned and random.random() < 0.3:
            pieces.append(self.work(so=False))
            self.said.append("-after_change")
        if fault.third_party_site:
            if random.random() < 0.85:
                pieces.append(self.chat("partner_site"))
                self.said.append("partner_site")
        elif random.random() < 0.15:
            pieces.append(self.chat("own_site"))
            self.said.append("-partner_site")
        return pieces

    def work(self, so: bool) -> str:
        if self.random.random() < 0.5:
            return self.chat("after_work" if so else "no_work")
        return self.say(self.voice, "after_change", so)

    def suspect(self) -> str:
        """Return a kind this fault may be taken for."""
        confused = FAULT_KINDS[self.fault.kind].confused_with
        if confused and self.random.random() < 0.75:
            return self.random.choice(confused)
        domain = self.fault.domain
        others = [
            kind.name
            for kind in FAULT_KINDS.values()
            if kind.name != self.fault.kind and (kind.domain == domain or self.random.random() < 0.15)
        ]
        return self.random.choice(others) if others else self.fault.kind

    def say(self, file: str, fact: str, so: bool = True) -> str:
        """Return a wording of the fact; now and then in the writer's other language."""
        language = self.language
        if self.random.random() < self.manner.switch:
            language = "zh" if language == "en" and self.random.random() < 0.4 else "en"
        source = sayings(f"{file}_{language}")
        return self.write((source.yes if so else source.no)[fact], language)

    def chat(self, section: str, **given: str) -> str:
        return self.write(sayings(f"chatter_{self.language}").yes[section], self.language, **given)

    def write(self, tree: Sequence, language: Language | None = None, **given: str) -> str:
        slots = self.slots[language or self.language]
        if given:
            slots = slots.holding(**given)
        return tidy(expand(tree, Writer(self.habit, self.random, slots, {})))

    def alarm_line(self) -> str:
        """Return a line as copied from an alarm list: of this fault, or of something else going on."""
        random = self.random
        kind = self.fault.kind if random.random() < 0.55 else self.suspect()
        symptom = random.choice(FAULT_KINDS[kind].complaints).symptom
        wording = word(self.fault.vendor, symptom, random.random())
        severity = random.choice(("CRI", "MAJ", "MIN", "WRN"))
        slots = self.slots["en"]
        return f"{slots['time']} {slots['element']} {severity} {wording.specific_problem}"
