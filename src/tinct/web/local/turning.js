// XMP properties that speak of places in a picture, turned with its pixels, as `tinct.photo.metadata.turning`.

import { RDF } from "./xmp.js";

const TIFF = "http://ns.adobe.com/tiff/1.0/";
const EXIF = "http://ns.adobe.com/exif/1.0/";
const CAMERA_RAW = "http://ns.adobe.com/camera-raw-settings/1.0/";
const IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/";
const MICROSOFT = "http://ns.microsoft.com/photo/1.2/t/Region#";
const REGIONS = ["http://www.metadataworkinggroup.com/schemas/regions/", "http://ns.acdsee.com/regions/"];
const AREAS = ["http://ns.adobe.com/xmp/sType/Area#", "http://ns.acdsee.com/sType/Area#"];
const DIMENSIONS = ["http://ns.adobe.com/xap/1.0/sType/Dimensions#", "http://ns.acdsee.com/sType/Dimensions#"];
const SIDES = [
  [TIFF, "ImageWidth", "ImageLength"],
  [EXIF, "PixelXDimension", "PixelYDimension"],
];

/** A malformed number: the structure is left as it is. */
class Malformed extends Error {}

/**
 * Turn what a packet says of places: regions of the Metadata Working Group, ACDSee, Microsoft and IPTC, subjects, crop, sides. Its orientation becomes 1.
 * @param {Element} rdf  is changed
 * @param {import("./worker/turn.js").Turn} turn  that made the pixels upright
 */
export function turnXmp(rdf, turn) {
  const elements = [rdf, ...rdf.querySelectorAll("*")];
  for (const element of elements) {
    const found = fieldsOf(element, TIFF).get("Orientation");
    if (found) set(found, "1");
  }
  if (turn.orientation === 1) return;
  for (const element of elements)
    try {
      turnElement(element, turn);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
    }
  if (turn.swapped) swapAppliedDimensions(elements, turn);
}

/** Local name -> attribute or child element, of the fields that a structure has itself. */
function fieldsOf(element, namespace) {
  return new Map([...element.attributes, ...element.children].filter((node) => node.namespaceURI === namespace).map((node) => [node.localName, node]));
}

const textOf = (node) => (node instanceof Attr ? node.value : [...node.childNodes].filter(({ nodeType }) => [Node.TEXT_NODE, Node.CDATA_SECTION_NODE].includes(nodeType)).map(({ data }) => data).join(""));

const set = (node, value) => (node instanceof Attr ? (node.value = value) : (node.textContent = value));

function numberOf(node) {
  const text = typeof node === "string" ? node.trim() : textOf(node).trim();
  const value = Number(text);
  if (!text || !Number.isFinite(value)) throw new Malformed(text);
  return value;
}

const numbersOf = (fields, names) => names.map((name) => numberOf(fields.get(name)));

/** At most nine decimals, without trailing zeros. */
const written = (value) => value.toFixed(9).replace(/\.?0+$/, "").replace(/^-0$/, "0");

const write = (fields, names, values) => names.forEach((name, i) => set(fields.get(name), written(values[i])));

const holds = (fields, names) => names.every((name) => fields.has(name));

function swap(fields, one, other) {
  if (!holds(fields, [one, other])) return;
  const [first, second] = [textOf(fields.get(one)), textOf(fields.get(other))];
  set(fields.get(one), second);
  set(fields.get(other), first);
}

/** Turn the places among an element's own fields. Throws Malformed. */
function turnElement(element, turn) {
  for (const namespace of AREAS) turnArea(element, namespace, turn);
  const rectangle = fieldsOf(element, MICROSOFT).get("Rectangle");
  if (rectangle) {
    const box = textOf(rectangle).split(",").map(numberOf);
    if (box.length === 4) set(rectangle, turn.box(...box).map(written).join(", "));
  }
  turnBoundary(element, turn);
  for (const name of ["SubjectArea", "SubjectLocation"]) turnSubject(fieldsOf(element, EXIF).get(name), turn);
  turnCrop(element, turn);
  if (turn.swapped) for (const [namespace, across, down] of SIDES) swap(fieldsOf(element, namespace), across, down);
}

/** An area of the Metadata Working Group: center, width and height, or diameter; normalized or in pixels. */
function turnArea(element, namespace, turn) {
  const area = fieldsOf(element, namespace);
  if (!holds(area, ["x", "y"])) return;
  const applied = appliedDimensions(element);
  if (applied && isUpright(applied.size, turn)) return;
  const pixels = area.has("unit") && textOf(area.get("unit")).trim() === "pixel";
  const frame = pixels ? applied?.size ?? [turn.width, turn.height] : [1, 1];
  write(area, ["x", "y"], turn.point(...numbersOf(area, ["x", "y"]), ...frame));
  if (turn.swapped) swap(area, "w", "h");
}

/** `AppliedToDimensions` of the regions that an area belongs to: {element, size: [width, height]}; null for none. Throws Malformed. */
function appliedDimensions(element) {
  let owner = element;
  while (owner instanceof Element && !(REGIONS.includes(owner.namespaceURI) && owner.localName === "Regions")) owner = owner.parentNode;
  if (!(owner instanceof Element)) return null;
  for (const found of [...owner.children, ...[...owner.children].flatMap((child) => [...child.children])])
    for (const holder of found.localName === "AppliedToDimensions" ? [found, ...found.children] : [])
      for (const namespace of DIMENSIONS) {
        const sides = fieldsOf(holder, namespace);
        if (holds(sides, ["w", "h"])) return { element: holder, size: numbersOf(sides, ["w", "h"]) };
      }
  return null;
}

/** Whether regions were stored for the upright picture, by the longer side of the picture that they apply to. */
const isUpright = ([wide, high], turn) => turn.swapped && turn.width !== turn.height && wide > high !== turn.width > turn.height && wide !== high;

/** Exchange the sides of `AppliedToDimensions`, after all regions were turned. */
function swapAppliedDimensions(elements, turn) {
  const done = new Set();
  for (const element of elements) {
    if (!REGIONS.includes(element.namespaceURI) || element.localName !== "Regions") continue;
    try {
      const applied = appliedDimensions(element);
      if (!applied || done.has(applied.element) || isUpright(applied.size, turn)) continue;
      done.add(applied.element);
      for (const namespace of DIMENSIONS) swap(fieldsOf(applied.element, namespace), "w", "h");
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
    }
  }
}

/** The boundary of an IPTC image region: a rectangle (left, top), a circle (center, radius relative to the width) or a polygon. */
function turnBoundary(element, turn) {
  const boundary = fieldsOf(element, IPTC);
  if (!boundary.has("rbUnit")) return;
  const frame = textOf(boundary.get("rbUnit")).trim() === "pixel" ? [turn.width, turn.height] : [1, 1];
  const rectangle = ["rbX", "rbY", "rbW", "rbH"];
  if (holds(boundary, rectangle)) write(boundary, rectangle, turn.box(...numbersOf(boundary, rectangle), ...frame));
  else if (holds(boundary, ["rbX", "rbY"])) {
    turnPoint(boundary, turn, frame);
    if (boundary.has("rbRx") && turn.swapped && frame[0] === 1 && turn.height) write(boundary, ["rbRx"], [(numberOf(boundary.get("rbRx")) * turn.width) / turn.height]);
  }
  for (const vertex of element.querySelectorAll("*")) {
    const fields = fieldsOf(vertex, IPTC);
    if (!fields.has("rbUnit") && holds(fields, ["rbX", "rbY"])) turnPoint(fields, turn, frame);
  }
}

const turnPoint = (fields, turn, frame) => write(fields, ["rbX", "rbY"], turn.point(...numbersOf(fields, ["rbX", "rbY"]), ...frame));

/** EXIF's subject area and location, sequences of integers. */
function turnSubject(found, turn) {
  if (!(found instanceof Element)) return;
  const items = [...found.getElementsByTagNameNS(RDF, "li")];
  if (items.length < 2) return;
  const values = items.map(numberOf);
  turn.subject(values).forEach((value, i) => set(items[i], String(value)));
}

/** The crop of Camera Raw, normalized. A tilted one depends on the order of tilting and turning, and is left as it is. */
function turnCrop(element, turn) {
  const crop = fieldsOf(element, CAMERA_RAW);
  const names = ["CropLeft", "CropTop", "CropRight", "CropBottom"];
  if (!holds(crop, names) || (crop.has("CropAngle") && numberOf(crop.get("CropAngle")))) return;
  const [left, top, right, bottom] = numbersOf(crop, names);
  const [x, y, wide, high] = turn.box(left, top, right - left, bottom - top);
  write(crop, names, [x, y, x + wide, y + high]);
}
