"""The application: version, usage errors, what --help loads, and bugs."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer

from command_line import Ended, Run
from tinct import __version__
from tinct.cli._commands import COMMANDS
from tinct.cli.app import app, main


def test_version(tinct: Run) -> None:
    assert tinct("--version") == Ended(0, f"tinct {__version__}\n", "")


def test_usage_errors_end_with_2(tinct: Run) -> None:
    assert tinct("colorize").code == 2
    assert tinct("colorize", "x.jpg", "--nonsense").code == 2


def test_help_needs_none_of_the_heavy_libraries() -> None:
    code = (
        "import sys\nsys.argv = ['tinct', '--help']\nfrom tinct import cli\n"
        "try:\n    cli.main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'torch', 'pyvips', 'onnxruntime', 'numpy'} & sys.modules.keys()), file=sys.stderr)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr.strip() == "[]"


def test_a_bug_shows_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinct.runtime.spec.bundled", lambda: 1 / 0)
    monkeypatch.setattr(sys, "argv", ["tinct", "models"])
    with pytest.raises(ZeroDivisionError):
        main()


def test_the_list_of_commands_has_their_own_words() -> None:
    for name, entry in COMMANDS.items():
        command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
        sentences = " ".join(str(command.help).split()) + " "
        assert sentences.startswith((f"{entry.summary} ", f"{entry.summary.rstrip('.')}. ")), name


def test_help_imports_no_command() -> None:
    code = (
        "import sys\nsys.argv = ['tinct', '--help']\nfrom tinct.cli import main\ntry:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted(name for name in sys.modules if name.startswith(('tinct.cli.', 'tinct.coloring', 'numpy'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "['tinct.cli._commands', 'tinct.cli.app', 'tinct.cli.remedies']"
