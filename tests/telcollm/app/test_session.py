"""Laws of a tracked session: no secret reaches the tracker, and a tracker that is down stops nothing."""

from __future__ import annotations

import logging
import socket
from pathlib import Path

import pytest

from telcollm.app.session import open_session_tracker
from telcollm.settings import ModelSettings, Settings, TrackingSettings
from telcollm.tracking import NoTracker, redacted

# What MLflow and its own libraries warn of is not telcollm's to mend.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://u:p@ss@host/x", "https://***@host/x"),
        (
            "tried pg+psycopg://u@host/db and http://v:w@h:1",
            "tried pg+psycopg://***@host/db and http://***@h:1",
        ),
        ("postgresql://host/db?user=u&password=p&x=1", "postgresql://host/db?user=u&password=***&x=1"),
        ("('a', 'https://u:p@host')", "('a', 'https://***@host')"),
        ("https://host/path@here", "https://host/path@here"),
        ("sqlite:////home/u/mlflow.db", "sqlite:////home/u/mlflow.db"),
        ("mail noc@example.net", "mail noc@example.net"),
    ],
)
def test_users_and_passwords_of_urls_are_written_over(text: str, shown: str) -> None:
    assert redacted(text) == shown


def test_a_session_is_a_run_whose_parameters_hold_no_secret(tmp_path: Path) -> None:
    import mlflow

    settings = Settings(
        home=tmp_path, model=ModelSettings(engine="none", base_url="https://noc:hunter2@model.example.net/v1")
    )
    tracker = open_session_tracker(settings, "a session")
    tracker.close("FINISHED")
    run = mlflow.MlflowClient(tracking_uri=settings.tracking_uri).get_run(tracker.run_id)  # type: ignore[attr-defined]
    assert run.data.params["model.base_url"] == "https://***@model.example.net/v1"
    assert run.data.params["streams.gap_s"] == "60.0"
    assert "hunter2" not in str(run.data.params)
    assert run.info.run_name == "a session"


def test_a_tracking_server_that_is_down_leaves_the_session_untracked(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as taken:
        # Bound and not listening: whoever connects is refused.
        taken.bind(("127.0.0.1", 0))
        uri = f"http://noc:hunter2@127.0.0.1:{taken.getsockname()[1]}"
        settings = Settings(home=tmp_path, tracking=TrackingSettings(uri=uri))
        with caplog.at_level(logging.WARNING, "telcollm"):
            tracker = open_session_tracker(settings, "a session")
    assert isinstance(tracker, NoTracker)
    assert "this session goes on untracked" in caplog.text
    assert "hunter2" not in caplog.text
