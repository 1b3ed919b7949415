"""Deciders' opinions on a diagnosis: which candidate is the root cause, and which kind of fault it is.

Windows are written as in training, by `telcollm.prompts`; windows alike in shape are asked once. Does not
know whether an opinion is kept beside what the graph decided or leads it.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import msgspec

from agents.window_reader import WindowReader
from telcollm.decider.decider import Decider, Decision
from telcollm.guard import Guard
from telcollm.model.port import LanguageModel
from telcollm.ports import Adviser
from telcollm.prompts import (
    CANDIDATES_VERSION,
    NONE_OF_THESE,
    WINDOW_VERSION,
    WindowFacts,
    number_of,
    render_window,
    window_numbers,
    write_candidates,
)
from telcollm.records import Shadow
from telcollm.state import DiagnosisRequest

TEXT: Final = "text"
CANDIDATES: Final = "candidates"
"""The columns of a window, as `telcollm simulate` writes them too."""

_REMEMBERED: Final = 4096
_TOKENS_PER_GROUP: Final = 8
"""A careful guess of what one more group of alarms costs in the prompt."""


_Key = tuple[str, tuple[str, ...], tuple[float, ...]]
"""What makes two windows the same question: text, choices, and the numbers that the decider reads."""


class _Asked(NamedTuple):
    """A window as the deciders read it, and the object that each choice stands for."""

    text: str
    numbers: Mapping[str, float]
    choices: tuple[str, ...]
    objects: tuple[str, ...]


class OpinionAdviser:
    """Asks deciders; implements `telcollm.ports.Adviser`. One of the two may be missing.

    Without a decider of root causes, `base` is asked about them, where there is one. `windows` may be set
    anew, to go on over another store with the same models.
    """

    def __init__(
        self,
        windows: WindowReader,
        guard: Guard,
        *,
        root_cause: Decider | None = None,
        fault_kind: Decider | None = None,
        base: Adviser | None = None,
        model: LanguageModel | None = None,
    ) -> None:
        self.windows = windows
        self._guard = guard
        self._root_cause = root_cause
        self._fault_kind = fault_kind
        self._base = base if root_cause is None else None
        self._model = model
        self._known: dict[str, OrderedDict[_Key, Decision]] = {
            "root cause": OrderedDict(),
            "fault kind": OrderedDict(),
        }
        self._prompts = 0
        self._asked = 0
        self._seconds = 0.0

    def advise(self, requests: Sequence[DiagnosisRequest], *, prompt_tokens: int) -> list[Shadow]:
        """Return the deciders' opinion on each request, in order.

        Raises:
            DeciderError: a decider reads other columns than a window has.
            TransientError: a model server or the database does not answer.
        """
        asked = [
            self._written(request, facts, prompt_tokens)
            for request, facts in zip(requests, self.windows.read(requests), strict=True)
        ]
        roots = self._decide("root cause", self._root_cause, asked, with_choices=True)
        kinds = self._decide("fault kind", self._fault_kind, asked, with_choices=False)
        self._prompts += len(requests)
        shadows = [
            self._shadow(request, window, root, kind)
            for request, window, root, kind in zip(requests, asked, roots, kinds, strict=True)
        ]
        if self._base is None:
            return shadows
        first = self._base.advise(requests, prompt_tokens=prompt_tokens)
        return [
            msgspec.structs.replace(
                shadow,
                model=told.model,
                probabilities=told.probabilities,
                prompt_version=f"{told.prompt_version}, {shadow.prompt_version}",
                agrees=told.agrees,
            )
            for shadow, told in zip(shadows, first, strict=True)
        ]

    def _written(self, request: DiagnosisRequest, facts: WindowFacts, prompt_tokens: int) -> _Asked:
        shortlist = self.windows.shortlist(request)
        listed = write_candidates(facts, shortlist, guard=self._guard)
        shown = replace(facts, groups=facts.groups[: max(8, prompt_tokens // _TOKENS_PER_GROUP)])
        return _Asked(
            render_window(shown, guard=self._guard, version=WINDOW_VERSION),
            window_numbers(facts),
            (*(text for _, text in listed), NONE_OF_THESE),
            tuple(name for name, _ in listed),
        )

    def _decide(
        self, what: str, decider: Decider | None, asked: Sequence[_Asked], *, with_choices: bool
    ) -> list[Decision | None]:
        """Return one decision a window; the same question is asked once."""
        if decider is None:
            return [None] * len(asked)
        known = self._known[what]
        columns = decider.spec.numeric_columns
        keys: list[_Key] = [
            (
                window.text,
                window.choices if with_choices else (),
                tuple(number_of(window.numbers, column) for column in columns),
            )
            for window in asked
        ]
        by_key = dict(zip(keys, asked, strict=True))
        new = [key for key in by_key if key not in known]
        if new:
            began = time.monotonic()
            rows: list[dict[str, object]] = [
                {**dict(zip(columns, key[2], strict=True)), TEXT: key[0], CANDIDATES: by_key[key].choices}
                for key in new
            ]
            known.update(zip(new, decider.decide(rows), strict=True))
            self._seconds += time.monotonic() - began
            self._asked += len(new)
        found: list[Decision | None] = [known[key] for key in keys]
        while len(known) > _REMEMBERED:
            known.popitem(last=False)
        return found

    def _shadow(
        self, request: DiagnosisRequest, window: _Asked, root: Decision | None, kind: Decision | None
    ) -> Shadow:
        by_object: dict[str, float] = {}
        if root is not None:
            said = dict(root.alternatives)
            by_object = {
                name: said.get(text, 0.0) for name, text in zip(window.objects, window.choices, strict=False)
            }
        # A choice is an object: its first candidate stands for it, as the graph ranks it.
        probabilities: list[float] = []
        if root is not None:
            probabilities = [round(by_object.pop(item.managed_object, 0.0), 6) for item in request.candidates]
        none = 0.0 if root is None else dict(root.alternatives).get(NONE_OF_THESE, 0.0)
        names = [one.spec for one in (self._root_cause, self._fault_kind) if one is not None]
        top = max(range(len(probabilities)), key=probabilities.__getitem__, default=0)
        return Shadow(
            model=names[0].base or "plain",
            adapter=", ".join(f"{spec.name}@{spec.version}" for spec in names),
            probabilities=tuple(probabilities),
            prompt_version=WINDOW_VERSION if root is None else f"{WINDOW_VERSION}, {CANDIDATES_VERSION}",
            agrees=bool(probabilities) and top == 0 and probabilities[0] > 0,
            fault_kinds=tuple(
                (label, round(chance, 6)) for label, chance in (kind.alternatives if kind is not None else ())
            ),
            none_of_these=round(none, 6),
            sure_from=self._root_cause.spec.threshold.confidence if self._root_cause is not None else 0.0,
        )

    def counters(self) -> Mapping[str, float]:
        """Return running totals: prompts, asked, tokens_in, tokens_out, seconds."""
        usage = self._model.usage if self._model is not None else None
        base = self._base.counters() if self._base is not None else {}
        return {
            "prompts": self._prompts + base.get("prompts", 0),
            "asked": self._asked + base.get("asked", 0),
            "tokens_in": usage.tokens_in if usage else base.get("tokens_in", 0),
            "tokens_out": usage.tokens_out if usage else base.get("tokens_out", 0),
            "seconds": self._seconds + base.get("seconds", 0),
        }
