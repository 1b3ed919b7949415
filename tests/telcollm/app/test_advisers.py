"""Laws of opening an adviser: deciders by name before the base, and only such as read windows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from agents.advice import ModelAdviser
from agents.opinion import TEXT, OpinionAdviser
from telcollm.app.advisers import open_adviser
from telcollm.decider.plain import fit_plain
from telcollm.decider.rows import ROW_VERSION
from telcollm.decider.shelf import find
from telcollm.decider.spec import DeciderError, DeciderSpec, write_spec
from telcollm.errors import SettingsError
from telcollm.settings import DiagnosisSettings, ModelSettings, Settings, TrackingSettings
from tests.streams.test_advice import request


def plain_decider(folder: Path, column: str = TEXT) -> Path:
    """A decider of fault kinds without a model, as `finetune run --no-model` leaves one."""
    spec = DeciderSpec(
        name="kind",
        version="1",
        text_columns=(column,),
        label_column="fault_kind",
        labels=("fibre", "power"),
        row_version=ROW_VERSION,
        mix={"plain": 1.0},
        plain=True,
    )
    rows = [
        {column: f"1 router: +0 {word} {number % 7}"} for number in range(40) for word in ("LOSS", "POWER")
    ]
    labels = [0, 1] * 40
    expert = fit_plain(rows, labels, spec, validation_rows=rows[:20], validation_labels=labels[:20])
    write_spec(spec, folder)
    expert.save(folder)
    return folder


def settings(home: Path, **model: str) -> Settings:
    return Settings(
        home=home,
        model=ModelSettings(**model),  # type: ignore[arg-type]
        tracking=TrackingSettings(enabled=False),
    )


def test_without_a_model_and_deciders_nobody_is_asked(tmp_path: Path) -> None:
    assert open_adviser(settings(tmp_path, engine="none")) is None


def test_without_deciders_the_base_is_asked_and_notes_no_identifier(tmp_path: Path) -> None:
    adviser = open_adviser(settings(tmp_path, engine="scripted"))
    assert isinstance(adviser, ModelAdviser)
    guard = adviser._guard
    hidden = guard.hide("call +49 170 1234567")
    assert hidden != "call +49 170 1234567"
    assert guard.reveal(hidden) == hidden


def test_a_decider_without_a_model_is_asked_by_name(tmp_path: Path) -> None:
    folder = plain_decider(tmp_path / "kind")
    adviser = open_adviser(settings(tmp_path, engine="scripted", fault_kind=str(folder)))
    assert isinstance(adviser, OpinionAdviser)
    assert adviser._model is None
    (shadow,) = adviser.advise([request(1, problems=("POWER", "POWER"))], prompt_tokens=512)
    assert shadow.fault_kinds[0][0] == "power" and shadow.adapter == "kind@1"


def test_a_decider_that_reads_no_windows_is_refused(tmp_path: Path) -> None:
    folder = plain_decider(tmp_path / "kind", column="description")
    with pytest.raises(SettingsError, match="reads description and decides 'fault_kind'"):
        open_adviser(settings(tmp_path, engine="none", fault_kind=str(folder)))
    other = plain_decider(tmp_path / "other")
    with pytest.raises(SettingsError, match=r"and of numbers f_\*, choices in 'candidates'"):
        open_adviser(settings(tmp_path, engine="none", root_cause=str(other)))


def test_a_decider_that_is_nowhere_is_refused_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(DeciderError, match="nowhere"):
        open_adviser(settings(tmp_path, engine="none", root_cause="nowhere"))


def led(home: Path, root_cause: str) -> Settings:
    return Settings(
        home=home,
        model=ModelSettings(engine="none", root_cause=root_cause),
        diagnosis=DiagnosisSettings(led_by="champion"),
        tracking=TrackingSettings(enabled=False),
    )


def test_the_shipped_decider_of_root_causes_may_lead(tmp_path: Path) -> None:
    adviser = open_adviser(led(tmp_path, "window-root-cause"))
    assert isinstance(adviser, OpinionAdviser)
    (shadow,) = adviser.advise([request(1, problems=("POWER", "LOSS"))], prompt_tokens=512)
    assert len(shadow.probabilities) == 2 and 0 < sum(shadow.probabilities) <= 1


def test_one_that_nobody_promoted_may_not_lead(tmp_path: Path) -> None:
    shipped = find("window-root-cause", led(tmp_path, "")).folder
    with pytest.raises(SettingsError, match="is none; a promoted decider"):
        open_adviser(led(tmp_path, str(shutil.copytree(shipped, tmp_path / "own"))))
    with pytest.raises(SettingsError, match=r"without model\.root_cause"):
        open_adviser(led(tmp_path, ""))
