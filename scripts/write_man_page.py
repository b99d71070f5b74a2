"""Write docs/man/tinct.1, the manual page, from the command line itself; a test holds the file to what this writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from write_cli_docs import commands, default, spellings, usage

PAGE = Path(__file__).parent.parent / "docs" / "man" / "tinct.1"
EXIT_CODES = {
    "0": "Everything succeeded.",
    "1": "An error; one line on standard error says what is wrong, and what to do about it.",
    "2": "The command line itself is wrong: an unknown option, a missing argument.",
    "3": "Some of several photographs or runs failed; each has a line of its own on standard error.",
    "130": "Stopped by Ctrl-C.",
}
ENVIRONMENT = {
    "TINCT_TOKEN": "The token of tinct serve, instead of --token, which other users of the machine could see.",
    "VIPS_CONCURRENCY": "Number of threads with which libvips decodes and encodes one picture. At most 8 unless set.",
}
EXAMPLES = {
    "Color one photograph; the result is old.color.jpg:": "tinct colorize old.jpg",
    "Color a folder of scans into another folder:": "tinct colorize scans -o colored",
    "Color a film; the result is wedding.color.mp4:": "tinct film wedding.mp4",
    "Write three different colorings:": "tinct colorize old.jpg --variants 3",
    "Give the color of one place:": "tinct colorize old.jpg --hint 60,110,#b58863",
    "Color a picture in a pipe:": "tinct colorize - < old.jpg > new.jpg",
    "Color by hand in the browser:": "tinct serve --open",
}


def man_page() -> str:
    """The page as roff, with the macros of man(7)."""
    lines = [
        r".\" Written by scripts/write_man_page.py: change the commands in src/tinct/cli/, then `make docs`.",
        '.TH TINCT 1 "" "tinct" "User Commands"',
        ".SH NAME",
        r"tinct \- color for black-and-white photographs",
        ".SH SYNOPSIS",
        ".B tinct",
        r".I COMMAND",
        r".RI [ ARGUMENTS ]",
        r".RI [ OPTIONS ]",
        ".SH DESCRIPTION",
        text(
            "tinct colors black-and-white photographs: same size, same detail, same metadata. It also trains, measures and compares "
            "models that do so. Results (the names of files written, one a line) go to standard output; messages and progress "
            "bars go to standard error. An original is never overwritten."
        ),
        ".SH COMMANDS",
    ]
    for name, command in commands():
        lines += [f".SS {text(' '.join(usage(name, command)))}", text(command.help)]
        for parameter in command.params:
            lines += tagged(term(parameter), description(parameter))
    lines.append(".SH OPTIONS")
    lines += tagged(", ".join(map(bold, ("-h", "--help"))), "Show the help text of tinct or of a command, and exit.")
    lines += tagged(bold("--version"), "Show the version and exit.")
    lines += tagged(bold("--install-completion"), "Install completion of commands and options for the current shell.")
    lines += tagged(bold("--show-completion"), "Print that script instead, to copy or adapt it.")
    for title, table in (("EXIT STATUS", EXIT_CODES), ("ENVIRONMENT", ENVIRONMENT)):
        lines.append(f".SH {title}")
        for word, meaning in table.items():
            lines += tagged(bold(word), meaning)
    lines.append(".SH EXAMPLES")
    for what, line in EXAMPLES.items():
        lines += [".PP", text(what), ".PP", ".EX", f"    {text(line)}", ".EE"]
    return "\n".join(lines) + "\n"


def description(parameter: Any) -> str:
    """The help text, with the default value or that there is none."""
    value = default(parameter)
    ending = " Required." if parameter.required else f" Default: {value}." if value else ""
    return f"{parameter.help}{ending}"


def tagged(heading: str, meaning: str) -> list[str]:
    """An indented paragraph under a heading that is roff already."""
    return [".TP", heading, text(meaning)]


def term(parameter: Any) -> str:
    """How a parameter is written: an option in bold, a value in italics."""
    if parameter.param_type_name == "argument":
        return italic(spellings(parameter)[0])
    words = [spelling.partition(" ") for spelling in spellings(parameter)]
    return ", ".join(bold(option) + (f" {italic(value)}" if value else "") for option, _, value in words)


def bold(words: str) -> str:
    return rf"\fB{text(words)}\fR"


def italic(words: str) -> str:
    return rf"\fI{text(words)}\fR"


def text(words: str) -> str:
    """Plain text with what roff would interpret escaped: backslashes, hyphens, and a period or quote at the beginning of a line."""
    escaped = words.replace("\\", r"\e").replace("-", r"\-").replace("`", r"\(ga").replace("'", r"\(aq")
    return rf"\&{escaped}" if escaped.startswith((".", "'")) else escaped


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(man_page(), "utf-8")
