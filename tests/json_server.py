"""A web server on this machine that answers JSON as a test tells it, and keeps what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

HANGS_UP: Final = 0
"""The status of an answer that is none."""
CUT_SHORT: Final = 299
"""The status of an answer that tells of more bytes than it has."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request; `body` is None where it had none."""

    path: str
    body: Any
    authorization: str


Answer = Callable[[Asked], tuple[int, bytes]]


class JsonServer:
    """Answers GET and POST; `most_at_once` is how many requests were answered at the same time."""

    def __init__(self, answer: Answer) -> None:
        self.asked: list[Asked] = []
        self.at_once = self.most_at_once = 0
        lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                body = json.loads(self.rfile.read(length)) if length else None
                asked = Asked(self.path, body, self.headers.get("Authorization", ""))
                with lock:
                    outer.asked.append(asked)
                    outer.at_once += 1
                    outer.most_at_once = max(outer.most_at_once, outer.at_once)
                status, content = answer(asked)
                with lock:
                    outer.at_once -= 1
                if status == HANGS_UP:
                    return
                # Who asked may have given up.
                with suppress(OSError):
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(content) + 100 * (status == CUT_SHORT)))
                    self.end_headers()
                    self.wfile.write(content)

            do_POST = do_GET

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"


@contextmanager
def serving(answer: Answer) -> Iterator[JsonServer]:
    """A server for as long as it is needed."""
    server = JsonServer(answer)
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.http.shutdown()
        thread.join()
        server.http.server_close()
