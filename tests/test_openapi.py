"""The API keeps what its description promises, whatever it is asked. (schemathesis makes the requests up.)"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

schemathesis = pytest.importorskip("schemathesis")

from tinct.web import Settings, make_app  # noqa: E402

schema = schemathesis.openapi.from_asgi("/v1/openapi.json", make_app(Settings()))
ADDRESS = {"host": "127.0.0.1"}


@pytest.fixture(autouse=True, scope="module")
def _running() -> Iterator[None]:
    return


@schema.parametrize()
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_answers_are_as_described(case: schemathesis.Case) -> None:
    case.call_and_validate(headers=ADDRESS)
