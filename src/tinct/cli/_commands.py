"""The commands, each imported only when it is used: ``tinct --help`` needs none of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from typer._click import Command, Context, HelpFormatter

__all__ = ["COMMANDS", "Group"]


class Entry(NamedTuple):
    """Where a command is, and its line in the list of commands: the first sentence of its help text, which a test checks."""

    module: str
    summary: str


COMMANDS = {
    "colorize": Entry("colorize", "Color black-and-white photographs."),
    "film": Entry("film", "Color black-and-white films, in colors that hold still."),
    "again": Entry("again", "Repeat a coloring from the record in its file."),
    "suggest": Entry(
        "suggest", "List the most probable colors of one place, with their probabilities; each is a color for --hint."
    ),
    "models": Entry("models", "List the bundled models; the names are those that --model takes."),
    "serve": Entry("serve", "Color by hand: a page in the browser, and an HTTP API."),
    "page": Entry("page", "Write the page as a static site that colors in the browser alone, for any web space."),
    "train": Entry("train", "Train a model on color photographs."),
    "export": Entry(
        "train", "Turn a run into a model file for `tinct colorize --model`, and check that both give the same colors."
    ),
    "quantize": Entry(
        "graphs", "Write a model's graphs in 8-bit integers beside it, calibrated on color photographs with and without hints."
    ),
    "graphs": Entry("graphs", "Write the whole coloring as ONNX graphs, for programs in any language."),
    "evaluate": Entry(
        "evaluate", "Measure a model on color photographs, beside its baselines; writes evaluation.json and evaluation.html."
    ),
    "study": Entry("study", "Train a grid of models on equal terms, and report which settings matter."),
    "report": Entry("report", "Write the charts and report.html of a run or a study again, or compare several runs."),
}


def _keep_what_fits(parameter: Any) -> Any:
    """The parameter, which from now on takes a value that has its type already: a word of the command line for a text, and a default.

    Typer gives each value to pydantic, even a default, and importing that takes a tenth of the time of a start. Versions of typer without
    pydantic have no `type_descriptor`; they are left as they are.
    """
    kind = getattr(getattr(parameter, "type_descriptor", None), "annotation", None)
    if kind is None or "process_value" in vars(parameter):
        return parameter
    convert, many = parameter.process_value, bool(parameter.nargs != 1 or getattr(parameter, "multiple", False))

    def process_value(context: Context, value: Any) -> Any:
        if value is None and not parameter.required:
            kept: Any = () if many else None
        elif kind == list[str] and isinstance(value, (list, tuple)) and value and all(type(word) is str for word in value):
            kept = list(value)
        elif type(value) is kind and not many:
            kept = value
        else:
            return convert(context, value)
        return kept if parameter.callback is None else parameter.callback(context, parameter, kept)

    parameter.process_value = process_value
    return parameter


class _Command(TyperCommand):
    """A command that starts without pydantic; see `_keep_what_fits`."""

    def get_params(self, ctx: Context) -> list[Any]:
        """Its parameters, with --help."""
        return [_keep_what_fits(parameter) for parameter in super().get_params(ctx)]


class _Commands(Mapping[str, Any]):
    """Name -> command, made at its first use."""

    def __init__(self) -> None:
        self._made: dict[str, Command] = {}

    def __getitem__(self, name: str) -> Command:
        if name not in self._made:
            function = getattr(import_module(f".{COMMANDS[name].module}", __package__), name)
            alone = typer.Typer(rich_markup_mode=None, add_completion=False)
            alone.command(name, cls=_Command)(function)
            self._made[name] = typer.main.get_command(alone)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)

    def __contains__(self, name: object) -> bool:
        return name in COMMANDS

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in COMMANDS else default


class Group(TyperGroup):
    """The program: its commands by name, listed without being imported."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands: Any = _Commands()

    def get_params(self, ctx: Context) -> list[Any]:
        """The options of the program itself."""
        return [_keep_what_fits(parameter) for parameter in super().get_params(ctx)]

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """One line for each command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])
