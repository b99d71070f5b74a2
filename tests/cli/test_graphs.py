"""``tinct graphs`` and ``tinct quantize``."""

from __future__ import annotations

import shutil
from pathlib import Path

from command_line import Run
from tinct.runtime import bundled


def test_graphs_are_written_and_listed(tinct: Run, tmp_path: Path) -> None:
    ended = tinct("graphs", "-o", str(tmp_path / "new"))
    assert ended.code == 0
    assert [Path(line).name for line in ended.out.splitlines()] == sorted(path.name for path in (tmp_path / "new").iterdir())
    ended = tinct("graphs", "-o", str(tmp_path / "new"))
    assert ended.code == 1
    assert ended.err.strip().endswith("exists. Name a new folder with -o.")


def test_what_can_t_be_quantized(tinct: Run, folder: Path, tmp_path: Path) -> None:
    ended = tinct("quantize", "autoencoder", "--data", str(folder))
    assert ended.code == 1
    assert "'autoencoder' can't be quantized" in ended.err
    ended = tinct("quantize", "tinct")
    assert ended.code == 1
    assert ended.err.strip().endswith("tinct.int8.onnx exists. Replace it with --overwrite.")
    for file in bundled()["tinct"].parent.glob("tinct.*"):
        if "int8" not in file.name:
            shutil.copy(file, tmp_path)
    ended = tinct("quantize", str(tmp_path / "tinct.onnx"))
    assert ended.code == 1
    assert ended.err.strip().endswith("there are 0. Name color photographs with --data.")
