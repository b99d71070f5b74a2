"""The edit that the options of ``tinct colorize`` describe."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ._options import was_given

if TYPE_CHECKING:
    from ..coloring.edit import Edit

__all__ = ["edit_of"]


def edit_of(context: typer.Context, file: Path | None, hint: list[str] | None, hints: Path | None) -> Edit:
    """The edit in `file`, or the default one, with the given options laid over it: each replaces one field.

    Args:
        context: of the command, whose options have the names of `Edit`'s fields.
        file: JSON, as `Edit.to_json` writes it.
        hint: texts ``X,Y,COLOR`` or ``X,Y,COLOR,REACH``, as `parse_hint` reads them.
        hints: a file of hints, which lie over those of `hint`.

    Raises:
        ConfigError: the file can't be read, or isn't an edit; a number is out of range.
        HintError: a hint can't be parsed.
    """
    from ..coloring.edit import Edit
    from ..coloring.hint_files import read_hints
    from ..coloring.hints import parse_hint

    changes: dict[str, Any] = {}
    if hint or hints:
        changes["hints"] = (*map(parse_hint, hint or ()), *(read_hints(hints) if hints else ()))
    for field in fields(Edit):
        if field.name != "hints" and was_given(context, field.name):
            changes[field.name] = context.params[field.name]
    return (Edit.read(file) if file else Edit()).changed(**changes)
