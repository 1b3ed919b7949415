"""Health over HTTP on the loopback interface: 200 while the worker makes progress, 503 while it does not."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import msgspec

from telcollm.errors import SettingsError

if TYPE_CHECKING:
    from streams.worker import Status

_STALE_S = 60.0


class Health:
    """The last status and when it came; stale when the loop has not reported for a minute."""

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._monotonic_s = monotonic_s
        self._lock = threading.Lock()
        self._status: Status | None = None
        self._noted_s = 0.0

    def note(self, status: Status) -> None:
        """Take a status."""
        with self._lock:
            self._status, self._noted_s = status, self._monotonic_s()

    def answer(self) -> tuple[int, bytes]:
        """Return HTTP status code and JSON body."""
        with self._lock:
            status, noted_s = self._status, self._noted_s
        if status is None:
            return 503, b'{"state": "starting"}'
        stale = self._monotonic_s() - noted_s > _STALE_S
        state = "stale" if stale else "failing" if status.failure else "ok"
        body = {"state": state, **msgspec.to_builtins(status)}
        return (200 if state == "ok" else 503), msgspec.json.encode(body)


@contextmanager
def serve_health(port: int) -> Iterator[Health]:
    """Serve /healthz on 127.0.0.1 at `port` while the block runs.

    Raises:
        SettingsError: the port is taken.
    """
    health = Health()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            code, body = health.answer() if self.path in ("/", "/healthz") else (404, b"{}")
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent: probes come every few seconds."""

    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    except OSError as error:
        message = f"health_port={port} cannot be listened on ({error}); set a free port, or 0 for none"
        raise SettingsError(message) from error
    thread = threading.Thread(target=server.serve_forever, name="telcollm-health", daemon=True)
    thread.start()
    try:
        yield health
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
