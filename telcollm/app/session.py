"""One worker session as the tracker sees it: its parameters, its metrics every few seconds, some traces.

Does not know where they are kept, nor what makes a worker run.
"""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from telcollm import __version__
from telcollm.errors import TransientError
from telcollm.ports import Adviser, Tracker
from telcollm.records import Shadow
from telcollm.settings import Settings
from telcollm.state import DiagnosisRequest

if TYPE_CHECKING:
    from streams.worker import Status, Worker

_LOG = logging.getLogger(__name__)
_TRACK_EVERY_S = 5.0


class Session:
    """What one worker session tells the tracker: metrics every few seconds, some batches as traces."""

    def __init__(self, settings: Settings, tracker: Tracker | None, adviser: Adviser | None) -> None:
        self._settings = settings
        self._tracker = tracker
        self._adviser = adviser
        self._began_s = time.monotonic()
        self._last_s = self._began_s
        self._last = {"alarms": 0, "windows": 0}
        self._step = 0

    def advised(
        self, worker: Worker, desk: Any, asked: Sequence[DiagnosisRequest], told: Sequence[Shadow]
    ) -> None:
        """Note a batch that the model was asked, and trace one in every so many."""
        if self._adviser is not None:
            worker.note_advice(self._adviser.counters(), desk.waiting())
        every = self._settings.tracking.trace_every
        if self._tracker is None or every == 0 or desk.batches % every != 1 % every:
            return
        self._tracker.trace_batch(
            "advice",
            {"incidents": [request.incident.incident_id for request in asked]},
            {
                "agrees": [item.agrees for item in told],
                "probabilities": [item.probabilities for item in told],
            },
        )

    def track(self, status: Status) -> None:
        """Log the step's metrics when it is time."""
        now_s = time.monotonic()
        if self._tracker is None or now_s - self._last_s < _TRACK_EVERY_S:
            return
        self._log(status, now_s)

    def _log(self, status: Status, now_s: float) -> None:
        if self._tracker is None:
            return
        passed_s = max(now_s - self._last_s, 1e-9)
        thousand = max(status.alarms, 1) / 1000
        metrics = {
            "alarms_per_s": (status.alarms - self._last["alarms"]) / passed_s,
            "windows_per_s": (status.windows - self._last["windows"]) / passed_s,
            "alarms_per_batch": status.alarms / max(status.batches, 1),
            "tokens_in_per_1000_alarms": status.tokens_in / thousand,
            "tokens_out_per_1000_alarms": status.tokens_out / thousand,
            "lag": status.lag,
            "dead_letters": status.dead_letters,
            "late_alarms": status.late_alarms,
            "open_alarms": status.open_alarms,
            "alarms": status.alarms,
            "incidents_told": status.incidents,
            "diagnoses": status.diagnoses,
            "restarts": status.restarts,
            **{f"alarm_to_incident_ms_{name}": value for name, value in status.latency_ms.items()},
        }
        self._step += 1
        self._tracker.log_metrics(metrics, self._step)
        self._last_s, self._last = now_s, {"alarms": status.alarms, "windows": status.windows}

    def close(self, status: Status, outcome: str) -> None:
        """Log the last step and end the run."""
        if self._tracker is not None:
            self._log(status, time.monotonic())
            self._tracker.close(outcome)


def open_session_tracker(settings: Settings, name: str) -> Tracker:
    """Return the tracker of one worker session, its settings (no secrets) and versions as parameters.

    Where the tracking server does not answer, a warning is logged and nothing is tracked: alarms go on.
    """
    from telcollm.tracking import NoTracker, open_tracker

    settings.home.mkdir(parents=True, exist_ok=True)
    flat = _flat(settings.model_dump(mode="json", exclude={"store_url"}))
    try:
        return open_tracker(
            enabled=settings.tracking.enabled,
            uri=settings.tracking_uri,
            experiment=settings.tracking.experiment,
            params={**flat, **{f"version.{package}": found for package, found in _versions().items()}},
            tags={"mlflow.runName": name, "telcollm.version": __version__},
        )
    except TransientError as error:
        _LOG.warning("this session goes on untracked: %s", error)
        return NoTracker()


def _flat(tree: Any, path: str = "") -> dict[str, Any]:
    if isinstance(tree, dict) and tree:
        return {
            name: value
            for key, item in tree.items()
            for name, value in _flat(item, f"{path}.{key}" if path else str(key)).items()
        }
    return {path: tree}


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in ("telcollm", "torch", "transformers", "peft", "kafka-python", "mlflow", "pyarrow"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
