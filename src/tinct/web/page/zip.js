// A zip file, made in the browser: stored, as pictures are compressed already. APPNOTE 6.3.10, without ZIP64: see MAX_ZIP_BYTES.

export const MAX_ZIP_BYTES = 1e9; // of one zip: what the browser must hold at once; without ZIP64 a zip ends at 4 GiB

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n >>> 0;
});

async function crc32(blob) {
  let crc = 0xffffffff;
  const STEP = 2 ** 24; // bytes in memory at once
  for (let at = 0; at < blob.size; at += STEP) {
    for (const byte of new Uint8Array(await blob.slice(at, at + STEP).arrayBuffer())) crc = TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** Little-endian numbers: [value, bytes] each. */
function packed(...fields) {
  const bytes = [];
  for (const [value, size] of fields) for (let i = 0; i < size; i++) bytes.push(Math.floor(value / 2 ** (8 * i)) & 255);
  return new Uint8Array(bytes);
}

/** `name.jpg` -> `name-2.jpg`, where another file has the name, or one that some systems take for the same. */
function unique(name, taken) {
  const [, stem, suffix] = /^(.*?)(\.[^.]*)?$/s.exec(name);
  const same = (other) => other.normalize().toLowerCase();
  let found = name;
  for (let n = 2; taken.has(same(found)); n++) found = `${stem}-${n}${suffix ?? ""}`;
  taken.add(same(found));
  return found;
}

/**
 * @param {{name: string, blob: Blob}[]} files
 * @param {Set<string>} [taken]  names in lower case that no file gets; those that files get are added
 * @returns {Promise<Blob>}
 */
export async function zip(files, taken = new Set(), now = new Date()) {
  const time = (now.getHours() << 11) | (now.getMinutes() << 5) | (now.getSeconds() >> 1);
  const date = ((now.getFullYear() - 1980) << 9) | ((now.getMonth() + 1) << 5) | now.getDate();
  const [parts, directory] = [[], []];
  let at = 0;
  for (const { name, blob } of files) {
    const title = new TextEncoder().encode(unique(name, taken));
    const common = packed([20, 2], [0x800, 2], [0, 2], [time, 2], [date, 2], [await crc32(blob), 4], [blob.size, 4], [blob.size, 4], [title.length, 2], [0, 2]);
    const head = packed([0x04034b50, 4]);
    parts.push(head, common, title, blob);
    directory.push(packed([0x02014b50, 4], [20, 2]), common, packed([0, 2], [0, 2], [0, 2], [0, 4], [at, 4]), title);
    at += head.length + common.length + title.length + blob.size;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = packed([0x06054b50, 4], [0, 2], [0, 2], [files.length, 2], [files.length, 2], [size, 4], [at, 4], [0, 2]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}
