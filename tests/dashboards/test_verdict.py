"""Laws of the gate's verdict on a page: said in the reader's language, by code and values, nothing lost."""

from __future__ import annotations

import re

import pytest

from dashboards import reader, sentences
from dashboards.views.models import condition_text
from dashboards.wording import catalogue
from finetune.gate import RIVALS, SENTENCES, unmet_conditions
from telcollm.app.services.models import Condition
from tests.finetune.test_gate import wrong_in_all

CONDITIONS = [Condition(one.code, dict(one.values), str(one)) for one in unmet_conditions(wrong_in_all())]
FOUND_IN_DATA = {"leak", "tampered"}


def read_in(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (reader, sentences):
        monkeypatch.setattr(module, "language", lambda: language)


def test_the_page_says_in_english_what_the_gate_says() -> None:
    said = catalogue()
    assert {code: said[f"gate.{code}"]["en"] for code in SENTENCES} == SENTENCES
    assert {name: said[f"words.rival {name}"]["en"] for name in RIVALS} == RIVALS


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda one: one.text[:40])
def test_a_condition_is_told_in_english_as_on_the_command_line(
    condition: Condition, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_in("en", monkeypatch)
    metric = condition.values.get("metric", "")
    named = catalogue()[f"words.figure {metric}"]["en"] if metric else ""
    assert condition_text(condition) == condition.text.replace(metric, named)


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda one: one.text[:40])
def test_a_condition_is_told_in_chinese_with_all_its_values(
    condition: Condition, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_in("zh", monkeypatch)
    told = condition_text(condition)
    named = {"rival", "metric", "change"}
    values = [value for name, value in condition.values.items() if name not in named]
    assert all(value.removeprefix("version ") in told for value in values)
    names = set(re.findall(r"[A-Za-z]{3,}", told)) - {"TF", "IDF", "capitals"}
    if condition.code in FOUND_IN_DATA:
        assert told.endswith(f"{condition.values['finding']}（英文原文）")
    else:
        assert names == set()
