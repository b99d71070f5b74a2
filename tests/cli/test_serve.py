"""``tinct serve``: its options become the server's settings."""

from __future__ import annotations

import sys

import pytest

from command_line import Ended, Run, one_line
from tinct.web.settings import Settings


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Settings, bool]]:
    """What the server would be started with."""
    found: list[tuple[Settings, bool]] = []
    monkeypatch.setattr("tinct.web.server.serve", lambda settings, *, open_page: found.append((settings, open_page)))
    return found


def test_without_options_the_settings_are_the_defaults(tinct: Run, served: list[tuple[Settings, bool]]) -> None:
    assert tinct("serve") == Ended(0, "", "")
    assert served == [(Settings(), False)]


def test_options_are_in_the_settings_units(tinct: Run, served: list[tuple[Settings, bool]]) -> None:
    options = [
        "--port",
        0,
        "--max-upload",
        5000,
        "--max-pixels",
        70,
        "--expiry",
        90,
        "--timeout",
        2.5,
        "--workers",
        3,
        "--queue",
        1,
    ]
    assert tinct("serve", *options, "--device", "cpu", "--allow-host", "a.example", "--allow-host", "b.example", "--open").code == 0
    expected = Settings(
        port=0,
        max_upload=5000,
        max_pixels=70,
        expiry=90,
        timeout=2.5,
        workers=3,
        queue=1,
        device="cpu",
        hosts=("a.example", "b.example"),
    )
    assert served == [(expected, True)]


def test_the_token_may_come_from_the_environment(
    tinct: Run, served: list[tuple[Settings, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    one_line(tinct("serve", "--host", "0.0.0.0"), "0.0.0.0", "--token", "TINCT_TOKEN")
    monkeypatch.setenv("TINCT_TOKEN", "secret")
    one_line(tinct("serve", "--host", "0.0.0.0"), "at least 16 characters", "openssl rand")
    monkeypatch.setenv("TINCT_TOKEN", "0123456789abcdef")
    assert tinct("serve", "--host", "0.0.0.0").code == 0
    assert served[0][0].token == "0123456789abcdef"


def test_where_the_server_s_libraries_are_missing(tinct: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("tinct.web")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "fastapi", None)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    one_line(tinct("serve"), "pip install", "[web]")
