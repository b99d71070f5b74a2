from __future__ import annotations

import csv
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from conftest import draw
from tinct.color import lightness
from tinct.data import PictureSettings, batch_arrays, is_train, load_pictures
from tinct.errors import DataError
from tinct.runtime.prepare import Preparation


def settings(*sources: object, **changes: object) -> PictureSettings:
    return PictureSettings(tuple(str(s) for s in sources), size=16, min_side=16, min_chroma=4.0, **changes)  # type: ignore[arg-type]


def encoded(picture: np.ndarray, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, kind)
    return buffer.getvalue()


def shard(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def test_a_folder_is_read_with_all_below_it(folder: Path, tmp_path: Path) -> None:
    pictures = load_pictures(settings(folder), tmp_path)
    assert pictures.pixels.shape == (40, 16, 16, 3)
    assert {"00.png", "more/01.jpg"} <= set(pictures.names)
    assert sorted([*pictures.train, *pictures.test]) == list(range(40))


def test_the_pixels_are_the_middle_of_the_picture(tmp_path: Path) -> None:
    picture = np.zeros((16, 48, 3), np.uint8)
    picture[:, :16], picture[:, 16:32], picture[:, 32:] = (255, 0, 0), (0, 200, 0), (0, 0, 255)
    (tmp_path / "data").mkdir()
    for i in range(8):
        (tmp_path / f"data/{i}.png").write_bytes(encoded(np.clip(picture.astype(int) + i, 0, 255).astype(np.uint8)))
    pictures = load_pictures(settings(tmp_path / "data"), tmp_path / "cache")
    assert np.abs(pictures.pixels.astype(int) - (0, 200, 0)).max() <= 8


def test_shards_folder_of_shards_and_pattern_give_the_same(tmp_path: Path) -> None:
    shard(tmp_path / "a-0.tar", {f"{i:03d}.png": encoded(draw(i)) for i in range(6)})
    shard(tmp_path / "a-1.tar", {f"{i:03d}.webp": encoded(draw(i), "WEBP") for i in range(6, 12)} | {"x.txt": b"no picture"})
    every = [
        load_pictures(settings(tmp_path / "a-0.tar", tmp_path / "a-1.tar"), tmp_path / "c1"),
        load_pictures(settings(tmp_path), tmp_path / "c2"),
        load_pictures(settings(tmp_path / "a-*.tar"), tmp_path / "c3"),
    ]
    assert every[0].names[0] == "a-0.tar/000.png"
    for pictures in every:
        assert len(pictures.names) == 12
        assert pictures.sha256 == every[0].sha256
        assert np.array_equal(pictures.pixels, every[0].pixels)


def test_a_data_set_of_the_datasets_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "hub")
    root = tmp_path / "set"
    root.mkdir()
    for i in range(8):
        Image.fromarray(draw(i)).save(root / f"{i}.png")
    pictures = load_pictures(settings(f"hf:{root}"), tmp_path / "cache")
    from_folder = load_pictures(settings(root), tmp_path / "cache")
    assert sorted(pictures.sha256) == sorted(from_folder.sha256)
    assert len(pictures.names) == 8


def test_a_picture_stays_on_its_side_when_others_are_added(tmp_path: Path) -> None:
    root = tmp_path / "data"
    root.mkdir()
    sides: list[dict[str, bool]] = []
    for count in (30, 60):
        for i in range(count):
            (root / f"{i}.png").write_bytes(encoded(draw(i)))
        pictures = load_pictures(settings(root), tmp_path / "cache")
        sides.append({pictures.names[i]: i in pictures.train for i in range(count)})
    assert sides[0].items() <= sides[1].items()


def test_the_split_is_about_80_to_20_and_takes_only_the_hash() -> None:
    import hashlib

    digests = [hashlib.sha256(str(i).encode()).hexdigest() for i in range(5000)]
    share = np.mean([is_train(d, 0.2) for d in digests])
    assert share == pytest.approx(0.8, abs=0.02)


def test_every_reason_for_skipping_is_counted(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "data"
    root.mkdir()
    for i in range(10):
        (root / f"good{i}.png").write_bytes(encoded(draw(i)))
    (root / "copy of good3.png").write_bytes(encoded(draw(3)))
    (root / "gray.png").write_bytes(encoded(np.repeat(draw(99)[..., :1], 3, axis=2)))
    (root / "tiny.png").write_bytes(encoded(draw(98)[:15]))
    (root / "one pixel.png").write_bytes(encoded(draw(97)[:1, :1]))
    (root / "text.jpg").write_text("this is no picture")
    (root / "empty.jpg").write_bytes(b"")
    (root / "truncated.png").write_bytes(encoded(draw(96))[:2000])
    (root / "truncated.jpg").write_bytes(encoded(draw(95), "JPEG")[:700])
    pictures = load_pictures(settings(root), tmp_path / "cache")
    assert len(pictures.names) == 10
    assert pictures.skipped == {"broken": 4, "too small": 2, "gray": 1, "duplicate": 1}
    assert pictures.summary().endswith("left out: 4 broken, 2 too small, 1 gray, 1 duplicate")


def test_the_split_is_written(folder: Path, tmp_path: Path) -> None:
    pictures = load_pictures(settings(folder), tmp_path)
    pictures.write_split(tmp_path / "split.csv")
    rows = list(csv.DictReader((tmp_path / "split.csv").read_text("utf-8").splitlines()))
    assert [row["name"] for row in rows] == pictures.names
    assert sum(row["side"] == "train" for row in rows) == len(pictures.train)
    assert all(is_train(row["sha256"], 0.2) == (row["side"] == "train") for row in rows)


def test_pictures_are_decoded_once(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, int, int]] = []
    first = load_pictures(settings(folder), tmp_path, lambda *call: calls.append(call))
    assert calls[-1] == ("decoding pictures", 40, 40)
    monkeypatch.setattr("tinct.data.cache.decode_files", None)  # a second decoding would fail
    again = load_pictures(settings(folder), tmp_path)
    assert np.array_equal(first.pixels, again.pixels)
    assert isinstance(again.pixels, np.memmap)


def test_a_cache_can_be_shared(folder: Path, tmp_path: Path) -> None:
    load_pictures(settings(folder), tmp_path / "cache")
    (made,) = (tmp_path / "cache").iterdir()
    (tmp_path / "plain").mkdir()
    assert made.stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_changed_picture_is_decoded_again(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "data"
    root.mkdir()
    for i in range(8):
        (root / f"{i}.png").write_bytes(encoded(draw(i)))
    before = load_pictures(settings(root), tmp_path / "cache")
    (root / "0.png").write_bytes(encoded(draw(50)))
    after = load_pictures(settings(root), tmp_path / "cache")
    assert before.sha256[0] != after.sha256[0]
    assert before.sha256[1:] == after.sha256[1:]


def test_a_random_part_is_the_same_each_time_and_keeps_sides(folder: Path, tmp_path: Path) -> None:
    every, part = load_pictures(settings(folder), tmp_path), load_pictures(settings(folder, limit=20), tmp_path)
    assert len(part.names) == 20
    assert set(part.names) < set(every.names)
    assert {part.names[i] for i in part.train} <= {every.names[i] for i in every.train}


def test_a_handful_of_pictures_still_has_a_test_side(tmp_path: Path) -> None:
    root = tmp_path / "data"
    root.mkdir()
    for i in (i for i in range(100) if is_train(__import__("hashlib").sha256(encoded(draw(i))).hexdigest(), 0.2)):
        (root / f"{i}.png").write_bytes(encoded(draw(i)))
        if len(list(root.iterdir())) == 6:
            break
    pictures = load_pictures(settings(root), tmp_path / "cache")
    assert (len(pictures.train), len(pictures.test)) == (5, 1)


def test_batches_are_what_a_network_takes(folder: Path, tmp_path: Path) -> None:
    pictures = load_pictures(settings(folder), tmp_path)
    gray, rgb = batch_arrays(pictures, np.array([3, 1]), Preparation(16, 4))
    assert gray.shape == (2, 1, 16, 16)
    assert rgb.shape == (2, 3, 16, 16)
    assert gray.dtype == rgb.dtype == np.float32
    assert np.allclose(np.moveaxis(rgb, 1, -1) * 255, pictures.pixels[[3, 1]])
    assert np.allclose(gray[:, 0] * 100, lightness(pictures.pixels[[3, 1]]))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda root: root / "nowhere", r"nowhere: no such folder or shard"),
        (lambda root: root, r"holds no pictures .* name a folder that does"),
        (lambda root: (root / "a.jpg", (root / "a.jpg").write_bytes(encoded(draw(1), "JPEG")))[0], "name the folder that it is in"),
        (lambda root: (root / "a.tar", (root / "a.tar").write_bytes(b"no tar at all" * 99))[0], r"a\.tar can't be read"),
        (lambda root: f"hf:{root}/nothing", "can't be loaded"),
    ],
)
def test_data_that_is_not_there(make, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    root = tmp_path / "data"
    root.mkdir()
    with pytest.raises(DataError, match=says):
        load_pictures(settings(make(root)), tmp_path / "cache")


def test_too_few_pictures_say_how_many_and_why(tmp_path: Path) -> None:
    root = tmp_path / "data"
    root.mkdir()
    for i in range(4):
        (root / f"{i}.png").write_bytes(encoded(draw(i)))
    (root / "tiny.png").write_bytes(encoded(draw(9)[:3]))
    with pytest.raises(DataError, match=r"usable pictures to train on .*1 too small.*at least 5"):
        load_pictures(settings(root), tmp_path / "cache")


def test_no_data_at_all() -> None:
    with pytest.raises(DataError, match="no folder, shard or data set is named") as caught:
        load_pictures(settings(), Path("unused"))
    assert caught.value.code == "no-data"


def test_a_full_disk_leaves_nothing_behind(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tinct.data.cache.csv.writer", full)
    with pytest.raises(DataError, match="No space left on device"):
        load_pictures(settings(folder), tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_cache_folder_that_cannot_be_made(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match="file") as caught:
        load_pictures(settings(folder), tmp_path / "file" / "cache")
    assert caught.value.code == "cache-folder"
