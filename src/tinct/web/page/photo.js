// One photograph that is being colored: its file, what the server knows it by, its edits, and pictures of them.

import * as api from "./api.js";
import { History, START } from "./history.js";

const FIRST = 1024; // pixels of the previews that come with a photograph
const SHARP = 2048; // and of those for a closer look

export class Photo {
  /**
   * @param {object} heard  changed() - there is something new to show; failed(photo, problem) - what is shown isn't what was asked for;
   *     well(photo) - it is again
   */
  constructor(file, heard) {
    this.file = file.name ? file : new File([file], "pasted.png", { type: file.type });
    this.name = this.file.name;
    this.heard = heard;
    this.history = new History();
    this.state = "waiting"; // sending, ready, failed
    this.progress = 0;
    this.problem = ""; // why it is "failed"
    this.side = FIRST;
    this.thumbs = new Map(); // variant -> object URL
    this.shown = 8; // variants in the strip
    this.view = null; // how it lay on the stage
    this.kept = START.hints; // the hints when something was last downloaded
  }

  get edit() {
    return this.history.now;
  }

  /** Whether closing it would lose work. */
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
      const { id, width, height, notes, gray, color } = known;
      Object.assign(this, { id, width, height, notes, gray, color, state: "ready" });
      if (this.closed) this.forget();
    } catch (problem) {
      this.state = "failed";
      this.problem = problem.message;
    }
    this.heard.changed();
  }

  /** Ask, and where the server has forgotten the photograph meanwhile, send it once more. */
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
    this.set(START);
  }

  /** What the server is to be told of an edit. */
  request(edit = this.edit) {
    return { ...edit, like: edit.like?.id ?? null };
  }

  // ---- pictures ----

  /** Bring the picture up to date; edits that come while the server works are shown by one more picture, the last. */
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
        if (side > FIRST && !this.sharp) {
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
    problem ? this.heard.failed(this, problem) : this.heard.well(this);
  }

  replace(what, blob) {
    revokeLater(this[what]);
    this[what] = URL.createObjectURL(blob);
  }

  /** Sharper pictures, where the photograph is shown larger than they are. */
  sharpen(pixels) {
    if (this.state !== "ready" || this.side === SHARP || pixels <= FIRST * 1.2 || Math.max(this.width, this.height) <= FIRST) return;
    this.side = SHARP;
    this.refresh();
  }

  /** Small pictures of the variants, one after the other, so that nothing more urgent waits. */
  async drawVariants() {
    const edit = this.edit;
    const key = JSON.stringify([{ ...this.request(), variant: 0 }, this.shown]);
    if (this.thumbsOf === key || this.state !== "ready") return;
    this.thumbsOf = key;
    for (let variant = 1; variant <= this.shown; variant++) {
      try {
        const blob = await this.ask((id) => api.preview(id, { ...this.request(edit), variant, size: 192 }));
        if (this.thumbsOf !== key || this.closed) return;
        revokeLater(this.thumbs.get(variant));
        this.thumbs.set(variant, URL.createObjectURL(blob));
        this.heard.changed();
      } catch {
        if (this.thumbsOf === key) this.thumbsOf = null; // the next edit tries again
        return;
      }
    }
  }

  /** The file to keep. */
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

  /** Color it as another picture is colored. */
  async setLike(file) {
    const { id } = await api.send(file);
    this.set({ like: { file, id, name: file.name, url: URL.createObjectURL(file) } });
  }

  /** Not wanted any more, for now: if it is after all, it is sent again. */
  close() {
    this.closed = true;
    this.thumbsOf = null;
    this.forget();
  }

  /** The server needs to keep nothing of it. */
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

/** When what shows it has had the time to show something else. */
function revokeLater(url) {
  if (url?.startsWith("blob:")) setTimeout(() => URL.revokeObjectURL(url), 2000);
}
