"""The page of a blind comparison: a person chooses between two colorings of each picture without knowing which is which."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from markupsafe import Markup

from .._version import __version__
from ..evaluation.blind import Pair, Side
from .pages import render, write_files
from .pictures import data_url

__all__ = ["FILE", "write_blind_page"]

FILE = "blind.html"


def write_blind_page(folder: Path, sides: tuple[Side, Side], pairs: Sequence[Pair], *, seed: int = 0, command: str = "") -> Path:
    """Write ``blind.html``, which needs no other file and no network, and sends nothing.

    Args:
        folder: is made if it isn't there.
        sides: what is compared; named only at the end.
        pairs: in the order in which they are shown, see `evaluation.blind.make_pairs`.
        seed: that of `make_pairs`, for the saved result.
        command: the command line that made the page, for the saved result.

    Returns:
        The path of the page.

    Raises:
        ConfigError: it can't be written.
    """
    script = (resources.files(__package__) / "templates" / "blind.js").read_text("utf-8")
    shown = {
        "tinct": __version__,
        "command": command,
        "seed": seed,
        "sides": [side.label for side in sides],
        "pairs": [
            {
                "name": pair.name,
                "left": 0 if pair.first_is_left else 1,
                "pictures": [data_url(picture, "webp") for picture in pair.pictures],
            }
            for pair in pairs
        ],
    }
    page = render(
        "blind.html.j2",
        script=Markup(script),
        policy=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        data=Markup(json.dumps(shown).replace("<", "\\u003c")),
        count=len(pairs),
    )
    write_files(folder, {FILE: page})
    return folder / FILE
