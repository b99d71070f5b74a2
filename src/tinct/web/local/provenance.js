// The record inside a colored file, in XMP, as the program writes it: `tinct.coloring.provenance` and `tinct.photo.metadata.xmp`. It is made by
// the page, as a worker has no XML parser.

const NAMESPACES = {
  tinct: "urn:tinct:provenance:1",
  xmp: "http://ns.adobe.com/xap/1.0/",
  Iptc4xmpExt: "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
  xmpNote: "http://ns.adobe.com/xmp/note/",
};
const RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const XMLNS = "http://www.w3.org/2000/xmlns/";
const TIFF = "http://ns.adobe.com/tiff/1.0/";
const SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia";
const STALE = ["xmp:Thumbnails", "xmpNote:HasExtendedXMP"]; // a gray thumbnail; a second part, which isn't read
const QUALITY = 95; // of JPEG and WebP
const MAX_BYTES = 60_000; // of a packet in JPEG
const COMPRESS_FROM = 1000; // characters of the edit
const MAX_MARKS = 50_000; // elements and attributes of a packet that is parsed
const EMPTY = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="${RDF}"/></x:xmpmeta>`;

/**
 * The XMP packet of a result.
 * @param {{xmp: string | null, sha256: string, name: string, hadColor: boolean}} origin  of the photograph
 * @param {object} edit  with all that decides the colors; `like` is null or what was extracted from the reference
 * @param {object} model  model.json
 * @returns {Promise<string | null>}  null where there is no room for it
 */
export async function packetOf(origin, edit, format, output, model) {
  const { hints, like, like_strength, variant, seed, vividness, strength, detail, ensemble } = { ...model.edit, ...edit };
  const whole = { hints, like, like_strength, variant, seed, vividness, strength, detail: detail ?? model.preparation.side, ensemble };
  const old = propertiesOf(rdfOf(origin.xmp));
  const values = {
    "tinct:Format": "2",
    ...nonempty({
      "tinct:Output": output,
      "tinct:Model": model.name,
      "tinct:WeightsSHA256": model.sha256,
      "tinct:Version": model.version,
      "tinct:Device": "browser",
      "tinct:JPEGQuality": String(QUALITY),
      "tinct:OriginalHadColor": origin.hadColor ? "True" : "",
      "tinct:OriginalSHA256": origin.sha256,
      "tinct:OriginalName": origin.name,
    }),
    ...former(old),
    ...shared(model.name, model.version),
    "tinct:Edit": await packed(JSON.stringify(whole)),
  };
  const packet = merged(origin.xmp, values);
  const limit = format === "jpg" || format === "original" ? MAX_BYTES : Infinity;
  const short = (text) => new TextEncoder().encode(text).length <= limit;
  if (short(packet)) return packet;
  const alone = merged(null, values); // what another program wrote is left out before the record is
  return short(alone) ? alone : null;
}

/** A text, compressed if it is long, as `tinct.coloring.packing.pack` does it. */
async function packed(text) {
  if (text.length <= COMPRESS_FROM) return text;
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  return `zlib:${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))}`;
}

const nonempty = (values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value));

/** Properties that other programs read. */
const shared = (model, version) => ({
  "Iptc4xmpExt:DigitalSourceType": SOURCE_TYPE,
  "Iptc4xmpExt:AISystemUsed": `tinct, model ${model}`,
  "Iptc4xmpExt:AISystemVersionUsed": version,
  "xmp:CreatorTool": `tinct ${version}`,
});

/** The values of the shared properties before the first coloring, whichever program wrote them. */
function former(old) {
  const ours = "tinct:Format" in old ? shared(old["tinct:Model"] ?? "", old["tinct:Version"] ?? "") : {};
  const found = {};
  for (const key of Object.keys(shared("", ""))) {
    const kept = `tinct:Former${key.split(":")[1]}`;
    const value = (old[key] ?? "") === (ours[key] ?? "") ? old[kept] ?? "" : old[key] ?? "";
    if (value) found[kept] = value;
  }
  return found;
}

/** The RDF element of a packet; null if it isn't safe to parse, or is no XMP. */
function rdfOf(packet) {
  const text = (packet ?? "").replace(/^[\ufeff\0\s]+|[\0\s]+$/g, "");
  if (!text || /<!DOCTYPE|<!ENTITY/.test(text) || (text.match(/[<=]/g) ?? []).length > MAX_MARKS) return null;
  const document = new DOMParser().parseFromString(text, "application/xml");
  return document.getElementsByTagName("parsererror").length ? null : document.getElementsByTagNameNS(RDF, "RDF")[0] ?? null;
}

/** Each rdf:Description with each of its properties, which may be elements or attributes. */
function entriesOf(rdf) {
  const owners = [...(rdf?.children ?? [])].filter((one) => one.namespaceURI === RDF && one.localName === "Description");
  return owners.flatMap((owner) => [
    ...[...owner.attributes].filter(({ namespaceURI }) => namespaceURI && ![RDF, XMLNS, "http://www.w3.org/XML/1998/namespace"].includes(namespaceURI)).map((node) => [owner, node]),
    ...[...owner.children].map((node) => [owner, node]),
  ]);
}

function keyOf({ namespaceURI, localName }) {
  const prefix = Object.keys(NAMESPACES).find((one) => NAMESPACES[one] === namespaceURI);
  return prefix ? `${prefix}:${localName}` : "";
}

const textOf = (node) => (node instanceof Attr ? node.value : node.getAttributeNS(RDF, "resource") || node.textContent);

const propertiesOf = (rdf) => Object.fromEntries(entriesOf(rdf).map(([, node]) => [keyOf(node), textOf(node)]).filter(([key]) => key));

/** A packet with these properties, instead of those of the same names and of all `tinct:` properties. */
function merged(packet, values) {
  const rdf = rdfOf(packet) ?? rdfOf(EMPTY);
  let about = "";
  const touched = new Set();
  for (const [owner, node] of entriesOf(rdf)) {
    about ||= owner.getAttributeNS(RDF, "about") ?? "";
    const key = keyOf(node);
    if (key in values || STALE.includes(key) || key.startsWith("tinct:")) {
      node instanceof Attr ? owner.removeAttributeNode(node) : node.remove();
      touched.add(owner);
    } else if (node.namespaceURI === TIFF && node.localName === "Orientation") {
      node instanceof Attr ? (node.value = "1") : (node.textContent = "1"); // the pixels are upright
    }
  }
  const left = new Set(entriesOf(rdf).map(([owner]) => owner));
  for (const owner of touched) if (!left.has(owner)) owner.remove();
  const document = rdf.ownerDocument;
  const description = document.createElementNS(RDF, "rdf:Description");
  description.setAttributeNS(RDF, "rdf:about", about);
  for (const [key, value] of Object.entries(values)) {
    const element = document.createElementNS(NAMESPACES[key.split(":")[0]], key);
    element.textContent = value.replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd");
    description.append("\n  ", element);
  }
  description.append("\n");
  rdf.append("\n", description);
  const body = new XMLSerializer().serializeToString(document.documentElement);
  return `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n${body}\n<?xpacket end="w"?>`;
}
