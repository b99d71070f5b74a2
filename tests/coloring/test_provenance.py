from __future__ import annotations

import math
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pyexiv2
import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import draw
from tinct import Edit, Hint, Mask, PhotoError, Strokes
from tinct.coloring.hints import draw as draw_hints
from tinct.coloring.packing import _MAX_RUNS, MAX_HINT_CHARACTERS, Omitted, Reference, compress, digest, normalize
from tinct.coloring.provenance import SOURCE_TYPE, Record, read_record
from tinct.photo.formats import MAX_JPEG_XMP
from tinct.photo.metadata.xmp import has_record, merge, properties, without_record

PRINT = "http://cv.iptc.org/newscodes/digitalsourcetype/print"


def strokes(width: int = 300, height: int = 200) -> Strokes:
    rgba = np.zeros((height, width, 4), np.uint8)
    rgba[20:40, 30:90] = (200, 40, 30, 255)
    rgba[100:120, 30:90] = (30, 40, 200, 200)
    rgba[150:160, :] = (1, 2, 3, 60)  # too thin to count
    return Strokes(rgba)


def noise(width: int, height: int, seed: int = 0) -> Strokes:
    """Which can't be compressed."""
    rgba = np.random.default_rng(seed).integers(0, 256, (height, width, 4), np.uint8)
    rgba[..., 3] = 255
    rgba[0, 0] = 0
    return Strokes(rgba)


@pytest.fixture
def record() -> Record:
    generator = np.random.default_rng(0)
    like = Reference("aunt.jpg", generator.normal(size=(1, 32)).astype(np.float32), generator.random(307, np.float32))
    return Record(
        model="tinct",
        weights="ab" * 32,
        tinct="0.3.1",
        device="cuda",
        threads=2,
        edit=Edit(
            hints=[
                Hint(1.5, 1e-7, "#b58863"),
                Hint(3, 4, ab=(np.float32(0.1), -2.25), size=1 / 7, keep_rest=True),
                Hint(5, 6, "keep", reach=Mask(np.eye(40, dtype=np.bool_))),
                strokes(),
            ],
            like=like,
            variant=3,
            seed=2**62,
            vividness=0.1 + 0.2,
            strength=1 / 3,
            detail=256,
            ensemble=True,
        ),
        original="cd" * 32,
        original_name="Tante Käthe & <Onkel>.jpg",
        jpeg_quality=91,
        had_color=True,
        output="compare",
    )


def with_hints(record: Record, hints: list[Hint | Strokes]) -> Record:
    return replace(record, edit=record.edit.changed(hints=hints))


def values_of(record: Record) -> list[object]:
    """All fields, comparable with ``==``."""
    return [record.edit.to_json() if field.name == "edit" else getattr(record, field.name) for field in fields(record)]


def test_a_record_survives_to_the_last_digit(record: Record) -> None:
    packet = record.to_xmp(None, None)
    read = Record.from_xmp(packet)
    assert read is not None
    assert values_of(read) == values_of(record)
    assert [type(getattr(read, f.name)) for f in fields(read)] == [type(getattr(record, f.name)) for f in fields(record)]
    assert read.to_xmp(None, None) == packet


def test_a_record_of_defaults_survives() -> None:
    default = Record("vae", "00" * 32, "1")
    read = Record.from_xmp(default.to_xmp(None, None))
    assert read is not None
    assert values_of(read) == values_of(default)


@given(
    x=st.floats(0, 1e9),
    size=st.floats(0, 1e9),
    ab=st.tuples(st.floats(-110, 110, width=32), st.floats(-110, 110)),
    vividness=st.floats(0, 1),
    name=st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")),
)
@settings(max_examples=60, deadline=None)
def test_numbers_and_names_survive(x: float, size: float, ab: tuple[float, float], vividness: float, name: str) -> None:
    edit = Edit(vividness=vividness, hints=[Hint(x, 2, ab=ab, size=size)] * 3)
    record = Record("m", "w", "1", edit=edit, original_name=name)
    read = Record.from_xmp(record.to_xmp(None, None))
    assert read is not None
    assert values_of(read) == values_of(record)


def test_other_programs_read_it(record: Record, tmp_path: Path) -> None:
    packet = record.to_xmp(None, None)
    for suffix in (".jpg", ".png", ".tif", ".webp"):
        path = tmp_path / f"x{suffix}"
        image = pyvips.Image.black(16, 16).copy()
        image.set_type(pyvips.GValue.blob_type, "xmp-data", packet)
        image.write_to_file(str(path))
        with pyexiv2.Image(str(path)) as picture:
            found = picture.read_xmp()
        assert found["Xmp.iptcExt.DigitalSourceType"] == SOURCE_TYPE
        assert found["Xmp.iptcExt.AISystemUsed"] == "tinct, model tinct"
        assert found["Xmp.iptcExt.AISystemVersionUsed"] == "0.3.1"
        assert found["Xmp.xmp.CreatorTool"] == "tinct 0.3.1"
        assert found["Xmp.tinct.OriginalName"] == "Tante Käthe & <Onkel>.jpg"
        assert found["Xmp.tinct.Edit"]
        assert values_of(read_record(path)) == values_of(record)


def test_what_other_programs_wrote_is_still_there_and_read_by_them(record: Record, tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    pyvips.Image.black(16, 16).write_to_file(str(path))
    given = {
        "Xmp.dc.title": {'lang="x-default"': "Aunt Kate", 'lang="de"': "Tante Käthe"},
        "Xmp.dc.subject": ["a", "b & c"],
        "Xmp.xmp.CreatorTool": "Scanner 5",
        "Xmp.xmpRights.Marked": "True",
        "Xmp.iptcExt.DigitalSourceType": PRINT,
        "Xmp.iptc.CreatorContactInfo/Iptc4xmpCore:CiAdrCity": "Bern",
    }
    with pyexiv2.Image(str(path)) as picture:
        picture.modify_xmp(given)
        before = picture.read_xmp()
    image = pyvips.Image.new_from_file(str(path)).copy()
    image.set_type(pyvips.GValue.blob_type, "xmp-data", record.to_xmp(image.get("xmp-data"), None))
    image.write_to_file(str(tmp_path / "y.jpg"))
    with pyexiv2.Image(str(tmp_path / "y.jpg")) as picture:
        after = picture.read_xmp()
    replaced = {"Xmp.xmp.CreatorTool", "Xmp.iptcExt.DigitalSourceType"}
    assert {key: after[key] for key in before if key not in replaced} == {k: v for k, v in before.items() if k not in replaced}
    assert (after["Xmp.tinct.FormerCreatorTool"], after["Xmp.tinct.FormerDigitalSourceType"]) == ("Scanner 5", PRINT)


def test_what_the_file_was_before_outlives_a_second_coloring(record: Record) -> None:
    packet = merge(None, {"Iptc4xmpExt:DigitalSourceType": PRINT, "xmp:CreatorTool": "Scanner 5"})
    first = record.to_xmp(packet, None)
    second = replace(record, tinct="0.4", model="other").to_xmp(first, None)
    found = properties(second)
    assert (found["tinct:FormerDigitalSourceType"], found["tinct:FormerCreatorTool"]) == (PRINT, "Scanner 5")
    assert found["xmp:CreatorTool"] == "tinct 0.4"
    assert "tinct:FormerAISystemUsed" not in found
    between = merge(first, properties(first) | {"xmp:CreatorTool": "Editor 9"})
    assert properties(record.to_xmp(between, None))["tinct:FormerCreatorTool"] == "Editor 9"


def test_a_generated_original_is_still_said_to_be_one(record: Record) -> None:
    generated = SOURCE_TYPE.replace("compositeWithT", "t")
    for before in (generated, SOURCE_TYPE):
        packet = merge(None, {"Iptc4xmpExt:DigitalSourceType": before, "Iptc4xmpExt:AISystemUsed": "Painter"})
        found = properties(record.to_xmp(packet, None))
        assert (found["tinct:FormerDigitalSourceType"], found["tinct:FormerAISystemUsed"]) == (before, "Painter")


def test_a_record_can_be_forgotten(record: Record) -> None:
    before = merge(None, {"xmp:Rating": "4"})
    after = without_record(record.to_xmp(before, None))
    assert Record.from_xmp(after) is None
    assert not has_record(after)
    assert has_record(record.to_xmp(before, None))
    assert b"<tinct:" not in after
    assert properties(after)["xmp:Rating"] == "4"
    assert properties(after)["Iptc4xmpExt:DigitalSourceType"] == SOURCE_TYPE  # true still
    assert without_record(before) is before


def test_many_hints_stay_short(record: Record) -> None:
    generator = np.random.default_rng(1)
    many = [Hint(*map(float, generator.integers(0, 6000, 2)), f"#{c:06x}") for c in generator.integers(0, 2**24, 2000)]
    packet = with_hints(record, many).to_xmp(None, None)
    assert len(packet) < MAX_JPEG_XMP
    read = Record.from_xmp(packet)
    assert read is not None
    assert read.edit.hints == normalize(many)


def test_a_large_picture_of_strokes_stays_short_and_whole(record: Record) -> None:
    painted = normalize([strokes(4000, 3000)])
    packet = with_hints(record, list(painted)).to_xmp(None, None)
    assert len(packet) < 6000
    read = Record.from_xmp(packet)
    assert read is not None
    assert isinstance(one := read.edit.hints[0], Strokes)
    assert isinstance(painted[0], Strokes)
    assert np.array_equal(one.rgba, painted[0].rgba)


def test_normalized_strokes_are_the_same_for_the_network() -> None:
    given, kept = strokes(), normalize([strokes()])[0]
    assert isinstance(kept, Strokes)
    assert not np.array_equal(given.rgba, kept.rgba)
    assert np.array_equal(draw_hints([given], (300, 200), (96, 64)), draw_hints([kept], (300, 200), (96, 64)))


@pytest.mark.parametrize("side", [150, math.isqrt(_MAX_RUNS) + 9])
def test_strokes_too_rich_to_keep_become_a_checksum(record: Record, side: int) -> None:
    rich = normalize([Hint(1, 2, "#ffffff"), noise(side, side)])
    packet = with_hints(record, list(rich)).to_xmp(None, None)
    read = Record.from_xmp(packet)
    assert read is not None
    assert read.edit.hints == (rich[0], Omitted(digest(rich[1:])))
    assert digest(rich[1:]) != digest(normalize([noise(side, side, seed=1)]))


def test_areas_too_long_to_keep_become_a_checksum(record: Record) -> None:
    random = np.random.default_rng(0)
    masks = [Mask(random.random((900, 900)) < 0.5) for _ in range(2)]
    rich = normalize([Hint(1, 2, "#ffffff"), Hint(3, 4, "#fff", reach=masks[0])])
    read = Record.from_xmp(with_hints(record, list(rich)).to_xmp(None, None))
    assert read is not None
    assert read.edit.hints == (rich[0], Omitted(digest(rich[1:])))
    assert digest(rich[1:]) == digest(normalize([Hint(3, 4, "#fff", reach=Mask(masks[0].pixels))]))
    assert digest(rich[1:]) != digest(normalize([Hint(3, 4, "#fff", reach=masks[1])]))


def test_too_many_hints_become_a_checksum(record: Record) -> None:
    generator = np.random.default_rng(1)
    many = normalize([Hint(*generator.random(2), f"#{c:06x}") for c in generator.integers(0, 2**24, 5000)])
    read = Record.from_xmp(with_hints(record, list(many)).to_xmp(None, None))
    assert read is not None
    assert read.edit.hints == (Omitted(digest(many), 5000),)


def test_the_same_hints_from_another_file_have_the_same_checksum() -> None:
    assert digest(normalize([Hint(1, 2, "#fff")])) == digest(normalize([Hint(np.float32(1), 2.0, "#fff", size=0)]))
    assert digest(normalize([Hint(1, 2, "#fff")])) != digest(normalize([Hint(1, 3, "#fff")]))
    same = strokes()
    same.rgba[150:160] = 0
    assert digest(normalize([same])) == digest(normalize([strokes()]))


@pytest.mark.parametrize("size", [30_000, 52_000, 59_500, 70_000, 200_000])
def test_a_jpeg_always_holds_the_packet(record: Record, size: int, tmp_path: Path) -> None:
    """Libvips leaves one of more than 60,000 bytes out, without a word."""
    title = b"<dc:title xmlns:dc='http://purl.org/dc/elements/1.1/'>Aunt Kate</dc:title>"
    history = b"<m:History xmlns:m='http://ns.adobe.com/xap/1.0/mm/'>" + b"h" * size + b"</m:History>"
    base = merge(None, {"xmp:CreatorTool": "Scanner 5"})
    packet = base.replace(b"</rdf:Description>", title + history + b"</rdf:Description>")
    rich = with_hints(record, [Hint(1, 2, "#ffffff"), noise(75, 75)])
    assert 20_000 < len(rich.to_xmp(None, None)) < MAX_HINT_CHARACTERS
    merged = rich.to_xmp(packet, MAX_JPEG_XMP)
    image = pyvips.Image.black(16, 16).copy()
    image.set_type(pyvips.GValue.blob_type, "xmp-data", merged)
    image.write_to_file(str(tmp_path / "x.jpg"))
    assert pyvips.Image.new_from_file(str(tmp_path / "x.jpg")).get("xmp-data") == merged
    read = read_record(tmp_path / "x.jpg")
    assert b"Aunt Kate" in merged
    assert (b"hhh" in merged) == (size < 55_000)
    assert isinstance(read.edit.hints[-1], Omitted) == (size in (52_000,))
    assert b"h" * size in rich.to_xmp(packet, None)


@pytest.mark.parametrize("packet", [b"", b"<x/>", merge(None, {"xmp:CreatorTool": "x"})])
def test_there_may_be_no_record(packet: bytes) -> None:
    assert Record.from_xmp(packet) is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"tinct:Format": "9", "tinct:Version": "9.9"},
            r"a\.jpg was colored by tinct 9\.9, whose record this version doesn't read",
        ),
        ({"tinct:Format": "1", "tinct:Version": "0.1"}, r"a\.jpg was colored by tinct 0\.1, whose record"),
        ({"tinct:Format": "x"}, "damaged"),
        ({"tinct:Threads": "1000000"}, "damaged"),
        ({"tinct:Threads": "9" * 6000}, "damaged"),
        ({"tinct:Output": "film"}, "damaged"),
        ({"tinct:Edit": "{"}, "damaged"),
        ({"tinct:Edit": "[]"}, "damaged"),
        ({"tinct:Edit": '{"seed": -1}'}, "damaged.*seed"),
        ({"tinct:Edit": '{"vividness": "much"}'}, "damaged.*vividness"),
        ({"tinct:Edit": '{"vividness": NaN}'}, "damaged.*vividness"),
        ({"tinct:Edit": '{"quality": "best"}'}, "damaged.*no field 'quality'"),
        ({"tinct:Edit": '{"like": {}}'}, "damaged"),
        ({"tinct:Edit": '{"like": {"name": "x", "code": "%%%%", "histogram": ""}}'}, "damaged"),
        ({"tinct:Edit": '{"like": {"name": "x", "code": "eJwDAAAAAAE=", "histogram": "AAAA"}}'}, "damaged"),
        (
            {
                "tinct:Edit": f'{{"like": {{"name": "x", "code": "{compress(np.float32(np.nan).tobytes())}", "histogram": "{compress(b"")}"}}}}'
            },
            "damaged",
        ),
        ({"tinct:Edit": '{"hints": [[1, 2]]}'}, "damaged"),
        ({"tinct:Edit": '{"hints": [{"x": NaN, "y": 2, "color": "#fff"}]}'}, "damaged"),
        ({"tinct:Edit": '{"hints": [{"x": 1, "y": 2, "color": "red"}]}'}, "damaged"),
        ({"tinct:Edit": "zlib:abc"}, "damaged"),
        ({"tinct:Edit": "[" * 100_000}, "damaged"),
        ({"tinct:Edit": "zlib:" + compress(bytes(2**26 + 1))}, "too long"),
        (
            {"tinct:Edit": f'{{"hints": [{{"strokes": [9, 9], "runs": "{compress(np.array([80, 0], "<u4").tobytes())}"}}]}}'},
            "size is wrong",
        ),
        (
            {
                "tinct:Edit": f'{{"hints": [{{"strokes": [99999, 42949], "runs": "{compress(np.array([2**32 - 1, 0], "<u4").tobytes())}"}}]}}'
            },
            "size is wrong",
        ),
    ],
)
def test_a_record_that_is_newer_or_damaged_is_refused(record: Record, change: dict[str, str], says: str) -> None:
    packet = merge(None, properties(record.to_xmp(None, None)) | change)
    with pytest.raises(PhotoError, match=says):
        Record.from_xmp(packet, "a.jpg")


def test_a_record_without_its_model_is_damaged(record: Record) -> None:
    values = properties(record.to_xmp(None, None))
    del values["tinct:Model"]
    with pytest.raises(PhotoError, match="damaged"):
        Record.from_xmp(merge(None, values))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "no such file"),
        (b"", "x.jpg"),
        (b"hello, I am a text" * 9, "x.jpg is no picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", "x.jpg is no picture"),
        (pyvips.Image.black(9, 9).jpegsave_buffer(), "x.jpg doesn't say how it was colored.*without provenance"),
    ],
)
def test_a_file_without_a_record_is_refused_by_name(content: bytes | None, says: str, tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PhotoError, match=says):
        read_record(path)


def test_a_file_with_any_name_is_read(record: Record, tmp_path: Path) -> None:
    image = pyvips.Image.new_from_array(draw(1)).copy()
    image.set_type(pyvips.GValue.blob_type, "xmp-data", record.to_xmp(None, None))
    path = tmp_path / "a\udcff\n.png"
    path.write_bytes(image.pngsave_buffer())
    assert values_of(read_record(path)) == values_of(record)
