"""What a dry run says."""

from __future__ import annotations

from pathlib import Path

from tinct.collection import Collection, LocalEngine, Settings, color_collection, estimate


def test_disk_and_time_are_extrapolated_from_samples(box: Path, tmp_path: Path) -> None:
    out = tmp_path / "none/out"
    found = estimate(Collection([box], out, Settings()))
    assert (found.counts.found, found.samples) == (4, 4)
    assert found.seconds > 0
    assert found.free > 0
    assert not out.exists()
    entries = list(color_collection(Collection([box], out, Settings()), LocalEngine(1)))
    assert found.bytes == sum(output.bytes for entry in entries for output in entry.outputs), "all were samples, so it is exact"


def test_photographs_that_can_t_be_colored_are_no_samples(tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_text("no picture")
    found = estimate(Collection([tmp_path], tmp_path / "out", Settings()))
    assert (found.samples, found.seconds, found.bytes) == (0, 0.0, 0)
