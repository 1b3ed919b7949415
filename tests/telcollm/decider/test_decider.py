"""Laws of a decider at work: what it refuses to decide on, what it shows, and what its parts get to see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from telcollm.decider.decider import Decider, decisions, guarded_row, open_decider, padded_logs
from telcollm.decider.plain import fit_plain
from telcollm.decider.rows import HISTORY, ROW_VERSION
from telcollm.decider.spec import DeciderError, DeciderSpec, HistorySpec, Threshold, write_spec
from telcollm.guard import Guard
from telcollm.model.port import Choices, FloatArray, ModelInfo, Prompt, choices_per_prompt
from telcollm.testing import ScriptedModel

GUARD = Guard(b"0123456789abcdef")
SPEC = DeciderSpec(
    name="desk",
    text_columns=("text",),
    label_column="team",
    labels=("core", "radio"),
    base="tiny",
    base_sha256="ab" * 32,
    row_version=ROW_VERSION,
    mix={"model": 0.5, "plain": 0.5},
    adapter=True,
    plain=True,
)


class Recording(ScriptedModel):
    """A model that prefers the first choice, remembers what it was asked, and takes adapters."""

    def __init__(self, sha256: str = "ab" * 32) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.added: dict[str, Path] = {}
        self.sha256 = sha256

    @property
    def info(self) -> ModelInfo:
        return replace(super().info, sha256=self.sha256)

    def add_adapter(self, name: str, path: Path) -> None:
        self.added[name] = path

    def score(
        self,
        prompts: Sequence[Prompt],
        choices: Choices,
        *,
        adapter: str | None = None,
        length_normalised: bool = False,
        deciding: bool = False,
    ) -> FloatArray:
        self.seen += [prompt.whole for prompt in prompts]
        lists = choices_per_prompt(len(prompts), choices)
        table = np.zeros((len(prompts), max(map(len, lists))))
        for place, own in enumerate(lists):
            table[place, : len(own)] = 0.1 / (len(own) - 1)
            table[place, 0] = 0.9
        return table


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("decider")
    rows = [{"text": f"{word} {place}"} for place in range(30) for word in ("bgp peer", "cell down")]
    answers = [0, 1] * 30
    fit_plain(rows, answers, SPEC, validation_rows=rows, validation_labels=answers).save(made)
    write_spec(SPEC, made)
    return made


def changed(folder: Path, tmp_path: Path, **changes: Any) -> Path:
    (tmp_path / "plain.skops").write_bytes((folder / "plain.skops").read_bytes())
    write_spec(msgspec.structs.replace(SPEC, **changes), tmp_path)
    return tmp_path


def test_a_decision_shows_both_parts_and_all_that_it_might_be(folder: Path) -> None:
    model = Recording()
    (one,) = open_decider(folder, model, guard=GUARD).decide([{"text": "cell down 3"}])
    assert one.parts["model"] == ("core", pytest.approx(0.9))
    assert one.parts["plain"][0] == "radio"
    assert {label for label, _ in one.alternatives} == {"core", "radio"}
    assert one.confidence == one.alternatives[0][1] >= one.alternatives[1][1]
    assert list(model.added.values()) == [folder / "adapter"]


def test_no_part_sees_what_the_guard_hides(folder: Path) -> None:
    model = Recording()
    open_decider(folder, model, guard=GUARD).decide([{"text": "cell down, call +49 170 1234567"}])
    assert all("1234567" not in seen and "<MSISDN:" in seen for seen in model.seen)


def test_earlier_rows_pass_the_guard_too() -> None:
    spec = msgspec.structs.replace(SPEC, history=HistorySpec("case"))
    row = {"text": "now", HISTORY: ({"text": "call +49 170 1234567"},)}
    (before,) = guarded_row(row, spec, GUARD)[HISTORY]  # type: ignore[misc]
    assert "1234567" not in before["text"]


def test_below_the_threshold_the_answer_is_a_guess_and_says_so() -> None:
    spec = msgspec.structs.replace(SPEC, mix={"plain": 1.0}, threshold=Threshold(confidence=0.7))
    logs = {"plain": np.log(np.array([[0.6, 0.4], [0.2, 0.8]]))}
    found = decisions(logs, [spec.labels] * 2, spec)
    assert [(one.label, one.abstained) for one in found] == [("core", True), ("radio", False)]


def test_padding_is_never_decided() -> None:
    logs = padded_logs(np.array([[0.5, 0.5, 0.0], [0.2, 0.3, 0.5]]), [2, 3])
    assert np.isneginf(logs).tolist() == [[False, False, True], [False, False, False]]
    found = decisions(
        {"plain": logs}, [("a", "b"), ("a", "b", "c")], msgspec.structs.replace(SPEC, mix={"plain": 1.0})
    )
    assert [len(one.alternatives) for one in found] == [2, 3]
    assert found[1].label == "c"


def test_it_tells_what_its_model_was_asked_and_nothing_without_one(folder: Path) -> None:
    class Counting(Recording):
        score = ScriptedModel.score

        def add_adapter(self, name: str, path: Path) -> None:
            self._adapters = (name,)

    decider = open_decider(folder, Counting(), guard=GUARD)
    before = decider.usage
    decider.decide([{"text": "cell down"}])
    assert (decider.usage - before).tokens_in > 0
    plain = open_decider(folder, None, guard=GUARD, plain_only=True)
    plain.decide([{"text": "cell down"}])
    assert plain.usage.tokens_in == 0


def test_no_rows_are_no_decisions(folder: Path) -> None:
    assert open_decider(folder, Recording(), guard=GUARD).decide([]) == []


def test_without_its_model_a_decider_decides_by_its_plain_expert_only_when_told(folder: Path) -> None:
    with pytest.raises(DeciderError, match="needs the base model tiny, none is open"):
        open_decider(folder, None, guard=GUARD)
    (one,) = open_decider(folder, None, guard=GUARD, plain_only=True).decide([{"text": "bgp peer"}])
    assert (one.label, set(one.parts)) == ("core", {"plain"})


def test_another_base_is_refused(folder: Path) -> None:
    with pytest.raises(DeciderError, match=r"was trained over tiny .* the same base is needed"):
        open_decider(folder, Recording(sha256="cd" * 32), guard=GUARD)


def test_a_server_must_serve_the_adapter_under_the_deciders_name(folder: Path) -> None:
    with pytest.raises(DeciderError, match="decider desk needs its own"):
        open_decider(folder, ScriptedModel(), guard=GUARD)


def test_rows_written_in_another_way_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DeciderError, match="reads rows as 'row-0'"):
        open_decider(changed(folder, tmp_path, row_version="row-0"), Recording(), guard=GUARD)


def test_a_decider_of_no_part_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DeciderError, match="holds neither an adapter nor a plain expert"):
        open_decider(changed(folder, tmp_path, adapter=False, plain=False), None, guard=GUARD)


def test_a_missing_column_is_named_beside_those_that_are_there(folder: Path) -> None:
    decider = open_decider(folder, Recording(), guard=GUARD)
    assert isinstance(decider, Decider)
    with pytest.raises(DeciderError, match=r"rows lack 'text', which decider desk reads; .* they have body"):
        decider.decide([{"body": "cell down"}])
