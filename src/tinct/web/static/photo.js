// One photograph that is being colored: its file, what the server knows it by, its edits, and pictures of them.

import * as api from "./api.js";
import { History, START } from "./history.js";

const FIRST = 1024; // pixels of the previews that come with a photograph

export class Photo {
  /** @param {() => void} changed  called whenever there is something new to show */
  constructor(file, changed) {
    this.file = file;
    this.name = file.name || "pasted picture";
    this.changed = changed;
    this.history = new History();
    this.state = "waiting"; // sending, ready, failed
    this.progress = 0;
    this.problem = "";
    this.side = FIRST;
    this.thumbs = new Map(); // variant -> object URL
    this.shown = 8; // variants in the strip
  }

  get edit() {
    return this.history.now;
  }

  async send() {
    this.state = "sending";
    this.changed();
    try {
      await this.meet(await api.send(this.file, (part) => {
        this.progress = part;
        this.changed();
      }));
      this.state = "ready";
    } catch (problem) {
      this.state = "failed";
      this.problem = problem.message;
    }
    this.changed();
  }

  meet(known) {
    Object.assign(this, { id: known.id, width: known.width, height: known.height, notes: known.notes });
    this.gray ??= known.gray;
    this.color ??= known.color;
  }

  /** Ask, and where the server has forgotten the photograph meanwhile, send it once more. */
  async ask(question) {
    try {
      return await question(this.id);
    } catch (problem) {
      if (problem.status !== 404) throw problem;
      this.meet(await api.send(this.file));
      if (this.edit.like) await this.sendLike();
      return question(this.id);
    }
  }

  // ---- edits ----

  set(changes, kind) {
    this.history.set(changes, kind);
    this.refresh();
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
    this.history.set(START);
    this.refresh();
  }

  /** What the server is to be told of an edit. */
  request(edit = this.edit) {
    return { ...edit, like: edit.like?.id ?? null };
  }

  // ---- pictures ----

  /** Bring the picture up to date; edits that come while the server works are shown by one more picture, the last. */
  async refresh() {
    this.changed();
    this.wanted = { edit: this.edit, side: this.side };
    if (this.working) return;
    this.working = true;
    try {
      while (this.wanted) {
        const { edit, side } = this.wanted;
        this.wanted = null;
        const blob = await this.ask((id) => api.preview(id, { ...this.request(edit), size: side }));
        this.replace("color", blob);
        if (this.graySide !== side && side > FIRST) {
          this.graySide = side;
          this.replace("gray", await this.ask((id) => api.preview(id, { strength: 0, size: side })));
        }
        this.changed();
      }
      this.problem = "";
    } catch (problem) {
      this.problem = problem.message;
    } finally {
      this.working = false;
      this.changed();
    }
  }

  replace(what, blob) {
    const old = this[what];
    this[what] = URL.createObjectURL(blob);
    if (old?.startsWith("blob:")) setTimeout(() => URL.revokeObjectURL(old), 2000);
  }

  /** Sharper pictures, when the photograph is shown larger. */
  sharpen(pixels) {
    const side = pixels > FIRST * 1.2 ? 2048 : FIRST;
    if (side <= this.side || this.state !== "ready" || Math.max(this.width, this.height) <= this.side) return;
    this.side = side;
    this.refresh();
  }

  /** Small pictures of the variants, one after the other, so that nothing more urgent waits. */
  async drawVariants() {
    const key = JSON.stringify({ ...this.request(), variant: 0 }) + this.shown;
    if (this.thumbsOf === key || this.state !== "ready") return;
    this.thumbsOf = key;
    const edit = this.request();
    for (let variant = 1; variant <= this.shown; variant++) {
      try {
        const blob = await this.ask((id) => api.preview(id, { ...edit, variant, size: 192 }));
        if (this.thumbsOf !== key) return;
        const old = this.thumbs.get(variant);
        this.thumbs.set(variant, URL.createObjectURL(blob));
        if (old) setTimeout(() => URL.revokeObjectURL(old), 2000);
        this.changed();
      } catch {
        return;
      }
    }
  }

  // ---- a reference picture ----

  async setLike(file) {
    const known = await api.send(file);
    this.likeFile = file;
    this.set({ like: { id: known.id, name: file.name, picture: known.color, real: URL.createObjectURL(file) } });
  }

  async sendLike() {
    const known = await api.send(this.likeFile);
    this.history.edits[this.history.place] = Object.freeze({ ...this.edit, like: { ...this.edit.like, id: known.id } });
  }

  forget() {
    if (this.id) api.forget(this.id).catch(() => {});
  }
}
