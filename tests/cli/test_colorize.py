"""``tinct colorize``: the files it writes and keeps, what it refuses, and how it ends."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from command_line import Ended, Run, one_line
from conftest import draw


def test_a_photograph_is_colored_beside_the_original(tinct: Run, photo: Path) -> None:
    before = photo.read_bytes()
    ended = tinct("colorize", photo)
    result = photo.with_name("grandmother.color.jpg")
    assert ended == Ended(0, f"{result}\n", "")
    assert photo.read_bytes() == before
    with Image.open(result) as colored:
        assert (colored.mode, colored.size) == ("RGB", (160, 120))
        assert np.ptp(np.asarray(colored).astype(int), axis=2).max() > 5


def test_output_may_be_a_file_of_another_format(tinct: Run, photo: Path, tmp_path: Path) -> None:
    assert tinct("colorize", photo, "-o", tmp_path / "x.png").code == 0
    with Image.open(tmp_path / "x.png") as colored:
        assert colored.format == "PNG"


def test_several_go_into_a_folder_that_is_made(tinct: Run, tmp_path: Path) -> None:
    (tmp_path / "box").mkdir()
    for i in range(3):
        Image.fromarray(draw(i)).convert("L").save(tmp_path / f"box/{i}.png")
    assert tinct("colorize", tmp_path / "box", "-o", tmp_path / "out").code == 0
    names = ["0.color.png", "1.color.png", "2.color.png", "contact-sheet.jpg", "summary.html", "tinct.jsonl"]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == names
    assert sorted(p.name for p in (tmp_path / "box").iterdir()) == ["0.png", "1.png", "2.png"]


def test_a_folder_of_one_goes_into_a_folder_too(tinct: Run, photo: Path, tmp_path: Path) -> None:
    assert tinct("colorize", photo.parent, "-o", tmp_path / "out").code == 0
    assert (tmp_path / "out/grandmother.color.jpg").exists()


def test_earlier_results_are_not_colored_again(tinct: Run, photo: Path) -> None:
    tinct("colorize", photo.parent)
    ended = tinct("colorize", photo.parent, "--overwrite")
    assert ended.code == 0
    names = ["grandmother.color.jpg", "grandmother.jpg", "summary.html", "tinct.jsonl"]
    assert sorted(p.name for p in photo.parent.iterdir()) == names


def test_an_earlier_result_is_kept_unless_asked(tinct: Run, photo: Path) -> None:
    tinct("colorize", photo)
    result = photo.with_name("grandmother.color.jpg")
    before = result.read_bytes()
    one_line(tinct("colorize", photo, "--vividness", "1"), "grandmother.color.jpg", "--overwrite")
    assert result.read_bytes() == before
    assert tinct("colorize", photo, "--vividness", "1", "--overwrite").code == 0
    assert result.read_bytes() != before


def test_not_even_overwrite_replaces_what_tinct_did_not_make(tinct: Run, photo: Path, tmp_path: Path) -> None:
    other = tmp_path / "wedding.jpg"
    Image.fromarray(draw(3)).save(other)
    before = other.read_bytes()
    one_line(tinct("colorize", photo, "-o", other, "--overwrite"), "wedding.jpg", "original")
    assert other.read_bytes() == before


def test_one_bad_file_of_several_does_not_stop_the_others(tinct: Run, photo: Path) -> None:
    (photo.parent / "bad.jpg").write_text("no picture")
    ended = tinct("colorize", photo.parent)
    assert ended.code == 3
    assert ended.out.endswith("grandmother.color.jpg\n")
    assert re.search(r"tinct: .*bad\.jpg", ended.err)
    assert "1 of 2 photographs failed" in ended.err


def test_strength_0_leaves_the_picture_gray(tinct: Run, photo: Path, tmp_path: Path) -> None:
    assert tinct("colorize", photo, "--strength", "0", "-o", tmp_path / "x.png").code == 0
    with Image.open(tmp_path / "x.png") as colored:
        assert np.ptp(np.asarray(colored.convert("RGB")).astype(int), axis=2).max() <= 1


def encoded(kind: str, keep: float) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(draw(2, 300, 200)).save(buffer, kind)
    return buffer.getvalue()[: int(len(buffer.getvalue()) * keep)]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("text.jpg", b"Dear grandmother,\n" * 50, ("text.jpg", "picture that tinct reads")),
        ("cut.jpg", encoded("JPEG", 0.5), ("cut.jpg", "fresh copy")),
        ("cut.png", encoded("PNG", 0.3), ("cut.png", "fresh copy")),
        ("empty.jpg", b"", ("empty.jpg", "0 bytes")),
        ("dot.png", None, ("dot.png", "1 × 1")),
    ],
)
def test_a_file_that_is_no_photograph(tinct: Run, tmp_path: Path, name: str, content: bytes | None, words: tuple[str, ...]) -> None:
    path = tmp_path / name
    if content is None:
        Image.new("L", (1, 1)).save(path)
    else:
        path.write_bytes(content)
    one_line(tinct("colorize", path), *words)
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_file_that_is_not_there(tinct: Run, tmp_path: Path) -> None:
    one_line(tinct("colorize", tmp_path / "none.jpg"), "none.jpg", "check the path")


def test_a_folder_without_photographs(tinct: Run, tmp_path: Path) -> None:
    one_line(tinct("colorize", tmp_path), str(tmp_path), "Name a folder that does")


@pytest.mark.parametrize("alias", ["same", "symlink", "hardlink"])
def test_the_output_is_never_the_input(tinct: Run, photo: Path, alias: str) -> None:
    before, output = photo.read_bytes(), photo if alias == "same" else photo.with_name("alias.jpg")
    if alias == "symlink":
        output.symlink_to(photo)
    elif alias == "hardlink":
        os.link(photo, output)
    one_line(tinct("colorize", photo, "-o", output, "--overwrite"), "original", "-o")
    assert photo.read_bytes() == before


def test_an_output_folder_that_cannot_be(tinct: Run, photo: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    one_line(tinct("colorize", photo, "-o", tmp_path / "file" / "x.jpg"), "x.jpg", "folder")
    one_line(tinct("colorize", photo, "-o", tmp_path / "none" / "x.jpg"), "x.jpg", "no such folder", "-o")
    one_line(tinct("colorize", photo, photo, "-o", tmp_path / "file" / "x"), "can't be written to", "choose another folder with -o")
    one_line(tinct("colorize", photo, "-o", tmp_path / "x.docx"), "x.docx", ".png")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full to stand in for a full disk")
def test_a_full_disk(tinct: Run, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    one_line(tinct("colorize", photo), "grandmother.color.jpg", "disk is full")
    assert [p.name for p in photo.parent.iterdir()] == ["grandmother.jpg"]


def test_no_photograph_of_the_command_is_overwritten(tinct: Run, photo: Path) -> None:
    other = photo.with_name("grandmother.color.jpg")  # named as a photograph, so it is one, whatever its name
    other.write_bytes(photo.read_bytes())
    before = other.read_bytes()
    ended = tinct("colorize", photo, other, "--overwrite")
    assert ended.code == 0
    names = [photo.with_name(f"{name}.color.jpg") for name in ("grandmother.jpg", "grandmother.color")]
    assert ended.out == "".join(f"{name}\n" for name in names)
    assert "grandmother.jpg becomes grandmother.jpg.color.jpg" in ended.err
    assert other.read_bytes() == before


def test_two_photographs_of_one_name_do_not_share_a_result(tinct: Run, tmp_path: Path) -> None:
    for i, folder in enumerate(("a", "b")):
        (tmp_path / folder).mkdir()
        Image.fromarray(draw(i)).convert("L").save(tmp_path / folder / "1.png")
    ended = tinct("colorize", tmp_path / "a/1.png", tmp_path / "b/1.png", "-o", tmp_path / "out", "--overwrite")
    assert ended.code == 0
    assert "1.png.color.png, as another photograph has 1.color.png" in ended.err
    for folder, result in (("a", "1.color.png"), ("b", "1.png.color.png")):
        alone = tinct("colorize", tmp_path / folder / "1.png")
        assert (tmp_path / "out" / result).read_bytes() == Path(alone.out.strip()).read_bytes(), (
            "alone or among others: the same bytes"
        )


def test_several_photographs_into_one_file(tinct: Run, photo: Path, tmp_path: Path) -> None:
    one_line(tinct("colorize", photo, photo, "-o", tmp_path / "x.jpg"), "x.jpg", "folder")


def test_an_unknown_model(tinct: Run, photo: Path) -> None:
    one_line(tinct("colorize", photo, "--model", "autoencodr"), "autoencodr", "did you mean 'autoencoder'?")


def test_variants_lie_beside_the_first(tinct: Run, photo: Path) -> None:
    ended = tinct("colorize", photo, "--variants", 3, "--seed", 4)
    names = [photo.with_name(name) for name in ("grandmother.color.jpg", "grandmother.color-2.jpg", "grandmother.color-3.jpg")]
    assert ended == Ended(0, "".join(f"{name}\n" for name in names), "")
    pictures = [np.asarray(Image.open(name)) for name in names]
    assert not np.array_equal(pictures[1], pictures[2])
    again = tinct("colorize", photo.parent, "-o", photo.parent / "again")  # results aren't colored again
    assert again.out.count("\n") == 1


def test_hints_from_the_command_line_and_from_a_file(tinct: Run, photo: Path, tmp_path: Path) -> None:
    (tmp_path / "hints.json").write_text('[{"x": 40, "y": 90, "color": "#2040d0", "size": 20}]')
    ended = tinct("colorize", photo, "--hint", "120,90,#d02020", "--hints", tmp_path / "hints.json", "-o", tmp_path / "x.png")
    assert ended.code == 0, ended.err
    with Image.open(tmp_path / "x.png") as image:
        red, blue = np.asarray(image)[90, 120].astype(int), np.asarray(image)[90, 40].astype(int)
    assert red[0] > red[2] + 20
    assert blue[2] > blue[0] + 20


def test_a_reference_picture(tinct: Run, photo: Path, tmp_path: Path) -> None:
    Image.fromarray(draw(9)).save(tmp_path / "postcard.png")
    assert tinct("colorize", photo, "--like", tmp_path / "postcard.png", "-o", tmp_path / "x.png").code == 0
    one_line(tinct("colorize", photo, "--like", photo, "-o", tmp_path / "y.png"), "gray", "grandmother.jpg")
    assert not (tmp_path / "y.png").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--hint", "500,5,#ffffff"], ("outside the picture", "160 × 120")),
        (["--hint", "5,5,blue"], ("blue", "#rrggbb")),
        (["--hint", "5;5"], ("X,Y,#RRGGBB",)),
        (["--hints", "nowhere.json"], ("nowhere.json",)),
        (["--vividness", 2], ("vividness must be a number from 0 to 1", "2")),
        (["--variant", 1001], ("variant must be", "1001")),
        (["--detail", 100], ("detail", "100")),
        (["--model", "vae", "--hint", "5,5,#ffffff"], ("'vae'", "'tinct'")),
    ],
)
def test_what_can_t_be_done_with_a_photograph(tinct: Run, photo: Path, arguments: list[object], words: tuple[str, ...]) -> None:
    one_line(tinct("colorize", photo, *arguments), *words)
    assert list(photo.parent.iterdir()) == [photo]


def test_a_malformed_hints_file_is_named_with_its_line(tinct: Run, photo: Path, tmp_path: Path) -> None:
    (tmp_path / "hints.json").write_text('[\n{"x": 4, "y": 9, "color": "#2040d0"},\n{"x": 4, "y": 9}\n]')
    one_line(tinct("colorize", photo, "--hints", tmp_path / "hints.json"), "hints.json, line 3")


def test_hints_belong_to_one_photograph(tinct: Run, photo: Path, tmp_path: Path) -> None:
    Image.fromarray(draw(2)).save(tmp_path / "uncle.png")
    one_line(tinct("colorize", photo, tmp_path / "uncle.png", "--hint", "4,4,#ffffff"), "one photograph")


def test_a_layer_and_a_comparison_are_written_beside_it(tinct: Run, photo: Path) -> None:
    ended = tinct("colorize", photo, "--layer", "--compare", "--variants", "2")
    names = ["color.jpg", "layer.png", "compare.jpg", "color-2.jpg", "layer-2.png", "compare-2.jpg"]
    assert ended == Ended(0, "".join(f"{photo.with_name(f'grandmother.{name}')}\n" for name in names), "")
    with Image.open(photo.with_name("grandmother.layer.png")) as layer, Image.open(photo) as before:
        over = Image.alpha_composite(before.convert("RGBA"), layer).convert("RGB")
        assert (layer.mode, layer.size) == ("RGBA", (160, 120))
    with Image.open(photo.with_name("grandmother.color.jpg")) as colored:
        assert np.abs(np.asarray(over).astype(int) - np.asarray(colored)).mean() < 2  # JPEG's own error
    with Image.open(photo.with_name("grandmother.compare.jpg")) as both:
        assert both.size == (160 + 2 + 160, 120)
    assert tinct("colorize", photo.parent, "--overwrite").out == f"{photo.with_name('grandmother.color.jpg')}\n"


def test_no_provenance_says_nothing(tinct: Run, photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jpg"
    assert tinct("colorize", photo, "-o", out, "--no-provenance").code == 0
    assert b"tinct" not in out.read_bytes()
    one_line(tinct("again", out, "--from", photo), "out.jpg", "--no-provenance")


def test_a_variant_never_replaces_another_photograph_of_the_command(tinct: Run, photo: Path) -> None:
    tinct("colorize", photo)  # tinct's own, so --overwrite alone would replace it
    other = photo.with_name("grandmother.color.jpg").rename(photo.with_name("grandmother.color-2.jpg"))
    before = other.read_bytes()
    ended = tinct("colorize", photo, other, "--variants", "2", "--overwrite", "--recolor")
    assert ended.code == 0
    assert "grandmother.jpg becomes grandmother.jpg.color.jpg" in ended.err
    assert other.read_bytes() == before
    assert photo.with_name("grandmother.jpg.color-2.jpg").exists()


def test_what_was_a_reference_or_held_hints_is_never_overwritten(tinct: Run, photo: Path, tmp_path: Path) -> None:
    tinct("colorize", photo, "-o", tmp_path / "like.png", "--vividness", "1")  # tinct's own, so --overwrite alone would replace it
    before = (tmp_path / "like.png").read_bytes()
    for option in ("--like", "--hints"):
        ended = tinct("colorize", photo, option, tmp_path / "like.png", "-o", tmp_path / "like.png", "--overwrite")
        assert ended.code == 1
        assert (tmp_path / "like.png").read_bytes() == before


def test_more_pixels_than_allowed_are_refused_before_they_are_decoded(tinct: Run, photo: Path) -> None:
    one_line(tinct("colorize", photo, "--max-pixels", "19199"), "grandmother.jpg", "160 × 120", "--max-pixels")
    assert tinct("colorize", photo, "--max-pixels", "19200").code == 0


def test_further_pages_are_spoken_of(tinct: Run, tmp_path: Path) -> None:
    pages = [Image.fromarray(draw(i)).convert("L") for i in range(3)]
    pages[0].save(tmp_path / "album.tif", save_all=True, append_images=pages[1:])
    ended = tinct("colorize", tmp_path / "album.tif")
    assert ended.code == 0
    assert "first of 3 pages" in ended.err


def test_one_variant_is_the_same_as_among_several(tinct: Run, photo: Path, tmp_path: Path) -> None:
    assert tinct("colorize", photo, "--variants", 3, "--seed", 4).code == 0
    ended = tinct("colorize", photo, "--variant", 2, "--variants", 2, "--seed", 4, "-o", tmp_path / "x.jpg", "--no-provenance")
    assert ended == Ended(0, f"{tmp_path / 'x.jpg'}\n{tmp_path / 'x-3.jpg'}\n", "")
    for alone, among in (("x.jpg", "grandmother.color-2.jpg"), ("x-3.jpg", "grandmother.color-3.jpg")):
        with Image.open(tmp_path / alone) as one, Image.open(tmp_path / among) as other:
            assert np.array_equal(np.asarray(one), np.asarray(other))
    one_line(tinct("colorize", photo, "--variant", 3), "grandmother.color-3.jpg", "--overwrite")


def test_a_format_may_be_chosen_for_all(tinct: Run, photo: Path, tmp_path: Path) -> None:
    ended = tinct("colorize", photo.parent, "--format", "png", "-o", tmp_path / "out")
    assert ended == Ended(0, f"{tmp_path / 'out/grandmother.color.png'}\n", "")
    assert tinct("colorize", photo, "--format", "png", "-o", tmp_path / "x.jpg").code == 2


def test_usage_is_refused_before_anything_is_colored(tinct: Run, photo: Path) -> None:
    assert tinct("colorize", photo, "--variants", 0).code == 2
    assert tinct("colorize", photo, "--device", "abacus").code == 2
    assert [path.name for path in photo.parent.iterdir()] == ["grandmother.jpg"]


def test_a_precision_that_the_model_lacks(tinct: Run, photo: Path) -> None:
    assert tinct("colorize", photo, "--precision", "half").code == 2
    one_line(tinct("colorize", photo, "--model", "vae", "--precision", "int8"), "'vae' has no 8-bit graphs", "--precision float")
    assert [path.name for path in photo.parent.iterdir()] == [photo.name]
    assert tinct("colorize", photo, "--model", "vae", "--precision", "float").code == 0


def test_a_device_whose_package_is_missing(tinct: Run, photo: Path) -> None:
    one_line(tinct("colorize", photo, "--device", "directml"), "onnxruntime-directml", "--device cpu")


def test_paths_that_the_system_refuses_are_a_line_each_and_the_others_are_colored(tinct: Run, tmp_path: Path) -> None:
    names = ["1.jpg", "m" * 250 + ".jpg", "z.jpg"]  # the result of the second would have a name that is too long
    for name in names:
        Image.fromarray(draw(1)).convert("L").save(tmp_path / name)
    ended = tinct("colorize", tmp_path)
    assert ended.code == 3
    assert [Path(line).name for line in ended.out.splitlines()] == ["1.color.jpg", "z.color.jpg"]
    assert re.search(r"^tinct: .*mmm\.", ended.err)
    assert ended.err.endswith("\ntinct: 2 colored; 1 of 3 photographs failed.\n")
    (tmp_path / "loop1.jpg").symlink_to(tmp_path / "loop2.jpg")
    (tmp_path / "loop2.jpg").symlink_to(tmp_path / "loop1.jpg")
    ended = tinct("colorize", tmp_path / "loop1.jpg", tmp_path / "z.jpg", "--overwrite")
    assert ended.code == 3
    assert ended.err.count("\n") == 2


def test_results_of_tinct_are_skipped_and_told(tinct: Run, photo: Path, tmp_path: Path) -> None:
    result = photo.with_name("grandmother.color.jpg")
    assert tinct("colorize", photo).code == 0
    ended = tinct("colorize", result, photo, "--overwrite")  # as a shell writes *.jpg
    assert ended == Ended(0, f"{result}\n", f"tinct: skipped {result}, which tinct made. --recolor colors such files again.\n")
    renamed = result.rename(tmp_path / "renamed.jpg")
    ended = tinct("colorize", renamed, "-o", tmp_path / "x.jpg")
    assert (ended.code, ended.out) == (0, "")
    assert "skipped" in ended.err
    assert not (tmp_path / "x.jpg").exists()
    ended = tinct("colorize", renamed, "--recolor", "-o", tmp_path / "x.jpg")
    assert (ended.code, ended.out) == (0, f"{tmp_path / 'x.jpg'}\n")
    assert "was colored by tinct before" in ended.err


def test_many_skipped_results_are_one_line(tinct: Run, photo: Path, tmp_path: Path) -> None:
    assert tinct("colorize", photo, "--variants", 5).code == 0
    names = sorted(photo.parent.glob("*.color*.jpg"))
    ended = tinct("colorize", *names)
    assert (ended.code, ended.out) == (0, "")
    assert ended.err.count("\n") == 1
    assert ended.err.startswith("tinct: skipped 5 files that tinct made: ")
    assert "…" in ended.err


def test_a_color_photograph_is_colored_with_a_note(tinct: Run, tmp_path: Path) -> None:
    path = tmp_path / "postcard.png"
    Image.fromarray(draw(9)).save(path)
    ended = tinct("colorize", path)
    assert (ended.code, ended.out) == (0, f"{tmp_path / 'postcard.color.png'}\n")
    assert ended.err.startswith(f"tinct: {path} is a color photograph")
    assert ended.err.count("\n") == 1
