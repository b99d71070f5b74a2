"""XMP packets: properties read, merged, and unsafe packets replaced."""

from __future__ import annotations

from pathlib import Path
from xml.dom import minidom
from xml.etree import ElementTree
from xml.sax import saxutils

import pytest

from tinct.photo.metadata.xmp import NAMESPACE, _write, merge, properties

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
PACKET = b"""<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core 5.6">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="uuid:5" xmlns:q="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
    q:CreatorTool="Scanner 5" q:Rating="4" dc:format="image/tiff">
   <!-- a note -->
   <dc:title><rdf:Alt><rdf:li xml:lang="x-default">Aunts &amp; &lt;uncles&gt; \xc3\xa9</rdf:li></rdf:Alt></dc:title>
  </rdf:Description>
  <rdf:Description rdf:about="uuid:5" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
   <Iptc4xmpExt:DigitalSourceType rdf:resource="http://cv.iptc.org/newscodes/digitalsourcetype/print"/>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
                                        \n<?xpacket end="w"?>"""
VALUES = {"tinct:Model": "tinct", "xmp:CreatorTool": "tinct 1"}


def test_properties_are_found_in_every_form_and_under_every_prefix() -> None:
    assert properties(PACKET) == {
        "xmp:CreatorTool": "Scanner 5",
        "xmp:Rating": "4",
        "Iptc4xmpExt:DigitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/print",
    }
    assert properties(None) == {}


@pytest.mark.parametrize("packet", [PACKET, None])
def test_merged_properties_are_read_back_and_merging_is_idempotent(packet: bytes | None) -> None:
    merged = merge(packet, VALUES)
    assert VALUES.items() <= properties(merged).items()
    assert merge(merged, VALUES) == merged
    assert merge(packet, VALUES) == merged


def test_other_properties_are_kept() -> None:
    text = merge(PACKET, VALUES).decode()
    kept = (
        "<!-- a note -->",
        'q:Rating="4"',
        'dc:format="image/tiff"',
        "Aunts &amp; &lt;uncles&gt; é",
        'x:xmptk="Adobe XMP Core 5.6"',
    )
    assert all(part in text for part in kept)
    assert "Scanner 5" not in text
    assert "digitalsourcetype/print" in text
    descriptions = ElementTree.fromstring(text).findall(f".//{{{RDF}}}Description")
    assert [one.get(f"{{{RDF}}}about") for one in descriptions] == ["uuid:5"] * 3  # one resource, as XMP wants it
    assert descriptions[2].findtext(f"{{{NAMESPACE}}}Model") == "tinct"


def test_a_packet_has_its_wrapper() -> None:
    for packet in (PACKET, None):
        merged = merge(packet, VALUES)
        assert merged.startswith(b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta ')
        assert merged.endswith(b'</x:xmpmeta>\n<?xpacket end="w"?>')


def test_earlier_properties_of_tinct_are_removed_without_a_trace() -> None:
    merged = merge(merge(PACKET, {"tinct:Hints": "[]", "tinct:Later": "5", "xmp:CreatorTool": "x"}), VALUES)
    assert b"Hints" not in merged
    assert b"Later" not in merged
    assert merged == merge(PACKET, VALUES)


def test_a_thumbnail_and_a_reference_to_extended_xmp_are_not_kept() -> None:
    packet = PACKET.replace(
        b"<!-- a note -->", b'<q:Thumbnails><rdf:Alt/></q:Thumbnails><n:HasExtendedXMP xmlns:n="http://ns.adobe.com/xmp/note/"/>'
    )
    assert b"Thumbnails" not in merge(packet, VALUES)
    assert b"HasExtendedXMP" not in merge(packet, VALUES)


@pytest.mark.parametrize("value", ["a & <b> \"c\" 'd' ]]>", "line\nline\r\n\ttab", " around ", "日本 🎞", ""])
def test_texts_survive(value: str) -> None:
    assert properties(merge(None, {"tinct:OriginalName": value})) == {"tinct:OriginalName": value}


def test_attributes_with_line_breaks_survive() -> None:
    packet = PACKET.replace(b'q:Rating="4"', b'q:Rating="4&#10;&#9;&quot;5"')
    assert properties(merge(packet, VALUES))["xmp:Rating"] == '4\n\t"5'


def test_characters_that_xml_cannot_hold_are_replaced() -> None:
    assert (
        properties(merge(None, {"tinct:OriginalName": "a\0\x1b\udcff\uffffb"}))["tinct:OriginalName"]
        == "a\ufffd\ufffd\ufffd\ufffdb"
    )


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\0\0\0",
        b"no XML at all",
        b"<x:xmpmeta",
        PACKET[:400],
        PACKET.decode().encode("utf-16"),
        PACKET.decode().encode("utf-16-le"),
        PACKET.replace(b"\xc3\xa9", b"\xe9"),
        b'<!DOCTYPE x [<!ENTITY a "b">]>' + PACKET,
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x>&x;</x>',
        PACKET.replace(b"&amp;", b"&undefined;"),
        PACKET.replace(b"rdf-syntax", b"rdf-nonsense"),
        b"<a>" * 50_000 + b"</a>" * 50_000,
    ],
)
def test_unsafe_packets_are_replaced_by_a_new_one(broken: bytes) -> None:
    assert properties(broken) == {}
    assert merge(broken, VALUES) == merge(None, VALUES)


def test_external_entities_are_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    packet = f'<!DOCTYPE x [<!ENTITY s SYSTEM "{secret.as_uri()}">]>'.encode() + PACKET.replace(b"Aunts", b"&s;")
    assert b"secret" not in merge(packet, VALUES)


def test_padding_and_stray_bytes_around_the_packet_are_ignored() -> None:
    assert merge(b"\xef\xbb\xbf\n" + PACKET + b"\n\0\0", VALUES) == merge(PACKET, VALUES)


def test_a_bare_rdf_element_is_accepted() -> None:
    bare = PACKET[PACKET.index(b"<rdf:RDF") : PACKET.index(b"</rdf:RDF>") + 10]
    assert properties(merge(bare, VALUES))["xmp:Rating"] == "4"


def test_a_foreign_namespace_under_the_prefix_tinct_is_kept_apart() -> None:
    packet = PACKET.replace(b"<!-- a note -->", b'<tinct:Model xmlns:tinct="http://other.example/">theirs</tinct:Model>')
    packet = packet.replace(b"rdf:", b"r:").replace(b"xmlns:rdf", b"xmlns:r")
    merged = merge(packet, VALUES)
    assert properties(merged)["tinct:Model"] == "tinct"
    assert b">theirs<" in merged


def test_above_the_size_limit_the_longest_other_properties_are_dropped() -> None:
    long = b"<dc:description>" + b"x" * 5000 + b"</dc:description>"
    packet = PACKET.replace(b"<!-- a note -->", long + long.replace(b"x" * 5000, b"y" * 9000).replace(b"description", b"source"))
    whole = merge(packet, VALUES)
    assert merge(packet, VALUES, len(whole)) == whole
    less = merge(packet, VALUES, 8000)
    assert len(less) <= 8000
    assert b"yyy" not in less
    assert b"xxx" in less
    least = merge(packet, VALUES, 100)
    assert least == merge(None, VALUES)


def test_packets_of_a_great_many_elements_or_attributes_are_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """They would take minutes and gigabytes; a new packet replaces them."""
    parse = minidom.parseString
    monkeypatch.setattr(minidom, "parseString", lambda text: pytest.fail("it was parsed") if len(text) > 10_000 else parse(text))
    rdf = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">{}</rdf:RDF>'
    attributes = " ".join(f'rdf:a{n}=""' for n in range(60_000))
    many = ("<rdf:li/>" * 60_000, f"<rdf:Description {attributes}/>", "x" * 2**24)
    for content in many:
        packet = rdf.format(content).encode()
        assert properties(packet) == {}
        assert properties(merge(packet, {"xmp:CreatorTool": "tinct"})) == {"xmp:CreatorTool": "tinct"}


@pytest.mark.parametrize(
    "text", ["plain", "a & b < c > d", 'say "x"', "it's", "both ' and \"", "one\ntwo\r\n\tthree", "é ☃ \U0001f600"]
)
def test_serialized_as_the_standard_library_does(text: str) -> None:
    document = minidom.Document()
    attribute = document.createAttribute("a")
    attribute.value = text
    assert _write(attribute) == f" a={saxutils.quoteattr(text)}"
    assert _write(document.createTextNode(text)) == saxutils.escape(text, {"\r": "&#13;"})
