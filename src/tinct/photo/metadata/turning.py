"""XMP properties that speak of places in a picture, turned with its pixels: regions of faces, subject area, crop.

Regions are stored for the picture as its pixels are stored, before orientation is applied (Metadata Working Group, Guidelines for
Handling Image Metadata 2.0, section 5.9). Some programs store them for the upright picture; `AppliedToDimensions` then has its sides exchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias
from xml.dom import minidom

from .orientation import UPRIGHT, Turn
from .xmp import packet_of, rdf_of

__all__ = ["turn_subject", "turned_xmp", "xmp_orientation"]

Node: TypeAlias = "minidom.Element | minidom.Attr"

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TIFF = "http://ns.adobe.com/tiff/1.0/"
_EXIF = "http://ns.adobe.com/exif/1.0/"
_CAMERA_RAW = "http://ns.adobe.com/camera-raw-settings/1.0/"
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_MICROSOFT = "http://ns.microsoft.com/photo/1.2/t/Region#"
_REGIONS = {"http://www.metadataworkinggroup.com/schemas/regions/", "http://ns.acdsee.com/regions/"}
_AREAS = ("http://ns.adobe.com/xmp/sType/Area#", "http://ns.acdsee.com/sType/Area#")
_DIMENSIONS = ("http://ns.adobe.com/xap/1.0/sType/Dimensions#", "http://ns.acdsee.com/sType/Dimensions#")
_SIDES = ((_TIFF, "ImageWidth", "ImageLength"), (_EXIF, "PixelXDimension", "PixelYDimension"))
_ORIENTATION = re.compile(rb"(tiff:Orientation(?:>|\s*=\s*[\"'])\s*)[2-8]")


def turned_xmp(packet: bytes, orientation: int, width: int, height: int) -> bytes:
    """An XMP packet for the upright picture, from the packet of a picture (or its sidecar file) that orientation makes upright.

    Turned are regions of the Metadata Working Group, ACDSee, Microsoft Photo and IPTC, the subject area and location of EXIF, the
    crop of Camera Raw unless it is tilted, and the picture's sides. ``tiff:Orientation`` becomes 1, even if nothing is turned.

    Args:
        packet: UTF-8, with or without its wrapper. One that can't be parsed only gets its ``tiff:Orientation`` changed.
        orientation: EXIF orientation that was applied to the pixels, 1..8.
        width: pixels of the picture as stored, before orientation: `Photo.stored_size`.
        height: likewise.

    Returns:
        The packet, unchanged if nothing in it depends on orientation.
    """
    if orientation == UPRIGHT and b"Orientation" not in packet:
        return packet
    rdf = rdf_of(packet)
    if rdf is None:
        return _ORIENTATION.sub(rb"\g<1>1", packet)
    before = packet_of(rdf)
    turn = Turn(orientation, width, height)
    elements = [rdf, *_descendants(rdf)]
    for element in elements:
        found = _fields(element, _TIFF).get("Orientation")
        if found is not None and _text(found).strip() != str(UPRIGHT):
            _set(found, str(UPRIGHT))
    if orientation != UPRIGHT:
        for element in elements:
            try:
                _turn(element, turn)
            except ValueError:  # a number that can't be parsed, or none: the structure is left as it is
                continue
        _swap_applied_dimensions(elements, turn)
    after = packet_of(rdf)
    return packet if after == before else after


def xmp_orientation(packet: bytes) -> int:
    """``tiff:Orientation`` of a packet, 1..8; 1 if it has none."""
    rdf = rdf_of(packet) if b"Orientation" in packet else None
    found = [_fields(element, _TIFF).get("Orientation") for element in _descendants(rdf)] if rdf is not None else []
    text = next((_text(node).strip() for node in found if node is not None), "")
    return int(text) if text in set("12345678") else UPRIGHT


def _turn(element: minidom.Element, turn: Turn) -> None:
    """Turn the places among an element's own fields. Raises ValueError for malformed ones, which stay unchanged."""
    for namespace in _AREAS:
        _turn_area(element, namespace, turn)
    if (rectangle := _fields(element, _MICROSOFT).get("Rectangle")) is not None:
        left, top, wide, high = (float(part) for part in _text(rectangle).split(","))
        _set(rectangle, ", ".join(map(_number, turn.box(left, top, wide, high))))
    _turn_boundary(element, turn)
    _turn_subject(element, turn)
    _turn_crop(element, turn)
    if turn.swapped:
        for namespace, across, down in _SIDES:
            _swap(_fields(element, namespace), across, down)


def _turn_area(element: minidom.Element, namespace: str, turn: Turn) -> None:
    """An area of the Metadata Working Group: center, width and height, or diameter; normalized or in pixels."""
    area = _fields(element, namespace)
    if not {"x", "y"} <= area.keys():
        return
    applied = _applied_dimensions(element)
    if applied is not None and _is_upright(applied[1], turn):
        return
    pixels = "unit" in area and _text(area["unit"]).strip() == "pixel"
    frame = (applied[1] if applied else (turn.width, turn.height)) if pixels else (1, 1)
    x, y = turn.point(float(_text(area["x"])), float(_text(area["y"])), *frame)
    _set(area["x"], _number(x))
    _set(area["y"], _number(y))
    if turn.swapped:
        _swap(area, "w", "h")


def _applied_dimensions(element: minidom.Element) -> tuple[minidom.Element, tuple[float, float]] | None:
    """`AppliedToDimensions` of the regions that an area belongs to: element, and (width, height)."""
    owner: minidom.Node | None = element
    while isinstance(owner, minidom.Element) and not (owner.namespaceURI in _REGIONS and owner.localName == "Regions"):
        owner = owner.parentNode
    if not isinstance(owner, minidom.Element):
        return None
    near = [*_children(owner), *(inner for child in _children(owner) for inner in _children(child))]
    for found in near:
        for holder in (found, *_children(found)) if found.localName == "AppliedToDimensions" else ():
            for namespace in _DIMENSIONS:
                sides = _fields(holder, namespace)
                if {"w", "h"} <= sides.keys():
                    return holder, (float(_text(sides["w"])), float(_text(sides["h"])))
    return None


def _is_upright(applied: tuple[float, float], turn: Turn) -> bool:
    """Whether regions were stored for the upright picture, by the longer side of the picture that they apply to."""
    if not turn.swapped or turn.width == turn.height:
        return False
    return (applied[0] > applied[1]) != (turn.width > turn.height) and applied[0] != applied[1]


def _swap_applied_dimensions(elements: list[minidom.Element], turn: Turn) -> None:
    """Exchange the sides of `AppliedToDimensions`, after all regions were turned."""
    done: list[minidom.Element] = []
    for element in elements if turn.swapped else ():
        if element.namespaceURI not in _REGIONS or element.localName != "Regions":
            continue
        try:
            applied = _applied_dimensions(element)
        except ValueError:
            continue
        if applied is not None and applied[0] not in done and not _is_upright(applied[1], turn):
            done.append(applied[0])
            for namespace in _DIMENSIONS:
                _swap(_fields(applied[0], namespace), "w", "h")


def _turn_boundary(element: minidom.Element, turn: Turn) -> None:
    """The boundary of an IPTC image region: a rectangle (left, top), a circle (center, radius relative to the width) or a polygon."""
    boundary = _fields(element, _IPTC)
    if "rbUnit" not in boundary:
        return
    frame = (turn.width, turn.height) if _text(boundary["rbUnit"]).strip() == "pixel" else (1, 1)
    if {"rbX", "rbY", "rbW", "rbH"} <= boundary.keys():
        left, top, wide, high = (float(_text(boundary[name])) for name in ("rbX", "rbY", "rbW", "rbH"))
        box = turn.box(left, top, wide, high, *frame)
        for name, value in zip(("rbX", "rbY", "rbW", "rbH"), box, strict=True):
            _set(boundary[name], _number(value))
    elif {"rbX", "rbY"} <= boundary.keys():
        _turn_point(boundary, turn, frame)
        if "rbRx" in boundary and turn.swapped and frame == (1, 1) and turn.height:
            _set(boundary["rbRx"], _number(float(_text(boundary["rbRx"])) * turn.width / turn.height))
    for vertex in _descendants(element):
        if "rbUnit" not in (fields := _fields(vertex, _IPTC)) and {"rbX", "rbY"} <= fields.keys():
            _turn_point(fields, turn, frame)


def _turn_point(fields: dict[str, Node], turn: Turn, frame: tuple[float, float]) -> None:
    x, y = turn.point(float(_text(fields["rbX"])), float(_text(fields["rbY"])), *frame)
    _set(fields["rbX"], _number(x))
    _set(fields["rbY"], _number(y))


def _turn_subject(element: minidom.Element, turn: Turn) -> None:
    """EXIF's subject area and location, sequences of integers: the pixel of the center, and a diameter or width and height."""
    for name in ("SubjectArea", "SubjectLocation"):
        found = _fields(element, _EXIF).get(name)
        if not isinstance(found, minidom.Element):
            continue
        items = [node for node in _descendants(found) if (node.namespaceURI, node.localName) == (_RDF, "li")]
        if len(items) < 2:
            continue
        values = turn_subject([int(_text(item)) for item in items], turn)
        for item, value in zip(items, values, strict=True):
            _set(item, str(value))


def turn_subject(values: list[int], turn: Turn) -> list[int]:
    """EXIF's SubjectArea (2 to 4 numbers) or SubjectLocation for the upright picture."""
    column, row, *sides = values
    x, y = turn.point(column, row, turn.width - 1, turn.height - 1)
    return [max(0, round(x)), max(0, round(y)), *(sides[::-1] if turn.swapped else sides)]


def _turn_crop(element: minidom.Element, turn: Turn) -> None:
    """The crop of Camera Raw, normalized. A tilted one depends on the order of tilting and turning, and is left as it is."""
    crop = _fields(element, _CAMERA_RAW)
    names = ("CropLeft", "CropTop", "CropRight", "CropBottom")
    if not set(names) <= crop.keys() or ("CropAngle" in crop and float(_text(crop["CropAngle"]))):
        return
    left, top, right, bottom = (float(_text(crop[name])) for name in names)
    x, y, wide, high = turn.box(left, top, right - left, bottom - top)
    for name, value in zip(names, (x, y, x + wide, y + high), strict=True):
        _set(crop[name], _number(value))


def _children(element: minidom.Element) -> list[minidom.Element]:
    return [child for child in element.childNodes if isinstance(child, minidom.Element)]


def _descendants(element: minidom.Element) -> Iterator[minidom.Element]:
    for child in _children(element):
        yield child
        yield from _descendants(child)


def _fields(element: minidom.Element, namespace: str) -> dict[str, Node]:
    """Local name -> attribute or child element, of the fields that a structure has itself."""
    nodes: list[Node] = [*element.attributes.values(), *_children(element)]
    return {node.localName or "": node for node in nodes if node.namespaceURI == namespace}


def _text(node: Node) -> str:
    if isinstance(node, minidom.Attr):
        return str(node.value)
    return "".join(child.data for child in node.childNodes if isinstance(child, minidom.Text))


def _set(node: Node, value: str) -> None:
    if isinstance(node, minidom.Attr):
        node.value = value
        return
    assert node.ownerDocument is not None
    for child in list(node.childNodes):
        node.removeChild(child)
    node.appendChild(node.ownerDocument.createTextNode(value))


def _swap(fields: dict[str, Node], one: str, other: str) -> None:
    if {one, other} <= fields.keys():
        first, second = _text(fields[one]), _text(fields[other])
        _set(fields[one], second)
        _set(fields[other], first)


def _number(value: float) -> str:
    """At most nine decimals, without trailing zeros."""
    text = f"{value:.9f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
