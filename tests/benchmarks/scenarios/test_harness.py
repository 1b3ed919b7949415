"""Laws of the harness: answers stay hidden, scores are earned, comparisons are paired, pages are escaped."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from benchmarks.scenarios.__main__ import main
from benchmarks.scenarios.case import Answer, Case, Said, Scored, chosen
from benchmarks.scenarios.catalogue import SUITES, open_suite
from benchmarks.scenarios.comparing import compare, mcnemar
from benchmarks.scenarios.figures import figures_of, mean_figure
from benchmarks.scenarios.folder import CaseFolder
from benchmarks.scenarios.making import made_folder
from benchmarks.scenarios.page import page_of
from benchmarks.scenarios.results import Results, lines_path, load_results, save_results
from benchmarks.scenarios.running import WrongAnswer, ask, results_of, scored
from benchmarks.scenarios.suite import NotAvailable, Options
from telcollm.errors import SettingsError
from telcollm.settings import Settings
from tests.benchmarks.scenarios.toy import HOSTILE, Adder, ToySuite


def silent(text: str) -> None:
    del text


def clock() -> Iterator[float]:
    return itertools.count(0.0, 0.5)


def run(tmp_path: Path, variant: str = "right", suite: ToySuite | None = None) -> Results:
    suite = suite or ToySuite()
    folder = made_folder(suite, "test", tmp_path, silent)
    system = suite.system(variant, folder.inputs, Options(), Settings(home=tmp_path), silent)
    ticks = clock()
    told = ask(system, folder.cases(), lambda: next(ticks))
    return results_of(
        suite,
        variant=variant,
        part="test",
        cases=scored(suite, told, folder.answers()),
        available=suite.size,
        data_hash=folder.data_hash,
        identity=system.identity,
        options=Options(),
        conditions={},
    )


def test_a_perfect_answer_scores_one_and_a_shuffled_one_less(tmp_path: Path) -> None:
    suite = ToySuite()
    perfect = run(tmp_path, suite=suite)
    assert perfect.figures["exact"].value == 1.0
    assert perfect.figures["wrong"].value == 0.0
    folder = made_folder(suite, "test", tmp_path, silent)
    answers = folder.answers()
    names = list(answers)
    shuffled = {
        name: msgspec.structs.replace(answers[other], case_id=name)
        for name, other in zip(names, names[1:] + names[:1], strict=True)
    }
    told = ask(Adder(folder.inputs, 0, 1), folder.cases(), lambda: 0.0)
    figures = figures_of(scored(suite, told, shuffled), suite.measures)
    assert figures["exact"].value < 0.5
    assert figures["wrong"].value > 15


def test_the_answers_never_reach_the_system(tmp_path: Path) -> None:
    suite = ToySuite()
    folder = made_folder(suite, "test", tmp_path, silent)
    system = Adder(folder.inputs, 1, 3)
    before = ask(system, folder.cases(), lambda: 0.0)
    hidden = folder.root / "answers.jsonl"
    hidden.unlink()
    after = ask(Adder(folder.inputs, 1, 3), folder.cases(), lambda: 0.0)
    assert after == before
    assert not any("answer" in path.name for path in folder.inputs.rglob("*"))
    for case in system.asked:
        assert set(msgspec.to_builtins(case)) == {"case_id", "inputs"}
        assert "sum" not in case.inputs


def test_the_system_is_not_handed_the_folder_that_the_answers_lie_in(tmp_path: Path) -> None:
    folder = made_folder(ToySuite(), "test", tmp_path, silent)
    assert (folder.root / "answers.jsonl").is_file()
    assert folder.inputs != folder.root
    assert folder.root in folder.inputs.parents


def test_a_comparison_of_a_run_with_itself_shows_no_difference(tmp_path: Path) -> None:
    results = run(tmp_path, "wrong")
    same = compare(results, results)
    assert same.paired == 30
    assert (same.better, same.worse, same.otherwise) == ((), (), ())
    for one in same.differences:
        assert (one.change.value, one.change.low, one.change.high) == (0.0, 0.0, 0.0)
        assert (one.better, one.worse, one.p) == (0, 0, None)
        assert not one.beyond_chance


def test_a_better_run_gains_where_the_other_was_wrong_and_loses_the_other_way_round(tmp_path: Path) -> None:
    right, wrong = run(tmp_path, "right"), run(tmp_path, "wrong")
    up, down = compare(wrong, right), compare(right, wrong)
    assert (len(up.better), len(up.worse), len(down.better), len(down.worse)) == (10, 0, 0, 10)
    gain = next(one for one in up.differences if one.name == "exact")
    assert gain.beyond_chance
    assert gain.change.value == pytest.approx(1 / 3)
    assert gain.p == pytest.approx(2 * 0.5**10)
    less = next(one for one in up.differences if one.name == "off")
    assert (less.better, less.worse, less.change.value) == (10, 0, pytest.approx(-1 / 3))


def test_runs_over_other_cases_are_not_compared(tmp_path: Path) -> None:
    one = run(tmp_path / "a", suite=ToySuite(30))
    other = run(tmp_path / "b", suite=ToySuite(20))
    with pytest.raises(SettingsError, match="differ in data_hash"):
        compare(one, other)
    with pytest.raises(SettingsError, match="none of their 30 and 0 cases in common"):
        compare(one, msgspec.structs.replace(one, cases=[]))


def test_hostile_text_is_escaped_on_the_page(tmp_path: Path) -> None:
    page = page_of(compare(run(tmp_path, "wrong"), run(tmp_path, "right")))
    assert HOSTILE not in page
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page.replace("http-equiv", "")


def test_each_case_that_changed_is_linked_to_what_each_said_of_it(tmp_path: Path) -> None:
    comparison = compare(run(tmp_path, "wrong"), run(tmp_path, "right"))
    page = page_of(comparison)
    targets = set(re.findall(r'href="#([\w-]+)"', page))
    assert len(targets) == len(comparison.better) == 10
    assert all(f'id="{name}"' in page for name in targets)


def test_a_limit_asks_the_same_cases_of_every_variant_and_a_smaller_one_a_part_of_them() -> None:
    cases = [Case(f"c{number}") for number in range(40)]
    few, more = chosen(cases, 10), chosen(cases, 25)
    assert (len(few), len(more)) == (10, 25)
    assert set(one.case_id for one in few) < set(one.case_id for one in more)
    assert few == chosen(cases, 10)
    assert chosen(cases, None) == chosen(cases, 99) == cases


def test_cases_are_made_once_and_anew_for_another_recipe_or_where_they_were_changed(tmp_path: Path) -> None:
    suite = ToySuite(10)
    folder = made_folder(suite, "test", tmp_path, silent)
    made_folder(suite, "test", tmp_path, silent)
    assert suite.made == 1
    suite.size = 12
    assert len(made_folder(suite, "test", tmp_path, silent).cases()) == 12
    assert suite.made == 2
    (folder.root / "answers.jsonl").write_bytes(b"")
    assert len(made_folder(suite, "test", tmp_path, silent).answers()) == 12
    assert suite.made == 3


def test_a_folder_that_no_suite_made_is_left_as_it_is(tmp_path: Path) -> None:
    mine = tmp_path / "toy" / "test" / "thesis.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("years of work")
    with pytest.raises(SettingsError, match=r"holds 'thesis\.txt', which no suite made"):
        made_folder(ToySuite(), "test", tmp_path, silent)
    assert mine.read_text() == "years of work"


def test_a_case_without_an_answer_and_an_answer_without_a_case_are_refused(tmp_path: Path) -> None:
    folder = CaseFolder(tmp_path)
    with pytest.raises(SettingsError, match="1 cases and 0 answers do not pair"):
        folder.write([Case("a")], [])
    with pytest.raises(SettingsError, match="an id that comes twice"):
        folder.write([Case("a"), Case("a")], [Answer("a", {}), Answer("a", {})])
    with pytest.raises(SettingsError, match=r"answers\.jsonl cannot be read"):
        folder.answers()


def test_a_system_that_speaks_of_another_case_is_stopped(tmp_path: Path) -> None:
    class Stray(Adder):
        def answer(self, case: Case) -> Said:
            return Said("another", {})

    with pytest.raises(WrongAnswer, match="answered case 'another' when asked 'a'"):
        ask(Stray(tmp_path, 0, 1), [Case("a", {"terms": []})], lambda: 0.0)


def test_a_score_that_no_measure_stands_for_is_refused(tmp_path: Path) -> None:
    class Odd(ToySuite):
        def score(self, answer: Answer, said: Said) -> dict[str, float | None]:
            return {"beauty": 1.0}

    with pytest.raises(WrongAnswer, match="is scored by 'beauty'"):
        run(tmp_path, suite=Odd())
    told = ask(Adder(tmp_path, 0, 1), [Case("a", {"terms": [1]})], lambda: 0.0)
    with pytest.raises(WrongAnswer, match="case 'a' of toy has no answer"):
        scored(ToySuite(), told, {})


def test_a_run_stopped_by_the_keyboard_keeps_what_was_said(tmp_path: Path) -> None:
    class Stopped(Adder):
        def answer(self, case: Case) -> Said:
            if len(self.asked) == 2:
                raise KeyboardInterrupt
            return super().answer(case)

    cases = [Case(f"c{number}", {"terms": [number]}) for number in range(5)]
    assert len(ask(Stopped(tmp_path, 0, 9), cases, lambda: 0.0)) == 2


def test_what_a_job_took_is_told_by_the_clock_handed_in(tmp_path: Path) -> None:
    results = run(tmp_path)
    assert results.costs["ms"].p50 == results.costs["ms"].p95 == 500.0
    assert results.costs["tokens"].total == 90


def test_an_interval_holds_its_mean_and_is_wider_where_cases_hang_together() -> None:
    values = [1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0] * 10
    alone = mean_figure(values, [str(place) for place in range(80)])
    together = mean_figure(values, [str(place // 8 % 3 + (place % 8 > 2) * 3) for place in range(80)])
    assert alone.low is not None and alone.high is not None
    assert together.low is not None and together.high is not None
    assert alone.low < alone.value < alone.high
    assert together.high - together.low > alone.high - alone.low


def test_what_was_always_right_is_not_shown_as_certain() -> None:
    figure = mean_figure([1.0] * 30, [str(place) for place in range(30)])
    assert (figure.value, figure.low, figure.high) == (1.0, 0.9, 1.0)
    assert mcnemar(0, 0) is None


def test_a_measure_that_does_not_ask_a_case_does_not_count_it() -> None:
    def line(number: int, score: float | None) -> Scored:
        return Scored(str(number), str(number), False, 0.0, 0, False, {"exact": score}, {}, {})

    figures = figures_of([line(0, 1.0), line(1, None), line(2, 0.0)], ToySuite.measures)
    assert (figures["exact"].value, figures["exact"].count) == (0.5, 2)
    assert "off" not in figures


def test_results_come_back_as_they_were_kept_with_a_line_a_case_beside_them(tmp_path: Path) -> None:
    results = run(tmp_path / "data", "wrong")
    path = tmp_path / "kept" / "wrong.json"
    save_results(results, path)
    assert load_results(path) == results
    lines = lines_path(path).read_text().splitlines()
    assert len(lines) == 30
    assert {"case_id", "correct", "seconds", "tokens", "outcome"} <= set(json.loads(lines[0]))
    path.write_text("{}")
    with pytest.raises(SettingsError, match="cannot be read"):
        load_results(path)


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setitem(SUITES, "toy", "tests.benchmarks.scenarios.toy:ToySuite")
    monkeypatch.setenv("TELCOLLM_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_suite_is_run_and_compared_from_the_command_line(
    toy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for variant in ("wrong", "right"):
        assert main(["run", "toy", "--variant", variant, "--json", str(toy / f"{variant}.json"), "-q"]) == 0
    assert main(["run", "toy", "--variant", "right", "--limit", "7", "-q"]) == 0
    kept = list((toy / "home" / "scenarios" / "runs").glob("toy-right-*.json"))
    assert len(load_results(kept[0]).cases) == 7
    capsys.readouterr()
    assert main(["compare", "wrong.json", "right.json", "--html", "page.html"]) == 0
    told = capsys.readouterr().out
    assert "30 cases; 10 got better, 0 worse" in told
    assert (toy / "page.html").read_text().startswith("<!doctype html>")


def test_what_cannot_be_run_is_told_in_one_line_with_a_code_of_its_own(
    toy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "toy", "--variant", "gone", "-q"]) == 3
    assert "not available: the variant 'gone'" in capsys.readouterr().err
    assert main(["run", "toy", "--variant", "best", "-q"]) == 2
    assert "right, wrong, gone are allowed" in capsys.readouterr().err
    assert main(["run", "nothing", "--variant", "right", "-q"]) == 2
    assert "suite 'nothing' is not known" in capsys.readouterr().err
    assert main(["run", "toy", "--variant", "right", "--decider", "team", "-q"]) == 2
    assert "names no decider" in capsys.readouterr().err


def test_a_suite_whose_module_is_missing_is_not_available(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SUITES, "lost", "benchmarks.scenarios.lost.suite:LostSuite")
    with pytest.raises(NotAvailable, match="cannot be opened"):
        open_suite("lost")
