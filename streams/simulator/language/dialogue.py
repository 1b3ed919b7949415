"""A conversation turn by turn: matters opened, questions asked and answered, matters changed.

It deliberately does not know what brought the customer to write, nor times and ids of messages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from streams.simulator.language.grammar import Sequence, Writer, expand
from streams.simulator.language.hand import Hand, tidy
from streams.simulator.language.places import person, town
from streams.simulator.language.quantities import clock, clock_words, length_words
from streams.simulator.language.sayings import Language, Sayings, sayings
from streams.simulator.messages_scripts import (
    FOLLOWS,
    INTENTS,
    NETWORK_INTENTS,
    REASONS,
    Desk,
    Stage,
    script_of,
)


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn, with what the customer is after in it (empty for the agent's turns)."""

    author: str
    text: str
    intent: str = ""
    stage: Stage = "first"
    script: str = ""
    needs_history: bool = False


class Dialogue:
    """One customer, one agent, one language; `place_key` names the customer's town."""

    def __init__(
        self, language: Language, random: Random, place_key: str, began: datetime, desk: Desk
    ) -> None:
        self.language, self.random, self.desk, self.began = language, random, desk, began
        self.habit = Random(f"{random.randrange(2_000)}:care").getrandbits(32)
        self.place_key = place_key
        self.wordings: Sayings = sayings(f"message_{language}")

    def turns(self, intent: str, symptoms: tuple[str, ...]) -> Iterator[Turn]:
        """Yield the turns of a conversation that begins with this intent, at most about a dozen."""
        random = self.random
        if random.random() < 0.2:
            yield self._customer("unclear", "first", [self._say("vague")])
            yield self._agent("ask_open")
        for number in range(random.choice((1, 1, 2, 2, 3))):
            if number:
                intent, symptoms = random.choice(FOLLOWS[intent]), ()
            yield self._customer(intent, "first", self._opening(intent, symptoms))
            if intent == "thanks":
                return
            yield from self._questions(intent)
        if random.random() < 0.25:
            yield self._customer("thanks", "first", [self._say("thanks")])

    def _questions(self, intent: str) -> Iterator[Turn]:
        """Yield what the agent asks of the matter and what the customer answers, once or twice or not."""
        random = self.random
        if self.desk.incident == "open" and intent in NETWORK_INTENTS and random.random() < 0.5:
            yield self._agent("say_known")
            return
        asked = [name for name in self.wordings.yes if name.startswith(f"ask_{intent}?")]
        random.shuffle(asked)
        for name in asked[: random.choice((0, 1, 1, 2))]:
            sort = name.partition("?")[2]
            yield self._agent(f"ask_generic?{sort}" if random.random() < 0.5 else name)
            yield self._answer(intent, sort)

    def _answer(self, intent: str, sort: str) -> Turn:
        random = self.random
        stage: Stage = "answer"
        said = sort
        if sort in ("yes", "offer"):
            said = "yes" if random.random() < 0.6 else "no"
            if sort == "offer":
                stage = "accepted" if said == "yes" else "declined"
        if random.random() < 0.12:
            said, stage = "maybe", "answer"
        pieces = [self._say(f"answer_{said}")]
        spelt_out = random.random() < 0.12
        if spelt_out:
            pieces.append(self._say(intent))
        elif random.random() < 0.2:
            pieces.append(self._say("lead_out"))
        return self._customer(intent, stage, pieces, needs_history=not spelt_out, bare=True)

    def _opening(self, intent: str, symptoms: tuple[str, ...]) -> list[str]:
        """Return what opens a matter: said outright, or by what the customer sees."""
        random = self.random
        seen = sayings(f"customer_{self.language}").yes
        said = [fact for fact in symptoms if fact in seen]
        random.shuffle(said)
        pieces = [self._wording(seen, fact) for fact in said[: random.choice((1, 1, 2))]]
        if not pieces or random.random() < 0.5:
            pieces.append(self._say(intent))
        if intent != "thanks":
            pieces += self._beside(intent)
            random.shuffle(pieces)
        return pieces

    def _beside(self, intent: str) -> list[str]:
        """Return what is told beside the matter: its reason, and matters that are none."""
        random = self.random
        pieces = []
        if intent in REASONS and random.random() < 0.45:
            other = self._say(random.choice(REASONS[intent]))
            pieces.append(self._say("reason", other=other))
        for _ in range(2):
            if random.random() < 0.3:
                other = self._say(random.choice([name for name in INTENTS[:15] if name != intent]))
                pieces.append(self._say("other", other=other))
        if random.random() < 0.2:
            pieces.append(self._say("not_this"))
        return pieces

    def _customer(
        self, intent: str, stage: Stage, pieces: list[str], needs_history: bool = False, bare: bool = False
    ) -> Turn:
        random = self.random
        opening = "" if bare or random.random() < 0.65 else self._say("lead_in")
        if opening and self.language == "en":
            opening += ","
        if not bare and random.random() < 0.25:
            pieces = [*pieces, self._say("lead_out")]
        hand = Hand(self.language, self.habit, 0.05, 0.4)
        text = hand.write(opening, pieces, random)
        return Turn("customer", text, intent, stage, script_of(intent, stage, self.desk), needs_history)

    def _agent(self, section: str) -> Turn:
        pieces = [self._say(section)]
        if self.random.random() < 0.3:
            pieces.insert(0, self._say("say_wait"))
        return Turn("agent", Hand(self.language, 7, 0.0, 0.0).write("", pieces, self.random))

    def _say(self, section: str, **given: str) -> str:
        return self._wording(self.wordings.yes, section, **given)

    def _wording(self, grammars: Mapping[str, Sequence], section: str, **given: str) -> str:
        writer = Writer(self.habit, self.random, self._slots() | given, {})
        return tidy(expand(grammars[section], writer))

    def _slots(self) -> dict[str, str]:
        random, english = self.random, self.language == "en"
        here, there, who = town(self.place_key), town(f"far {random.randrange(200)}"), person(random)
        moment = self.began + timedelta(minutes=random.gauss(-20.0, 10.0))
        remembered = clock_words(moment.hour, moment.minute, random)
        return {
            "place": here.en if english else here.zh,
            "site": here.en if english else here.zh,
            "far": there.en if english else there.zh,
            "name": who.en if english else who.zh,
            "time": remembered if random.random() < 0.6 else clock(random),
            "dur": length_words(self.language, random),
            "ref": str(random.randint(10_000, 99_999)),
            "n": str(random.randint(3, 14)),
            "d": str(random.randint(0, 9)),
        }
