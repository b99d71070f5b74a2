"""The documentation of `tinct serve` and of its page: commands run against a real server, tables compared with the code."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import typer
from fastapi.testclient import TestClient
from PIL import Image
from typer.testing import CliRunner

from conftest import draw
from doc_blocks import ROOT, blocks, commands
from film.clips import write_clip
from tinct.cli.app import app
from tinct.errors import ConfigError
from tinct.film.container.encoding import CODECS
from tinct.web import Settings, make_app
from tinct.web import server as server_module

API, DEPLOY, PAGE = (ROOT / "docs" / name for name in ("api.md", "deploy.md", "page.md"))
STATIC = ROOT / "src/tinct/web/page"
DOCUMENTED = "http://127.0.0.1:8000"
"""The server's address in the documentation."""
SIZE = (120, 160)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a `tinct serve` in a process of its own."""
    log = tmp_path_factory.mktemp("serve") / "log"
    environment = {name: value for name, value in os.environ.items() if name != "TINCT_TOKEN"}
    with log.open("wb") as out:
        running = subprocess.Popen([sys.executable, "-m", "tinct", "serve", "--port", "0"], stdout=out, stderr=out, env=environment)
    try:
        deadline = time.monotonic() + 60
        while "startup complete" not in log.read_text("utf-8"):
            assert running.poll() is None, log.read_text("utf-8")
            assert time.monotonic() < deadline, log.read_text("utf-8")
            time.sleep(0.05)
        (address,) = re.findall(r"tinct is at (http://[\d.]+:\d+)/", log.read_text("utf-8"))
        with httpx.Client(transport=httpx.HTTPTransport(retries=5)) as client:
            assert client.get(f"{address}/healthz").text == "ok\n"
        yield address
    finally:
        running.terminate()
        running.wait(20)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which old.jpg lies, to work in."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(draw(0, *SIZE)).convert("L").save("old.jpg")
    write_clip(tmp_path / "old.mp4")
    return tmp_path


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    """The app's OpenAPI."""
    return make_app(Settings()).openapi()


def rows(page: Path, heads: str) -> list[list[str]]:
    """Cells of the table with this first line."""
    found = re.search(rf"^{re.escape(heads)}\n\|[-|]+\n((?:\|.*\n?)+)", page.read_text("utf-8"), re.M)
    assert found, f"{page.name} has no table {heads}"
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in found[1].splitlines()]


def plain(cell: str) -> str:
    return cell.strip("`")


def in_color(picture: Path | Any, kind: str = "JPEG") -> None:
    """A picture of this kind, as large as old.jpg, and no longer gray."""
    with Image.open(picture) as opened:
        assert (opened.format, opened.size, opened.mode) == (kind, SIZE, "RGB")
        assert np.ptp(np.asarray(opened).astype(int), axis=2).max() > 20


@pytest.mark.skipif(not shutil.which("curl"), reason="curl isn't installed")
def test_curl(server: str, desk: Path) -> None:
    """Every curl command of the page, one after the other in one folder."""
    lines = [line for block in blocks(API, "sh") for line in block.splitlines() if line.startswith("curl")]
    printed = {}
    for line in lines:
        assert DOCUMENTED in line
        done = subprocess.run(line.replace(DOCUMENTED, server), shell=True, check=True, capture_output=True, text=True)
        assert not done.stderr
        if done.stdout:
            printed[line.rpartition("/")[2]] = json.loads(done.stdout)
    assert len(lines) == 5, "a new command needs a check here"
    assert printed["films"]["name"] == "old.mp4"
    assert printed["films"]["state"] in ("queued", "running", "done")
    in_color(desk / "old.color.jpg")
    with zipfile.ZipFile(desk / "old.zip") as archive:
        assert archive.namelist() == ["old.color.jpg", "old.color-2.jpg", "old.color-3.jpg"]
        for name in archive.namelist():
            in_color(archive.open(name))
    likely = printed["suggest"]["colors"]
    assert all(one["name"] for family in printed["suggest"]["families"] for one in family["colors"])
    assert all(re.fullmatch("#[0-9a-f]{6}", one["color"]) for one in likely)
    assert [one["probability"] for one in likely] == sorted((one["probability"] for one in likely), reverse=True)
    assert len(likely) > 2
    assert [model["name"] for model in printed["models"] if model["default"]] == ["tinct"]


def test_python(server: str, desk: Path) -> None:
    (code,) = blocks(API, "python")
    assert DOCUMENTED in code
    names: dict[str, Any] = {}
    exec(compile(code.replace(DOCUMENTED, server), str(API), "exec"), names)
    in_color(desk / "old.by-hand.jpg")
    (desk / "small.jpg").write_bytes(names["small"])
    in_color(desk / "small.jpg")
    assert names["picture"]["gray"].startswith("data:image/jpeg;base64,")
    assert names["picture"]["color"].startswith("data:image/jpeg;base64,")
    assert httpx.post(f"{server}{names['at']}/preview", json={}).status_code == 404  # it was forgotten


def test_error(server: str) -> None:
    """The example is what the server says, but for the title: Python 3.13 has the newer of its two names."""
    (said,) = (said for block in blocks(API, "json") if "status" in (said := json.loads(block)))
    answer = httpx.post(f"{server}/v1/colorize", files={"photo": ("old.jpg", b"%PDF-1.7 ...")})
    assert answer.headers["content-type"] == "application/problem+json"
    titles = {said.pop("title"), (found := answer.json()).pop("title")}
    assert found == said
    assert answer.status_code == said["status"]
    assert titles <= {"Unprocessable Content", "Unprocessable Entity"}


def test_statuses(described: dict[str, Any]) -> None:
    """The table has what the description has, and what the code refuses with at any address."""
    told = {status for path in described["paths"].values() for operation in path.values() for status in operation["responses"]}
    code = "".join(file.read_text("utf-8") for file in STATIC.parent.glob("*.py"))
    refused = re.findall(r"(?:RefusedError|as_problem)\(\s*(\d{3}),", code)
    assert {"421", "429", "500"} <= set(refused)
    errors = {int(status) for status in (*told, *refused) if int(status) >= 400}
    with TestClient(make_app(Settings()), base_url=DOCUMENTED) as web:
        errors.add(web.get("/v1/colorize").status_code)
    assert [int(status) for status, _ in rows(API, "| status | |")] == sorted(errors)


def test_routes(described: dict[str, Any]) -> None:
    """The table has all that is done by hand, and the page names everything else."""
    routes = [f"{method.upper()} {path}" for path, operations in described["paths"].items() for method in operations]
    by_hand = [route for route in routes if "/v1/pictures" in route]
    assert [plain(route) for route, _ in rows(API, "| | |")] == by_hand
    assert [plain(route) for route, _ in rows(API, "| films | |")] == [route for route in routes if "/v1/films" in route]
    text = API.read_text("utf-8")
    assert all(route.split()[1] in text for route in routes)
    assert "/v1/openapi.json" in text


def defaults(schema: dict[str, Any]) -> dict[str, str]:
    """Each property with its default as the tables write it: as JSON, words without their quotes."""
    required = schema.get("required", [])
    return {name: "required" if name in required else shown(key.get("default")) for name, key in schema["properties"].items()}


def shown(default: Any) -> str:
    return default if isinstance(default, str) else json.dumps(int(default) if default == 1.0 and default is not True else default)


def test_fields(described: dict[str, Any]) -> None:
    """The table of the form has every field with its default; the cell of one without a default is empty."""
    form = described["components"]["schemas"]["ColorizeForm"]
    table = {plain(name): plain(default) or "null" for name, default, _ in rows(API, "| field | default | |")}
    assert table == defaults(form)
    meanings = {plain(name): text for name, _, text in rows(API, "| field | default | |")}
    assert f"up to {form['properties']['variants']['maximum']:g};" in meanings["variants"]


def test_fields_of_films(described: dict[str, Any]) -> None:
    """The table has every field of both forms with its default."""
    forms = [described["components"]["schemas"][name] for name in ("FilmForm", "ColorizeFilmForm")]
    table = {plain(name): plain(default) or "null" for name, default, _ in rows(API, "| field of a film | default | |")}
    assert table == defaults(forms[0])
    assert {name: default for name, default in table.items() if name not in ("film", "colorize")} == defaults(forms[1])
    (codecs,) = (re.findall(r"`(\w+)`", text) for name, _, text in rows(API, "| field of a film | default | |") if "codec" in name)
    assert codecs == list(CODECS)
    state = next(json.loads(block) for block in blocks(API, "json") if "seconds_left" in block)
    assert state.keys() <= described["components"]["schemas"]["FilmOut"]["properties"].keys()


def test_edits(described: dict[str, Any]) -> None:
    """The tables have every key of an edit, of a preview and of a result, with its default."""
    schemas = described["components"]["schemas"]
    edits, further = rows(API, "| key | default | |"), rows(API, "| further key | default | |")
    assert {plain(name): plain(default) for name, default, _ in edits} == defaults(schemas["Edit"])
    for schema in ("Preview", "Render"):
        own = [row for row in further if f"only for `{schema.lower()}`" in row[2]]
        assert {plain(name): plain(default) for name, default, _ in edits + own} == defaults(schemas[schema])
    limits = {name: schemas["Preview"]["properties"][name]["maximum"] for name in ("variant", "size")}
    assert {plain(name): int(text.split("up to ")[1]) for name, _, text in edits + further if "up to" in text} == limits
    count = schemas["Place"]["properties"]["count"]["default"]
    assert f"(`count`, {count})" in API.read_text("utf-8")


# ---- docs/page.md ----


def test_labels_are_those_of_the_page() -> None:
    """What docs/page.md has in bold can be read on the page."""
    labels = set(re.findall(r"\*\*(.+?)\*\*", PAGE.read_text("utf-8")))
    assert len(labels) > 12
    words = json.loads((STATIC / "strings/en.json").read_text("utf-8"))
    texts = {text.strip(" ↶↷") for text in words.values()}
    assert labels <= texts, labels - texts


def test_keys_are_those_of_the_page() -> None:
    """The table of keys has those of the list on the page."""
    words = json.loads((STATIC / "strings/en.json").read_text("utf-8"))
    found = re.findall(r'<dt(?: data-t="(.*?)")?>(.*?)</dt>', (STATIC / "index.html").read_text("utf-8"))
    listed = [words[key] if key else text for key, text in found]
    assert [keys for keys, _ in rows(PAGE, "| on the photograph | |")] == listed


# ---- docs/deploy.md ----


def started(arguments: list[str], monkeypatch: pytest.MonkeyPatch, **environment: str) -> Settings:
    """The settings with which this command would serve."""
    found: list[Settings] = []
    monkeypatch.setattr(server_module, "serve", lambda settings, *, open_page: found.append(settings))
    result = CliRunner().invoke(app, arguments, env={"TINCT_TOKEN": None} | environment)
    if isinstance(result.exception, ConfigError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return found[0]


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table has every option of a limit, with the default of `Settings`, which is that of the command."""
    assert started(["serve"], monkeypatch) == Settings()
    group: Any = typer.main.get_command(app)
    others = {"--films", "--host", "--port", "--open", "--token", "--model", "--device", "--precision", "--allow-host"}
    limits = {option.opts[0]: option.name for option in group.commands["serve"].params if option.opts[0] not in others}
    units = {"timeout": " seconds", "max_upload": " bytes", "max_pixels": " pixels", "max_detail": " pixels", "expiry": " seconds"}
    units |= {"max_film": " bytes", "film_expiry": " seconds"}
    own, others = Settings(), Settings(host="0.0.0.0", token="0123456789abcdef")
    derived = {"max_upload": "upload_limit", "max_pixels": "pixel_limit", "timeout": "time_limit"}
    expected = {option: f"{getattr(own, derived.get(name, name)):,.0f}{units.get(name, '')}" for option, name in limits.items()}
    for name, limit in derived.items():
        expected[f"--{name.replace('_', '-')}"] += f"; {getattr(others, limit):,.0f} for others"
    assert Settings().workers == 0
    assert {plain(name): default for name, default, _ in rows(DEPLOY, "| option | default | |")} == expected | {
        "--workers": "number of cores"
    }
    assert f"each of {others.memory_limit / 1e9:g} GB" in DEPLOY.read_text("utf-8")
    assert Settings().expiry == 1800
    assert "`--expiry` seconds, half an hour" in API.read_text("utf-8")


def test_commands_start_such_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to let other machines use it; the first not without a token."""
    given = [arguments for arguments, _ in commands(DEPLOY, "sh")]
    everywhere, proxied = given
    with pytest.raises(ConfigError, match="no token"):
        started(everywhere, monkeypatch)
    assert not started(everywhere, monkeypatch, TINCT_TOKEN="0123456789abcdef").loopback
    settings = started(proxied, monkeypatch, TINCT_TOKEN="0123456789abcdef")
    (name,) = settings.hosts
    assert name in blocks(DEPLOY, "text")[0], "the proxy has another name"
    with TestClient(make_app(settings), base_url=f"http://{name}", headers={"authorization": "Bearer 0123456789abcdef"}) as web:
        assert web.get("/v1/models").status_code == 200
        assert web.get("/v1/models", headers={"host": "evil.example"}).status_code == 421
        assert web.get("/v1/models", headers={"authorization": "Bearer guess"}).status_code == 401
        assert web.get("/healthz", headers={"authorization": "Bearer guess"}).status_code == 200


def test_container(monkeypatch: pytest.MonkeyPatch) -> None:
    """It copies what is there and what the package is built from, and starts a command that wants its token."""
    lines = (ROOT / "Containerfile").read_text("utf-8").splitlines()
    copied = {name for line in lines if line.startswith("COPY ") and "--from" not in line for name in line.split()[1:-1]}
    assert all((ROOT / name).exists() for name in copied)
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    read = re.findall(r'^(?:readme = |license-files = \[)"([^"]+)"', project, re.M)
    assert copied >= {"pyproject.toml", "constraints.txt", "src", *read}
    kept = {line[1:] for line in (ROOT / ".containerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    assert kept == copied
    program, *arguments = json.loads(next(line for line in lines if line.startswith("ENTRYPOINT")).partition(" ")[2])
    assert program.endswith("/bin/tinct")
    with pytest.raises(ConfigError, match="no token"):
        started(arguments, monkeypatch)
    assert started(arguments, monkeypatch, TINCT_TOKEN="0123456789abcdef").port == Settings().port
    ports = re.findall(r"\d{4}", " ".join(line for line in lines if line.startswith(("EXPOSE", "HEALTHCHECK"))))
    assert set(ports) == {str(Settings().port)}
    assert f":{Settings().port} tinct" in shlex.join(shlex.split(blocks(DEPLOY, "sh")[2]))
