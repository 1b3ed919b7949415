"""The plain expert learns what can be learned from words, numbers, history and choices, and is kept whole."""

from __future__ import annotations

import random
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from telcollm.decider.mixing import log_softmax
from telcollm.decider.numerals import fit_numerics, write_numbers
from telcollm.decider.plain import PlainExpert, fit_plain, load_plain
from telcollm.decider.rows import Row, with_history
from telcollm.decider.spec import DeciderError, DeciderSpec, HistorySpec
from telcollm.decider.trees import trees_of

LABELS = ("core", "power", "ran")
SAID = {
    "core": ["billing server unreachable", "hss overload", "核心网 信令 风暴"],
    "power": ["battery low at site", "mains failure", "基站 断电"],
    "ran": ["cell out of service", "high vswr alarm", "小区 退服"],
}


Known = tuple[list[Row], np.ndarray]


def tickets(count: int, seed: int) -> Known:
    chance = random.Random(seed)
    rows: list[Row] = []
    truth = []
    for _ in range(count):
        label = chance.choice(LABELS)
        noise = " ".join(
            chance.choice(["please", "urgent", "since", "morning", "customer"]) for _ in range(4)
        )
        rows.append({"text": f"{noise} {chance.choice(SAID[label])}", "y": label})
        truth.append(LABELS.index(label))
    return rows, np.array(truth)


def accuracy(expert: PlainExpert, rows: list[Row], truth: np.ndarray) -> float:
    return float((expert.log_probabilities(rows).argmax(axis=1) == truth).mean())


SPEC = DeciderSpec(name="t", text_columns=("text",), label_column="y", labels=LABELS)


def fit(spec: DeciderSpec, train: Known, check: Known) -> PlainExpert:
    return fit_plain(train[0], train[1], spec, validation_rows=check[0], validation_labels=check[1])


def test_it_learns_from_words_in_two_languages() -> None:
    expert = fit(SPEC, tickets(300, 0), tickets(90, 1))
    assert accuracy(expert, *tickets(200, 2)) > 0.98
    assert expert.log_probabilities([]).shape == (0, 3)


def test_a_saved_expert_says_the_same_and_its_file_holds_arrays_and_texts_alone(tmp_path: Path) -> None:
    spec = DeciderSpec(
        name="t", text_columns=("text",), labels=LABELS, label_column="y",
        numerics=fit_numerics([], ["load"])[0], history=HistorySpec("c", "t"),
    )  # fmt: skip
    rows, truth = tickets(200, 0)
    full: list[Row] = [
        {**row, "load": place % 7, "c": place // 3, "t": place} for place, row in enumerate(rows)
    ]
    expert = fit_plain(full, truth, spec, validation_rows=full[:60], validation_labels=truth[:60])
    assert set(expert.members) == {"linear", "context", "boosting"}
    path = expert.save(tmp_path)
    again = load_plain(path, spec)
    seen = with_history(full, spec)
    assert np.allclose(again.log_probabilities(seen), expert.log_probabilities(seen))
    assert again.fitted_s == pytest.approx(expert.fitted_s, abs=0.1)


def test_a_file_that_is_no_expert_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plain.skops"
    with pytest.raises(DeciderError, match="cannot be read"):
        load_plain(path, SPEC)
    path.write_bytes(b"not a zip")
    with pytest.raises(DeciderError, match="cannot be read"):
        load_plain(path, SPEC)
    expert = fit(SPEC, tickets(60, 0), tickets(30, 1))
    expert.save(tmp_path)
    with zipfile.ZipFile(path) as whole:
        schema = whole.read("schema.json").replace(b'"builtins"', b'"os"', 1)
        parts = {name: whole.read(name) for name in whole.namelist() if name != "schema.json"}
    with zipfile.ZipFile(path, "w") as changed:
        for name, data in {**parts, "schema.json": schema}.items():
            changed.writestr(name, data)
    with pytest.raises(DeciderError, match=r"not trusted|cannot be read"):
        load_plain(path, SPEC)


def test_it_learns_from_rows_of_numbers_with_missing_cells() -> None:
    generator = np.random.default_rng(0)
    names = [f"alarm_{place}" for place in range(30)]

    def rows_of(count: int) -> Known:
        truth = generator.integers(0, 3, count)
        rows: list[Row] = []
        for label in truth:
            values = np.where(generator.random(30) < 0.05, generator.exponential(100, 30), 0.0)
            values[label * 4 : label * 4 + 3] += generator.exponential(300, 3)
            row: dict[str, object] = dict(zip(names, values.round(1).tolist(), strict=True))
            row["alarm_29"] = None
            rows.append(row)
        return rows, truth

    train, check, test = rows_of(400), rows_of(150), rows_of(200)
    numerics, form = fit_numerics(train[0], names)
    spec = DeciderSpec(name="n", numerics=numerics, numeric_form=form, labels=LABELS)
    assert accuracy(fit(spec, train, check), *test) > 0.95


def test_it_learns_what_hangs_on_the_row_before() -> None:
    history = HistorySpec("c", "t", 2)
    spec = DeciderSpec(name="h", text_columns=("text",), labels=("no", "yes"), history=history)

    def talks(count: int, seed: int) -> Known:
        chance = random.Random(seed)
        rows: list[Row] = []
        truth = []
        for talk in range(count):
            asked = chance.choice(["shall I stop it", "shall I keep it"])
            rows += [{"c": talk, "t": 0, "text": asked}, {"c": talk, "t": 1, "text": "ok"}]
            truth += [0, int(asked.endswith("keep it"))]
        return rows, np.array(truth)

    expert = fit(spec, talks(120, 0), talks(40, 1))
    rows, truth = talks(60, 2)
    answers = expert.log_probabilities(with_history(rows, spec)).argmax(axis=1)
    assert (answers[1::2] == truth[1::2]).all()
    assert expert.members["context"] > expert.members["linear"]


def test_it_learns_to_tell_the_right_one_among_choices_of_each_row() -> None:
    spec = DeciderSpec(name="c", kind="choices", text_columns=("q",), label_column="y", choices_column="o")
    things = ["router", "cell", "rectifier", "antenna", "switch", "fibre", "battery", "core"]

    def questions(count: int, seed: int) -> Known:
        chance = random.Random(seed)
        rows: list[Row] = []
        truth = []
        for _ in range(count):
            shown = chance.sample(things, chance.randint(2, 5))
            right = chance.randrange(len(shown))
            rows.append({"q": f"which part failed if the {shown[right]} is dark", "o": shown, "y": right})
            truth.append(right)
        return rows, np.array(truth)

    expert = fit(spec, questions(200, 0), questions(80, 1))
    rows, truth = questions(100, 2)
    logs = expert.log_probabilities(rows)
    assert (logs.argmax(axis=1) == truth).mean() > 0.95
    for row, own in zip(rows, np.exp(logs), strict=True):
        assert own.sum() == pytest.approx(1) and (own[len(row["o"]) :] == 0).all()  # type: ignore[arg-type]


def test_labels_without_a_training_row_and_rows_without_a_label_do_no_harm() -> None:
    rows, truth = tickets(80, 0)
    spec = DeciderSpec(name="t", text_columns=("text",), labels=(*LABELS, "unseen"), label_column="y")
    truth[:5] = -1
    expert = fit(spec, (rows, truth), (rows[:20], np.full(20, 3)))
    chances = np.exp(expert.log_probabilities(rows))
    assert np.allclose(chances.sum(axis=1), 1) and (chances[:, 3] < 0.3).all()
    with pytest.raises(DeciderError, match="0 rows with a label"):
        fit(spec, (rows, np.full(80, -1)), (rows, truth))


@pytest.mark.parametrize("rows", [[{"text": None, "y": "ran"}] * 4, [{"text": "...", "y": "ran"}] * 4])
def test_texts_that_say_nothing_leave_the_prior(rows: list[Row]) -> None:
    truth = np.array([0, 2, 2, 2])
    expert = fit(SPEC, (rows, truth), (rows, truth))
    assert expert.log_probabilities(rows).argmax(axis=1).tolist() == [2] * 4


@pytest.mark.parametrize("numbers", [[], ["load"]], ids=["texts", "texts and numbers"])
@pytest.mark.parametrize("history", [None, HistorySpec("c", "t")], ids=["rows alone", "with history"])
def test_rows_that_all_have_one_label_leave_an_expert_that_says_it_of_any_row(
    tmp_path: Path, numbers: list[str], history: HistorySpec | None
) -> None:
    rows: list[Row] = [{**row, "load": n, "c": n // 3, "t": n} for n, row in enumerate(tickets(30, 0)[0])]
    spec = DeciderSpec(
        name="t", text_columns=("text",), labels=LABELS, label_column="y", history=history,
        numerics=fit_numerics(rows, numbers)[0] if numbers else (),
    )  # fmt: skip
    expert = fit(spec, (rows, np.full(30, 1)), (rows[:10], np.full(10, 1)))
    asked = with_history([*rows, {"text": None}, {"text": "never seen", "load": None}], spec)
    logs = expert.log_probabilities(asked)
    assert (np.exp(logs)[:, 1] > 0.99).all() and np.isfinite(logs).all()
    expert.save(tmp_path)
    assert np.array_equal(load_plain(tmp_path / "plain.skops", spec).log_probabilities(asked), logs)


@pytest.mark.parametrize("labels", [2, 5])
def test_trees_kept_as_arrays_answer_as_scikit_learn_does(labels: int) -> None:
    generator = np.random.default_rng(labels)
    matrix = generator.normal(size=(400, 6))
    matrix[generator.random(matrix.shape) < 0.1] = np.nan
    truth = (np.nan_to_num(matrix[:, 0]) * 2 + generator.normal(size=400)).astype(int).clip(0, labels - 1)
    truth[:labels] = np.arange(labels)
    model = HistGradientBoostingClassifier(max_iter=20, early_stopping=False).fit(matrix, truth)
    found = np.exp(log_softmax(trees_of(model).scores(matrix)))
    assert np.allclose(found, model.predict_proba(matrix), atol=1e-5)


def test_beside_many_numbers_words_have_a_member_of_their_own_and_what_is_left_out_is_not_kept(
    tmp_path: Path,
) -> None:
    names = [f"n{place}" for place in range(13)]
    numerics, _ = fit_numerics([{name: 0.0 for name in names}], names)
    spec = DeciderSpec(
        name="t", text_columns=("text",), numerics=numerics, labels=LABELS, label_column="y",
        numeric_form="unwritten",
    )  # fmt: skip
    rows, truth = tickets(200, 0)
    noise = np.random.default_rng(0)
    full: list[Row] = [{**row, **dict(zip(names, noise.random(13).tolist(), strict=True))} for row in rows]
    expert = fit_plain(full, truth, spec, validation_rows=full[:90], validation_labels=truth[:90])
    assert set(expert.members) == {"linear", "words", "boosting"}
    state = {**expert.state, "weights": {"linear": 0.0, "words": 0.75, "boosting": 0.25}}
    trimmed = replace(expert, state=state).trimmed()
    assert set(trimmed.state["members"]) == {"words", "boosting"} == set(trimmed.members)
    assert np.allclose(trimmed.log_probabilities(full), replace(expert, state=state).log_probabilities(full))
    assert np.allclose(
        load_plain(trimmed.save(tmp_path), spec).log_probabilities(full), trimmed.log_probabilities(full)
    )
    assert write_numbers(full[0], numerics, "unwritten", most=99) == ""
