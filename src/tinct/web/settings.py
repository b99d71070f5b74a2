"""What whoever runs the server decides."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass

from ..errors import ConfigError

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """All limits hold for strangers; the defaults suit one machine with a few users."""

    model: str = "tinct"
    host: str = "127.0.0.1"
    port: int = 8000
    token: str = ""
    """Whoever asks must know it; needed where others than this machine can ask."""
    workers: int = 0
    """Pictures computed at once; 0 takes as many as there are cores."""
    queue: int = 16
    """Requests that may wait for a worker; more get 429."""
    timeout: float = 60.0
    """Seconds that a request may wait, and then compute."""
    max_upload: int = 100_000_000
    """Bytes of a request."""
    max_pixels: int = 150_000_000
    """Of a photograph, known before it is decoded."""
    max_memory: int = 1_000_000_000
    """Bytes of all photographs that are kept for work by hand."""
    expiry: float = 1800.0
    """Seconds after its last use at which a photograph is forgotten."""
    hosts: tuple[str, ...] = ()
    """Names under which the server may be asked beside its own: those of a reverse proxy."""

    def __post_init__(self) -> None:
        for name in ("queue", "workers"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name} can't be negative, as {getattr(self, name)} is.")
        for name in ("timeout", "max_upload", "max_pixels", "max_memory", "expiry"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"{name} must be above 0, not {getattr(self, name)}.")
        if not self.loopback and not self.token:
            raise ConfigError(
                f"Others than this machine could ask a server at {self.host}: give it a secret with --token (or TINCT_TOKEN), "
                "or leave out --host."
            )

    @property
    def loopback(self) -> bool:
        """Whether only this machine can ask."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def at_once(self) -> int:
        """Pictures computed at once."""
        return self.workers or os.cpu_count() or 1
