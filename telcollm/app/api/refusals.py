"""Errors as answers: which status each has, in the form that TMF630 gives them.

Nothing of the inside is shown: no trace, no SQL, no path. Does not know endpoints.
"""

from __future__ import annotations

import logging
from typing import Any, Final

import pydantic
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from telcollm.access import AccessDenied
from telcollm.app.services import accounts
from telcollm.app.services.incidents import NotFoundError
from telcollm.errors import TelcollmError, TransientError
from telcollm.store.accounts import LoginError

_LOG = logging.getLogger(__name__)

_REASONS: Final = {
    400: "bad request",
    401: "not recognised",
    403: "denied",
    404: "not found",
    405: "method not allowed",
    408: "too slow",
    413: "too large",
    415: "not JSON",
    422: "not allowed",
    500: "failed",
    503: "not now",
}


class ErrorBody(pydantic.BaseModel):
    """Why a request was refused, as TMF630 has it."""

    code: str
    reason: str
    message: str
    status: str


RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    code: {"model": ErrorBody, "description": _REASONS[code]}
    for code in (400, 401, 403, 404, 408, 413, 422, 503)
}
"""What every endpoint may answer beside what it is there for."""


def refusal(status: int, message: str) -> JSONResponse:
    """Return the answer that says why."""
    headers = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "5"}}.get(status)
    reason = _REASONS.get(status, "refused")
    body = {"code": str(status), "reason": reason, "message": message, "status": str(status)}
    return JSONResponse(body, status, headers)


def add_handlers(app: FastAPI) -> None:
    """Let each error telcollm raises be answered by its status."""

    @app.exception_handler(TelcollmError)
    def told(request: Request, error: TelcollmError) -> JSONResponse:
        if isinstance(error, LoginError):
            return refusal(401, str(error))
        if isinstance(error, AccessDenied):
            caller = getattr(request.state, "caller", None)
            if caller is not None:
                accounts.denied(request.app.state.workplace, caller, error)
            return refusal(403, str(error))
        if isinstance(error, NotFoundError):
            return refusal(404, str(error))
        if isinstance(error, TransientError):
            _LOG.warning("%s %s: %s", request.method, request.url.path, error)
            return refusal(503, "the platform cannot do this now; it may later; try again")
        return refusal(400, str(error))

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        return refusal(422, f"{where}: {first['msg']}; see /openapi.json for what is allowed")

    @app.exception_handler(HTTPException)
    def plain(request: Request, error: HTTPException) -> JSONResponse:
        answer = refusal(error.status_code, str(error.detail))
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(Exception)
    def failed(request: Request, error: Exception) -> JSONResponse:
        _LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return refusal(500, "this failed; the log of telcollm api says why; report it")
