// One photograph: its file, its id on the server, its edits, and previews of them.

import * as api from "./api.js";
import { History } from "./history.js";

const THUMBNAIL = 192; // pixels of a variant in the strip

export class Photo {
  /**
   * @param {object} heard  changed(): redraw; failed(photo, problem): there is no preview of the edit;
   *     well(photo): there is one again
   */
  constructor(file, heard) {
    this.file = file.name ? file : new File([file], "pasted.png", { type: file.type });
    this.name = this.file.name;
    this.heard = heard;
    this.history = new History({ hints: [], like: null }); // until the server sends the default edit
    this.state = "waiting"; // sending, ready, failed
    this.progress = 0;
    this.problem = ""; // why it is "failed"
    this.thumbs = new Map(); // variant -> object URL
    this.shown = 8; // variants in the strip
    this.view = null; // its position on the stage
    this.kept = this.edit.hints; // the hints at the last download
  }

  get edit() {
    return this.history.now;
  }

  /** Whether closing it would lose hints. */
  get unsaved() {
    return this.edit.hints.length > 0 && this.edit.hints !== this.kept;
  }

  async send() {
    this.state = "sending";
    this.progress = 0;
    this.heard.changed();
    try {
      const known = await api.send(this.file, (part) => {
        this.progress = part;
        this.heard.changed();
      });
      const { id, width, height, notes, gray, color, edit } = known;
      Object.assign(this, { id, width, height, notes, gray, color, state: "ready" });
      [this.side, this.firstSide, this.maxSide] = [known.preview_size, known.preview_size, known.max_preview_size]; // of previews
      this.history = new History(edit);
      this.kept = edit.hints;
      if (this.closed) this.forget();
    } catch (problem) {
      this.state = "failed";
      this.problem = problem.message;
    }
    this.heard.changed();
  }

  /** Ask the server; where it has forgotten the photograph, send it again first. */
  async ask(question) {
    const { id } = this;
    if (id) {
      try {
        return await question(id);
      } catch (problem) {
        if (problem.status !== 404) throw problem;
      }
    }
    if (this.id === id) await (this.again ??= this.sendAgain().finally(() => (this.again = null)));
    return question(this.id);
  }

  async sendAgain() {
    for (const like of this.likes) like.id = (await api.send(like.file)).id;
    this.id = (await api.send(this.file)).id;
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
    this.set(this.history.first);
  }

  /** The edit as the API takes it. */
  request(edit = this.edit) {
    return { ...edit, like: edit.like?.id ?? null };
  }

  // ---- pictures ----

  /** Fetch a preview of the edit. For edits made meanwhile, only the last gets a further preview. */
  async refresh() {
    this.wanted = { edit: this.edit, side: this.side };
    if (this.working) return this.heard.changed();
    this.working = true;
    this.heard.changed();
    let problem = null;
    while (this.wanted && !this.closed) {
      const { edit, side } = this.wanted;
      this.wanted = null;
      try {
        this.replace("color", await this.ask((id) => api.preview(id, { ...this.request(edit), size: side })));
        if (side > this.firstSide && !this.sharp && !this.closed) {
          this.replace("gray", await this.ask((id) => api.preview(id, { strength: 0, size: side })));
          this.sharp = true;
        }
        problem = null;
      } catch (found) {
        problem = found;
      }
      this.heard.changed();
    }
    this.working = false;
    this.heard.changed();
    problem && !this.closed ? this.heard.failed(this, problem) : this.heard.well(this);
  }

  replace(what, blob) {
    revokeLater(this[what]);
    this[what] = URL.createObjectURL(blob);
  }

  /** Fetch larger previews where the photograph is shown larger than they are. */
  sharpen(pixels) {
    const { side, firstSide, maxSide, width, height } = this;
    if (this.state !== "ready" || side === maxSide || pixels <= firstSide * 1.2 || Math.max(width, height) <= firstSide) return;
    this.side = maxSide;
    this.refresh();
  }

  /** Fetch the strip of variants, one after the other, so that more urgent requests need not wait. */
  async drawVariants() {
    const edit = this.edit;
    const key = JSON.stringify([{ ...this.request(), variant: 0 }, this.shown]);
    if (this.thumbsOf === key || this.state !== "ready") return;
    this.thumbsOf = key;
    for (let variant = 1; variant <= this.shown; variant++) {
      try {
        const blob = await this.ask((id) => api.preview(id, { ...this.request(edit), variant, size: THUMBNAIL }));
        if (this.thumbsOf !== key || this.closed) return;
        revokeLater(this.thumbs.get(variant));
        this.thumbs.set(variant, URL.createObjectURL(blob));
        this.heard.changed();
      } catch {
        if (this.thumbsOf === key) this.thumbsOf = null; // the next edit tries it again
        return;
      }
    }
  }

  /** The result at full size. */
  async render(format, output) {
    const edit = this.edit;
    this.rendering = true;
    this.heard.changed();
    try {
      const made = await this.ask((id) => api.render(id, { ...this.request(edit), format, output }));
      this.kept = edit.hints;
      return made;
    } finally {
      this.rendering = false;
      this.heard.changed();
    }
  }

  /** Use a color picture as reference. */
  async setLike(file) {
    const { id } = await api.send(file);
    this.set({ like: { file, id, name: file.name, url: URL.createObjectURL(file) } });
  }

  /** Close it. If it is brought back, it is sent again. */
  close() {
    this.closed = true;
    this.thumbsOf = null;
    this.forget();
  }

  /** Let the server forget it. */
  forget() {
    for (const known of [this, ...this.likes]) {
      if (known.id) api.forget(known.id).catch(() => {});
      known.id = null;
    }
  }

  get likes() {
    return new Set(this.history.edits.map((edit) => edit.like).filter(Boolean));
  }
}

/** Revoke an object URL when the image that shows it has surely been replaced. */
function revokeLater(url) {
  if (url?.startsWith("blob:")) setTimeout(() => URL.revokeObjectURL(url), 2000);
}
