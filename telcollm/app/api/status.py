"""Whether the API lives, is ready, and its figures for Prometheus."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from telcollm.access import Action, Caller
from telcollm.app.api.asking import Place, asks
from telcollm.app.services import pipeline

router = APIRouter(tags=["status"])


class Figures:
    """What is counted of requests in this process, and the registry that holds it."""

    def __init__(self) -> None:
        import prometheus_client

        self.registry = prometheus_client.CollectorRegistry()
        self.requests = prometheus_client.Counter(
            "telcollm_api_requests",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds = prometheus_client.Histogram(
            "telcollm_api_request_seconds", "Time to answer.", ["route"], registry=self.registry
        )
        gauges = ("lag", "requests_waiting", "messages_waiting", "dead_letters", "open_alarms")
        self.gauges = {
            name: prometheus_client.Gauge(
                f"telcollm_pipeline_{name}",
                f"The pipeline's {name.replace('_', ' ')}.",
                registry=self.registry,
            )
            for name in gauges
        }
        self.stopped = prometheus_client.Gauge(
            "telcollm_model_stopped", "1 while model output is stopped.", registry=self.registry
        )


def figures_of(request: Request) -> Figures:
    """Return the figures of the application."""
    found: Figures = request.app.state.figures
    return found


FiguresOf = Annotated[Figures, Depends(figures_of)]


@router.get("/live")
def live() -> dict[str, str]:
    """Tell that the process answers; anybody may ask."""
    return {"state": "ok"}


@router.get("/ready", responses={503: {"description": "not ready"}})
def ready(workplace: Place) -> Any:
    """Tell whether requests can be served now; anybody may ask."""
    why = pipeline.ready(workplace)
    return JSONResponse({"state": "failing", "why": why}, 503) if why else {"state": "ok"}


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(
    workplace: Place, caller: Annotated[Caller, asks(Action.METRICS_READ)], figures: FiguresOf
) -> Response:
    """Give Prometheus the figures of the API and the pipeline."""
    import prometheus_client

    state = pipeline.pipeline(workplace, caller)
    for name, gauge in figures.gauges.items():
        value = getattr(state, name)
        gauge.set(float("nan") if value is None else value)
    figures.stopped.set(state.model.stopped)
    return Response(
        prometheus_client.generate_latest(figures.registry), media_type=prometheus_client.CONTENT_TYPE_LATEST
    )
