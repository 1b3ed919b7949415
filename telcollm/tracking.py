"""Tracking: one MLflow run per worker session, with settings, versions, step metrics and sampled traces.

Texts must have passed the guard before they come here. Does not know what the metrics mean.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, Final

from telcollm.errors import MissingExtraError, TransientError
from telcollm.ports import Tracker

_LOG = logging.getLogger(__name__)
_USER: Final = re.compile(r"(?<=://)[^\s/?#]*@")
_SECRET_FIELD: Final = re.compile(r"(?i)([?&][^\s=&#]*(?:password|secret|token|key)[^\s=&#]*=)[^\s&#]*")
_WAITING_MOST: Final = 256
_CLOSING_S: Final = 15.0
# What is sent hangs no longer than this a request; the stream itself never waits for it.
_PATIENCE: Final = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "5", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}


def redacted(text: str) -> str:
    """Return `text` with the users, passwords and secret fields of the URLs in it written over.

    >>> redacted("https://noc:pass@mlflow.example.net/x?token=1 does not answer")
    'https://***@mlflow.example.net/x?token=*** does not answer'
    """
    return _SECRET_FIELD.sub(r"\1***", _USER.sub("***@", text))


class NoTracker:
    """Tracks nothing: for those who switched tracking off."""

    run_id = ""

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        """Let the metrics go."""

    def trace_batch(self, name: str, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> None:
        """Let the batch go."""

    def close(self, status: str) -> None:
        """End nothing."""


class MlflowTracker:
    """One MLflow run, written on a thread of its own: a slow server holds up no stream.

    What the tracking server does not take, or not soon enough, is logged as a warning, never raised.
    """

    def __init__(
        self, uri: str, experiment: str, *, params: Mapping[str, Any], tags: Mapping[str, str]
    ) -> None:
        """Begin a run in `experiment`.

        Raises:
            MissingExtraError: mlflow is not installed.
            TransientError: the tracking server does not answer.
        """
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("DO_NOT_TRACK", "true")
        for name, value in _PATIENCE.items():
            os.environ.setdefault(name, value)
        try:
            import mlflow
        except ImportError as error:
            raise MissingExtraError(package="mlflow", extra="tracking") from error
        self._mlflow = mlflow
        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.WARNING)
        try:
            mlflow.set_tracking_uri(uri)
            if mlflow.get_experiment_by_name(experiment) is None:
                with contextlib.suppress(mlflow.exceptions.MlflowException):
                    mlflow.create_experiment(experiment, artifact_location=_artifacts(uri))
            mlflow.set_experiment(experiment)
            self._client = mlflow.MlflowClient(tracking_uri=uri)
            experiment_id = mlflow.get_experiment_by_name(experiment).experiment_id
            self.run_id: str = self._client.create_run(experiment_id, tags=dict(tags)).info.run_id
            self._client.log_batch(
                self.run_id,
                params=[
                    mlflow.entities.Param(str(name), redacted(str(value))[:500])
                    for name, value in params.items()
                ],
            )
        except mlflow.exceptions.MlflowException as error:
            message = (
                f"tracking at {uri} does not answer ({error}); set tracking.uri, or tracking.enabled=false"
            )
            raise TransientError(redacted(message)) from error
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="telcollm-tracking")
        self._waiting: set[Future[None]] = set()
        # A worker tells metrics while its desk tells of a batch on a thread of its own.
        self._lock = threading.Lock()

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        """Record metrics at a step, soon."""
        entities = self._mlflow.entities
        at_ms = self._mlflow.utils.time.get_current_time_millis()
        rows = [entities.Metric(name, float(value), at_ms, step) for name, value in metrics.items()]
        self._write(
            f"metrics of step {step} were not tracked", lambda: self._client.log_batch(self.run_id, rows)
        )

    def trace_batch(self, name: str, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> None:
        """Record a sampled batch as a trace, soon."""

        def trace() -> None:
            span = self._mlflow.start_span_no_context(
                name, inputs=dict(inputs), metadata={"mlflow.sourceRun": self.run_id}
            )
            span.end(outputs=dict(outputs))

        self._write("a batch was not traced", trace)

    def log_file(self, path: Path) -> None:
        """Keep a file with the run, soon."""

        def keep() -> None:
            self._client.log_artifact(self.run_id, str(path))

        self._write(f"{path.name} was not kept", keep, always=True)

    def close(self, status: str) -> None:
        """End the run with FINISHED, FAILED or KILLED, once what waits is written or 15 s are over."""

        def end() -> None:
            with contextlib.suppress(AttributeError):
                self._mlflow.flush_trace_async_logging()
            self._client.set_terminated(self.run_id, status)

        self._write("the tracked run was not ended", end, always=True)
        with self._lock:
            waiting = tuple(self._waiting)
        if wait(waiting, timeout=_CLOSING_S).not_done:
            _LOG.warning("tracking did not end within %.0f s: the last of it may be missing", _CLOSING_S)
        self._writer.shutdown(wait=False, cancel_futures=True)

    def _write(self, otherwise: str, what: Callable[[], None], *, always: bool = False) -> None:
        """Have `what` done in its turn, or let it go with the warning `otherwise` where too much waits."""

        def write() -> None:
            try:
                what()
            except self._mlflow.exceptions.MlflowException as error:
                _LOG.warning("%s: %s", otherwise, redacted(str(error)))
            except Exception:
                _LOG.exception("%s", otherwise)

        with self._lock:
            self._waiting = {one for one in self._waiting if not one.done()}
            before = len(self._waiting)
            if before < _WAITING_MOST or always:
                self._waiting.add(self._writer.submit(write))
                return
        _LOG.warning("%s: %d writes wait already", otherwise, before)


def open_tracker(
    *, enabled: bool, uri: str, experiment: str, params: Mapping[str, Any], tags: Mapping[str, str]
) -> Tracker:
    """Return a tracker for one run; one that tracks nothing where tracking is off.

    Raises:
        MissingExtraError: mlflow is not installed.
        TransientError: the tracking server does not answer.
    """
    if not enabled:
        return NoTracker()
    return MlflowTracker(uri, experiment, params=params, tags=tags)


def _artifacts(uri: str) -> str | None:
    """Return where artefacts go beside a local database; None leaves it to the server."""
    if not uri.startswith("sqlite:///"):
        return None
    folder = Path(uri.removeprefix("sqlite:///")).parent / "mlartifacts"
    folder.mkdir(parents=True, exist_ok=True)
    return folder.absolute().as_uri()
