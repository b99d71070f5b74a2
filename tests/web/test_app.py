"""The app as a whole: health, metrics, cleaning up, the page's files."""

from __future__ import annotations

import json
import queue
import re
from typing import Any

import httpx
import pytest

from serving import serving
from tinct.web.app import STATIC, clean_up, give_back_memory
from tinct.web.problems import PROBLEM_TYPE
from web_client import TOKEN, Client, busy, client, one


def test_models_health_and_metrics(web: Client) -> None:
    models = {model["name"]: model for model in web.get("/v1/models").json()}
    assert {"tinct", "autoencoder", "vae"} <= set(models)
    assert [name for name, model in models.items() if model["default"]] == ["tinct"]
    assert web.get("/healthz").text == "ok\n"
    web.get("/v1/pictures/secret-id-of-somebody/preview")
    text = web.get("/metrics").text
    assert re.search(r'^tinct_requests_total\{method="GET",route="/v1/models",status="200"\} [1-9]', text, re.M)
    assert "secret-id" not in text


def test_the_page_works_behind_a_path_prefix() -> None:
    """A reverse proxy serves it at /tinct/ and takes the prefix off."""
    with serving(prefix="/tinct", token=TOKEN) as address, httpx.Client(follow_redirects=True) as browser:
        page = browser.get(f"{address}/", params={"token": TOKEN})
        assert page.url.path == "/tinct/"
        assert not page.url.query
        linked = re.findall(r'(?:href|src)="([^"#]+)"', page.text)
        assert len(linked) >= 3
        scripts = [page.url.join(link) for link in linked]
        for script in scripts:  # and what those import
            answer = browser.get(script)
            assert answer.status_code == 200, script
            scripts += [url for link in re.findall(r'from "(.+?)"', answer.text) if (url := script.join(link)) not in scripts]
        assert len(scripts) > 10
        assert browser.post(f"{address}/v1/pictures", files=one()).status_code == 201
        assert httpx.get(f"{address}/v1/models").status_code == 401
        assert httpx.get(address.removesuffix("/tinct") + "/v1/models").status_code == 404
    for file in STATIC.glob("*.js"):
        assert not re.search(r"[\"'`]/(v1|static)", file.read_text("utf-8")), file.name


def test_memory_is_given_back_while_nothing_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    monkeypatch.setattr("tinct.web.app.give_back_memory", lambda: given.append(1))
    with client(workers=1) as web, busy(web):
        state = web.app.state.tinct  # type: ignore[attr-defined]
        web.portal.call(clean_up, state.pictures, state.gate)  # type: ignore[union-attr]
        assert given == []
    with client() as web:
        state = web.app.state.tinct  # type: ignore[attr-defined]
        web.portal.call(clean_up, state.pictures, state.gate)  # type: ignore[union-attr]
        assert given == [1]
    give_back_memory()


def test_the_app_cleans_up_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    swept: queue.Queue[Any] = queue.Queue()

    async def clean_up(pictures: Any, gate: Any) -> None:
        swept.put(pictures)

    monkeypatch.setattr("tinct.web.app.clean_up", clean_up)
    monkeypatch.setattr("tinct.web.app.SWEEP_SECONDS", 0.01)
    with client() as web:
        while swept.get(timeout=20) is not web.app.state.tinct.pictures:  # type: ignore[attr-defined]
            pass  # of another app of this process


def test_the_description_is_complete(web: Client) -> None:
    described = web.get("/v1/openapi.json").json()
    assert set(described["paths"]) >= {
        "/v1/colorize",
        "/v1/suggest",
        "/v1/models",
        "/healthz",
        "/metrics",
        "/v1/pictures/{id}/render",
    }
    assert "HTTPValidationError" not in json.dumps(described)
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert list(response["content"]) == [PROBLEM_TYPE], (path, method, status)
