"""Numbers in sentences."""

from __future__ import annotations

from tinct._util.words import byte_size, counted, duration


def test_counted() -> None:
    assert [counted(n, "frame") for n in (0, 1, 2, 1200)] == ["0 frames", "1 frame", "2 frames", "1,200 frames"]


def test_duration() -> None:
    assert [duration(s) for s in (4.2, 242, 7500)] == ["4.2 s", "4 min 02 s", "2 h 05 min"]


def test_byte_size() -> None:
    assert [byte_size(n) for n in (0, 850_000, 1.2e9, 3e15)] == ["0 bytes", "850 kB", "1.2 GB", "3,000.0 TB"]
