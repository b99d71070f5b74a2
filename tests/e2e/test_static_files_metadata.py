"""Metadata on their way through the static page: what its files hold, beside what `tinct colorize` writes, read by the library."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data

from static_engine import Engine, driving
from tinct import Colorizer, Edit, Photo, again
from tinct.coloring.packing import Omitted, digest
from tinct.coloring.provenance import SOURCE_TYPE, Record, read_record
from tinct.photo.formats import srgb_profile
from tinct.photo.metadata.fields import IPTC, TEXTS
from tinct.photo.metadata.iptc import as_resources, as_text
from tinct.photo.metadata.png import text_chunk, xmp_chunk
from tinct.photo.metadata.turning import turned_xmp
from tinct.photo.metadata.xmp import merge, properties, rdf_of, without_record
from tinct.photo.opening import read_xmp
from tinct.photo.sources import open_picture
from tinct.photo.working_memory import free

pytestmark = pytest.mark.timeout(300)
SIZE = (208, 144)
"""(width, height) as stored."""
ORIENTATION, ARTIST, THUMBNAIL_OFFSET, EXIF_TAGS, GPS_TAGS = 274, 315, 513, 34665, 34853
SUBJECT_AREA, TAKEN, COLOR_SPACE = 37396, 36867, 40961
SHARED = ("xmp:CreatorTool", *(f"Iptc4xmpExt:{name}" for name in ("DigitalSourceType", "AISystemUsed", "AISystemVersionUsed")))
RECORD = b"\x1c\x02\x78\x00\x0bWedding day" + b"\x1c\x02\x05\x00\x05Title"
GUIDES = struct.pack(">4sHHI", b"8BIM", 0x0408, 0, 4) + b"abcd"
COPYRIGHT_FLAG = struct.pack(">4sHHI", b"8BIM", 0x040A, 0, 2) + b"\0\1"
XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/" xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#"
 xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#" xmlns:MP="http://ns.microsoft.com/photo/1.2/"
 xmlns:MPRI="http://ns.microsoft.com/photo/1.2/t/RegionInfo#" xmlns:MPReg="http://ns.microsoft.com/photo/1.2/t/Region#"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/">
<rdf:Description rdf:about="uuid:1" tiff:Orientation="6" tiff:ImageWidth="208" tiff:ImageLength="144" xmp:CreatorTool="Scanner 3"
 crs:CropLeft="0.1" crs:CropTop="0.2" crs:CropRight="0.9" crs:CropBottom="0.7" crs:CropAngle="0">
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">Grandmother &amp; friends</rdf:li></rdf:Alt></dc:description>
<exif:SubjectArea><rdf:Seq><rdf:li>20</rdf:li><rdf:li>30</rdf:li><rdf:li>40</rdf:li><rdf:li>10</rdf:li></rdf:Seq></exif:SubjectArea>
<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:AppliedToDimensions stDim:w="208" stDim:h="144" stDim:unit="pixel"/>
<mwg-rs:RegionList><rdf:Bag><rdf:li rdf:parseType="Resource"><mwg-rs:Name>Anna</mwg-rs:Name>
<mwg-rs:Area stArea:x="0.25" stArea:y="0.4" stArea:w="0.1" stArea:h="0.2" stArea:unit="normalized"/></rdf:li>
<rdf:li rdf:parseType="Resource"><mwg-rs:Area stArea:x="oops" stArea:y="0.4"/></rdf:li></rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>
<MP:RegionInfo rdf:parseType="Resource"><MPRI:Regions><rdf:Bag><rdf:li MPReg:Rectangle="0.1, 0.2, 0.3, 0.4"/></rdf:Bag></MPRI:Regions></MP:RegionInfo>
<Iptc4xmpExt:ImageRegion><rdf:Bag><rdf:li rdf:parseType="Resource"><Iptc4xmpExt:RegionBoundary rdf:parseType="Resource">
<Iptc4xmpExt:rbUnit>pixel</Iptc4xmpExt:rbUnit><Iptc4xmpExt:rbX>10</Iptc4xmpExt:rbX><Iptc4xmpExt:rbY>20</Iptc4xmpExt:rbY>
<Iptc4xmpExt:rbW>30</Iptc4xmpExt:rbW><Iptc4xmpExt:rbH>40</Iptc4xmpExt:rbH></Iptc4xmpExt:RegionBoundary></rdf:li></rdf:Bag></Iptc4xmpExt:ImageRegion>
</rdf:Description></rdf:RDF></x:xmpmeta>"""


@pytest.fixture(scope="module")
def driver(browser: Any, site: Path) -> Iterator[Engine]:
    with driving(browser, site) as found:
        yield found


def exif_of(orientation: int) -> bytes:
    """With a subject, GPS, and a thumbnail in gray."""
    exif = Image.Exif()
    exif[ORIENTATION], exif[ARTIST] = orientation, "M. Photographer"
    details = exif.get_ifd(EXIF_TAGS)
    details[SUBJECT_AREA], details[TAKEN], details[COLOR_SPACE] = (20, 30, 40, 10), "1932:06:01 12:00:00", 65535
    gps = exif.get_ifd(GPS_TAGS)
    gps[1], gps[2] = "N", (52.0, 31.0, 12.5)
    body = exif.tobytes().removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}[body[:2]]
    thumbnail = io.BytesIO()
    Image.fromarray(data.coffee()).convert("L").resize((40, 26)).save(thumbnail, "JPEG")
    (first,) = struct.unpack_from(order + "I", body, 4)
    (count,) = struct.unpack_from(order + "H", body, first)
    directory = len(body) + len(body) % 2
    rows = [(259, 3, 1, 6), (THUMBNAIL_OFFSET, 4, 1, directory + 2 + 36 + 4), (514, 4, 1, len(thumbnail.getvalue()))]
    packed = b"".join(
        struct.pack(order + "HHIHH", *row[:3], row[3], 0) if row[1] == 3 else struct.pack(order + "HHII", *row) for row in rows
    )
    whole = bytearray(body.ljust(directory, b"\0") + struct.pack(order + "H", 3) + packed + bytes(4) + thumbnail.getvalue())
    struct.pack_into(order + "I", whole, first + 2 + 12 * count, directory)
    return b"Exif\0\0" + bytes(whole)


def photograph(suffix: str, orientation: int = 6) -> bytes:
    """A file with all metadata that its format holds."""
    picture = Image.fromarray(data.coffee()).convert("L").resize(SIZE)
    exif, file = exif_of(orientation), io.BytesIO()
    if suffix == "jpg":
        picture.save(file, "JPEG", exif=exif, dpi=(300, 300), quality=95)
        content = file.getvalue()
        body = as_resources(GUIDES + COPYRIGHT_FLAG, RECORD)
        segments = [(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP), (0xED, body)]
        place = 2 + 2 + struct.unpack_from(">H", content, 4)[0]
        inserted = b"".join(bytes([0xFF, kind]) + struct.pack(">H", len(part) + 2) + part for kind, part in segments)
        return content[:place] + inserted + content[place:]
    if suffix == "png":
        picture.save(file, "PNG", exif=exif, dpi=(300, 300))
        chunks = text_chunk(b"Title", b"Coffee") + text_chunk(b"Raw profile type iptc", as_text(RECORD)) + xmp_chunk(XMP)
        return file.getvalue()[:33] + chunks + file.getvalue()[33:]
    options: dict[str, Any] = {"lossless": True} if suffix == "webp" else {"quality": 95, "subsampling": "4:4:4"}
    picture.convert("RGB").save(file, suffix.upper(), exif=exif, xmp=XMP, **options)
    return file.getvalue()


def fields(content: bytes) -> dict[str, Any]:
    """What the library reads of a file, but for the record."""
    image = open_picture(content, "result", 10**9, free).load()
    names = [name for name in image.get_fields() if name.startswith("exif-ifd")]
    values = {name: str(image.get(name)).partition(" (")[0] for name in names}
    blobs = {name: bytes(image.get(name)) for name in (IPTC, "photoshop-data", "icc-profile-data", TEXTS) if image.get_typeof(name)}
    return {"exif": values, **blobs, "dpi": round(image.xres * 25.4)}


def others(packet: bytes) -> str:
    """A packet's XML without the record and what tinct writes beside it, spaces and declarations of prefixes aside."""
    rdf = rdf_of(merge(without_record(packet), dict.fromkeys(SHARED, "x")))
    assert rdf is not None

    def plain(node: Any) -> Any:
        if node.nodeType == node.TEXT_NODE:
            return node.data.strip()
        attributes = sorted((one.namespaceURI or "", one.localName or "", one.value) for one in node.attributes.values())
        attributes = [one for one in attributes if one[0] != "http://www.w3.org/2000/xmlns/"]
        return (node.namespaceURI, node.localName, attributes, [found for child in node.childNodes if (found := plain(child))])

    return repr(plain(rdf))


@pytest.mark.parametrize(
    ("suffix", "output_format"), [("jpg", "jpg"), ("jpg", "png"), ("png", "png"), ("png", "jpg"), ("webp", "webp"), ("avif", "jpg")]
)
def test_metadata_are_the_programs(driver: Engine, tmp_path: Path, suffix: str, output_format: str) -> None:
    path = tmp_path / f"photo.{suffix}"
    path.write_bytes(photograph(suffix))
    mine, _ = driver.render(path, output_format=output_format)
    theirs = Colorizer(precision="float").colorize(path).to_bytes(f".{output_format}")
    found, expected = fields(mine), fields(theirs)
    common = {name for name in found["exif"] if not name.endswith("Resolution")}  # which is rounded, and compared as dpi
    assert {name: found["exif"][name] for name in common} == {name: expected["exif"].get(name) for name in common}
    for name in ("exif-ifd0-Artist", "exif-ifd2-DateTimeOriginal", "exif-ifd2-SubjectArea", "exif-ifd3-GPSLatitude"):
        assert name in found["exif"]
    assert not any(name.startswith("exif-ifd1") for name in found["exif"])
    del found["exif"], expected["exif"]
    if output_format == "png":
        assert found.pop("icc-profile-data", None) is None  # the chunk sRGB says the same
        assert expected.pop("icc-profile-data") == srgb_profile()
    if suffix == "avif":
        assert found.pop("dpi") == 72  # nothing in this file says so; the library takes what libvips makes up, one dot a millimeter
        del expected["dpi"]
    assert found == expected
    (tmp_path / f"mine.{output_format}").write_bytes(mine)
    (tmp_path / f"theirs.{output_format}").write_bytes(theirs)
    packets = [read_xmp(tmp_path / f"{who}.{output_format}") for who in ("mine", "theirs")]
    assert others(packets[0]) == others(packets[1])
    records = [Record.from_xmp(packet) for packet in packets]
    assert records[0] is not None
    assert records[1] is not None
    for name in ("model", "weights", "tinct", "original", "original_name", "jpeg_quality", "had_color", "output"):
        assert getattr(records[0], name) == getattr(records[1], name)
    assert properties(packets[0])["Iptc4xmpExt:DigitalSourceType"] == SOURCE_TYPE
    assert properties(packets[0])["tinct:FormerCreatorTool"] == "Scanner 3"
    assert b"coffee" not in mine


@pytest.mark.slow
@pytest.mark.parametrize("orientation", range(1, 9))
def test_places_turn_with_the_pixels(driver: Engine, tmp_path: Path, orientation: int) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(photograph("jpg", orientation))
    mine, _ = driver.render(path)
    (tmp_path / "mine.jpg").write_bytes(mine)
    assert others(read_xmp(tmp_path / "mine.jpg")) == others(turned_xmp(XMP, orientation, *SIZE))
    expected = Colorizer(precision="float").colorize(path).to_bytes(".jpg")
    name = "exif-ifd2-SubjectArea"
    assert fields(mine)["exif"][name] == fields(expected)["exif"][name]


def test_the_thumbnail_in_gray_is_gone(driver: Engine, tmp_path: Path) -> None:
    content = photograph("jpg")
    thumbnail = content.find(b"\xff\xd8", 2)
    assert thumbnail > 0
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    mine, _ = driver.render(path)
    assert mine.count(b"\xff\xd8\xff") == 1


def polygon_hint(number: int, points: int) -> dict[str, Any]:
    heights = np.random.default_rng(number).uniform(5, 50, points)
    corners = [[10 + i * 180 / points, float(y)] for i, y in enumerate(heights)]
    return {"x": 100, "y": 10.5, "color": "#704020", "reach": {"region": [*corners, [190, 130], [10, 130]]}}


def test_hints_that_are_too_long_are_replaced_by_checksums(driver: Engine, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(photograph("jpg", 1))
    brush = {
        "x": 1e-7,
        "y": 120,
        "ab": [10, -20.25],
        "size": 12,
        "reach": {"brush": [[20, 30], [21.125, 1e2]], "width": 7},
        "keep_rest": True,
    }
    hints = [{"x": 30, "y": 40, "color": "#C03010"}, brush, *[polygon_hint(number, 1200) for number in range(3)]]
    edit = Edit.from_dict({"hints": hints})
    mine, _ = driver.render(path, {"hints": hints})
    (tmp_path / "mine.jpg").write_bytes(mine)
    record = read_record(tmp_path / "mine.jpg")
    assert record.edit.hints == (edit.hints[0], *[Omitted(digest([hint])) for hint in edit.hints[1:]])
    assert others(read_xmp(tmp_path / "mine.jpg")) == others(turned_xmp(XMP, 1, *SIZE))
    many = [{"x": 1 + number / 13, "y": 1 + number / 31, "color": f"#{number * 9973 % 2**24:06x}"} for number in range(4000)]
    mine, _ = driver.render(path, {"hints": many, "strength": 0})
    (tmp_path / "many.jpg").write_bytes(mine)
    assert read_record(tmp_path / "many.jpg").edit.hints == (Omitted(digest(Edit.from_dict({"hints": many}).hints), 4000),)


def test_long_properties_of_others_give_way_to_the_record(driver: Engine, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    content = photograph("jpg")
    long = XMP.replace(b"Grandmother", b"Grandmother" * 5300)
    start = content.find(b"http://ns.adobe.com/xap")
    body = b"http://ns.adobe.com/xap/1.0/\0" + long
    size = struct.unpack_from(">H", content, start - 2)[0]
    path.write_bytes(content[: start - 2] + struct.pack(">H", len(body) + 2) + body + content[start - 2 + size :])
    mine, _ = driver.render(path)
    (tmp_path / "mine.jpg").write_bytes(mine)
    assert read_record(tmp_path / "mine.jpg").original_name == "photo.jpg"
    packet = read_xmp(tmp_path / "mine.jpg")
    assert b"Grandmother" not in packet
    assert b"Anna" in packet


def test_the_record_repeats_the_coloring(driver: Engine, tmp_path: Path) -> None:
    path = tmp_path / "photo.webp"
    path.write_bytes(photograph("webp"))
    mine, name = driver.render(path, {"variant": 2, "vividness": 0.75}, output_format="png")
    result = tmp_path / name
    result.write_bytes(mine)
    edit = read_record(result).edit
    assert (edit.variant, edit.vividness) == (2, 0.75)
    again(result, path, tmp_path / "again.png")
    assert Photo.open(tmp_path / "again.png").size == SIZE[::-1]
