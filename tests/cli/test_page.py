"""``tinct page``."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from tinct.cli.app import app


def test_it_writes_a_site(tmp_path: Path) -> None:
    answer = CliRunner().invoke(app, ["page", "-o", str(tmp_path / "site")])
    assert answer.exit_code == 0, answer.output
    assert "MB" in answer.output
    assert (tmp_path / "site" / "index.html").is_file()
