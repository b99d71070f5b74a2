// The record inside a colored file, in XMP, as the program writes it: `tinct.coloring.provenance`.

import { fitting, pack } from "./packing.js";
import { turnXmp } from "./turning.js";
import { Turn } from "./worker/turn.js";
import { merged, propertiesOf, rdfOf } from "./xmp.js";

const SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia";
const QUALITY = 95; // of JPEG and WebP
const MAX_JPEG_BYTES = 60_000; // of a packet in JPEG

/**
 * The XMP packet of a result.
 * @param {object} origin  of the photograph: what `Photo.origin` gives
 * @param {object} edit  with all that decides the colors; `like` is null or what was extracted from the reference
 * @param {string} format  original, jpg, png or webp @param {"color" | "layer" | "compare"} output
 * @param {object} model  model.json
 * @returns {Promise<string>}
 */
export async function packetOf(origin, edit, format, output, model) {
  const { hints, like, like_strength, variant, seed, vividness, strength, detail, ensemble } = { ...model.edit, ...edit };
  const whole = { hints, like, like_strength, variant, seed, vividness, strength, detail: detail ?? model.preparation.side, ensemble };
  const { orientation, width, height } = origin.turn;
  const photographs = () => {
    const rdf = rdfOf(origin.xmp); // anew, as a merge changes it
    if (rdf) turnXmp(rdf, new Turn(orientation, width, height));
    return rdf;
  };
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
    ...former(propertiesOf(photographs())),
    ...shared(model.name, model.version),
  };
  const limit = isJpeg(format, output, origin.format) ? MAX_JPEG_BYTES : Infinity;
  const texts = await Promise.all((await fitting(hints)).map((form) => pack(JSON.stringify({ ...whole, hints: form }))));
  const packets = texts.map((text) => merged(photographs(), { ...values, "tinct:Edit": text }));
  return packets.find((packet) => new TextEncoder().encode(packet).length <= limit) ?? merged(photographs(), { ...values, "tinct:Edit": texts[0] }, limit);
}

/** Whether a result is written as JPEG. */
const isJpeg = (format, output, own) => format === "jpg" || (format === "original" && output !== "layer" && !["png", "webp"].includes(own));

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
