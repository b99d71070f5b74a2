"""Settings of the server: address, token, and the limits that protect it."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass
from importlib.util import find_spec

from ..errors import ConfigError
from ..photo import MAX_PIXELS
from ..runtime.spec import DEFAULT_MODEL

__all__ = ["Settings"]

MIN_TOKEN_LENGTH = 16
"""Characters of a token: with 16 hexadecimal ones 2⁶⁴ have to be tried."""
_LARGE_UPLOAD = 1_000_000_000
_LARGE_MEMORY = 4_000_000_000
_MAX_MEMORY_SHARE = 0.5  # of the machine's memory


@dataclass(frozen=True)
class Settings:
    """The limits hold for every client; the defaults suit one machine with a few users.

    Raises:
        ConfigError: a limit out of its range; an address that other machines can reach, without a token (code
            ``"server-needs-token"``); or a token that is too short, or has characters that HTTP can't carry (code ``"token-format"``).
    """

    model: str = DEFAULT_MODEL
    """A bundled model's name, or a path to a file of an exported one."""
    device: str = "auto"
    """Device on which the network runs; see `Colorizer`."""
    precision: str = "auto"
    """``"float"`` or ``"int8"``; see `Colorizer`."""
    host: str = "127.0.0.1"
    port: int = 8000
    """0 takes any port that is free."""
    token: str = ""
    """Secret that every request must carry; required where other machines can reach the server. At least `MIN_TOKEN_LENGTH` visible
    ASCII characters."""
    workers: int = 0
    """Photographs computed at once; 0 takes the number of processor cores."""
    queue: int = 16
    """Requests that may wait for a worker; further ones get 429."""
    timeout: float | None = None
    """Seconds that a request may wait for a worker, and then seconds that it may compute; None: `time_limit`."""
    max_upload: int | None = None
    """Bytes of one request's body; None: `upload_limit`."""
    max_pixels: int | None = None
    """Pixels of a photograph, checked before it is decoded; None: `pixel_limit`."""
    max_detail: int = 512
    """Largest working size that a request may ask for, pixels of the short side. Memory and time grow with its square: measured on two
    cores, one photograph takes about 150 MB and 2 s at 512, so sixteen times as much at the library's own limit of 2048."""
    max_memory: int | None = None
    """Bytes of all photographs kept between requests; separately, of all request bodies that are in memory; and, again separately, of
    pixels and results while photographs are decoded, colored and encoded. None: `memory_limit`."""
    expiry: float = 1800.0
    """Seconds that a photograph is kept after its last use."""
    films: bool | None = None
    """Whether films are colored, too; None: where only this machine can reach the server, and the extra ``film`` is installed. They are
    kept in files of a temporary folder, and one of them takes a processor for hours."""
    max_film: int = 8_000_000_000
    """Bytes of a request with a film; it goes to the disk, not into memory."""
    max_films: int = 8
    """Films that are kept at once."""
    film_expiry: float = 86_400.0
    """Seconds that a film and its result are kept after their last use."""
    hosts: tuple[str, ...] = ()
    """Further names under which the server may be asked: those of a reverse proxy."""

    def __post_init__(self) -> None:
        for name in ("queue", "workers"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name} must be at least 0, not {getattr(self, name)}.")
        for name in (
            "timeout",
            "max_upload",
            "max_pixels",
            "max_detail",
            "max_memory",
            "expiry",
            "max_film",
            "max_films",
            "film_expiry",
        ):
            if (value := getattr(self, name)) is not None and value <= 0:
                raise ConfigError(f"{name} must be above 0, not {value}.")
        if self.token and not re.fullmatch(f"[!-~]{{{MIN_TOKEN_LENGTH},}}", self.token):
            raise ConfigError(
                f"The token must have at least {MIN_TOKEN_LENGTH} characters: letters, digits and signs of ASCII, without spaces.",
                code="token-format",
            )
        if not self.loopback and not self.token:
            raise ConfigError(
                f"A server at {self.host} can be reached from other machines, and has no token.",
                code="server-needs-token",
                host=self.host,
            )

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def private(self) -> bool:
        """Whether it serves this machine's own user alone: nobody else reaches it, and no proxy asks it for others."""
        return self.loopback and not self.hosts

    @property
    def upload_limit(self) -> int:
        """`max_upload`; where it isn't set, 1 GB for this machine's own user, and 100 MB for others."""
        return self.max_upload or (_LARGE_UPLOAD if self.private else 100_000_000)

    @property
    def time_limit(self) -> float:
        """`timeout`; where it isn't set, 10 minutes for this machine's own user, whose files may be as large, and 1 for others."""
        return self.timeout or (600.0 if self.private else 60.0)

    @property
    def pixel_limit(self) -> int:
        """`max_pixels`; where it isn't set, the library's limit for this machine's own user, and 150 million for others."""
        return self.max_pixels or (MAX_PIXELS if self.private else 150_000_000)

    @property
    def memory_limit(self) -> int:
        """`max_memory`; where it isn't set, 4 GB for this machine's own user, but half of its memory at most, and 1 GB for others."""
        if self.max_memory or not self.private:
            return self.max_memory or 1_000_000_000
        return max(1_000_000_000, min(_LARGE_MEMORY, round(_MAX_MEMORY_SHARE * physical_memory())))

    @property
    def takes_films(self) -> bool:
        """Whether films are colored. Raises ConfigError where they are asked for, and the extra is missing (code ``"film-packages"``)."""
        missing = [name for name in ("av", "cv2") if find_spec(name) is None]
        if self.films and missing:
            raise ConfigError(f"Films can't be colored: the package {missing[0]} is missing.", code="film-packages")
        return not missing and (self.loopback if self.films is None else self.films)

    @property
    def worker_count(self) -> int:
        """Photographs computed at once."""
        return self.workers or os.cpu_count() or 1


def physical_memory() -> int:
    """Bytes of this machine's memory; 8 GB where the system doesn't tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # such as Windows
        return 8_000_000_000
