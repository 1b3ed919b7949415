"""The application: endpoints, limits, errors and figures put together over one workplace."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI, Request, Response

from telcollm import __version__
from telcollm.app.api import alarms, platform, problems, status, tickets
from telcollm.app.api.limits import Limits
from telcollm.app.api.refusals import RESPONSES, add_handlers
from telcollm.app.notifier import Notifier
from telcollm.app.services import batches
from telcollm.app.workplace import Workplace

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def build_app(workplace: Workplace, *, background: bool = True) -> FastAPI:
    """Return the application; with `background` it also sends webhooks and finishes batches while it runs."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if not background:
            yield
            return
        stop, notifier = threading.Event(), Notifier(workplace)
        threads = [
            threading.Thread(target=notifier.run, name="telcollm-webhooks", daemon=True),
            threading.Thread(
                target=batches.serve, args=(workplace, stop), name="telcollm-batches", daemon=True
            ),
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            notifier.stop()
            stop.set()
            for thread in threads:
                thread.join(10)

    app = FastAPI(
        title="telcollm",
        version=__version__,
        description="Incidents, tickets and replies of a telecom network, with what they rest on.",
        lifespan=lifespan,
    )
    app.state.workplace = workplace
    app.state.figures = status.Figures()
    for part in (alarms.router, tickets.router, problems.router, platform.router):
        app.include_router(part, responses=RESPONSES)
    app.include_router(status.router, responses={code: RESPONSES[code] for code in (401, 403, 408, 413)})
    add_handlers(app)

    @app.middleware("http")
    async def note(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        began_s = time.perf_counter()
        response = await go_on(request)
        route = getattr(request.scope.get("route"), "path", "unknown")
        figures: status.Figures = app.state.figures
        # Whoever invents methods must not make up a new time series each.
        method = request.method if request.method in _METHODS else "other"
        figures.requests.labels(method, route, response.status_code).inc()
        figures.seconds.labels(route).observe(time.perf_counter() - began_s)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-store"
        return response

    settings = workplace.settings.api
    app.add_middleware(Limits, max_bytes=settings.max_request_bytes, timeout_s=settings.request_timeout_s)
    return app
