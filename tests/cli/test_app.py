"""The application: version, usage errors, what --help loads, and bugs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import typer

from command_line import Ended, Run
from tinct import __version__
from tinct.cli._commands import COMMANDS, Group
from tinct.cli.app import app, main


def test_version(tinct: Run) -> None:
    assert tinct("--version") == Ended(0, f"tinct {__version__}\n", "")


def test_usage_errors_end_with_2(tinct: Run) -> None:
    assert tinct("colorize").code == 2
    assert tinct("colorize", "x.jpg", "--nonsense").code == 2


def test_a_small_photograph_is_colored_without_what_it_does_not_need(photo: Path, tmp_path: Path) -> None:
    """Each of these takes 10 to 100 ms of a start: pydantic and rich by way of typer, urllib with HTTP and TLS by way of xml.sax."""
    code = (
        f"import sys\nsys.argv = ['tinct', 'colorize', {str(photo)!r}, '-o', {str(tmp_path / 'out.jpg')!r}]\n"
        "from tinct import cli\ntry:\n    cli.main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "unwanted = {'pydantic', 'rich.console', 'urllib.request', 'ssl', 'numpy.ma', 'scipy', 'pandas', 'torch', 'PIL'}\n"
        "print(sorted(unwanted & sys.modules.keys()), file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    kept = (
        [] if hasattr(typer.core.TyperOption, "get_runtime_param") else ["rich.console"]
    )  # other versions of typer import it themselves
    assert ended.stderr.splitlines()[-1] in {str([]), str(kept)}


def test_values_of_a_command_are_checked_and_defaults_have_their_types(tinct: Run) -> None:
    assert "--seed" in tinct("colorize", "x.jpg", "--seed", "-1").err
    assert "--variants" in tinct("colorize", "x.jpg", "--variants", "0").err
    context = (
        Group().commands["colorize"].make_context("colorize", ["x.jpg", "--exclude", "a", "--exclude", "b", "--strength", "1"])
    )
    assert context.params["photos"] == ["x.jpg"]
    assert list(context.params["exclude"]) == ["a", "b"]
    assert not context.params["include"]
    assert (context.params["strength"], type(context.params["strength"])) == (1.0, float)
    assert (context.params["output"], context.params["variants"], context.params["watch"]) == (None, 1, False)
    assert context.params["device"].value == "auto"


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
