"""Errors as problem details (RFC 9457), with the same sentences as on the command line."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from ..errors import TinctError

__all__ = ["PROBLEM", "Problem", "RefusedError", "as_problem", "handle_errors", "problems"]

PROBLEM = "application/problem+json"
_log = logging.getLogger("tinct.web")


class Problem(BaseModel):
    """What went wrong, and what to do about it."""

    type: str = "about:blank"
    title: str = Field(examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["the photo is a PDF; save its pages as TIFF or PNG pictures first"])


class RefusedError(Exception):
    """A request that isn't served, for a reason that is neither the picture's nor the program's."""

    def __init__(self, status: int, detail: str, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.retry_after = status, detail, retry_after


def as_problem(status: int, detail: str, retry_after: float | None = None) -> JSONResponse:
    """The response."""
    title = HTTPStatus(status).phrase
    headers = {"Retry-After": str(max(1, round(retry_after)))} if retry_after is not None else None
    body = Problem(title=title, status=status, detail=detail).model_dump()
    return JSONResponse(body, status, headers, media_type=PROBLEM)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For the description of a route: the statuses with which it may refuse."""
    content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def handle_errors(app: FastAPI) -> None:
    """Every error of the app becomes a problem; bugs are logged with their traceback and told without."""

    @app.exception_handler(TinctError)
    async def _tinct(request: Request, error: TinctError) -> JSONResponse:
        return as_problem(422, str(error))

    @app.exception_handler(RefusedError)
    async def _refusal(request: Request, error: RefusedError) -> JSONResponse:
        return as_problem(error.status, error.detail, error.retry_after)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return as_problem(422, "; ".join(_sentence(entry) for entry in error.errors()))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        response = as_problem(error.status_code, str(error.detail))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(Exception)
    async def _bug(request: Request, error: Exception) -> JSONResponse:
        _log.error("request %s failed", request.scope.get("tinct.request_id", "-"), exc_info=error)
        return as_problem(500, "That is a fault of tinct's, and was noted. The picture may work in another format.")


def _sentence(entry: Any) -> str:
    where = ".".join(str(part) for part in entry["loc"] if part not in ("body", "query", "path"))
    return f"{where}: {entry['msg']}" if where else str(entry["msg"])
