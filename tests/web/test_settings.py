"""Settings of the server."""

from __future__ import annotations

import pytest

from tinct.errors import ConfigError
from tinct.photo import MAX_PIXELS
from tinct.web import Settings


def test_strangers_need_a_token() -> None:
    with pytest.raises(ConfigError, match="token") as caught:
        Settings(host="0.0.0.0")
    assert caught.value.code == "server-needs-token"
    assert Settings(host="localhost").loopback
    assert Settings(host="::1").loopback


@pytest.mark.parametrize(
    "token", ["secret", "fifteen-letters", "sesam öffne dich, bitte", "open sesame, please", "0123456789abcdef\n"]
)
def test_a_token_must_be_long_and_fit_for_http(token: str) -> None:
    with pytest.raises(ConfigError, match="at least 16 characters") as caught:
        Settings(token=token)
    assert caught.value.code == "token-format"
    assert token not in str(caught.value)
    Settings(token="0123456789abcdef")


def test_this_machine_s_own_user_may_send_larger_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Strangers, and those for whom a reverse proxy asks, may not."""
    monkeypatch.setattr("tinct.web.settings.physical_memory", lambda: 16_000_000_000)
    own = Settings()
    assert (own.upload_limit, own.pixel_limit, own.memory_limit, own.time_limit) == (1_000_000_000, MAX_PIXELS, 4_000_000_000, 600)
    for shared in (Settings(host="0.0.0.0", token="x" * 16), Settings(hosts=("color.example.org",))):
        limits = shared.upload_limit, shared.pixel_limit, shared.memory_limit, shared.time_limit
        assert limits == (100_000_000, 150_000_000, 1_000_000_000, 60)
    given = Settings(max_upload=5, max_pixels=6, max_memory=7)
    assert (given.upload_limit, given.pixel_limit, given.memory_limit) == (5, 6, 7)
    monkeypatch.setattr("tinct.web.settings.physical_memory", lambda: 4_000_000_000)
    assert Settings().memory_limit == 2_000_000_000
