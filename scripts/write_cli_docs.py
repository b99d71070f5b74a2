"""Write docs/cli.md from the command line itself; a test holds the file to what this writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from tinct.cli.app import app

PAGE = Path(__file__).parent.parent / "docs" / "cli.md"
HEAD = """\
# Command line

<!-- Written by scripts/write_cli_docs.py: change the commands in src/tinct/cli.py, then `make docs`. -->

Exit codes: 0 all went well; 1 one line on the screen says what is wrong and what to do about it; 2 the command was misspelled;
3 some of several photographs failed, each with a line of its own; 130 stopped by Ctrl-C.
"""


def cli_page() -> str:
    """The page, from the help texts of the commands."""
    group: Any = typer.main.get_command(app)
    parts = [HEAD]
    for name, command in group.commands.items():
        arguments = [p for p in command.params if p.param_type_name == "argument"]
        options = [p for p in command.params if p.param_type_name == "option"]
        usage = ["tinct", name, *(placeholder(p) if p.required else f"[{placeholder(p)}]" for p in arguments)]
        usage += [f"{p.opts[0]} {placeholder(p)}" for p in options if p.required]
        usage += ["[OPTIONS]"] * any(not p.required for p in options)
        parts.append(f"## tinct {name}\n\n{command.help}\n\n```text\n{' '.join(usage)}\n```\n")
        if rows := [row(p) for p in (*arguments, *options)]:
            parts.append("\n".join(["| | | default |", "|---|---|---|", *rows]) + "\n")
    return "\n".join(parts)


def placeholder(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name.rpartition("_")[2].upper()) + "..." * (parameter.nargs == -1)


def row(parameter: Any) -> str:
    """One line of a table: how it is spelled, what it does, what it is unless given."""
    names = [*parameter.opts, *parameter.secondary_opts]
    if parameter.param_type_name == "argument":
        names = [placeholder(parameter)]
    elif not parameter.is_flag:
        names[-1] += f" {placeholder(parameter)}"
    default = "required" if parameter.required else "" if parameter.default in (None, False) else f"`{parameter.default}`"
    return f"| {', '.join(f'`{name}`' for name in names)} | {parameter.help} | {default} |"


if __name__ == "__main__":
    PAGE.write_text(cli_page(), "utf-8")
