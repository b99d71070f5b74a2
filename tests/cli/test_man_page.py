"""The manual page is current, and good roff."""

from __future__ import annotations

import pytest

from doc_blocks import ROOT


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    from write_man_page import man_page

    return man_page()


def test_it_is_current(page: str) -> None:
    assert (ROOT / "docs/man/tinct.1").read_text("utf-8") == page, "run: make docs"


def test_it_has_every_command_and_section(page: str) -> None:
    sections = [line.removeprefix(".SH ") for line in page.splitlines() if line.startswith(".SH ")]
    assert sections == ["NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "OPTIONS", "EXIT STATUS", "ENVIRONMENT", "EXAMPLES"]
    commands = [line.split()[2] for line in page.splitlines() if line.startswith(".SS ")]
    assert {
        "colorize",
        "film",
        "again",
        "suggest",
        "models",
        "serve",
        "page",
        "train",
        "export",
        "evaluate",
        "study",
        "report",
        "graphs",
        "quantize",
    } == set(commands)


def test_no_line_is_taken_for_a_macro_by_mistake(page: str) -> None:
    macros = {".TH", ".SH", ".SS", ".TP", ".PP", ".B", ".I", ".RI", ".EX", ".EE", '.\\"'}
    assert {line.split()[0] for line in page.splitlines() if line.startswith((".", "'"))} <= macros
