"""Laws of the gate's verdict on a page: said in the reader's language, by code and values, nothing lost."""

from __future__ import annotations

import re

import pytest

from dashboards import reader, sentences
from dashboards.views.models import condition_text
from dashboards.wording import catalogue
from finetune.audit import audit_split
from finetune.columns import TaskColumns
from finetune.gate import RIVALS, SENTENCES, unmet_conditions
from finetune.split import Split
from telcollm.app.services.models import Condition
from tests.finetune.test_gate import wrong_in_all

CONDITIONS = [Condition(one.code, dict(one.values), str(one)) for one in unmet_conditions(wrong_in_all())]
FOUND_IN_DATA = {"leak", "tampered"}


def read_in(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (reader, sentences):
        monkeypatch.setattr(module, "language", lambda: language)


def finding_of_copies() -> str:
    """What the audit says of a split whose test holds copies of training rows."""
    columns = TaskColumns(text=("text",), label="label")
    texts = [f"the link to site {place} in the north is down since this morning" for place in range(20)]
    rows = [{"text": text, "label": "a"} for text in texts * 2]
    split = Split(("train",) * 20 + ("test",) * 20, "column", "as given")
    (leak,) = [one for one in audit_split(rows, split, columns) if one.code == "copies"]
    return leak.message


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


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (
            "12 of 400 test rows have the very inputs of a training row",
            "400 行测试数据中有 12 行与某行训练数据的输入完全相同",
        ),
        (
            "3 groups of 'case' have rows in the test and outside it ('c-1'); a group must stay on one side; "
            "split by --group instead",
            "'case' 有 3 组同时出现在测试数据内外（'c-1'）；同一组须在同一侧；请改用 --group 划分",
        ),
        (
            "decider desk version 2 in /home/eva/desk/2 was changed since it was registered; its registered "
            "files are allowed; remove the folder and ask again",
            "/home/eva/desk/2 中的决策模型 desk 版本 2 在注册后被改动；只允许注册时的文件；"
            "请删除该文件夹后重试",
        ),
    ],
)
def test_what_was_found_is_told_in_chinese_where_telcollm_wrote_it(
    found: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_in("zh", monkeypatch)
    assert condition_text(Condition("leak", {"finding": found}, "")) == f"训练与测试须分开：{told}"


def test_the_real_findings_of_a_promotion_are_told_in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    read_in("zh", monkeypatch)
    leaky = finding_of_copies()
    shown = condition_text(Condition("leak", {"finding": leaky}, leaky))
    assert re.search(r"\d+ 行是训练数据的副本", shown) and "英文原文" not in shown
