"""Laws of files and their linter: every fault is told with its file, its line and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.care.book import load_book
from agents.care.lint import lint
from agents.care.located import CareFileError, read_located
from agents.care.policy import load_policy

HEAD = """intents:
  - id: help
    phrases: {en: [help me], zh: [帮帮我]}
  - id: bye
    phrases: {en: [bye], zh: [再见]}
scripts:
"""
GOOD = (
    HEAD
    + """  - id: a
    intent: help
    text: {en: Hello, zh: 您好}
"""
)


def written(folder: Path, text: str, name: str = "own.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def told(folder: Path, scripts: str, rules: str = "") -> list[tuple[int, str]]:
    """Return (line, check) of each finding."""
    paths = [written(folder, HEAD + scripts)]
    if rules:
        paths.append(written(folder, "rules:\n" + rules, "rules.yaml"))
    found = lint(paths, policy_paths=[written(folder, NO_RULES, "none.yaml")])
    assert all(one.todo and one.what and one.file.endswith(".yaml") for one in found)
    return [(one.line, one.check) for one in found]


NO_RULES = "rules: []\n"


def test_a_sound_file_has_no_faults(tmp_path: Path) -> None:
    assert lint([written(tmp_path, GOOD)]) == []
    assert [script.id for script in load_book([tmp_path]).scripts] == ["a"]


def test_an_unknown_slot_is_told_with_its_line(tmp_path: Path) -> None:
    script = "  - id: a\n    intent: help\n    text:\n      en: Dear {shoe_size}\n      zh: 您好{shoe_size}\n"
    assert told(tmp_path, script) == [(10, "slot"), (11, "slot")]


@pytest.mark.parametrize("text", ["Hello {", "Hello {A B}", "Hello {{customer_name}}"])
def test_braces_that_are_no_slot_are_told(tmp_path: Path, text: str) -> None:
    script = f"  - id: a\n    intent: help\n    text: {{en: '{text}', zh: '{text}'}}\n"
    assert (9, "slot") in told(tmp_path, script)


def test_a_missing_language_is_told(tmp_path: Path) -> None:
    assert told(tmp_path, "  - id: a\n    intent: help\n    text: {en: Hello}\n") == [(9, "language")]
    script = "  - id: a\n    intent: help\n    text: {en: Hello, zh: 您好}\n    next_question: {en: So}\n"
    assert told(tmp_path, script) == [(10, "language")]


def test_languages_with_different_slots_are_told(tmp_path: Path) -> None:
    script = "  - id: a\n    intent: help\n    text: {en: 'Dear {customer_name}', zh: 您好}\n"
    assert told(tmp_path, script) == [(9, "slot")]


def test_scripts_between_which_nothing_decides_are_told(tmp_path: Path) -> None:
    both = (
        "  - {id: a, intent: help, text: {en: A, zh: 甲}}\n"
        "  - {id: b, intent: [bye, help], text: {en: B, zh: 乙}}\n"
    )
    assert told(tmp_path, both) == [(7, "overlap")]
    apart = (
        "  - {id: a, intent: help, when: {stage: first}, text: {en: A, zh: 甲}}\n"
        "  - {id: b, intent: help, when: {stage: [answer, declined]}, text: {en: B, zh: 乙}}\n"
    )
    assert told(tmp_path, apart) == []


def test_a_script_that_several_others_hide_together_is_told(tmp_path: Path) -> None:
    scripts = (
        "  - {id: a, intent: help, priority: 5, when: {stage: [first, answer]}, text: {en: A, zh: 甲}}\n"
        "  - {id: b, intent: help, priority: 6, when: {stage: [accepted, declined]}, text: {en: B, zh: 乙}}\n"
        "  - {id: c, intent: help, text: {en: C, zh: 丙}}\n"
    )
    assert told(tmp_path, scripts) == [(9, "unreachable")]


def test_a_script_below_one_whose_slots_may_lack_records_is_reachable(tmp_path: Path) -> None:
    scripts = (
        "  - {id: a, intent: help, priority: 5, text: {en: 'A {customer_name}', zh: '甲{customer_name}'}}\n"
        "  - {id: c, intent: help, text: {en: C, zh: 丙}}\n"
    )
    assert told(tmp_path, scripts) == []


def test_a_slot_that_no_case_of_its_script_can_fill_is_told(tmp_path: Path) -> None:
    script = (
        "  - id: a\n    intent: help\n    when: {incident: none}\n"
        "    text: {en: 'Until {incident_estimate}', zh: '到{incident_estimate}'}\n"
    )
    assert told(tmp_path, script) == [(10, "never-filled")]


RULE = """  - id: no-promise
    when: {incident: open}
    forbids:
      text: {en: [we promise], zh: [我们保证]}
      does: [refund]
    says: {en: I cannot, zh: 我不能}
"""


def test_a_text_that_promises_what_policy_forbids_is_told(tmp_path: Path) -> None:
    script = "  - {id: a, intent: help, text: {en: 'WE  promise it', zh: 好}}\n"
    assert told(tmp_path, script, RULE) == [(7, "forbidden-text")]
    chinese = "  - {id: a, intent: help, text: {en: Fine, zh: 我们保证修好}}\n"
    assert told(tmp_path, chinese, RULE) == [(7, "forbidden-text")]
    elsewhere = "  - {id: a, intent: help, when: {incident: none}, text: {en: We promise, zh: 好}}\n"
    assert told(tmp_path, elsewhere, RULE) == []


def test_an_action_that_a_rule_forbids_in_all_cases_is_told(tmp_path: Path) -> None:
    script = "  - {id: a, intent: help, when: {incident: open}, does: [refund], text: {en: A, zh: 甲}}\n"
    assert told(tmp_path, script, RULE) == [(7, "forbidden-action")]


@pytest.mark.parametrize(
    ("entry", "check"),
    [
        ("{intent: help, text: {en: A, zh: 甲}}", "id"),
        ("{id: a, intent: fly, text: {en: A, zh: 甲}}", "intent"),
        ("{id: a, text: {en: A, zh: 甲}}", "intent"),
        ("{id: a, intent: help, when: {mood: good}, text: {en: A, zh: 甲}}", "condition"),
        ("{id: a, intent: help, when: {incident: maybe}, text: {en: A, zh: 甲}}", "condition"),
        ("{id: a, intent: help, when: sometimes, text: {en: A, zh: 甲}}", "condition"),
        ("{id: a, intent: help, priority: high, text: {en: A, zh: 甲}}", "priority"),
        ("{id: a, intent: help, colour: red, text: {en: A, zh: 甲}}", "key"),
        ("{id: a, id: b, intent: help, text: {en: A, zh: 甲}}", "key"),
        ("&x {id: a, intent: help, text: {en: *x, zh: 甲}}", "alias"),
        ("{id: a, intent: [help", "no-yaml"),
    ],
)
def test_each_fault_is_told_and_stops_loading(tmp_path: Path, entry: str, check: str) -> None:
    path = written(tmp_path, HEAD + f"  - {entry}\n")
    assert check in {one.check for one in lint([path])}
    with pytest.raises(CareFileError, match=f"own.yaml:\\d+: {check}: "):
        load_book([path])


def test_the_same_script_twice_is_told_across_files(tmp_path: Path) -> None:
    written(tmp_path, GOOD, "one.yaml")
    written(tmp_path, "scripts:\n  - {id: a, intent: bye, text: {en: A, zh: 甲}}\n", "two.yaml")
    with pytest.raises(CareFileError, match=r"two\.yaml:2: id: .* also in .*one\.yaml:7"):
        load_book([tmp_path])


@pytest.mark.parametrize(
    ("rule", "check"),
    [
        ("{id: 'A B', forbids: {does: [x]}, says: {en: A, zh: 甲}}", "id"),
        ("{id: a, says: {en: A, zh: 甲}}", "forbids"),
        ("{id: a, forbids: {does: [x]}, says: {en: A}}", "language"),
        ("{id: a, forbids: {does: [x]}, says: {en: 'A {plan_name}', zh: 甲}}", "slot"),
        ("{id: a, forbids: {thinks: [x]}, says: {en: A, zh: 甲}}", "key"),
        ("{id: a, when: {mood: x}, forbids: {does: [x]}, says: {en: A, zh: 甲}}", "condition"),
    ],
)
def test_each_fault_of_a_rule_is_told(tmp_path: Path, rule: str, check: str) -> None:
    path = written(tmp_path, f"rules:\n  - {rule}\n")
    with pytest.raises(CareFileError, match=f"own.yaml:2: {check}: "):
        load_policy([path])


def test_words_that_yaml_takes_for_truth_values_stay_words(tmp_path: Path) -> None:
    located, faults = read_located(written(tmp_path, "a: off\nb: no\nc: 1.0\n"))
    assert (located.value, faults) == ({"a": "off", "b": "no", "c": "1.0"}, [])


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CareFileError, match="is not there"):
        lint([tmp_path / "gone"])
    with pytest.raises(CareFileError, match=r"no \.yaml file"):
        lint([tmp_path])


def test_a_file_that_is_no_text_or_too_big_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe\x00")
    assert [one.check for one in lint([tmp_path])] == ["unreadable"]
    (tmp_path / "a.yaml").write_bytes(b"# " + b"x" * 1_000_001)
    assert [one.check for one in lint([tmp_path])] == ["too-big"]
