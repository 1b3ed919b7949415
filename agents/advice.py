"""The model's opinion on a diagnosis: the same candidates, scored in batches, kept in shadow.

Windows alike in shape give the same prompt and are asked once. Does not decide anything.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from telcollm.guard import Guard
from telcollm.model.port import LanguageModel, Prompt
from telcollm.prompts import PROMPT_VERSION, choice_names, in_prompt_order, window_prompt
from telcollm.records import Shadow
from telcollm.settings import DiagnosisSettings
from telcollm.state import Candidate, DiagnosisRequest

_REMEMBERED = 4096


class ModelAdviser:
    """Asks a language model; implements `telcollm.ports.Adviser`."""

    def __init__(
        self, model: LanguageModel, settings: DiagnosisSettings, guard: Guard, *, adapter: str = ""
    ) -> None:
        self._model = model
        self._guard = guard
        self._settings = settings
        self._adapter = adapter
        self._known: OrderedDict[tuple[str, int], tuple[float, ...]] = OrderedDict()
        self._prompts = 0
        self._asked = 0

    def advise(self, requests: Sequence[DiagnosisRequest], *, prompt_tokens: int) -> list[Shadow]:
        """Return the model's opinion on each request, in order."""
        shortlists = [request.candidates[: self._settings.max_candidates] for request in requests]
        prompts = [
            window_prompt(request.groups, shortlist, prompt_tokens=prompt_tokens, guard=self._guard)
            for request, shortlist in zip(requests, shortlists, strict=True)
        ]
        answers = self._ask(prompts, [len(shortlist) for shortlist in shortlists])
        self._prompts += len(prompts)
        return [
            self._shadow(request, shortlist, answer)
            for request, shortlist, answer in zip(requests, shortlists, answers, strict=True)
        ]

    def _ask(self, prompts: Sequence[Prompt], counts: Sequence[int]) -> list[tuple[float, ...]]:
        """Return one row of probabilities a prompt; the same question is asked once."""
        wanted = list(zip((prompt.text for prompt in prompts), counts, strict=True))
        open_questions = list(dict.fromkeys(key for key in wanted if key not in self._known))
        if open_questions:
            by_text = {prompt.text: prompt for prompt in prompts}
            rows = self._model.score(
                [by_text[text] for text, _ in open_questions],
                [choice_names(count) for _, count in open_questions],
                adapter=self._adapter or None,
            )
            for key, row in zip(open_questions, rows, strict=True):
                self._known[key] = tuple(float(value) for value in row[: key[1]])
            self._asked += len(open_questions)
        answers = [self._known[key] for key in wanted]
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return answers

    def _shadow(
        self, request: DiagnosisRequest, shortlist: Sequence[Candidate], answer: Sequence[float]
    ) -> Shadow:
        listed = in_prompt_order(request.groups, shortlist)
        by_alarm = {item.alarm_id: value for item, value in zip(listed, answer, strict=True)}
        probabilities = tuple(round(by_alarm[item.alarm_id], 6) for item in shortlist)
        top = max(range(len(probabilities)), key=probabilities.__getitem__)
        return Shadow(
            model=self._model.name,
            adapter=self._adapter,
            probabilities=probabilities,
            prompt_version=PROMPT_VERSION,
            agrees=top == 0,
        )

    def counters(self) -> Mapping[str, float]:
        """Return running totals: prompts, asked, tokens_in, tokens_out, seconds."""
        usage = self._model.usage
        return {
            "prompts": self._prompts,
            "asked": self._asked,
            "tokens_in": usage.tokens_in,
            "tokens_out": usage.tokens_out,
            "seconds": usage.forward_s,
        }
