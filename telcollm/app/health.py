"""Health over HTTP: whether the worker lives, and whether it is ready; on the loopback unless told otherwise.

They are two questions: a worker that waits for a broker lives, and a restart would not help it. Whoever
reaches the port may read the status, which holds counts and the last failure, no alarm. Knows no worker.
"""

from __future__ import annotations

import socket
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
_READ_WITHIN_S = 10.0


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

    def ready(self) -> tuple[int, bytes]:
        """Return HTTP status code and JSON body: 200 only while the worker makes progress."""
        state, body = self._seen()
        return (200 if state == "ok" else 503), body

    def live(self) -> tuple[int, bytes]:
        """Return HTTP status code and JSON body: 503 only where a restart may help, so not while it waits."""
        state, body = self._seen()
        return (503 if state == "stale" else 200), body

    def _seen(self) -> tuple[str, bytes]:
        with self._lock:
            status, noted_s = self._status, self._noted_s
        if status is None:
            return "starting", b'{"state": "starting"}'
        stale = self._monotonic_s() - noted_s > _STALE_S
        state = "stale" if stale else "failing" if status.failure else "ok"
        return state, msgspec.json.encode({"state": state, **msgspec.to_builtins(status)})


@contextmanager
def serve_health(port: int, host: str = "127.0.0.1") -> Iterator[Health]:
    """Serve /live and /ready (also as /healthz and /) at `host` and `port` while the block runs.

    Raises:
        SettingsError: the port is taken, or the host is none of this machine.
    """
    health = Health()
    answers = {"/live": health.live, "/ready": health.ready, "/healthz": health.ready, "/": health.ready}

    class Handler(BaseHTTPRequestHandler):
        timeout = _READ_WITHIN_S

        def do_GET(self) -> None:
            answer = answers.get(self.path.partition("?")[0])
            code, body = answer() if answer else (404, b"{}")
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent: probes come every few seconds."""

    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

    try:
        server = Server((host, port), Handler)
    except OSError as error:
        message = (
            f"health_host={host}, health_port={port} cannot be listened on ({error}); an address of this "
            "machine and a free port are allowed; set a free port, or 0 for none"
        )
        raise SettingsError(message) from error
    thread = threading.Thread(target=server.serve_forever, name="telcollm-health", daemon=True)
    thread.start()
    try:
        yield health
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
