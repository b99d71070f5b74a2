"""XMP packets: reading simple properties, and merging them into a packet whose other content is kept. Standard library only.

A packet that can't be merged into safely is replaced by a new one: text that isn't XML or UTF-8 (as XMP in picture files must be), has a
document type or entities (XMP has neither, and both are used to attack XML parsers), is too large or nested too deeply, or holds no RDF.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.dom import XML_NAMESPACE, XMLNS_NAMESPACE, minidom
from xml.parsers.expat import ExpatError

__all__ = ["NAMESPACE", "has_record", "merge", "packet_of", "properties", "rdf_of", "without_record"]

NAMESPACE = "urn:tinct:provenance:1"
"""Namespace of the prefix ``tinct:``; a URN, as the project has no domain."""
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_NAMESPACES = {
    "tinct": NAMESPACE,
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "xmpNote": "http://ns.adobe.com/xmp/note/",
}
_PREFIXES = {uri: prefix for prefix, uri in _NAMESPACES.items()}
_STALE = {"xmp:Thumbnails", "xmpNote:HasExtendedXMP"}  # a gray thumbnail; a second part, which libvips doesn't read
_MAX_DEPTH = 200
_MAX_BYTES = 2**23
_MAX_MARKS = 50_000  # "<" and "=", so elements and attributes: measured, 110,000 empty elements take a second and 100 MB, each time
_START = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_END = '\n<?xpacket end="w"?>'
_EMPTY = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}"/></x:xmpmeta>'
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def properties(packet: bytes | None) -> dict[str, str]:
    """Every ``tinct:``, ``xmp:`` and ``Iptc4xmpExt:`` property of a packet as text, under its usual prefix."""
    rdf = rdf_of(packet)
    return {} if rdf is None else {key: _text(node) for _, node in _entries(rdf) if (key := _key(node))}


def merge(packet: bytes | None, values: Mapping[str, str], max_bytes: int | None = None) -> bytes:
    """The packet with these properties, instead of those of the same names and of all ``tinct:`` properties.

    Args:
        packet: XMP of a file; None for none.
        values: by name and usual prefix: ``{"xmp:CreatorTool": "..."}``. Characters that XML can't hold become U+FFFD.
        max_bytes: size limit. In a packet that would be longer, the longest of the other properties are left out.

    Returns:
        A UTF-8 packet with its wrapper; deterministic.
    """
    rdf = rdf_of(packet)
    if rdf is None:
        rdf = rdf_of(_EMPTY.encode())
        assert rdf is not None
    about = _remove_ours(rdf, values)
    others = sorted(((len(_write(node).encode()), node, owner) for owner, node in _entries(rdf)), key=lambda entry: -entry[0])
    if values:
        _append(rdf, _description(rdf.ownerDocument, values, about))
    merged = packet_of(rdf)
    over = 0 if max_bytes is None else len(merged) - max_bytes
    if over <= 0:
        return merged
    for size, node, owner in others:
        _remove(owner, node)
        over -= size
        if over <= 0:
            return packet_of(rdf)
    return merge(None, values)


def has_record(packet: bytes) -> bool:
    """Whether a packet says that tinct colored its file, and how."""
    return NAMESPACE.encode() in packet and "tinct:Format" in properties(packet)


def without_record(packet: bytes) -> bytes:
    """The packet without tinct's record, which doesn't hold for a new coloring; unchanged if it has none."""
    return merge(packet, {}) if any(key.startswith("tinct:") for key in properties(packet)) else packet


def rdf_of(packet: bytes | None) -> minidom.Element | None:
    """The RDF element of a packet; None if it isn't safe to parse and to write again."""
    if not packet:
        return None
    if len(packet) > _MAX_BYTES or packet.count(b"<") + packet.count(b"=") > _MAX_MARKS:
        return None
    try:
        text = packet.decode("utf-8-sig").strip("\0 \t\r\n")
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            return None
        document = minidom.parseString(text)
    except (ExpatError, ValueError):  # includes UnicodeDecodeError
        return None
    root = document.documentElement
    found, level = None, [root] if root else []
    for _ in range(_MAX_DEPTH):
        found = found or next((node for node in level if node.namespaceURI == _RDF and node.localName == "RDF"), None)
        level = [child for node in level for child in node.childNodes if isinstance(child, minidom.Element)]
    return None if level else found


def _entries(rdf: minidom.Element) -> Iterator[tuple[minidom.Element, minidom.Element | minidom.Attr]]:
    """Each rdf:Description with each of its properties, which may be elements or attributes."""
    for owner in list(rdf.childNodes):
        if isinstance(owner, minidom.Element) and (owner.namespaceURI, owner.localName) == (_RDF, "Description"):
            for attribute in list(owner.attributes.values()):
                if attribute.namespaceURI not in (_RDF, XMLNS_NAMESPACE, XML_NAMESPACE, None):
                    yield owner, attribute
            yield from ((owner, child) for child in list(owner.childNodes) if isinstance(child, minidom.Element))


def _key(node: minidom.Element | minidom.Attr) -> str:
    prefix = _PREFIXES.get(node.namespaceURI or "")
    return f"{prefix}:{node.localName}" if prefix else ""


def _text(node: minidom.Node) -> str:
    if isinstance(node, minidom.Attr):
        return node.value
    if isinstance(node, minidom.Element):
        return node.getAttributeNS(_RDF, "resource") or "".join(map(_text, node.childNodes))
    return node.data if isinstance(node, minidom.Text) else ""


def _remove_ours(rdf: minidom.Element, values: Mapping[str, str]) -> str:
    """Remove the properties to be replaced, and descriptions left empty by that; returns the packet's rdf:about."""
    about, emptied, full = "", {}, set()
    for owner, node in list(_entries(rdf)):
        about = about or owner.getAttributeNS(_RDF, "about")
        key = _key(node)
        if key in values or key in _STALE or key.startswith("tinct:"):
            _remove(owner, node)
            emptied[id(owner)] = owner
        else:
            full.add(id(owner))
    for owner in (owner for number, owner in emptied.items() if number not in full):
        _remove(rdf, owner)
    return about


def _remove(owner: minidom.Element, node: minidom.Element | minidom.Attr) -> None:
    if isinstance(node, minidom.Attr):
        owner.removeAttributeNode(node)
        return
    before = node.previousSibling
    if isinstance(before, minidom.Text) and not before.data.strip():
        owner.removeChild(before)
    owner.removeChild(node)


def _append(rdf: minidom.Element, description: minidom.Element) -> None:
    """Insert after the last element, on a line of its own, so that `_remove` undoes it exactly."""
    assert rdf.ownerDocument is not None
    elements = [child for child in rdf.childNodes if isinstance(child, minidom.Element)]
    end: Any = elements[-1].nextSibling if elements else rdf.firstChild
    rdf.insertBefore(rdf.ownerDocument.createTextNode("\n"), end)
    rdf.insertBefore(description, end)


def _description(document: minidom.Document | None, values: Mapping[str, str], about: str) -> minidom.Element:
    """A new rdf:Description. It declares its own prefixes, which may mean something else in the rest of the packet."""
    assert document is not None
    description = document.createElementNS(_RDF, "rdf:Description")
    description.setAttribute("xmlns:rdf", _RDF)
    description.setAttribute("rdf:about", about)
    for prefix in sorted({key.partition(":")[0] for key in values}):
        description.setAttribute(f"xmlns:{prefix}", _NAMESPACES[prefix])
    for key, value in values.items():
        element = document.createElementNS(_NAMESPACES[key.partition(":")[0]], key)
        element.appendChild(document.createTextNode(_NOT_XML.sub("\ufffd", value)))
        description.appendChild(document.createTextNode("\n  "))
        description.appendChild(element)
    description.appendChild(document.createTextNode("\n"))
    return description


def packet_of(rdf: minidom.Element) -> bytes:
    """The packet of an RDF element, with its wrapper."""
    assert rdf.ownerDocument is not None
    assert rdf.ownerDocument.documentElement is not None
    return (_START + _write(rdf.ownerDocument.documentElement) + _END).encode()


def _write(node: minidom.Node) -> str:
    """Serialize a node. Minidom's own writer loses line breaks inside attributes on some versions of Python."""
    if isinstance(node, minidom.Attr):
        return f" {node.name}={_quoted(node.value)}"
    if isinstance(node, minidom.Element):
        attributes = "".join(_write(attribute) for attribute in node.attributes.values())
        inside = "".join(map(_write, node.childNodes))
        return f"<{node.tagName}{attributes}>{inside}</{node.tagName}>" if inside else f"<{node.tagName}{attributes}/>"
    if isinstance(node, minidom.Comment):
        return f"<!--{node.data}-->"
    if isinstance(node, minidom.ProcessingInstruction):
        return f"<?{node.target} {node.data}?>"
    return _escaped(node.data, _TEXT) if isinstance(node, minidom.Text) else ""


# xml.sax.saxutils has both functions, but imports urllib.request with it, and that the modules of HTTP, TLS and mail: 30 ms of a start.
_TEXT: dict[str, str | int | None] = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_ATTRIBUTE = _TEXT | {"\n": "&#10;", "\t": "&#9;"}


def _escaped(text: str, references: dict[str, str | int | None]) -> str:
    return text.translate(str.maketrans(references))


def _quoted(value: str) -> str:
    """An attribute's value in quotation marks: single ones around a value that holds double ones alone."""
    text = _escaped(value, _ATTRIBUTE)
    if '"' not in text:
        return f'"{text}"'
    return f"'{text}'" if "'" not in text else '"' + text.replace('"', "&quot;") + '"'
