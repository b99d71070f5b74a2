"""Write docs/cli.md from the command line itself; a test holds the file to what this writes."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import typer

from tinct.cli.app import app

PAGE = Path(__file__).parent.parent / "docs" / "cli.md"
HEAD = """\
# Command line

<!-- Written by scripts/write_cli_docs.py: change the commands in src/tinct/cli/, then `make docs`. -->

`tinct COMMAND --help` shows the same on the screen, and `man tinct` the same as a manual page.

| exit code | |
|---|---|
| 0 | everything succeeded |
| 1 | an error: one line on standard error says what is wrong, and what to do about it |
| 2 | the command line itself is wrong: an unknown option, a missing argument |
| 3 | some of several photographs or runs failed; each has a line of its own on standard error |
| 130 | stopped by Ctrl-C |

Results go to standard output: the names of the files written, one a line. Messages and progress bars go to standard error.

## Shell completion

```bash
tinct --install-completion
```

makes the Tab key complete commands and options in bash, zsh, fish and PowerShell, from the next shell on;
`tinct --show-completion` prints the script instead, for those who keep such files by hand.

## Manual page

The package installs `share/man/man1/tinct.1` into its environment. `man` finds it where the environment's `bin` folder is in `PATH`;
elsewhere name the file: `man .venv/share/man/man1/tinct.1`.
"""


def cli_page() -> str:
    """The page, from the help texts of the commands."""
    parts = [HEAD]
    for name, command in commands():
        parts.append(f"## tinct {name}\n\n{command.help}\n\n```text\n{' '.join(usage(name, command))}\n```\n")
        if rows := [row(p) for p in command.params]:
            parts.append("\n".join(["| | | default |", "|---|---|---|", *rows]) + "\n")
    return "\n".join(parts)


def commands() -> Iterator[tuple[str, Any]]:
    """Name and command of each subcommand, arguments before options among its parameters."""
    group: Any = typer.main.get_command(app)
    for name, command in group.commands.items():
        command.params.sort(key=lambda p: p.param_type_name != "argument")
        yield name, command


def usage(name: str, command: Any) -> list[str]:
    """The words of the usage line."""
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option"]
    words = ["tinct", name, *(placeholder(p) if p.required else f"[{placeholder(p)}]" for p in arguments)]
    words += [f"{p.opts[0]} {placeholder(p)}" for p in options if p.required]
    return words + ["[OPTIONS]"] * any(not p.required for p in options)


def placeholder(parameter: Any) -> str:
    """What stands for the value: ``FILE``, ``PHOTO...``."""
    return str(parameter.metavar or parameter.name.rpartition("_")[2].upper()) + "..." * (parameter.nargs == -1)


def spellings(parameter: Any) -> list[str]:
    """How it is written: ``["-o", "--output FILE"]``."""
    if parameter.param_type_name == "argument":
        return [placeholder(parameter)]
    names = [*parameter.opts, *parameter.secondary_opts]
    if not parameter.is_flag:
        names[-1] += f" {placeholder(parameter)}"
    return names


def default(parameter: Any) -> str:
    """The default value as one would type it, or an empty string."""
    value = parameter.default() if callable(parameter.default) else parameter.default
    if isinstance(value, Enum):
        value = value.value
    if value is True:  # of a pair of flags
        return str(parameter.opts[0])
    return "" if value in (None, "") or value is False else f"{value}"


def row(parameter: Any) -> str:
    """One line of a table: how it is spelled, what it does, its default."""
    value = "required" if parameter.required else f"`{default(parameter)}`" if default(parameter) else ""
    return f"| {', '.join(f'`{name}`' for name in spellings(parameter))} | {parameter.help} | {value} |"


if __name__ == "__main__":
    PAGE.write_text(cli_page(), "utf-8")
