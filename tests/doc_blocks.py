"""What stands in the fenced blocks of the README and the documentation."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]


def blocks(page: Path, *languages: str) -> list[str]:
    """The fenced blocks of these languages."""
    found = re.findall(r"^```(\w+)\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)
    return [text for language, text in found if language in languages]


def commands(page: Path, *languages: str) -> Iterator[tuple[list[str], str]]:
    """Arguments of each tinct command in these blocks, and the output that the page shows."""
    for block in blocks(page, *languages):
        for command, output in re.findall(r"^(?:\$ )?(?:[A-Z_]+=\S+ )?tinct (.*)\n((?:(?!\$ |tinct ).*\n)*)", block, re.M):
            yield shlex.split(command), output
