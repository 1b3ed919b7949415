"""Laws of registered deciders, on a real MLflow: names, aliases, who decides, and taking a promotion back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from finetune.registry import (
    Version,
    champion,
    check_name,
    fetch_artefact,
    find_version,
    log_run,
    register,
    roll_back,
    set_champion,
)
from telcollm.decider.shelf import find, list_shelved, resolve
from telcollm.decider.spec import DeciderError, DeciderSpec, read_spec, write_spec
from telcollm.errors import SettingsError, TelcollmError, TransientError
from telcollm.settings import Settings, TrackingSettings

# What MLflow and its own libraries warn of is not telcollm's to mend.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """MLflow on SQLite: the tables are made once for all tests, names keep them apart."""
    yield Settings(home=tmp_path_factory.mktemp("home"))


def make(settings: Settings, name: str, folder: Path, seed: int = 0) -> Version:
    write_spec(DeciderSpec(name=name, labels=("a", "b"), seed=seed), folder)
    (folder / "adapter").mkdir(exist_ok=True)
    (folder / "adapter" / "weights").write_bytes(bytes([seed]) * 100)
    report = folder.parent / "report.html"
    report.write_text("<p>report</p>", encoding="utf-8")
    run_id = log_run(
        settings,
        run_name=name,
        params={"seed": seed, "long": "x" * 900, "url": "http://user:pass@host/x"},
        metrics={"accuracy": 0.9, "macro_f1 (ü)": 0.8},
        tags={"data_sha256": "abc"},
        artefacts=[(folder, "decider"), (report, "")],
    )
    return register(settings, name, run_id, folder, tags={"test_rows": "100"})


def test_a_run_holds_parameters_metrics_and_artefacts_and_no_password(
    settings: Settings, tmp_path: Path
) -> None:
    import mlflow

    made = make(settings, "whole", tmp_path / "decider")
    run = mlflow.MlflowClient(tracking_uri=settings.tracking_uri).get_run(made.run_id)  # type: ignore[attr-defined]
    assert run.info.status == "FINISHED"
    assert run.data.params["long"] == "x" * 500
    assert "pass" not in run.data.params["url"]
    assert run.data.metrics["accuracy"] == 0.9
    fetched = fetch_artefact(settings, made.run_id, "report.html", tmp_path / "fetched")
    assert fetched.read_text(encoding="utf-8") == "<p>report</p>"


def test_each_registration_is_a_new_version_and_the_challenger(settings: Settings, tmp_path: Path) -> None:
    first = make(settings, "counted", tmp_path / "one", seed=1)
    second = make(settings, "counted", tmp_path / "two", seed=2)
    assert (first.version, second.version) == ("1", "2")
    assert find_version(settings, "counted").version == "2"
    assert find_version(settings, "counted").aliases == ("challenger",)
    assert find_version(settings, "counted", "1").aliases == ()
    assert champion(settings, "counted") is None


def test_a_bare_name_is_the_champion_and_nothing_before_there_is_one(
    settings: Settings, tmp_path: Path
) -> None:
    make(settings, "named", tmp_path / "one", seed=1)
    with pytest.raises(DeciderError, match="'named' has no champion, its newest version is 1"):
        resolve("named", settings)
    assert read_spec(resolve("named", settings, unpromoted=True)).seed == 1
    set_champion(settings, "named", "1")
    make(settings, "named", tmp_path / "two", seed=2)
    assert read_spec(resolve("named", settings)).seed == 1
    assert read_spec(resolve("named", settings, unpromoted=True)).seed == 1
    assert read_spec(resolve("named@challenger", settings)).seed == 2
    assert read_spec(resolve("named@2", settings)).seed == 2
    found = find("named", settings)
    assert (found.version, found.origin, "champion" in found.aliases) == ("1", "registered", True)
    assert (found.folder / "adapter" / "weights").read_bytes() == b"\x01" * 100


def test_promotions_are_taken_back_one_by_one_until_nobody_decides(
    settings: Settings, tmp_path: Path
) -> None:
    for seed in (1, 2, 3):
        make(settings, "back", tmp_path / str(seed), seed=seed)
    for version in ("1", "2", "2", "3"):
        set_champion(settings, "back", version)
    assert roll_back(settings, "back") == ("3", "2")
    assert roll_back(settings, "back") == ("2", "1")
    present = champion(settings, "back")
    assert present is not None
    assert present.version == "1"
    assert roll_back(settings, "back") == ("1", "")
    assert champion(settings, "back") is None
    with pytest.raises(TelcollmError, match="'back' has no champion to take back"):
        roll_back(settings, "back")


def test_a_promoted_challenger_is_a_challenger_no_more(settings: Settings, tmp_path: Path) -> None:
    make(settings, "raised", tmp_path / "one")
    set_champion(settings, "raised", "1")
    assert find_version(settings, "raised").aliases == ("champion",)
    with pytest.raises(DeciderError, match="'raised@challenger' is not known"):
        resolve("raised@challenger", settings)


def test_a_decider_changed_after_it_was_brought_is_not_used(settings: Settings, tmp_path: Path) -> None:
    make(settings, "changed", tmp_path / "one")
    folder = resolve("changed@1", settings)
    (folder / "adapter" / "weights").write_bytes(b"other")
    with pytest.raises(DeciderError, match="was changed since it was registered"):
        resolve("changed@1", settings)


def test_artefacts_changed_on_the_server_are_not_used(settings: Settings, tmp_path: Path) -> None:
    import mlflow

    made = make(settings, "swapped", tmp_path / "one")
    client = mlflow.MlflowClient(tracking_uri=settings.tracking_uri)  # type: ignore[attr-defined]
    place = Path(client.get_run(made.run_id).info.artifact_uri.removeprefix("file://"))
    (place / "decider" / "adapter" / "weights").write_bytes(b"other")
    with pytest.raises(DeciderError, match="are not those that were registered"):
        resolve("swapped@1", settings)


def test_names_that_are_not_known_are_told_with_those_that_are(settings: Settings, tmp_path: Path) -> None:
    make(settings, "known", tmp_path / "one")
    with pytest.raises(DeciderError, match=r"decider 'unknown' is not known; known deciders: .*known"):
        resolve("unknown", settings)
    with pytest.raises(TelcollmError, match="decider 'unknown' is not registered"):
        find_version(settings, "unknown")
    with pytest.raises(TelcollmError, match="'known' has no version '7'; versions 1 are allowed"):
        find_version(settings, "known", "7")
    with pytest.raises(DeciderError, match="decider 'known@7' is not known"):
        resolve("known@7", settings)


def test_a_folder_is_its_own_name(settings: Settings, tmp_path: Path) -> None:
    write_spec(DeciderSpec(name="loose"), tmp_path / "loose")
    found = find(str(tmp_path / "loose"), settings)
    assert (found.name, found.origin, found.version) == ("loose", "folder", "")


def test_the_list_holds_each_name_and_never_makes_a_registry_for_a_look(
    settings: Settings, tmp_path: Path
) -> None:
    make(settings, "listed", tmp_path / "one")
    assert [one.version for one in list_shelved(settings) if one.name == "listed"] == ["1"]
    fresh = Settings(home=tmp_path / "nobody")
    assert all(one.origin == "shipped" for one in list_shelved(fresh))
    assert not (tmp_path / "nobody").exists()


def test_with_tracking_off_only_folders_and_shipped_deciders_are_found(tmp_path: Path) -> None:
    off = Settings(home=tmp_path, tracking=TrackingSettings(enabled=False))
    with pytest.raises(DeciderError, match="is not known"):
        resolve("any", off)


def test_a_server_that_does_not_answer_is_a_transient_error(tmp_path: Path) -> None:
    gone = Settings(home=tmp_path, tracking=TrackingSettings(uri="http://127.0.0.1:9"))
    with pytest.raises(TransientError, match=r"tracking server http://127\.0\.0\.1:9 did not do"):
        resolve("any", gone)


@pytest.mark.parametrize("name", ["", "a b", "../up", "a.b", "-a", "x" * 65, "ä"])
def test_a_name_that_no_folder_or_adapter_can_have_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="is no name for a decider"):
        check_name(name)
    assert check_name("ticket-team_2") == "ticket-team_2"


def test_another_kind_of_model_of_the_same_name_is_left_alone(settings: Settings, tmp_path: Path) -> None:
    import mlflow

    client = mlflow.MlflowClient(tracking_uri=settings.tracking_uri)  # type: ignore[attr-defined]
    client.create_registered_model("foreign")
    with pytest.raises(TelcollmError, match="'foreign' is a registered model of another kind"):
        make(settings, "foreign", tmp_path / "one")
