"""Laws of tracking: one run a session, whole in the end; what the server does not take stops no worker."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from telcollm.app.session import open_session_tracker
from telcollm.errors import TransientError
from telcollm.ports import Tracker
from telcollm.settings import ModelSettings, Settings, TrackingSettings
from telcollm.tracking import MlflowTracker, NoTracker, open_tracker

# What MLflow and its own libraries warn of is not telcollm's to mend.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """MLflow on SQLite: the tables are made once for all tests."""
    yield f"sqlite:///{tmp_path_factory.mktemp('tracking') / 'mlflow.db'}"


def begin(uri: str, experiment: str = "telcollm", **params: Any) -> Tracker:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return open_tracker(
            enabled=True, uri=uri, experiment=experiment, params=params, tags={"mlflow.runName": "worker"}
        )


def run_of(uri: str, tracker: Tracker) -> Any:
    import mlflow

    return mlflow.MlflowClient(tracking_uri=uri).get_run(tracker.run_id)  # type: ignore[attr-defined]


def test_a_session_is_one_run_with_its_parameters_and_its_name(uri: str) -> None:
    tracker = begin(uri, gap_s=60.0, topic="alarms", long="x" * 900)
    run = run_of(uri, tracker)
    assert (run.info.status, run.info.run_name) == ("RUNNING", "worker")
    assert run.data.params == {"gap_s": "60.0", "topic": "alarms", "long": "x" * 500}
    tracker.close("FINISHED")


def test_metrics_are_kept_step_by_step(uri: str) -> None:
    import mlflow

    tracker = begin(uri)
    for step in (1, 2, 3):
        tracker.log_metrics({"alarms_per_s": step * 10.0, "lag": 0}, step)
    tracker.close("FINISHED")
    client = mlflow.MlflowClient(tracking_uri=uri)
    history = client.get_metric_history(tracker.run_id, "alarms_per_s")  # type: ignore[attr-defined]
    assert [(item.step, item.value) for item in history] == [(1, 10.0), (2, 20.0), (3, 30.0)]
    assert run_of(uri, tracker).data.metrics == {"alarms_per_s": 30.0, "lag": 0.0}


@pytest.mark.parametrize("status", ["FINISHED", "FAILED", "KILLED"])
def test_a_run_ends_with_the_status_of_its_session(uri: str, status: str) -> None:
    tracker = begin(uri)
    tracker.close(status)
    run = run_of(uri, tracker)
    assert run.info.status == status and run.info.end_time >= run.info.start_time


def test_a_sampled_batch_is_a_trace_of_its_run(uri: str) -> None:
    import mlflow

    tracker = begin(uri, "traced")
    tracker.trace_batch("advice", {"incidents": ["inc-1"]}, {"agrees": [True]})
    tracker.close("FINISHED")
    client = mlflow.MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("traced")
    assert experiment is not None
    (trace,) = client.search_traces(locations=[experiment.experiment_id])
    assert trace.info.trace_metadata["mlflow.sourceRun"] == tracker.run_id  # type: ignore[attr-defined]
    (span,) = trace.data.spans
    assert (span.name, span.inputs, span.outputs) == (
        "advice",
        {"incidents": ["inc-1"]},
        {"agrees": [True]},
    )


def test_sessions_of_one_experiment_are_runs_of_their_own(uri: str) -> None:
    first, second = begin(uri), begin(uri)
    assert first.run_id != second.run_id  # type: ignore[attr-defined]
    assert run_of(uri, first).info.experiment_id == run_of(uri, second).info.experiment_id
    for tracker in (first, second):
        tracker.close("FINISHED")


def test_artefacts_of_a_local_database_lie_beside_it(uri: str) -> None:
    tracker = begin(uri, "beside")
    folder = Path(uri.removeprefix("sqlite:///")).parent / "mlartifacts"
    assert run_of(uri, tracker).info.artifact_uri.startswith(folder.as_uri())
    tracker.close("FINISHED")


def test_what_the_server_does_not_take_is_a_warning_and_stops_nothing(
    uri: str, caplog: pytest.LogCaptureFixture
) -> None:
    tracker = begin(uri)
    assert isinstance(tracker, MlflowTracker)
    tracker.run_id = "no-such-run"
    with caplog.at_level(logging.WARNING, "telcollm.tracking"):
        tracker.log_metrics({"lag": 1.0}, 7)
        tracker.close("FINISHED")
    assert "metrics of step 7 were not tracked" in caplog.text
    assert "the tracked run was not ended" in caplog.text


def test_a_server_that_hangs_holds_up_nobody_and_what_cannot_wait_is_let_go(
    uri: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker = begin(uri)
    assert isinstance(tracker, MlflowTracker)
    answered = threading.Event()
    monkeypatch.setattr(tracker._client, "log_batch", lambda *given: answered.wait(60))
    with caplog.at_level(logging.WARNING, "telcollm.tracking"):
        for step in range(300):
            tracker.log_metrics({"lag": 1.0}, step)
    assert "metrics of step 299 were not tracked: 256 writes wait already" in caplog.text
    answered.set()
    tracker.close("FINISHED")
    assert run_of(uri, tracker).info.status == "FINISHED"


def test_a_worker_and_its_desk_may_tell_at_the_same_time(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlflow

    tracker = begin(uri)
    assert isinstance(tracker, MlflowTracker)
    telling, looked = threading.Event(), threading.Event()
    desk = threading.Thread(target=tracker.log_metrics, args=({"lag": 2.0}, 2))
    submit = tracker._writer.submit

    def submitted(write: Callable[[], None]) -> Future[None]:
        if threading.current_thread() is desk:
            telling.set()
            # The worker looks through what waits meanwhile, or waits for its turn.
            looked.wait(0.5)
        return submit(write)

    class Earlier(Future[None]):
        """A write that waits; while it is looked at, the desk's is put beside it."""

        def done(self) -> bool:
            if threading.current_thread() is not desk:
                looked.set()
                desk.join(120)
            return super().done()

    monkeypatch.setattr(tracker._writer, "submit", submitted)
    earlier = Earlier()
    tracker._waiting.add(earlier)
    desk.start()
    assert telling.wait(120)
    tracker.log_metrics({"lag": 1.0}, 1)
    desk.join(120)
    earlier.set_result(None)
    tracker.close("FINISHED")
    history = mlflow.MlflowClient(tracking_uri=uri).get_metric_history(tracker.run_id, "lag")  # type: ignore[attr-defined]
    assert sorted((item.step, item.value) for item in history) == [(1, 1.0), (2, 2.0)]


def test_a_server_that_does_not_answer_is_named_with_the_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with pytest.raises(TransientError) as caught:
        begin("http://127.0.0.1:1")
    assert str(caught.value).startswith("tracking at http://127.0.0.1:1 does not answer (")
    assert str(caught.value).endswith("; set tracking.uri, or tracking.enabled=false")


def test_where_tracking_is_off_nothing_is_tracked(tmp_path: Path) -> None:
    tracker = open_tracker(
        enabled=False, uri=f"sqlite:///{tmp_path / 'x.db'}", experiment="x", params={}, tags={}
    )
    assert isinstance(tracker, NoTracker)
    tracker.log_metrics({"a": 1}, 1)
    tracker.trace_batch("b", {}, {})
    tracker.close("FINISHED")
    assert list(tmp_path.iterdir()) == []


def test_a_worker_session_tracks_its_settings_and_versions_and_no_secret(uri: str, tmp_path: Path) -> None:
    secret = "hunter2-never-shown"
    settings = Settings(
        home=tmp_path / "home",
        store_url=f"postgresql://me:{secret}@db/telcollm",  # type: ignore[arg-type]
        model=ModelSettings(api_key=secret),  # type: ignore[arg-type]
        tracking=TrackingSettings(uri=uri),
        kafka={"client": {"sasl_plain_password": secret}},  # type: ignore[arg-type]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tracker = open_session_tracker(settings, "worker")
    run = run_of(uri, tracker)
    tracker.close("FINISHED")
    assert run.data.params["streams.gap_s"] == "60.0"
    assert run.data.params["version.mlflow"].startswith("3.")
    assert secret not in repr(run)
