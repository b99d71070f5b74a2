"""The API keeps what its description promises, whatever it is asked. (schemathesis makes the requests up.)"""

from __future__ import annotations

import io
import itertools
import time
from collections import defaultdict
from collections.abc import Iterator

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from PIL import Image
from schemathesis.checks import CHECKS, load_all_checks

from conftest import draw
from film.clips import write_clip
from serving import serving

load_all_checks()
# Strings that the description allows aren't pictures, so they are refused for what they hold, as 422; what must be
# refused by the description alone has its tests in test_web.
NOT_HERE = [CHECKS.get_one("positive_data_acceptance")]
OPERATIONS = [
    "POST /v1/colorize",
    "POST /v1/suggest",
    "GET /v1/models",
    "POST /v1/pictures",
    "POST /v1/pictures/{id}/preview",
    "POST /v1/pictures/{id}/variants",
    "POST /v1/pictures/{id}/suggest",
    "POST /v1/pictures/{id}/object-variants",
    "POST /v1/pictures/{id}/recurring",
    "POST /v1/pictures/{id}/render",
    "DELETE /v1/pictures/{id}",
    "POST /v1/films",
    "GET /v1/films/{id}",
    "DELETE /v1/films/{id}",
    "GET /v1/films/{id}/result",
    "POST /v1/films/{id}/colorize",  # after it the known film has no result for a while
    "GET /v1/films/{id}/frame",
    "GET /v1/films/{id}/keyframes",
    "GET /healthz",
    "GET /metrics",
]


def photograph() -> bytes:
    file = io.BytesIO()
    Image.fromarray(draw(3, 60, 40)).convert("L").save(file, "JPEG")
    return file.getvalue()


@pytest.fixture(scope="module")
def description(tmp_path_factory: pytest.TempPathFactory) -> Iterator[schemathesis.BaseSchema]:
    """With photographs and films in most requests that want one, and ids that exist in half of those."""
    clip = write_clip(tmp_path_factory.mktemp("films") / "old.mp4", frames=3).read_bytes()
    with serving(queue=4, max_films=60) as address:
        known = httpx.post(f"{address}/v1/pictures", files={"photo": photograph()}).json()["id"]
        film = httpx.post(f"{address}/v1/films", files={"film": clip}).json()["id"]
        while httpx.get(f"{address}/v1/films/{film}").json()["state"] != "done":
            time.sleep(0.05)
        schema = schemathesis.openapi.from_url(f"{address}/v1/openapi.json")
        turns: dict[str, Iterator[int]] = defaultdict(itertools.count)  # of each part of a request its own

        @schema.hook
        def map_case(context: schemathesis.HookContext, case: schemathesis.Case) -> schemathesis.Case:
            if case.method != "DELETE" and "id" in (case.path_parameters or {}) and next(turns["id"]) % 2:
                case.path_parameters["id"] = film if "films" in case.path else known
            if isinstance(case.body, dict) and "photo" in case.body and next(turns["photo"]) % 4:
                case.body["photo"] = photograph()
            if isinstance(case.body, dict) and "film" in case.body and next(turns["film"]) % 4:
                case.body["film"] = clip
            if isinstance(case.body, dict) and "hint" in case.body and next(turns["hint"]) % 4:
                case.body["hint"] = {"x": 30, "y": 20, "color": "#2f5fb3"}
            return case

        yield schema


@pytest.mark.parametrize("operation", OPERATIONS)
def test_answers_are_as_described(description: schemathesis.BaseSchema, operation: str) -> None:
    method, path = operation.split()
    statuses = set()

    @given(description[path][method].as_strategy())
    @settings(max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    def ask(case: schemathesis.Case) -> None:
        statuses.add(case.call_and_validate(excluded_checks=NOT_HERE).status_code)

    ask()
    assert method == "DELETE" or min(statuses) < 300, "only refusals were tried"


def test_no_operation_is_left_out(description: schemathesis.BaseSchema) -> None:
    described = description.raw_schema["paths"]
    assert set(OPERATIONS) == {f"{method.upper()} {path}" for path, methods in described.items() for method in methods}
