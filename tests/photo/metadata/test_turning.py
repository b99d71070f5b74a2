"""Metadata that speak of places in the picture turn with its pixels: checked on pictures in which such a place is painted."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import numpy as np
import pillow_heif
import pyexiv2
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pictures import SUFFIX, decoded, encoded, exif_of, random_ab, tiff_of, tiff_tags, turned
from tinct.coloring.upsampling import recolor
from tinct.photo import Photo, turned_xmp
from tinct.photo.metadata.exif import turned_exif
from tinct.photo.metadata.orientation import Turn

WIDTH, HEIGHT = 200, 120
LEFT, TOP, WIDE, HIGH = 130, 20, 40, 10  # of the painted place
BOX = (slice(TOP, TOP + HIGH), slice(LEFT, LEFT + WIDE))
NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "crs": "http://ns.adobe.com/camera-raw-settings/1.0/",
    "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
    "stArea": "http://ns.adobe.com/xmp/sType/Area#",
    "stDim": "http://ns.adobe.com/xap/1.0/sType/Dimensions#",
    "MP": "http://ns.microsoft.com/photo/1.2/",
    "MPRI": "http://ns.microsoft.com/photo/1.2/t/RegionInfo#",
    "MPReg": "http://ns.microsoft.com/photo/1.2/t/Region#",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "acdsee-rs": "http://ns.acdsee.com/regions/",
    "acdsee-stArea": "http://ns.acdsee.com/sType/Area#",
}
CENTER = ((LEFT + WIDE / 2) / WIDTH, (TOP + HIGH / 2) / HEIGHT)
NORMAL = (LEFT / WIDTH, TOP / HEIGHT, WIDE / WIDTH, HIGH / HEIGHT)


def packet(inside: str, attributes: str = "") -> bytes:
    names = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{NAMESPACES["rdf"]}">'
        f'<rdf:Description rdf:about="" {names} {attributes}>{inside}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


def mwg(area: str, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    return packet(
        f'<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:AppliedToDimensions stDim:w="{width}" stDim:h="{height}" stDim:unit="pixel"/>'
        f"<mwg-rs:RegionList><rdf:Bag><rdf:li><rdf:Description mwg-rs:Name='Ann' mwg-rs:Type='Face'>{area}"
        "</rdf:Description></rdf:li></rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>"
    )


def painted(orientation: int) -> tuple[float, float, float, float]:
    """(left, top, width, height) in pixels of the painted place in the upright picture."""
    stored = np.zeros((HEIGHT, WIDTH), bool)
    stored[BOX] = True
    rows, columns = np.nonzero(turned(stored, orientation))
    return columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1


def size(orientation: int) -> tuple[int, int]:
    return (HEIGHT, WIDTH) if orientation >= 5 else (WIDTH, HEIGHT)


def normalized(orientation: int) -> tuple[float, float, float, float]:
    (left, top, wide, high), (width, height) = painted(orientation), size(orientation)
    return left / width, top / height, wide / width, high / height


def centered(orientation: int) -> tuple[float, float, float, float]:
    left, top, wide, high = normalized(orientation)
    return left + wide / 2, top + high / 2, wide, high


def value(xmp: bytes, name: str) -> float:
    """Of an attribute or an element."""
    found = re.search(rf"[ <]{name}(?:\s*=\s*[\"']|(?: [^>]*)?>)([^\"'<]*)", xmp.decode())
    assert found is not None, (name, xmp)
    return float(found[1])


def values(xmp: bytes, prefix: str, names: str) -> tuple[float, ...]:
    return tuple(value(xmp, f"{prefix}:{name}") for name in names.split())


def turn(xmp: bytes, orientation: int) -> bytes:
    return turned_xmp(xmp, orientation, WIDTH, HEIGHT)


@pytest.fixture(params=range(1, 9))
def orientation(request: pytest.FixtureRequest) -> int:
    return int(request.param)


AREAS = {
    "attributes": f'<mwg-rs:Area stArea:x="{CENTER[0]}" stArea:y="{CENTER[1]}" stArea:w="{NORMAL[2]}" stArea:h="{NORMAL[3]}" stArea:unit="normalized"/>',
    "elements": f'<mwg-rs:Area rdf:parseType="Resource"><stArea:x>{CENTER[0]}</stArea:x><stArea:y>{CENTER[1]}</stArea:y>'
    f"<stArea:w>{NORMAL[2]}</stArea:w><stArea:h>{NORMAL[3]}</stArea:h><stArea:unit>normalized</stArea:unit></mwg-rs:Area>",
    "a description": f'<mwg-rs:Area><rdf:Description stArea:x="{CENTER[0]}" stArea:y="{CENTER[1]}" stArea:w="{NORMAL[2]}" stArea:h="{NORMAL[3]}" stArea:unit="normalized"/></mwg-rs:Area>',
}


@pytest.mark.parametrize("way", AREAS)
def test_regions_of_the_metadata_working_group(way: str, orientation: int) -> None:
    after = turn(mwg(AREAS[way]), orientation)
    assert values(after, "stArea", "x y w h") == pytest.approx(centered(orientation), abs=1e-8)
    assert values(after, "stDim", "w h") == size(orientation)
    assert b"mwg-rs:Name" in after


def test_regions_in_pixels(orientation: int) -> None:
    center = (LEFT + WIDE / 2, TOP + HIGH / 2)
    area = f'<mwg-rs:Area stArea:x="{center[0]}" stArea:y="{center[1]}" stArea:w="{WIDE}" stArea:h="{HIGH}" stArea:unit="pixel"/>'
    left, top, wide, high = painted(orientation)
    after = turn(mwg(area), orientation)
    assert values(after, "stArea", "x y w h") == pytest.approx((left + wide / 2, top + high / 2, wide, high))


def test_regions_for_another_size_of_the_same_picture(orientation: int) -> None:
    after = turn(mwg(AREAS["attributes"], 10 * WIDTH, 10 * HEIGHT), orientation)
    assert values(after, "stArea", "x y w h") == pytest.approx(centered(orientation), abs=1e-8)
    assert values(after, "stDim", "w h") == tuple(10 * side for side in size(orientation))


@pytest.mark.parametrize("turning", [5, 6, 7, 8])
def test_regions_that_were_stored_for_the_upright_picture_stay(turning: int) -> None:
    before = mwg(AREAS["attributes"], HEIGHT, WIDTH)
    assert turn(before, turning) == before


def test_circles_and_points_keep_their_diameter(orientation: int) -> None:
    circle = f'<mwg-rs:Area stArea:x="{CENTER[0]}" stArea:y="{CENTER[1]}" stArea:d="0.1" stArea:unit="normalized"/>'
    after = turn(mwg(circle), orientation)
    assert values(after, "stArea", "x y d") == pytest.approx((*centered(orientation)[:2], 0.1), abs=1e-8)


def test_regions_of_acdsee(orientation: int) -> None:
    area = AREAS["attributes"].replace("stArea", "acdsee-stArea").replace("mwg-rs:Area", "acdsee-rs:DLYArea")
    after = turn(packet(f'<acdsee-rs:Regions rdf:parseType="Resource">{area}</acdsee-rs:Regions>'), orientation)
    assert values(after, "acdsee-stArea", "x y w h") == pytest.approx(centered(orientation), abs=1e-8)


@pytest.mark.parametrize("way", ["attribute", "element"])
def test_regions_of_microsoft(way: str, orientation: int) -> None:
    text = ", ".join(map(str, NORMAL))
    region = (
        f'<rdf:li MPReg:PersonDisplayName="Ann" MPReg:Rectangle="{text}"/>'
        if way == "attribute"
        else f'<rdf:li rdf:parseType="Resource"><MPReg:Rectangle>{text}</MPReg:Rectangle></rdf:li>'
    )
    regions = f'<MP:RegionInfo rdf:parseType="Resource"><MPRI:Regions><rdf:Bag>{region}</rdf:Bag></MPRI:Regions></MP:RegionInfo>'
    found = re.search(rb"MPReg:Rectangle(?:=\"|>)([^\"<]*)", turn(packet(regions), orientation))
    assert found is not None
    assert [float(part) for part in found[1].split(b",")] == pytest.approx(normalized(orientation), abs=1e-8)


def boundary(inside: str, unit: str) -> bytes:
    return packet(
        '<Iptc4xmpExt:ImageRegion><rdf:Bag><rdf:li rdf:parseType="Resource"><Iptc4xmpExt:RegionBoundary rdf:parseType="Resource">'
        f"<Iptc4xmpExt:rbUnit>{unit}</Iptc4xmpExt:rbUnit>{inside}"
        "</Iptc4xmpExt:RegionBoundary></rdf:li></rdf:Bag></Iptc4xmpExt:ImageRegion>"
    )


def fields(**numbers: float) -> str:
    return "".join(f"<Iptc4xmpExt:{name}>{number}</Iptc4xmpExt:{name}>" for name, number in numbers.items())


@pytest.mark.parametrize("unit", ["relative", "pixel"])
def test_rectangles_of_iptc(unit: str, orientation: int) -> None:
    left, top, wide, high = NORMAL if unit == "relative" else (LEFT, TOP, WIDE, HIGH)
    after = turn(boundary(fields(rbX=left, rbY=top, rbW=wide, rbH=high), unit), orientation)
    expected = normalized(orientation) if unit == "relative" else painted(orientation)
    assert values(after, "Iptc4xmpExt", "rbX rbY rbW rbH") == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("unit", ["relative", "pixel"])
def test_circles_of_iptc(unit: str, orientation: int) -> None:
    x, y, radius = (*CENTER, 0.1) if unit == "relative" else (LEFT + WIDE / 2, TOP + HIGH / 2, 20.0)
    after = turn(boundary(fields(rbX=x, rbY=y, rbRx=radius), unit), orientation)
    (left, top, wide, high), (width, height) = painted(orientation), size(orientation)
    scale = (width, height, width) if unit == "relative" else (1, 1, 1)
    expected = np.array([left + wide / 2, top + high / 2, 20]) / scale  # 20 pixels: 0.1 of the stored width
    assert values(after, "Iptc4xmpExt", "rbX rbY rbRx") == pytest.approx(expected, abs=1e-8)


def test_polygons_of_iptc(orientation: int) -> None:
    corners = [(LEFT, TOP), (LEFT + WIDE, TOP), (LEFT + WIDE, TOP + HIGH), (LEFT, TOP + HIGH)]
    vertices = "".join(f'<rdf:li rdf:parseType="Resource">{fields(rbX=x, rbY=y)}</rdf:li>' for x, y in corners)
    after = turn(boundary(f"<Iptc4xmpExt:rbVertices><rdf:Seq>{vertices}</rdf:Seq></Iptc4xmpExt:rbVertices>", "pixel"), orientation)
    xs, ys = (np.array([float(x) for x in re.findall(rf"rb{axis}>([\d.]+)<", after.decode())]) for axis in "XY")
    assert (xs.min(), ys.min(), np.ptp(xs), np.ptp(ys)) == pytest.approx(painted(orientation))
    assert len(xs) == 4


def test_crop_of_camera_raw(orientation: int) -> None:
    left, top, wide, high = NORMAL
    crop = (
        f'crs:CropLeft="{left}" crs:CropTop="{top}" crs:CropRight="{left + wide}" crs:CropBottom="{top + high}" crs:CropAngle="0"'
    )
    x, y, width, height = normalized(orientation)
    after = turn(packet("", crop), orientation)
    assert values(after, "crs", "CropLeft CropTop CropRight CropBottom") == pytest.approx((x, y, x + width, y + height), abs=1e-8)
    tilted = packet("", crop.replace('CropAngle="0"', 'CropAngle="1.5"'))
    assert turn(tilted, orientation) == tilted


def test_sides_of_the_picture(orientation: int) -> None:
    sides = f'tiff:ImageWidth="{WIDTH}" tiff:ImageLength="{HEIGHT}" exif:PixelXDimension="{WIDTH}" exif:PixelYDimension="{HEIGHT}"'
    after = turn(packet("", sides), orientation)
    assert values(after, "tiff", "ImageWidth ImageLength") == size(orientation)
    assert values(after, "exif", "PixelXDimension PixelYDimension") == size(orientation)


@pytest.mark.parametrize(
    "form",
    [
        'tiff:Orientation="{}"',
        "tiff:Orientation='{}'",
        'tiff:Orientation = "{}"',
        "<tiff:Orientation>{}</tiff:Orientation>",
        "<tiff:Orientation> {} </tiff:Orientation>",
        '<t:Orientation xmlns:t="http://ns.adobe.com/tiff/1.0/">{}</t:Orientation>',
    ],
)
def test_xmp_says_upright_whatever_form_it_has(form: str, orientation: int) -> None:
    text = form.format(orientation)
    after = turn(packet(text) if text.startswith("<") else packet("", text), orientation)
    assert value(after, "[a-z]+:Orientation") == 1


@pytest.mark.parametrize("broken", [b'no XML tiff:Orientation="6"', b"<a", b"", packet("")[:-9] + b'tiff:Orientation="6"'])
def test_what_can_not_be_parsed_is_left_but_for_its_orientation(broken: bytes) -> None:
    assert turn(broken, 6) == broken.replace(b'"6"', b'"1"')


def test_what_does_not_speak_of_places_is_not_touched() -> None:
    text = packet("<crs:ToneCurve>1</crs:ToneCurve>", 'tiff:Make="Ansco"') + b"   "
    assert turn(text, 6) == text
    malformed = mwg('<mwg-rs:Area stArea:x="left" stArea:y="0.5" stArea:w="0.1" stArea:h="0.1"/>')
    assert values(turn(malformed, 6), "stArea", "y w h") == (0.5, 0.1, 0.1)


def test_turning_there_and_back_gives_the_same_regions() -> None:
    before = mwg(AREAS["attributes"])
    after = turned_xmp(turn(before, 6), 8, HEIGHT, WIDTH)
    assert values(after, "stArea", "x y w h") == pytest.approx(values(before, "stArea", "x y w h"), abs=1e-8)


# Whole files


def gray() -> Image.Image:
    pixels = np.full((HEIGHT, WIDTH), 60, np.uint8)
    pixels[BOX] = 220
    return Image.fromarray(pixels).convert("RGB")


def with_xmp(kind: str, exif: Image.Exif, xmp: bytes) -> bytes:
    options: dict[str, object] = {"exif": exif}
    if kind == "PNG":
        options["pnginfo"] = PngInfo()
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", xmp.decode())
    elif kind == "TIFF":
        exif[700] = xmp
    else:
        options["xmp"] = xmp
    return encoded(gray(), kind, **options, **({"quality": 95} if kind == "AVIF" else {}))


def check_face(path: Path, orientation: int) -> None:
    """That the region in the file lies on the painted place of its pixels, and that everything says that it is upright."""
    image = decoded(path)
    xmp = next(value for name, value in image.info.items() if "xmp" in name)
    xmp = xmp if isinstance(xmp, bytes) else xmp.encode()
    x, y, wide, high = values(xmp, "stArea", "x y w h")
    left, right, top, bottom = (
        (x - wide / 2) * image.width,
        (x + wide / 2) * image.width,
        (y - high / 2) * image.height,
        (y + high / 2) * image.height,
    )
    bright = np.asarray(image.convert("L")) > 140
    rows, columns = np.nonzero(bright)
    assert (left, right, top, bottom) == pytest.approx((columns.min(), columns.max() + 1, rows.min(), rows.max() + 1), abs=1.1)
    assert values(xmp, "stDim", "w h") == image.size == size(orientation)
    assert value(xmp, "tiff:Orientation") == 1
    assert image.getexif().get(274, 1) == 1


def face(orientation: int) -> bytes:
    return mwg(AREAS["attributes"]).replace(b'rdf:about=""', f'rdf:about="" tiff:Orientation="{orientation}"'.encode())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
def test_faces_are_tagged_on_faces(kind: str, orientation: int, tmp_path: Path) -> None:
    photo = Photo.open(with_xmp(kind, exif_of(_274=orientation), face(orientation)))
    assert (photo.orientation, photo.size, photo.stored_size) == (orientation, size(orientation), (WIDTH, HEIGHT))
    check_face(recolor(photo, random_ab(5)).save(tmp_path / f"same{SUFFIX.get(kind, '.avif')}"), orientation)
    check_face(recolor(photo, random_ab(5)).save(tmp_path / "other.jpg"), orientation)


def test_faces_in_heic(orientation: int, tmp_path: Path) -> None:
    image = pillow_heif.from_pillow(gray())
    image.save(tmp_path / "a.heic", quality=95, exif=exif_of(_274=orientation).tobytes(), xmp=face(orientation))
    photo = Photo.open(tmp_path / "a.heic")
    assert (photo.orientation, photo.size, photo.stored_size) == (orientation, size(orientation), (WIDTH, HEIGHT))
    check_face(recolor(photo, random_ab(5)).save(tmp_path / "out.jpg"), orientation)


def test_exif_orientation_of_avif_without_transformations_is_information_only() -> None:
    """Where libheif finds no ``irot``, the pixels are upright, whatever EXIF says (ISO/IEC 23008-12)."""
    plain = encoded(gray(), "AVIF")
    exif = b"Exif\0\0" + exif_of(_274=6).tobytes().removeprefix(b"Exif\0\0")
    with_exif = encoded(gray(), "AVIF", exif=exif)
    photo = Photo.open(with_exif.replace(b"\0\0\0\x09irot\x03", b"\0\0\0\x09free\x03"))
    assert photo.size == Photo.open(plain).size == (WIDTH, HEIGHT)
    assert photo.orientation == 1


@pytest.mark.parametrize("into", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_subject_area_and_location_of_exif(kind: str, into: str, orientation: int, tmp_path: Path) -> None:
    exif = exif_of(_274=orientation)
    exif.get_ifd(34665).update({37396: (LEFT, TOP, WIDE, HIGH), 41492: (LEFT, TOP)})
    photo = Photo.open(encoded(gray(), kind, exif=exif.tobytes()))
    saved = decoded(recolor(photo, random_ab(5)).save(tmp_path / f"out{SUFFIX[into]}")).getexif().get_ifd(34665)
    stored = np.zeros((HEIGHT, WIDTH), bool)
    stored[TOP, LEFT] = True
    ((y, x),) = np.argwhere(turned(stored, orientation))
    sides = (HIGH, WIDE) if orientation >= 5 else (WIDE, HIGH)
    assert tuple(saved[37396]) == (x, y, *sides)
    assert tuple(saved[41492]) == (x, y)


def test_subject_area_in_xmp(orientation: int) -> None:
    items = "".join(f"<rdf:li>{number}</rdf:li>" for number in (LEFT, TOP, WIDE, HIGH))
    after = turn(packet(f"<exif:SubjectArea><rdf:Seq>{items}</rdf:Seq></exif:SubjectArea>"), orientation)
    stored = np.zeros((HEIGHT, WIDTH), bool)
    stored[TOP, LEFT] = True
    ((y, x),) = np.argwhere(turned(stored, orientation))
    sides = (HIGH, WIDE) if orientation >= 5 else (WIDE, HIGH)
    assert tuple(map(int, re.findall(rb"li>(\d+)<", after))) == (x, y, *sides)


def test_regions_as_exiv2_writes_and_reads_them(tmp_path: Path) -> None:
    source = tmp_path / "in.jpg"
    source.write_bytes(encoded(gray(), "JPEG", exif=exif_of(_274=6)))
    area = "Xmp.mwg-rs.Regions/mwg-rs:RegionList[1]/mwg-rs:Area/stArea:"
    with pyexiv2.Image(str(source)) as image:
        image.modify_raw_xmp(mwg(AREAS["elements"]).decode())
    with pyexiv2.Image(str(recolor(Photo.open(source), random_ab(5)).save(tmp_path / "out.jpg"))) as image:
        found = image.read_xmp()
    assert [float(found[area + name]) for name in "xywh"] == pytest.approx(centered(6), abs=1e-8)


def test_orientation_in_xmp_alone_is_not_applied_but_told(tmp_path: Path) -> None:
    photo = Photo.open(encoded(gray(), "JPEG", xmp=face(6)), name="a.jpg")
    assert (photo.size, photo.orientation) == ((WIDTH, HEIGHT), 1)
    assert photo.notes == (
        "a.jpg says only in XMP that it is turned (orientation 6), which most programs ignore; its pixels were left as they are",
    )
    saved = recolor(photo, random_ab(5)).save(tmp_path / "out.jpg")
    assert b'tiff:Orientation="1"' in saved.read_bytes()
    check_face(saved, 1)


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_exif_orientation_wins_over_xmp(kind: str) -> None:
    photo = Photo.open(with_xmp(kind, exif_of(_274=1), face(6)))
    assert (photo.size, photo.orientation, photo.notes) == ((WIDTH, HEIGHT), 1, ())
    assert Photo.open(with_xmp(kind, exif_of(_274=8), face(6))).orientation == 8


@pytest.mark.parametrize("odd", [0, 9, 65535])
def test_impossible_orientations_are_none(odd: int) -> None:
    assert Photo.open(tiff_of((tiff_tags(4, 2, _274=odd), bytes(8)))).orientation == 1
    assert Photo.open(encoded(gray(), "JPEG", exif=exif_of(_274=odd))).size == (WIDTH, HEIGHT)


@pytest.mark.parametrize("order", ["<", ">"])
def test_all_directories_of_exif_say_upright(order: str) -> None:
    row = struct.pack(order + "HHIHxx", 274, 3, 1, 6)
    start = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", 8)
    directories = struct.pack(order + "H", 1) + row + struct.pack(order + "IH", 26, 1) + row + bytes(4)
    exif = b"Exif\0\0" + start + directories
    assert turned_exif(exif, Turn(6, WIDTH, HEIGHT)) == exif.replace(row, struct.pack(order + "HHIHxx", 274, 3, 1, 1))


@pytest.mark.parametrize("length", range(0, 40, 3))
def test_exif_that_is_cut_off_is_no_error(length: int) -> None:
    data = exif_of(_274=6).tobytes()[:length]
    assert len(turned_exif(data, Turn(6, WIDTH, HEIGHT))) == length


def test_arrays_are_upright() -> None:
    photo = Photo.open(np.zeros((3, 5), np.uint8))
    assert (photo.orientation, photo.stored_size) == (1, (5, 3))
