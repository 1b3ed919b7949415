"""Limits on requests: how many bytes one may have, and how long it may take. Does not know what is asked."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from telcollm.app.api.refusals import refusal


class Limits:
    """Refuses what is too large before it is read, and what takes too long.

    A body is counted as it comes, whatever its Content-Length says, and a request whose body does not come
    in time is given up.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int, timeout_s: float) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on within the limits."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length) > self._max_bytes:
            await self._refuse(413, scope, receive, send)
            return
        read = 0
        begun = over = False

        async def counted() -> Message:
            nonlocal read, over
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._max_bytes:
                over = True
                return {"type": "http.disconnect"}
            return message

        async def noted(message: Message) -> None:
            nonlocal begun
            if over and not begun:
                # What the application makes of a body that broke off is not the reason to tell.
                return
            begun = True
            await send(message)

        late = False
        try:
            await asyncio.wait_for(self._app(scope, counted, noted), self._timeout_s)
        except ClientDisconnect:
            if not over:
                raise
        except TimeoutError:
            late = True
        if not begun and (over or late):
            await self._refuse(413 if over else 408, scope, receive, send)

    async def _refuse(self, status: int, scope: Scope, receive: Receive, send: Send) -> None:
        texts = {
            408: f"it took longer than {self._timeout_s:g} s; ask for less, or raise api.request_timeout_s",
            413: f"at most {self._max_bytes} bytes are allowed; send less, or raise api.max_request_bytes",
        }
        await refusal(status, texts[status])(scope, receive, send)
