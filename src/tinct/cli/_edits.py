"""The edits that the options of ``tinct colorize`` and ``tinct film`` describe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ._options import was_given

if TYPE_CHECKING:
    from ..coloring.edit import Edit
    from ..film.edit import FilmEdit

__all__ = ["edit_of", "film_edit_of"]


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

    changes = _given(context, Edit)
    if hint or hints:
        changes["hints"] = (*map(parse_hint, hint or ()), *(read_hints(hints) if hints else ()))
    return (Edit.read(file) if file else Edit()).changed(**changes)


def film_edit_of(context: typer.Context, file: Path | None, keyframes: Sequence[str]) -> tuple[FilmEdit, list[str]]:
    """The film's edit in `file`, or the default one, with the given options laid over it; and sentences for the user.

    Args:
        context: of the command, whose options have the names of `Edit`'s fields.
        file: JSON, as `FilmEdit.to_json` writes it.
        keyframes: texts ``TIME=FILE``; they are added to those of the file.

    Raises:
        ConfigError: the file can't be read, or isn't an edit; a number is out of range; a time that isn't one.
        HintError: a hint in the file can't be parsed.
        BadParameter: a text that isn't ``TIME=FILE``.
    """
    from ..coloring.edit import Edit
    from ..film.edit import FilmEdit
    from ..film.keyframes import Keyframe
    from ..film.times import format_time

    made, unpainted = FilmEdit.read(file).painted() if file else (FilmEdit(), ())
    added, notes = [], []
    if unpainted:
        times = ", ".join(format_time(one.time) for one in unpainted)
        notes.append(f"{file}: the frames at {times} aren't colored yet, and say nothing.")
    for text in keyframes:
        time, _, picture = text.partition("=")
        if not picture:
            raise typer.BadParameter(f"{text!r} isn't TIME=FILE, such as 00:12.4=frame.png", param_hint="'--keyframe'")
        added.append(Keyframe(time, Path(picture)))  # type: ignore[arg-type]  # the text of a time is taken
    return FilmEdit(made.edit.changed(**_given(context, Edit)), (*made.keyframes, *added)), notes


def _given(context: typer.Context, edit: type[Edit]) -> dict[str, Any]:
    """Field -> value of the options that were given, but for hints."""
    names = [field.name for field in fields(edit) if field.name != "hints" and field.name in context.params]
    return {name: context.params[name] for name in names if was_given(context, name)}
