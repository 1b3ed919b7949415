"""The console's web server: Streamlit's, on one socket, with a cookie for sessions and stricter headers.

On its first line of output it says where it answers, or why it cannot. It ends when its standard input does:
whoever started it is gone then. Does not know what is on the pages.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from telcollm.access import PAGES
from telcollm.errors import TelcollmError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

SCRIPT: Final = Path(__file__).with_name("app.py")
_BACKLOG: Final = 128
_STOPS_WITHIN_S: Final = 3
FIRST: Final = "now"
"""The page that stands at the address without a path."""

NOWHERE: Final = "nowhere"
"""What stands in the address in place of a page that there is not."""

_NO_PAGES: Final = ("_stcore", "static", "media", "component", "oauth2callback", "session", "favicon.png")
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_MOST_UPLOAD_MB: Final = 50

OPTIONS: Final[dict[str, Any]] = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.toolbarMode": "minimal",
    "runner.magicEnabled": False,
    "server.enableStaticServing": False,
    "server.fileWatcherType": "none",
    "server.headless": True,
    "server.maxUploadSize": _MOST_UPLOAD_MB,
    "theme.primaryColor": "#1565c0",
}
"""Nothing is told to anybody, nothing of the inside is shown, nothing changes under a session."""

_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"frame-ancestors 'none'; object-src 'none'; base-uri 'self'"),
    (b"referrer-policy", b"same-origin"),
)


class SafeHeaders:
    """Adds to every answer what keeps other sites from framing, sniffing and listening."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(one for one in _HEADERS if one[0] not in present),
                ]
            await send(message)

        await self._app(scope, receive, send_on)


class KnownAddresses:
    """Leads a browser that asks for a page that there is not to the first one, which says so."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        target = _elsewhere(scope) if scope["type"] == "http" and scope["method"] == "GET" else None
        if target is None:
            await self._app(scope, receive, send)
            return
        from starlette.responses import RedirectResponse

        await RedirectResponse(target, status_code=307)(scope, receive, send)


def _elsewhere(scope: Scope) -> str | None:
    """Return where a request for a page is led instead; None where it is right, or for something else."""
    accepted = next((value for name, value in scope["headers"] if name == b"accept"), b"")
    asked = scope["path"].strip("/")
    if b"text/html" not in accepted or asked.partition("/")[0] in ("", *_NO_PAGES):
        return None
    if asked == FIRST:
        query = scope["query_string"].decode("latin-1")
        return f"/?{query}" if query else "/"
    return None if asked in PAGES else f"/?{NOWHERE}=1"


async def give_cookie(request: Any) -> Any:
    """Give the token for a ticket as a cookie that no script can read and no other site can send."""
    from starlette.responses import JSONResponse

    from dashboards.login import COOKIE
    from dashboards.opened import sessions
    from dashboards.sessions import LONGEST

    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return JSONResponse({}, status_code=403)
    try:
        asked = await request.json()
    except ValueError:
        return JSONResponse({}, status_code=400)
    ticket = asked.get("ticket") if isinstance(asked, dict) else None
    token = sessions().redeem(ticket) if isinstance(ticket, str) else None
    if token is None:
        return JSONResponse({}, status_code=403)
    answer = JSONResponse({})
    answer.set_cookie(
        COOKIE,
        token,
        max_age=int(LONGEST.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


def build(host: str, on_start: Any = None) -> Any:
    """Return the console as an ASGI application; `on_start` is called when it is ready to answer."""
    import streamlit as st
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.routing import Route

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[dict[str, Any]]:
        if on_start is not None:
            on_start()
        yield {}

    guards: list[Middleware] = [Middleware(SafeHeaders), Middleware(KnownAddresses)]
    if host in _LOOPBACK:
        # A site whose name is made to resolve to the loopback must not be served.
        guards.append(Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "["]))
    return st.App(
        SCRIPT,
        routes=[Route("/session", give_cookie, methods=["POST"])],
        middleware=guards,
        lifespan=lifespan,
    )


def main(argv: Sequence[str]) -> int:
    """Serve until told to stop; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m dashboards", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8501)
    asked = parser.parse_args(argv)
    try:
        listening = _listen(asked.host, asked.port)
    except OSError as error:
        _tell(taken=str(error))
        return 3
    try:
        from dashboards.opened import workplace

        workplace()
    except TelcollmError as error:
        _tell(failed=str(error))
        return 1
    return _serve(listening, asked.host)


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; nobody else can take the port from then on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(_BACKLOG)
    except OSError:
        made.close()
        raise
    return made


def _serve(listening: socket.socket, host: str) -> int:
    import uvicorn
    from streamlit import config
    from streamlit.web import bootstrap

    port = listening.getsockname()[1]
    bootstrap.load_config_options({**OPTIONS, "server.address": host, "server.port": port})
    shown = f"[{host}]" if ":" in host else host
    app = build(host, lambda: _tell(address=f"http://{shown}:{port}"))
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            ws="websockets-sansio",
            ws_max_size=int(config.get_option("server.maxMessageSize")) * 1024 * 1024,
            timeout_graceful_shutdown=_STOPS_WITHIN_S,
        )
    )
    threading.Thread(target=_end_with_parent, args=(server,), name="parent-watch", daemon=True).start()
    server.run(sockets=[listening])
    return 0


def _end_with_parent(server: Any) -> None:
    """Stop the server when standard input ends, and the process when that takes too long."""
    while sys.stdin.buffer.read(1024):
        pass
    server.should_exit = True
    threading.Event().wait(2 * _STOPS_WITHIN_S)
    os._exit(0)


def _tell(**words: str) -> None:
    """Say one thing to whoever started this process."""
    print(json.dumps(words), flush=True)
