"""Laws of sentences told again: what telcollm writes is known, what it does not know stays and is marked."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from agents.diagnosis.leading import doubts_of
from agents.routing.reasons import rule_reason
from agents.routing.rules import RuledTeam
from dashboards.sentences import told
from dashboards.wording import catalogue
from telcollm.records import Shadow
from tests.agents.test_diagnosis import ROWS, diagnose, request, store

ROOT = Path(__file__).parents[2]
WRITERS = ("agents/diagnosis", "agents/routing", "agents/tools", "finetune", "streams", "telcollm/decider")
MARK = "（英文原文）"

__all__ = ["store"]


def written() -> str:
    """All texts of the modules that write such sentences, a gap where a value stands."""
    found = []
    for folder in WRITERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    parts = [part.value if isinstance(part, ast.Constant) else "\0" for part in node.values]
                    found.append("".join(str(part) for part in parts))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.append(node.value)
    return "\n".join(found)


def test_every_sentence_is_still_written_by_the_code_that_it_is_taken_from() -> None:
    code, lost = written(), []
    for key, said in catalogue().items():
        if key.startswith("sentences.") and key != "sentences.original":
            pieces = [
                piece.strip(" ().:;,")
                for piece in re.split(r"\{\w+\}|\w+\(s\)|\b(?:above|below)\b", said["en"])
            ]
            lost += [(key, piece) for piece in pieces if piece not in code]
    assert lost == []


@pytest.mark.parametrize("rows", [ROWS, ROWS[:1], (*ROWS, ("n4", "DOOR", 9_000))])
@pytest.mark.parametrize("has_graph", [True, False])
def test_a_diagnosis_is_told_in_chinese_as_a_whole(store: object, rows: tuple, has_graph: bool) -> None:  # type: ignore[type-arg]
    found = diagnose(store, request(rows), has_graph=has_graph)
    sentences = [found.summary, *found.missing]
    sentences += [claim.text for one in found.hypotheses for claim in one.claims]
    assert len(sentences) > 1
    for one in sentences:
        assert re.search(r"[\u4e00-\u9fff]", told(one, "zh")), one
        assert MARK not in told(one, "zh"), one
        assert told(one, "en") == one


@pytest.mark.parametrize(
    ("why", "wanted"),
    [
        ("no runbook at hand speaks of these problems", "现有处置手册均未涉及这些问题。"),
        ("the runbooks could not be read", "处置手册暂时无法读取。"),
        ("the runbook 'Fan' hardly speaks of these problems", "处置手册 'Fan' 对这些问题着墨甚少。"),
        ("the runbooks 'Fan' and 'Dust' fit about equally well", "处置手册 'Fan' 与 'Dust' 匹配程度相近。"),
    ],
)
def test_why_no_steps_are_given_is_told_behind_the_cause(why: str, wanted: str) -> None:
    said = told(f"1 alarm on 1 object: the likeliest cause is HOT on n1. No steps are given: {why}.", "zh")
    assert said == f"1 个网元上 1 条告警：最可能的根因是 n1 上的 HOT。未给出处置步骤：{wanted}"


def test_why_a_decider_does_not_lead_is_told_in_chinese() -> None:
    unsure = Shadow(model="plain", probabilities=(0.3, 0.2), none_of_these=0.5, sure_from=0.6)
    never = Shadow(model="plain", probabilities=(0.3,), sure_from=1.01)
    assert [told(one, "zh") for one in (*doubts_of(0.3, unsure), *doubts_of(0.3, never))] == [
        "起因本身的告警：模型认为根因有 50.0% 的可能不在候选之中",
        "更多依据：模型对首个成立的根因把握为 30.0%，达到 60.0% 才予采信",
        "更有把握的模型：当前模型尚未证明足够准确，不能主导诊断",
    ]


def test_the_reasons_of_a_route_are_told_one_by_one() -> None:
    ruled = RuledTeam("transport", 0.91, (), (("fibre", 2.0),))
    reason = f"{rule_reason(ruled, 0.95, False)}; no priority is told."
    assert told(reason, "zh") == (
        "规则判断为 transport（91%），依据：fibre；低于自动派单的门槛 95%，由人工确认；未说明优先级。"
    )
    assert told("no priority is told; the moon is full.", "zh") == f"未说明优先级；the moon is full{MARK}"


@pytest.mark.parametrize("name", ["{count}", "a; b", "x" * 5_000, "(.+?)" * 50])
def test_hostile_names_are_neither_read_nor_lost(name: str) -> None:
    assert name in told(f"{name} raised LINK_LOSS.", "zh")


def test_chinese_stays_as_it_is() -> None:
    assert told("工单中提到光纤 transport", "zh") == "工单中提到光纤 transport"
