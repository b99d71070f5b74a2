"""The ASGI app: routes, middleware, the page."""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, PlainTextResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles

from .._version import __version__
from ..coloring import Colorizer
from . import interactive, objects, one_shot
from .access import COOKIE, Access
from .admission import Gate
from .middleware import Guard
from .picture_store import Pictures
from .problems import Problem, handle_errors, problems
from .settings import Settings
from .state import State
from .telemetry import Telemetry
from .working_memory import WorkingMemory

if TYPE_CHECKING:
    from .film_store import Films

__all__ = ["make_app"]

STATIC = Path(str(resources.files(__package__) / "page"))
SWEEP_SECONDS = 30.0
"""How often expired pictures are forgotten and free memory is given back to the system."""


def make_app(settings: Settings | None = None) -> FastAPI:
    """The server as an ASGI app.

    Raises:
        WeightsError: there is no such model, or it is damaged.
        DeviceError: the device isn't there, or the package that drives it.
    """
    settings = settings or Settings()
    colorizer, telemetry = Colorizer(settings.model, device=settings.device, precision=settings.precision), Telemetry()
    models = one_shot.describe_models(colorizer)
    takes_films = settings.takes_films

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        gate = Gate(settings.worker_count, settings.queue, settings.time_limit)
        pictures = Pictures(settings.memory_limit, settings.expiry)
        films = _films(settings, telemetry) if takes_films else None
        memory = WorkingMemory(settings.memory_limit)
        app.state.tinct = State(settings, colorizer, models, pictures, gate, telemetry, memory, films)
        telemetry.watch("running", "Requests being computed.", lambda: gate.running)
        telemetry.watch("waiting", "Requests that wait for a worker.", lambda: gate.waiting)
        telemetry.watch("pictures", "Photographs kept for coloring by hand.", lambda: len(pictures))
        telemetry.watch("picture_bytes", "About what they take in memory.", lambda: pictures.total_bytes)
        telemetry.watch("working_bytes", "About what decoding and encoding take.", lambda: memory.taken_bytes)

        async def sweep() -> None:
            while True:
                await asyncio.sleep(SWEEP_SECONDS)
                await clean_up(pictures, gate)
                if films is not None:
                    await asyncio.to_thread(films.sweep)

        sweeper = asyncio.create_task(sweep())
        yield
        sweeper.cancel()
        with suppress(asyncio.CancelledError):
            await sweeper
        gate.close()
        if films is not None:
            await asyncio.to_thread(films.close)

    app = FastAPI(
        title="tinct",
        version=__version__,
        summary="Color for black-and-white photographs.",
        description="Photographs that are sent are kept in memory only, while they are colored; films in a temporary folder. Errors are problem details (RFC 9457).",
        lifespan=life,
        docs_url=None,  # FastAPI's page loads scripts from another server
        redoc_url=None,
        openapi_url="/v1/openapi.json",
        servers=[{"url": ".."}],  # relative to the description's own address: a reverse proxy may add a path prefix
        redirect_slashes=False,  # the prefix would be missing in the address
    )
    handle_errors(app)
    app.include_router(one_shot.router)
    app.include_router(interactive.router)
    app.include_router(objects.router)
    if takes_films:
        from . import films as film_routes

        app.include_router(film_routes.router)

    @app.get("/healthz", tags=["operation"], response_class=PlainTextResponse)
    async def healthz() -> str:
        """Whether the server runs."""
        return "ok\n"

    @app.get("/metrics", tags=["operation"], response_class=PlainTextResponse, responses=problems(401))
    async def metrics() -> Response:
        """Metrics, for Prometheus."""
        return Response(telemetry.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    @app.get("/", include_in_schema=False)
    async def page(request: Request) -> Response:
        if settings.token and "token" in request.query_params:
            # Relative, and a cookie without a path, for a reverse proxy may serve the page under a prefix.
            answer: Response = RedirectResponse("./", 303)  # so that the token doesn't stay in the address
            secure = request.url.scheme == "https"
            answer.set_cookie(COOKIE, Access(settings).cookie_value, path=None, httponly=True, samesite="strict", secure=secure)
            return answer
        return FileResponse(STATIC / "index.html")

    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    _describe_problems(app)
    app.add_middleware(Guard, settings=settings, telemetry=telemetry)
    return app


def _films(settings: Settings, telemetry: Telemetry) -> Films:
    """The films of a server, with their metrics."""
    from .film_store import Films

    films = Films(settings.model, settings.device, settings.precision, settings.max_films, settings.film_expiry)
    telemetry.watch("films", "Films kept.", lambda: len(films))
    telemetry.watch("films_busy", "Films that are colored, or wait for it.", lambda: films.busy)
    return films


async def clean_up(pictures: Pictures, gate: Gate) -> None:
    """Forget expired pictures, and give free memory back to the system while nothing is computed."""
    pictures.sweep()
    if not gate.running:
        await asyncio.to_thread(give_back_memory)


def give_back_memory() -> None:
    """Return freed memory to the system: after pictures of many sizes glibc would keep most of it."""
    with suppress(OSError, AttributeError):  # only glibc has the function
        ctypes.CDLL(None).malloc_trim(0)


def _describe_problems(app: FastAPI) -> None:
    """Describe errors in OpenAPI as `Problem`, instead of FastAPI's own validation errors."""
    original = app.openapi

    def openapi() -> dict[str, object]:
        if app.openapi_schema is None:
            schema = original()
            schemas = schema.setdefault("components", {}).setdefault("schemas", {})
            schemas["Problem"] = Problem.model_json_schema()
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            for path in schema["paths"].values():
                for operation in path.values():
                    responses = operation["responses"]
                    if "422" in responses and "application/json" in responses["422"].get("content", {}):
                        del responses["422"]["content"]["application/json"]
                        if not responses["422"]["content"]:
                            del responses["422"]
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
