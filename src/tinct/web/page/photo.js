// One photograph: its file, its edits, and previews of them.

import { revokeLater } from "./dom.js";
import * as engine from "./engine.js";
import { History, sameEdit } from "./history.js";
import { words } from "./remedies.js";
import { newId } from "./store.js";

const THUMBNAIL = 192; // pixels of a variant in the strip

export class Photo {
  /**
   * @param {object} heard  changed(): redraw; edited(photo, previews): its record is another, and perhaps its previews;
   *     failed(photo, problem): there is no preview of the edit; well(photo): there is one again
   */
  constructor(file, heard) {
    this.file = file.name ? file : new File([file], "pasted.png", { type: file.type });
    this.name = this.file.name;
    this.id = newId();
    this.at = Date.now() + performance.now() / 1e6; // orders photographs
    this.heard = heard;
    this.history = new History([{ hints: [], like: null }]); // until the engine gives the default edit
    this.opened = false; // whether it did
    this.wished = null; // settings that it takes on when it is opened
    this.state = "waiting"; // sending, ready, failed
    this.progress = 0;
    this.problem = ""; // why it is "failed"
    this.early = URL.createObjectURL(this.file); // what is shown, in gray, until the engine has answered
    this.pictures = { gray: null, color: null }; // previews, as Blobs
    this.drawn = null; // the edit of which they are
    this.thumbs = new Map(); // variant -> {of: key of its edit, url}
    this.shown = 8; // variants in the strip
    this.view = null; // its position on the stage
    this.kept = this.edit; // the edit that was downloaded or saved last
    this.film = null; // the film whose frame it is, at `time`, in seconds
  }

  /** A photograph as it was when the page was left; see `Store.restore`. */
  static restored(record, heard, film = null) {
    const photo = new Photo(record.file, heard);
    if (film) Object.assign(photo, { film, time: record.time });
    const { id, at, name, width, height, notes, sides, shown, gray, color } = record;
    const likes = new Map([...record.likes].map(([key, file]) => [key, file && { id: key, file, name: file.name, url: URL.createObjectURL(file) }]));
    const edits = record.edits.map((edit) => ({ ...edit, like: likes.get(edit.like?.id) ?? null }));
    Object.assign(photo, { id, at, name, width, height, notes, shown, opened: Boolean(sides), history: new History(edits, record.place) });
    photo.kept = edits[record.kept] ?? edits[0];
    photo.drawn = record.drawn ? photo.edit : null;
    if (!color || !sides) return photo;
    URL.revokeObjectURL(photo.early);
    photo.early = "";
    [photo.side, photo.firstSide, photo.maxSide] = [sides[0], ...sides];
    photo.replace("gray", gray);
    photo.replace("color", color);
    photo.state = "ready";
    return photo;
  }

  /** What is stored of it, besides files and previews. */
  record() {
    const { id, at, name, width, height, notes, shown, history } = this;
    const edits = history.edits.map((edit) => ({ ...edit, like: edit.like && { id: edit.like.id, name: edit.like.name } }));
    const sides = this.opened ? [this.firstSide, this.maxSide] : null;
    const film = this.film ? { film: this.film.stored, time: this.time } : {};
    return { id, at, name, width, height, notes, sides, shown, edits, ...film, place: history.place, kept: history.edits.indexOf(this.kept), drawn: this.drawn === this.edit };
  }

  get edit() {
    return this.history.now;
  }

  /** Whether it was changed since it was downloaded or saved last. */
  get unsaved() {
    return this.opened && !sameEdit(this.edit, this.kept);
  }

  /** The reference pictures of all its edits. */
  get likes() {
    return new Set(this.history.edits.map((edit) => edit.like).filter(Boolean));
  }

  async send() {
    this.state = "sending";
    this.progress = 0;
    this.leaving = new AbortController();
    this.heard.changed();
    try {
      const found = await engine.open(this.file, this.sending);
      if (this.closed) {
        this.state = "waiting"; // until it is opened again
        return this.forget();
      }
      const { width, height, notes, previewSide, maxPreviewSide } = found;
      Object.assign(this, { width, height, notes, state: "ready", side: previewSide, firstSide: previewSide, maxSide: maxPreviewSide });
      this.replace("gray", found.gray);
      this.replace("color", found.color);
      revokeLater(this.early);
      this.early = "";
      if (this.opened) this.refresh();
      else {
        this.opened = true;
        this.history = new History([{ ...found.edit, ...this.wished }]);
        this.kept = this.edit;
        if (sameEdit(found.edit, this.edit)) this.drawn = this.edit;
        else this.refresh();
      }
      this.heard.edited(this, true);
    } catch (problem) {
      this.state = this.closed ? "waiting" : "failed"; // what was closed while it was sent may be opened again
      this.problem = words(problem);
    }
    this.heard.changed();
  }

  /** Options with which the engine sends its file. */
  get sending() {
    const progress = (part) => {
      this.progress = part;
      this.heard.changed();
    };
    return { progress, signal: this.leaving.signal };
  }

  // ---- edits ----

  set(changes, kind) {
    this.history.set(changes, kind);
    this.refresh();
  }

  /** Take on these settings, at once or as soon as it is opened. */
  wish(changes) {
    if (this.opened) return this.set(changes);
    this.wished = changes;
    this.history = new History([{ ...this.edit, ...changes }]);
  }

  undo() {
    this.history.undo();
    this.refresh();
  }

  redo() {
    this.history.redo();
    this.refresh();
  }

  startOver() {
    this.set(this.history.first);
  }

  /** The current edit is in a file of the user's. */
  keep(edit = this.edit) {
    this.kept = edit;
    this.heard.edited(this);
    this.heard.changed();
  }

  /** The edit as the engine takes it. */
  request(edit = this.edit) {
    return { ...edit, like: edit.like?.file ?? null };
  }

  /** The visible part at full size: Blobs `color` and, where it is needed, `gray`. */
  async part(area, gray) {
    const color = await engine.part(this.file, this.request(), area);
    return { color, gray: gray ? await engine.part(this.file, { strength: 0 }, area) : null };
  }

  /** Likely colors of a place. */
  suggest(place) {
    return engine.suggest(this.file, place);
  }

  /** Hints, each of which gives the object of a place another color. */
  objectVariants(place) {
    return engine.objectVariants(this.file, place);
  }

  // ---- pictures ----

  /** A small picture of the edit with these changes. */
  thumbnail(changes) {
    return engine.preview(this.file, { ...this.request(), ...changes }, THUMBNAIL);
  }

  /** Fetch a preview of the edit. For edits made meanwhile, only the last gets a further preview. */
  async refresh() {
    this.heard.edited(this);
    this.wanted = { edit: this.edit, side: this.side };
    if (this.working) return this.heard.changed();
    this.working = true;
    this.heard.changed();
    let [problem, drawn] = [null, this.drawn];
    while (this.wanted && !this.closed) {
      const { edit, side } = this.wanted;
      this.wanted = null;
      try {
        this.replace("color", await engine.preview(this.file, this.request(edit), side));
        if (side > this.firstSide && !this.sharp && !this.closed) {
          this.replace("gray", await engine.preview(this.file, { strength: 0 }, side));
          this.sharp = true;
        }
        [problem, drawn] = [null, edit];
      } catch (found) {
        problem = found;
      }
      this.heard.changed();
    }
    this.working = false;
    this.drawn = drawn;
    this.heard.edited(this, true);
    this.heard.changed();
    problem && !this.closed ? this.heard.failed(this, problem) : this.heard.well(this);
  }

  /** Fetch the preview of an edit that was made just before the page was left, or the photograph closed. */
  catchUp() {
    if (this.state === "ready" && this.drawn !== this.edit) this.refresh();
  }

  replace(what, blob) {
    revokeLater(this[what]);
    this.pictures[what] = blob;
    this[what] = URL.createObjectURL(blob);
  }

  /** Fetch larger previews where the photograph is shown larger than they are. */
  sharpen(pixels) {
    const { side, firstSide, maxSide, width, height } = this;
    if (this.state !== "ready" || side === maxSide || pixels <= firstSide * 1.2 || Math.max(width, height) <= firstSide) return;
    this.side = maxSide;
    this.refresh();
  }

  /** Fetch the strip of variants: those of the edit that aren't there yet. */
  async drawVariants() {
    const edit = this.edit;
    const key = JSON.stringify([{ ...this.request(), variant: 0 }, edit.like?.id]);
    const missing = () => Array.from({ length: this.shown }, (_, i) => i + 1).filter((variant) => this.thumbs.get(variant)?.of !== key);
    if (this.state !== "ready" || this.drawingOf === key || !missing().length) return;
    this.drawingOf = key;
    try {
      while (missing().length && this.drawingOf === key) {
        for await (const [variant, blob] of engine.variants(this.file, this.request(edit), missing(), THUMBNAIL)) {
          if (this.drawingOf !== key || this.closed) return;
          revokeLater(this.thumbs.get(variant)?.url);
          this.thumbs.set(variant, { of: key, url: URL.createObjectURL(blob) });
          this.heard.changed();
        }
      }
    } catch {
      // the next edit tries it again
    } finally {
      if (this.drawingOf === key) this.drawingOf = null;
    }
  }

  /** Leave the variants that aren't drawn yet for later. */
  stopVariants() {
    this.drawingOf = null;
  }

  /** The result at full size: {blob, name, edit}; the edit is for `keep`, as soon as the user has the file. */
  async render(format, output) {
    const edit = this.edit;
    this.rendering = true;
    this.heard.changed();
    try {
      return { ...(await engine.render(this.file, this.request(edit), format, output)), edit };
    } finally {
      this.rendering = false;
      this.heard.changed();
    }
  }

  /** A color picture as a reference. Throws a `Problem` for one that can't be used, such as a gray one. */
  async reference(file) {
    await engine.preview(this.file, { ...this.request(), like: file }, THUMBNAIL);
    return { id: newId(), file, name: file.name, url: URL.createObjectURL(file) };
  }

  /** Close it. If it is opened again, it is sent again. */
  close() {
    this.closed = true;
    this.stopVariants();
    this.leaving?.abort();
    this.forget();
  }

  /** Let the engine let go of it. */
  forget() {
    for (const { file } of [this, ...this.likes]) engine.close(file);
  }
}
