"""Errors as problem details (RFC 9457): the fact that the library states, and what a client of this API can do about it."""

from __future__ import annotations

import logging
import re
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from ..errors import TinctError

__all__ = ["PROBLEM_TYPE", "REMEDIES", "Problem", "RefusedError", "as_problem", "handle_errors", "problem_of", "problems"]

PROBLEM_TYPE = "application/problem+json"
_RETRY = "Send the request again after the seconds that the header Retry-After says."
REMEDIES = {
    "busy": _RETRY,
    "detail-too-large": "Send a smaller detail, or leave it out.",
    "container-audio": "Send the film as Matroska (.mkv).",
    "container-codec": "Ask for another codec, or leave it out.",
    "disk": "The server's operator can make room.",
    "empty-keyframe": "Send a picture that is painted on, or leave the keyframe out.",
    "film-busy": "Wait until it is done, or DELETE the film and send it again.",
    "film-changed": "Send the film again.",
    "film-encoder": "Ask for another codec, or leave it out.",
    "film-hints": "Put them into a keyframe.",
    "film-running": "Wait until it is done, or DELETE the film and send it again.",
    "film-shape": "Send a larger copy of the film.",
    "forbidden-origin": "Send the request from the server's own page, or from a program.",
    "format-limit": "Ask for another format: tif has no such limit.",
    "gray-keyframe": "Send a picture in color, or leave the keyframe out.",
    "gray-reference": "Send a color picture as like.",
    "hint-outside": "Give places in pixels of the full-size photograph.",
    "is-film": "Send it to /v1/films, if this server has it.",
    "keyframe-outside": "Give a time inside the film.",
    "keyframe-pixels": "Send a picture of the film's size.",
    "keyframe-shape": "Send a picture of the film's shape.",
    "mask-empty": "Send a mask that is white inside.",
    "mask-size": "Send a mask of the photograph's shape.",
    "part-outside": "Give a part inside the photograph.",
    "region-outside": "Give points in pixels of the full-size photograph.",
    "internal-error": "The server's log has the traceback. The picture may work in another format.",
    "no-capability": "GET /v1/models says what this server's model can do.",
    "no-film": "Send a film as MP4, QuickTime, Matroska, WebM, AVI or MPEG.",
    "no-result": "GET /v1/films/{id} says how far it is.",
    "no-memory": _RETRY,
    "no-room": f"{_RETRY} DELETE /v1/pictures/{{id}} makes room at once.",
    "no-such-film": "Send it again with POST /v1/films.",
    "no-such-keyframe": "Send it in the field pictures, under the name that the edit has.",
    "no-such-picture": "Send it again with POST /v1/pictures.",
    "still-looking": _RETRY,
    "outside-film": "Give a time inside the film.",
    "request-stalled": "Send the whole request again.",
    "request-too-large": "Send a smaller file.",
    "timeout": "Send a smaller picture, or ask for fewer variants at once.",
    "token": "Send the token as 'Authorization: Bearer TOKEN', or open the page as /?token=TOKEN.",
    "too-many-films": f"{_RETRY} DELETE /v1/films/{{id}} makes room at once.",
    "too-small": "Send a larger copy of the picture.",
    "too-many-pixels": "Send a smaller copy of the picture.",
    "too-many-uploads": _RETRY,
    "too-much-memory": "Send a smaller copy, or a JPEG, PNG or TIFF that can be read from top to bottom: upright, and neither interlaced nor "
    "progressive. Ask for jpg, png or tif.",
    "too-many-scans": "Send it as an ordinary JPEG.",
    "unpacks-too-much": "Send a copy without metadata.",
    "wrong-host": "Ask the server under its own name, or have its operator allow this one.",
}
"""Code of an error -> what a client of the HTTP API can do. The command line and the page have tables of their own."""
_log = logging.getLogger("tinct.web")


class Problem(BaseModel):
    """What is wrong, and what to do about it."""

    type: str = "about:blank"
    title: str = Field(examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str = Field(description="The fact, and a remedy where there is one.", examples=["old.jpg is empty (0 bytes)."])
    code: str = Field(description="Stable name of the kind of problem, for programs.", examples=["photo-error"])
    fact: str = Field(description="What is wrong, without a remedy, for programs that have remedies of their own.")


class RefusedError(Exception):
    """A request that isn't served, for a reason that lies neither in the picture nor in the library.

    Args:
        status: HTTP status code.
        code: kind of refusal, in kebab case; a key of `REMEDIES` where there is a remedy.
        fact: what is wrong, as a sentence.
        retry_after: seconds after which the same request may be served.
        headers: of the response.
    """

    def __init__(
        self, status: int, code: str, fact: str, retry_after: float | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(fact)
        self.status, self.code, self.fact, self.headers = status, code, fact, dict(headers or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(max(1, round(retry_after)))


def problem_of(error: RefusedError) -> JSONResponse:
    """The response to a request that is refused."""
    return as_problem(error.status, error.code, error.fact, error.headers)


def as_problem(status: int, code: str, fact: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """The response to a request that is refused; its remedy is looked up by `code`."""
    fact = fact if fact.endswith((".", "!", "?")) else f"{fact}."
    detail = f"{fact} {REMEDIES[code]}" if code in REMEDIES else fact
    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, code=code, fact=fact).model_dump()
    return JSONResponse(body, status, headers, media_type=PROBLEM_TYPE)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Responses in the OpenAPI description of a route: the statuses with which it may refuse."""
    content = {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def handle_errors(app: FastAPI) -> None:
    """Answer every error of the app with a problem document. A bug is logged with its traceback and answered without it."""

    @app.exception_handler(TinctError)
    async def _tinct(request: Request, error: TinctError) -> JSONResponse:
        return as_problem(422, error.code or _kebab(type(error).__name__), str(error))

    @app.exception_handler(RefusedError)
    async def _refusal(request: Request, error: RefusedError) -> JSONResponse:
        return problem_of(error)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return as_problem(422, "invalid-request", "; ".join(map(sentence, error.errors())))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        code = _kebab(HTTPStatus(error.status_code).name.title().replace("_", ""))
        headers = dict(error.headers or {})
        if "GET" in (allowed := headers.get("Allow", "").split(", ")):
            headers["Allow"] = ", ".join([*allowed, "HEAD"])
        return as_problem(error.status_code, code, str(error.detail), headers)

    @app.exception_handler(Exception)
    async def _bug(request: Request, error: Exception) -> JSONResponse:
        _log.error("request %s failed", request.scope.get("tinct.request_id", "-"), exc_info=error)
        return as_problem(500, "internal-error", "This is a bug of tinct, and was logged.")


def sentence(entry: Any) -> str:
    """One error of Pydantic, with the field that it concerns."""
    where = ".".join(str(part) for part in entry["loc"] if part not in ("body", "query", "path"))
    return f"{where}: {entry['msg']}" if where else str(entry["msg"])


def _kebab(name: str) -> str:
    """``PhotoError`` -> ``photo-error``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()
