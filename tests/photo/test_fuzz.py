"""Damaged files: each is colored or refused by name, in time, with nothing left behind. benchmarks/fuzz.py does it by the thousand."""

from __future__ import annotations

import importlib
import io
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tinct.coloring.provenance import Record
from tinct.errors import PhotoError
from tinct.photo.metadata.exif import as_exif, read_tags
from tinct.photo.metadata.iptc import from_resources, from_text
from tinct.photo.metadata.png import SIGNATURE, find_text, read_texts, worth_keeping
from tinct.photo.metadata.xmp import merge, properties
from tinct.photo.photo import Photo

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def fuzz(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """benchmarks/fuzz.py."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("fuzz")


@pytest.fixture(scope="module")
def seeds() -> dict[str, bytes]:
    """The valid pictures of benchmarks/fuzz.py, by file name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        pictures: dict[str, bytes] = importlib.import_module("fuzz").draw_seeds()
    return pictures


# ---- whole pictures -------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_pictures_to_be_damaged_are_good_ones(fuzz: Any, seeds: dict[str, bytes]) -> None:
    from tinct import Colorizer

    colorizer = Colorizer(threads=1)
    for name, data in seeds.items():
        result = fuzz.attempt(colorizer, fuzz.Mutant(name, (), data))
        assert result.outcome == ("refused" if result.kind == "gif" else "colored"), result


def test_mutants_depend_on_their_seed_and_number_alone(fuzz: Any, seeds: dict[str, bytes]) -> None:
    some, again, others = ([fuzz.mutant(seeds, seed, number) for number in range(300)] for seed in (1, 1, 2))
    assert some == again
    assert sum(one == other for one, other in zip(some, others, strict=True)) < 10
    assert {way for one in some for way in one.ways} == set(fuzz.WAYS)
    assert sum(one.data == seeds[one.seed] for one in some) < 15  # a few are cut off behind their end


@pytest.mark.parametrize("numbers", [range(40), pytest.param(range(40, 400), marks=pytest.mark.slow)], ids=["few", "many"])
def test_damaged_pictures_do_no_harm(numbers: range, fuzz: Any, seeds: dict[str, bytes]) -> None:
    results = fuzz.run(seeds, seed=7, numbers=numbers, workers=1, limit=30)
    bad = [result for result in results if result.outcome in fuzz.BAD]
    assert not bad, "\n\n".join(f"python benchmarks/fuzz.py --seed 7 --only {r.number} --keep DIR: {r}\n{r.detail}" for r in bad)
    assert sorted(result.number for result in results) == list(numbers)
    assert {result.outcome for result in results} == {"colored", "refused"}


# ---- the finder of faults itself ------------------------------------------------------------------------------------------------


class Broken:
    """A colorizer with one of the faults that `attempt` must find."""

    def __init__(self, fault: str) -> None:
        from tinct import Colorizer

        self.fault, self.colorizer = fault, Colorizer(threads=1)

    def colorize(self, photo: Photo) -> Any:
        if self.fault == "exception":
            raise ZeroDivisionError
        if self.fault == "leftover":
            assert photo.path is not None
            photo.path.with_name(".half").touch()
            raise PhotoError("no")
        return photo if self.fault == "uncolored" else self.colorizer.colorize(photo)


@pytest.mark.parametrize("fault", ["exception", "leftover", "uncolored", "colored"])
def test_faults_are_found(fault: str, fuzz: Any, seeds: dict[str, bytes]) -> None:
    one = fuzz.Mutant("jpeg-gray.jpg", (), seeds["jpeg-gray.jpg"])
    assert fuzz.attempt(Broken(fault), one).outcome == fault


# ---- parsers --------------------------------------------------------------------------------------------------------------------


@st.composite
def tiffs(draw: st.DrawFn) -> bytes:
    """A TIFF header, directories anywhere, and anything between them."""
    order = draw(st.sampled_from("<>"))
    offsets = st.one_of(st.integers(0, 300), st.integers(0, 2**32 - 1))
    tags = st.one_of(st.sampled_from([270, 274, 282, 315, 34665, 34853, 37500]), st.integers(0, 65535))
    kinds = st.one_of(st.integers(0, 13), st.integers(0, 65535))
    counts = st.one_of(st.integers(0, 9), st.sampled_from([32768, 65536, 2**31, 2**32 - 1]), st.integers(0, 2**32 - 1))
    data = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", draw(st.one_of(st.just(8), offsets)))
    for _ in range(draw(st.integers(0, 4))):
        rows = draw(st.lists(st.tuples(tags, kinds, counts, offsets), max_size=6))
        data += struct.pack(order + "H", draw(st.one_of(st.just(len(rows)), st.integers(0, 65535))))
        data += b"".join(struct.pack(order + "HHII", *row) for row in rows) + draw(st.binary(max_size=40))
    return data


class Counted(io.BytesIO):
    """A file that counts the bytes read, and the calls."""

    count = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.count += len(data) + 1
        return data


def sizes(tags: Any) -> list[int]:
    return [size for value in tags.values() for size in (sizes(value) if isinstance(value, dict) else [len(value[2])])]


def crowded(entries: int, nested: int, size: int = 32768) -> bytes:
    """A TIFF whose `nested` EXIF and GPS pointers lead to one directory of `entries` entries that share one value of `size` bytes."""
    outer = sorted([34665, 34853][:nested])
    inner = 8 + 2 + 12 * len(outer)
    value = inner + 2 + 12 * entries
    data = struct.pack("<2sHIH", b"II", 42, 8, len(outer)) + b"".join(struct.pack("<HHII", tag, 4, 1, inner) for tag in outer)
    data += struct.pack("<H", entries) + b"".join(struct.pack("<HHII", tag, 7, size, value) for tag in range(entries))
    return data + bytes(size)


@given(st.one_of(st.binary(max_size=400), tiffs()))
@example(b"")
@example(b"II*\0")
@example(crowded(30, 1))
@example(crowded(2000, 2))
def test_tags_of_anything_are_read_without_an_error_and_within_bounds(data: bytes) -> None:
    file = Counted(data)
    tags = read_tags(file)
    assert sum(sizes(tags)) <= 2**20  # EXIF holds 64 kB, and entries may share their values
    assert file.count <= 2**22
    as_exif(tags)


def refusal(work: Callable[[], object]) -> str:
    """What the PhotoError says; nothing if there is none. Any other error is raised."""
    try:
        work()
    except PhotoError as error:
        return str(error)
    return ""


@given(st.one_of(st.binary(max_size=400), tiffs()))
@example(b"\xff\xd8\xff\xe1\0\x08Exif\0\0")
@example(b"RIFF\xff\xff\xff\xffWEBPVP8X")
@example(b"\x89PNG\r\n\x1a\n" + bytes(50))
@example(b"\0\0\0\x14ftypavif" + bytes(50))
@example(crowded(30, 2))
def test_anything_is_a_picture_or_refused_in_one_line(data: bytes) -> None:
    assert re.fullmatch("(<bytes> .+)?", refusal(lambda: Photo.open(data).to_numpy()))


STARTS = [
    b"\xff\xd8\xff\xe0",
    b"\x89PNG\r\n\x1a\n",
    b"II*\0",
    b"MM\0*",
    b"II+\0\x08\0\0\0",
    b"RIFF",
    b"GIF89a",
    b"\0\0\0\x1cftypavif",
]


@pytest.mark.parametrize("start", STARTS)
@settings(max_examples=settings().max_examples // 3)
@given(rest=st.binary(max_size=300))
def test_what_begins_like_a_picture_is_one_or_refused_in_one_line(start: bytes, rest: bytes, tmp_path_factory: Any) -> None:
    path = tmp_path_factory.mktemp("any") / "any.jpg"
    path.write_bytes(start + rest)
    said = refusal(lambda: Photo.open(path).small_rgb(8, 8))
    assert "\n" not in said
    assert not said or str(path) in said


@given(st.one_of(st.binary(max_size=300), st.binary(max_size=200).map(b"Photoshop 3.0\x008BIM\x04\x04\0\0".__add__)))
def test_any_bytes_may_be_photoshop_resources(data: bytes) -> None:
    kept, record = from_resources(data)
    assert len(kept) + len(record) <= len(data) + 1  # one may be padded
    from_text(data)
    from_text(b"\niptc\n" + str(len(data)).encode() + b"\n" + data.hex().encode())


@given(
    st.lists(st.tuples(st.sampled_from([b"tEXt", b"zTXt", b"iTXt", b"eXIf"]), st.binary(max_size=60), st.booleans()), max_size=5),
    st.binary(max_size=30),
)
def test_any_chunks_may_be_texts_of_a_png(chunks: list[tuple[bytes, bytes, bool]], rest: bytes) -> None:
    data = SIGNATURE
    for kind, body, sound in chunks:
        data += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body) if sound else 0)
    texts = read_texts(Counted(data + rest))
    assert all(len(find_text(texts, name)) <= 2**20 for name, _ in texts)
    assert len(worth_keeping(texts)) <= len(data + rest)


@given(st.binary(max_size=200), st.text(max_size=200))
@example(b"<a>" * 5000, "<a>" * 5000)
@example(b"\xff\xfe<\0a\0/\0>\0", "<?xml version='1.0' encoding='utf-16'?><a/>")
def test_any_bytes_may_be_xmp(data: bytes, text: str) -> None:
    for packet in (data, text.encode(errors="replace"), b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + data + b"</x:xmpmeta>"):
        properties(packet)
        assert properties(merge(packet, {"xmp:CreatorTool": "tinct"}))["xmp:CreatorTool"] == "tinct"
        refusal(lambda packet=packet: Record.from_xmp(packet))
