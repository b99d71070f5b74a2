// Many photographs at once: the same settings for others, and all of them downloaded as a zip.

import { $, keep } from "./dom.js";
import { fieldsOf } from "./history.js";
import { t } from "./i18n.js";
import { note, say } from "./notice.js";
import { words } from "./remedies.js";
import { MAX_ZIP_BYTES, zip } from "./zip.js";

const SETTINGS = ["vividness", "strength", "like", "like_strength", "detail", "ensemble"]; // of an edit, without what belongs to places

/** The settings of an edit that suit another photograph. */
export const settingsOf = (edit) => fieldsOf(edit, SETTINGS);

let leaving = null; // cancels the download under way

/** Download all photographs as one zip, or several where one would be too large. Pressed again, it stops. */
export async function downloadAll(photos, format, output) {
  if (leaving) return leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const [failed, made, names] = [[], [], new Set()]; // names of all zips: they may be unpacked into one folder
  let [number, bytes] = [1, 0];
  const deliver = async () => {
    if (!made.length) return;
    keep(await zip(made, names), number > 1 ? `tinct-${number}.zip` : "tinct.zip");
    for (const { photo, edit } of made) photo.keep(edit);
    made.length = bytes = 0;
    number++;
  };
  for (const [i, photo] of photos.entries()) {
    if (signal.aborted) break;
    if (photo.closed) continue;
    $("download-all").textContent = t("download-all-busy", { number: i + 1, count: photos.length });
    try {
      const one = await photo.render(format, output);
      if (bytes + one.blob.size > MAX_ZIP_BYTES) await deliver();
      made.push({ ...one, photo });
      bytes += one.blob.size;
    } catch (problem) {
      failed.push(words(problem));
    }
  }
  if (!signal.aborted) await deliver();
  leaving = null;
  drawDownloadAll(photos.length);
  if (failed.length) note(`${t("not-downloaded", { count: failed.length })} ${[...new Set(failed)].join(" ")}`);
  say(t(signal.aborted ? "stopped" : "all-downloaded"));
}

export function drawDownloadAll(count) {
  $("download-all").hidden = count < 2;
  if (!leaving) $("download-all").textContent = t("download-all", { count });
}
