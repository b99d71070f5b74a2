"""Settings of the server."""

from __future__ import annotations

import pytest

from tinct.errors import ConfigError
from tinct.web import Settings


def test_strangers_need_a_token() -> None:
    with pytest.raises(ConfigError, match="token") as caught:
        Settings(host="0.0.0.0")
    assert caught.value.code == "server-needs-token"
    assert Settings(host="localhost").loopback
    assert Settings(host="::1").loopback
