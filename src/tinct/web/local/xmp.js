// XMP packets: reading simple properties, and merging them into a packet whose other content is kept, as `tinct.photo.metadata.xmp`. By the page, as a
// worker has no XML parser.

export const NAMESPACES = {
  tinct: "urn:tinct:provenance:1",
  xmp: "http://ns.adobe.com/xap/1.0/",
  Iptc4xmpExt: "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
  xmpNote: "http://ns.adobe.com/xmp/note/",
};
export const RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const IGNORED = [null, RDF, "http://www.w3.org/2000/xmlns/", "http://www.w3.org/XML/1998/namespace"]; // of attributes
const STALE = ["xmp:Thumbnails", "xmpNote:HasExtendedXMP"]; // a gray thumbnail; a second part, which isn't read
const MAX_MARKS = 50_000; // elements and attributes of a packet that is parsed
const EMPTY = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="${RDF}"/></x:xmpmeta>`;
const NOT_XML = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/** The RDF element of a packet; null if it isn't safe to parse, or is no XMP. @param {string | null} packet */
export function rdfOf(packet) {
  const text = (packet ?? "").replace(/^[\ufeff\0\s]+|[\0\s]+$/g, "");
  if (!text || /<!DOCTYPE|<!ENTITY/.test(text) || (text.match(/[<=]/g) ?? []).length > MAX_MARKS) return null;
  const document = new DOMParser().parseFromString(text, "application/xml");
  return document.getElementsByTagName("parsererror").length ? null : document.getElementsByTagNameNS(RDF, "RDF")[0] ?? null;
}

/** Each rdf:Description with each of its properties, which may be elements or attributes. */
function entriesOf(rdf) {
  const owners = [...(rdf?.children ?? [])].filter((one) => one.namespaceURI === RDF && one.localName === "Description");
  return owners.flatMap((owner) => [...[...owner.attributes].filter(({ namespaceURI }) => !IGNORED.includes(namespaceURI)), ...owner.children].map((node) => [owner, node]));
}

function keyOf({ namespaceURI, localName }) {
  const prefix = Object.keys(NAMESPACES).find((one) => NAMESPACES[one] === namespaceURI);
  return prefix ? `${prefix}:${localName}` : "";
}

const textOf = (node) => (node instanceof Attr ? node.value : node.getAttributeNS(RDF, "resource") || node.textContent);

/** Every property of a packet in one of the `NAMESPACES`, by its usual prefix. */
export const propertiesOf = (rdf) => Object.fromEntries(entriesOf(rdf).map(([, node]) => [keyOf(node), textOf(node)]).filter(([key]) => key));

const remove = (owner, node) => (node instanceof Attr ? owner.removeAttributeNode(node) : node.remove());

function packetOf(rdf) {
  const body = new XMLSerializer().serializeToString(rdf.ownerDocument.documentElement);
  return `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n${body}\n<?xpacket end="w"?>`;
}

const bytesOf = (text) => new TextEncoder().encode(text).length;

/**
 * A packet with these properties, instead of those of the same names and of all `tinct:` properties.
 * @param {Element | null} old  RDF element of the photograph's packet, which is changed
 * @param {Record<string, string>} values
 * @param {number} maxBytes  in a packet that would be longer, the longest of the other properties are left out
 * @returns {string}
 */
export function merged(old, values, maxBytes = Infinity) {
  const rdf = old ?? rdfOf(EMPTY);
  let about = "";
  const touched = new Set();
  for (const [owner, node] of entriesOf(rdf)) {
    about ||= owner.getAttributeNS(RDF, "about") ?? "";
    const key = keyOf(node);
    if (!(key in values || STALE.includes(key) || key.startsWith("tinct:"))) continue;
    remove(owner, node);
    touched.add(owner);
  }
  const left = new Set(entriesOf(rdf).map(([owner]) => owner));
  for (const owner of touched) if (!left.has(owner)) owner.remove();
  const others = entriesOf(rdf).map(([owner, node]) => [bytesOf(new XMLSerializer().serializeToString(node)), owner, node]);
  rdf.append("\n", described(rdf.ownerDocument, values, about));
  let over = bytesOf(packetOf(rdf)) - maxBytes;
  for (const [size, owner, node] of others.sort((one, other) => other[0] - one[0])) {
    if (over <= 0) break;
    remove(owner, node);
    over -= size;
  }
  const packet = packetOf(rdf);
  return old && bytesOf(packet) > maxBytes ? merged(null, values) : packet;
}

function described(document, values, about) {
  const description = document.createElementNS(RDF, "rdf:Description");
  description.setAttributeNS(RDF, "rdf:about", about);
  for (const [key, value] of Object.entries(values)) {
    const element = document.createElementNS(NAMESPACES[key.split(":")[0]], key);
    element.textContent = value.replace(NOT_XML, "\ufffd");
    description.append("\n  ", element);
  }
  description.append("\n");
  return description;
}
