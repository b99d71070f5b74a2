// The open photographs and their edits in the browser's own database (IndexedDB), so that a reload, Back or a closed tab loses nothing.
//
// photos:   id -> {id, session, at, name, edits, place, kept, drawn, width, height, notes, sides, shown}; in an edit `like` is {id, name} or
//           null; `drawn`: whether the previews are of the current edit; a keyframe has `film`, see `Film.stored`, and `time`
// files:    id of a photograph, a reference or a film -> File
// previews: id of a photograph -> {gray, color}, which are shown before the engine has been asked anything

const NAME = "tinct";
const VERSION = 1;
const STORES = ["photos", "files", "previews"];
const ROLL_CALL = 250; // milliseconds in which other tabs answer that they are open

/** A random name. crypto.randomUUID() exists only on encrypted pages. */
export const newId = () => [...crypto.getRandomValues(new Uint8Array(12))].map((one) => one.toString(16).padStart(2, "0")).join("");

/** Session storage, which a browser may forbid. */
export function remembered(key) {
  try {
    return sessionStorage.getItem(`tinct.${key}`);
  } catch {
    return null;
  }
}

export function remember(key, value) {
  try {
    sessionStorage.setItem(`tinct.${key}`, value);
  } catch {
    // a reload then takes the first photograph, and another session
  }
}

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

const ended = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });

function openDatabase() {
  const request = indexedDB.open(NAME, VERSION);
  request.onupgradeneeded = () => STORES.forEach((name) => request.result.createObjectStore(name));
  return done(request);
}

export class Store {
  /** @param {object} heard  failed(): the browser keeps nothing, or has no room */
  constructor(heard) {
    this.heard = heard;
    this.database = null;
    this.session = remembered("session") ?? newId();
    this.files = new Set(); // ids whose files are stored
    this.dirty = new Map(); // photograph -> whether its previews changed, too
    this.held = new WeakMap(); // photograph -> the edit that is stored
    this.closed = new Set(); // ids that are to be removed
    this.writing = null;
    this.tried = new Promise((resolve) => (this.opened = resolve)); // writes wait until restore() has opened the database, or failed
  }

  /** Open the database. @returns the records of photographs that no other tab has open, with `file`, `likes`, `gray` and `color` */
  async restore() {
    try {
      const others = await this.rollCall();
      this.database = await openDatabase();
      const transaction = this.database.transaction(STORES, "readwrite");
      const [photos, files, previews] = STORES.map((name) => transaction.objectStore(name));
      const all = await done(photos.getAll());
      await this.forgetUnused(all, files);
      const records = all.filter((one) => !others.has(one.session)).sort((a, b) => a.at - b.at);
      for (const one of records) {
        Object.assign(one, { session: this.session });
        photos.put(one, one.id);
      }
      return (await Promise.all(records.map((one) => this.whole(one, files, previews)))).filter((one) => one.file);
    } catch {
      this.database = null;
      return [];
    } finally {
      this.opened();
    }
  }

  /** Delete the references that no edit has any more, and films without keyframes. */
  async forgetUnused(records, files) {
    const used = new Set(records.flatMap(({ id, film, edits }) => [id, film?.id, ...edits.map((edit) => edit.like?.id)]));
    for (const id of await done(files.getAllKeys())) if (!used.has(id)) files.delete(id);
  }

  async whole(record, files, previews) {
    const get = async (id) => {
      const file = await done(files.get(id));
      if (file) this.files.add(id);
      return file;
    };
    const ids = new Set(record.edits.map((edit) => edit.like?.id).filter(Boolean));
    const likes = new Map(await Promise.all([...ids].map(async (id) => [id, await get(id)])));
    const [file, pictures] = await Promise.all([get(record.id), done(previews.get(record.id))]);
    const film = record.film && { ...record.film, file: await get(record.film.id) };
    return { ...record, ...pictures, file, likes, film };
  }

  /** The sessions of the other tabs; this tab gets a new one if it is the copy of another. */
  async rollCall() {
    const channel = new BroadcastChannel("tinct");
    const [tab, mine, others] = [newId(), this.session, new Set()];
    let answering = false; // whether its session is settled
    const present = (asks) => channel.postMessage({ asks, session: this.session, tab: answering ? "" : tab });
    channel.onmessage = ({ data }) => {
      if (data.session !== mine || data.tab < tab) others.add(data.session); // of copies that ask at the same time, one keeps the session
      if (data.asks) present(false);
    };
    present(true); // browsers restore several tabs at once, so those that ask are there, too
    await new Promise((resolve) => setTimeout(resolve, ROLL_CALL));
    answering = true;
    this.session = others.has(mine) ? newId() : mine;
    remember("session", this.session);
    return others;
  }

  /** Store a photograph and its edits soon. */
  put(photo, previews = false) {
    for (const one of [photo, photo.film, ...photo.likes]) if (one) this.closed.delete(one.id);
    this.dirty.set(photo, previews || Boolean(this.dirty.get(photo)));
    this.writing ??= this.write().finally(() => (this.writing = null));
  }

  /** Forget a photograph, and its references and its film that the others don't share. */
  remove(photo, others) {
    const shared = new Set(others.flatMap((other) => [...other.likes]));
    this.dirty.delete(photo);
    this.closed.add(photo.id);
    for (const like of photo.likes) if (!shared.has(like)) this.closed.add(like.id);
    if (photo.film && !others.some((other) => other.film === photo.film)) this.closed.add(photo.film.id);
    this.writing ??= this.write().finally(() => (this.writing = null));
  }

  /** Whether nothing of it is lost when the page is closed now. */
  holds(photo) {
    return this.held.get(photo) === photo.edit;
  }

  async write() {
    await this.tried; // which also lets changes that are made together be written together
    while (this.dirty.size || this.closed.size) {
      const [dirty, closed] = [[...this.dirty], [...this.closed]];
      this.dirty.clear();
      this.closed.clear();
      try {
        if (!this.database) throw new Error("no database");
        if (closed.length) await this.removeNow(closed); // before others are written, for which there may be no room
        const transaction = this.database.transaction(STORES, "readwrite");
        const stores = Object.fromEntries(STORES.map((name) => [name, transaction.objectStore(name)]));
        const added = dirty.flatMap(([photo, previews]) => this.putNow(photo, previews, stores));
        const edits = dirty.map(([photo]) => photo.edit);
        await ended(transaction);
        added.forEach((id) => this.files.add(id));
        dirty.forEach(([photo], i) => this.held.set(photo, edits[i]));
      } catch {
        if (dirty.length) this.heard.failed();
      }
    }
  }

  async removeNow(ids) {
    const transaction = this.database.transaction(STORES, "readwrite");
    for (const id of ids) {
      this.files.delete(id);
      STORES.forEach((name) => transaction.objectStore(name).delete(id));
    }
    await ended(transaction);
  }

  /** @returns the ids of the files that are added */
  putNow(photo, previews, { photos, files, previews: pictures }) {
    photos.put({ ...photo.record(), session: this.session }, photo.id);
    if (previews && photo.pictures.color) pictures.put({ ...photo.pictures }, photo.id);
    const missing = [photo, ...(photo.film ? [photo.film] : []), ...photo.likes].filter(({ id }) => !this.files.has(id));
    missing.forEach(({ id, file }) => files.put(file, id));
    return missing.map(({ id }) => id);
  }
}
