"""The worker's progress on a terminal, as one live table; plain lines where it is no terminal."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.table import Table

from telcollm.app.incident_view import plain

if TYPE_CHECKING:
    from streams.worker import Status

_PLAIN_EVERY_S = 5.0


class ProgressView:
    """Shows a status in place on a terminal, and every few seconds as a line elsewhere."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._live = Live(console=self._console, auto_refresh=False) if self._console.is_terminal else None
        self._last_s = 0.0
        self._last_line = ""

    def __enter__(self) -> ProgressView:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def show(self, status: Status) -> None:
        """Show the status."""
        if self._live:
            self._live.update(status_table(status), refresh=True)
            return
        now_s = time.monotonic()
        line = (
            f"alarms {status.alarms}  windows {status.windows}  incidents told {status.incidents}  "
            f"diagnoses {status.diagnoses}  model batches {status.advice_batches}  "
            f"tokens {status.tokens_in}  lag {status.lag}  dead letters {status.dead_letters}"
        )
        if line != self._last_line and now_s - self._last_s >= _PLAIN_EVERY_S:
            self._last_s, self._last_line = now_s, line
            self._console.print(line, highlight=False, soft_wrap=True)


def status_table(status: Status) -> Table:
    """Return the status as a table."""
    latency = status.latency_ms
    rows = [
        ("alarms read", f"{status.alarms:,}", "windows complete", f"{status.windows:,}"),
        ("incident revisions", f"{status.incidents:,}", "diagnoses", f"{status.diagnoses:,}"),
        ("batches", f"{status.batches:,}", "messages sent", f"{status.messages_sent:,}"),
        ("model batches", f"{status.advice_batches:,}", "for the model", f"{status.advice_waiting:,}"),
        ("prompts", f"{status.prompts:,}, {status.prompts_asked:,} asked", "tokens", f"{status.tokens_in:,}"),
        ("lag", f"{status.lag:,}", "open alarms", f"{status.open_alarms:,}"),
        ("dead letters", f"{status.dead_letters:,}", "too late", f"{status.late_alarms:,}"),
        (
            "alarm to incident",
            f"p50 {latency.get('p50', 0) / 1000:.2f} s" if latency else "-",
            "p95 / p99",
            f"{latency.get('p95', 0) / 1000:.2f} / {latency.get('p99', 0) / 1000:.2f} s" if latency else "-",
        ),
    ]
    table = Table(show_header=False, box=None, pad_edge=False)
    for _ in range(4):
        table.add_column()
    for left, value, right, other in rows:
        table.add_row(f"[dim]{left}[/]", value, f"[dim]{right}[/]", other)
    state = status.failure or ("" if status.level == "FULL" else status.level_says)
    if state:
        table.add_row("[yellow]state[/]", plain(state, "yellow"), "", "")
    return table
