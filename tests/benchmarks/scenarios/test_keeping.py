"""Laws of tracking: a run and a comparison stand in MLflow with what they were of, and with their files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.scenarios.comparing import compare
from benchmarks.scenarios.keeping import track_comparison, track_run
from benchmarks.scenarios.page import write_page
from benchmarks.scenarios.results import lines_path, save_results
from telcollm.settings import Settings, TrackingSettings
from tests.benchmarks.scenarios.test_harness import run as toy_run

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    folder = tmp_path_factory.mktemp("tracked")
    yield Settings(home=folder, tracking=TrackingSettings(uri=f"sqlite:///{folder / 'mlflow.db'}"))


def kept(settings: Settings, run_id: str) -> tuple[Any, set[str]]:
    import mlflow

    client = mlflow.MlflowClient(tracking_uri=settings.tracking_uri)  # type: ignore[attr-defined]
    return client.get_run(run_id), {item.path for item in client.list_artifacts(run_id)}


def test_a_run_is_kept_with_its_params_its_figures_and_a_line_a_case(
    settings: Settings, tmp_path: Path
) -> None:
    results = toy_run(tmp_path, "wrong")
    path = tmp_path / "wrong.json"
    save_results(results, path)
    found, files = kept(settings, track_run(results, [path, lines_path(path)], settings))
    assert found.info.status == "FINISHED"
    assert found.data.params["suite"] == "toy"
    assert found.data.params["variant"] == "wrong"
    assert found.data.params["data_hash"] == results.data_hash
    assert found.data.params["code_version"] == results.code_version
    assert found.data.params["identity.decided_by"] == "sum and 1"
    assert found.data.metrics["exact"] == pytest.approx(2 / 3)
    assert found.data.metrics["exact.low"] < 2 / 3 < found.data.metrics["exact.high"]
    assert files == {"wrong.json", "wrong.cases.jsonl"}


def test_a_comparison_is_kept_with_its_page(settings: Settings, tmp_path: Path) -> None:
    comparison = compare(toy_run(tmp_path, "wrong"), toy_run(tmp_path, "right"))
    page = tmp_path / "page.html"
    write_page(comparison, page)
    found, files = kept(settings, track_comparison(comparison, [page], settings))
    assert found.data.params["variant.b"] == "right"
    assert found.data.metrics["exact.change"] == pytest.approx(1 / 3)
    assert files == {"page.html"}
