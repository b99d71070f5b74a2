"""Files beside a photograph: its edit, its XMP."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from tinct import Edit, Photo
from tinct.collection import Collection, Ledger, LocalEngine, Settings, color_collection
from tinct.collection.sidecars import edit_of, write_xmp, xmp_sidecars
from tinct.errors import ConfigError
from tinct.photo.metadata.xmp import has_record

PACKET = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" rdf:about="" dc:source="box 12"/></rdf:RDF></x:xmpmeta>"""


def test_an_edit_is_found_by_the_full_name_first(box: Path) -> None:
    assert edit_of(box / "1.jpg") is None
    (box / "1.tinct.json").write_text('{"vividness": 0.25}')
    found = edit_of(box / "1.jpg")
    assert isinstance(found, Edit)
    assert found.vividness == 0.25
    (box / "1.jpg.tinct.json").write_text('{"vividness": 0.75}')
    found = edit_of(box / "1.jpg")
    assert found is not None
    assert found.vividness == 0.75
    (box / "1.jpg.tinct.json").write_text("no JSON")
    with pytest.raises(ConfigError, match=r"1\.jpg\.tinct\.json"):
        edit_of(box / "1.jpg")


def test_both_forms_of_xmp_names_are_kept(box: Path, tmp_path: Path) -> None:
    (box / "1.xmp").write_bytes(PACKET)
    (box / "1.jpg.xmp").write_bytes(PACKET)
    targets = [sidecar.target.name for sidecar in xmp_sidecars(box / "1.jpg", tmp_path / "1.color.jpg")]
    assert targets == ["1.color.xmp", "1.color.jpg.xmp"]
    assert xmp_sidecars(box / "2.jpg", tmp_path / "2.color.jpg") == ()


def test_a_copy_has_the_record_and_everything_else(box: Path, tmp_path: Path) -> None:
    (box / "1.xmp").write_bytes(PACKET)
    out = tmp_path / "out"
    entries = list(color_collection(Collection([box], out, Settings()), LocalEngine(1)))
    copy = (out / "1.color.xmp").read_bytes()
    assert has_record(copy)
    assert b"box 12" in copy
    assert (box / "1.xmp").read_bytes() == PACKET
    first = next(entry for entry in entries if entry.input.endswith("1.jpg"))
    assert [Path(output.path).name for output in first.outputs] == ["1.color.jpg", "1.color.xmp"]
    list(color_collection(Collection([box], tmp_path / "bare", Settings(provenance=False)), LocalEngine(1)))
    assert not has_record((tmp_path / "bare/1.color.xmp").read_bytes())


def test_another_file_of_that_name_stays(box: Path, tmp_path: Path) -> None:
    (box / "1.xmp").write_bytes(PACKET)
    (tmp_path / "1.color.xmp").write_bytes(b"mine")
    (sidecar,) = xmp_sidecars(box / "1.jpg", tmp_path / "1.color.jpg")
    assert write_xmp(sidecar, Photo.open(box / "1.jpg"), None) is None
    entries = list(color_collection(Collection([box / "1.jpg"], tmp_path, Settings()), LocalEngine(1)))
    assert [entry.status for entry in entries] == ["done"]
    with Ledger.opened(tmp_path) as ledger:
        assert len(list(color_collection(Collection([box / "1.jpg"], tmp_path, Settings(), ledger), LocalEngine(1), ledger))) == 1
        assert Collection([box / "1.jpg"], tmp_path, Settings(), ledger).survey().done == 1, "done, though it wasn't copied"
    assert "1.xmp wasn't copied" in entries[0].notes[0]
    assert (tmp_path / "1.color.xmp").read_bytes() == b"mine"


def test_regions_turn_with_the_picture(box: Path, tmp_path: Path) -> None:
    """A face at the top left of the stored pixels, which lie on their side, is at the top right of the result."""
    image = Image.open(box / "1.jpg")
    exif = image.getexif()
    exif[274] = 6
    image.save(box / "1.jpg", exif=exif, quality=95)
    regions = """<rdf:Description rdf:about="" xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"
      xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#" xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#">
      <mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:AppliedToDimensions stDim:w="64" stDim:h="48" stDim:unit="pixel"/>
      <mwg-rs:RegionList><rdf:Bag><rdf:li rdf:parseType="Resource">
      <mwg-rs:Area stArea:x="0.125" stArea:y="0.25" stArea:w="0.25" stArea:h="0.125" stArea:unit="normalized"/>
      </rdf:li></rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions></rdf:Description></rdf:RDF>"""
    (box / "1.xmp").write_bytes(PACKET.replace(b"</rdf:RDF>", regions.encode()))
    list(color_collection(Collection([box], tmp_path / "out", Settings()), LocalEngine(1)))
    copy = (tmp_path / "out/1.color.xmp").read_text()
    found = {key: float(value) for key, value in re.findall(r'stArea:([xywh])="([\d.]+)"', copy)}
    assert found == {"x": 0.75, "y": 0.125, "w": 0.125, "h": 0.25}
