"""Names of outputs: variants, layers and comparisons; and no two photographs with one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from tinct.collection.finding import Found
from tinct.collection.naming import distinct, output_paths


def test_the_automatic_coloring_has_no_number() -> None:
    color = Path("a/b.color.jpg")
    assert output_paths(color, [1]) == ({"color": color},)
    assert output_paths(color, [1, 2]) == ({"color": color}, {"color": Path("a/b.color-2.jpg")})


def test_other_variants_have_their_number_unless_they_are_the_named_file() -> None:
    assert output_paths(Path("b.color.jpg"), [3]) == ({"color": Path("b.color-3.jpg")},)
    assert output_paths(Path("x.png"), [3, 4], named=True) == ({"color": Path("x.png")}, {"color": Path("x-4.png")})


def test_layers_and_comparisons_share_the_stem() -> None:
    (first,) = output_paths(Path("b.color.jpg"), [2], layer=True, compare=True)
    assert [path.name for path in first.values()] == ["b.color-2.jpg", "b.layer-2.png", "b.compare-2.jpg"]
    (first,) = output_paths(Path("x.tif"), [1], named=True, layer=True)
    assert [path.name for path in first.values()] == ["x.tif", "x.layer.tif"]


def chosen(
    names: Sequence[str], *, known: dict[str, str] | None = None, taken: Sequence[str] = (), suffix: str = "", folder: str = "out"
) -> list[str]:
    photos = [Found(Path("in") / name, PurePosixPath()) for name in names]
    before = {name: Path.cwd() / folder / path for name, path in (known or {}).items()}
    paths, _ = distinct(
        photos,
        lambda photo: Path(folder),
        lambda photo: before.get(photo.path.name),
        lambda path: path.name in taken,
        lambda path: [path],
        suffix,
    )
    return [path.name for path in paths]


def test_two_formats_of_one_photograph_get_two_names() -> None:
    assert chosen(["IMG_1.HEIC", "IMG_1.jpg"]) == ["IMG_1.HEIC.color.jpg", "IMG_1.color.jpg"]
    assert chosen(["IMG_1.jpg", "IMG_1.jfif"]) == ["IMG_1.color.jpg", "IMG_1.jfif.color.jpg"]
    assert chosen(["IMG_1.HEIC", "IMG_2.jpg"]) == ["IMG_1.color.jpg", "IMG_2.color.jpg"]


def test_a_photograph_keeps_the_name_of_its_earlier_output() -> None:
    known = {"IMG_1.HEIC": "IMG_1.color.jpg"}  # colored before the JPEG came
    assert chosen(["IMG_1.HEIC", "IMG_1.jpg"], known=known)[0] == "IMG_1.color.jpg"


def test_an_output_never_has_the_name_of_a_photograph() -> None:
    photos = [Found(Path(name), PurePosixPath()) for name in ("p.color.jpg", "p.jpg")]
    paths, renamed = distinct(photos, lambda photo: Path(), lambda photo: None, lambda path: False, lambda path: [path])
    assert [path.name for path in paths] == ["p.color.color.jpg", "p.jpg.color.jpg"]
    assert renamed == [(Path("p.jpg"), Path("p.jpg.color.jpg"), Path("p.color.jpg"))]


def test_names_are_numbered_when_all_else_is_taken() -> None:
    photos = [Found(Path(folder) / "1.jpg", PurePosixPath()) for folder in "abc"]
    paths, _ = distinct(photos, lambda photo: Path("out"), lambda photo: None, lambda path: False, lambda path: [path])
    assert [path.name for path in paths] == ["1.color.jpg", "1.jpg.color.jpg", "1.jpg-2.color.jpg"]


def test_a_format_for_all() -> None:
    assert chosen(["a.jpg", "b.tif"], suffix=".png") == ["a.color.png", "b.color.png"]


def test_variants_count_as_outputs() -> None:
    photos = [Found(Path(name), PurePosixPath()) for name in ("g.jpg", "g.color-2.jpg")]
    both = lambda path: [path, path.with_name(f"{path.stem}-2{path.suffix}")]  # noqa: E731
    paths, _ = distinct(photos, lambda photo: Path(), lambda photo: None, lambda path: False, both)
    assert [path.name for path in paths] == ["g.jpg.color.jpg", "g.color-2.color.jpg"]
