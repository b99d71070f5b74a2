// What a file is that is no photograph, by its first bytes, as `tinct.photo.sniffing`: for the sentence that refuses it.

/** @typedef {{code: string, what: string}} Kind  code of the problem, and what the file is, as a part of a sentence */

const ADVICE = "which tinct doesn't read; convert it to PNG or JPEG first";
const FILM = { code: "is-film", what: "a film, not a photograph" };

/** @type {[string, string | Kind][]}  first bytes -> what such a file is */
const STARTS = [
  ["%PDF", "a PDF; save its pages as PNG pictures first"],
  ["8BPS", "a Photoshop document; save a flattened copy as PNG"],
  ["gimp xcf", `a GIMP document, ${ADVICE}`],
  ["\0\0\0\x0cjP  ", `a JPEG 2000 file, ${ADVICE}`],
  ["\xff\x4f\xff\x51", `a JPEG 2000 file, ${ADVICE}`],
  ["\0\0\0\x0cJXL ", `a JPEG XL file, ${ADVICE}`],
  ["\xff\x0a", `a JPEG XL file, ${ADVICE}`],
  ["%!PS", `a PostScript file, ${ADVICE}`],
  ["AT&TFORM", "a DjVu document; save its pages as PNG pictures first"],
  ["PK\x03\x04", "a ZIP archive; unpack it first"],
  ["\x1aE\xdf\xa3", FILM],
  ["\0\0\x01\xba", FILM],
  ["\0\0\x01\xb3", FILM],
  ["\x30\x26\xb2\x75\x8e\x66\xcf\x11", FILM],
  ["FLV\x01", FILM],
];
const FILM_BRANDS = ["qt  ", "iso", "mp4", "M4V", "3gp", "3g2", "avc1", "dash", "f4v ", "F4V ", "MSNV", "XAVC"];

/** @param {Uint8Array} bytes  of the file @returns {Kind | null}  null for an unknown one, or a photograph */
export function kindOf(bytes) {
  const text = (start, count) => String.fromCharCode(...bytes.subarray(start, start + count));
  const found = STARTS.find(([start]) => text(0, start.length) === start)?.[1];
  if (found) return typeof found === "string" ? { code: "photo-error", what: found } : found;
  const film = (text(4, 4) === "ftyp" && FILM_BRANDS.some((brand) => text(8, 4).startsWith(brand))) || (text(0, 4) === "RIFF" && text(8, 4) === "AVI ");
  return film ? FILM : null;
}
