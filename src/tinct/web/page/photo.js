// One photograph: its file, its edits, and previews of them.

import * as engine from "./engine.js";
import { History } from "./history.js";
import { words } from "./remedies.js";

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
      const progress = (part) => {
        this.progress = part;
        this.heard.changed();
      };
      const { width, height, notes, edit, gray, color, previewSide, maxPreviewSide } = await engine.open(this.file, { progress });
      Object.assign(this, { width, height, notes, state: "ready", side: previewSide, firstSide: previewSide, maxSide: maxPreviewSide });
      this.replace("gray", gray);
      this.replace("color", color);
      this.history = new History(edit);
      this.kept = edit.hints;
      if (this.closed) this.forget();
    } catch (problem) {
      this.state = "failed";
      this.problem = words(problem);
    }
    this.heard.changed();
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

  /** The edit as the engine takes it. */
  request(edit = this.edit) {
    return { ...edit, like: edit.like?.file ?? null };
  }

  /** Likely colors of a place. */
  suggest(place) {
    return engine.suggest(this.file, place);
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
        this.replace("color", await engine.preview(this.file, this.request(edit), side));
        if (side > this.firstSide && !this.sharp && !this.closed) {
          this.replace("gray", await engine.preview(this.file, { strength: 0 }, side));
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

  /** Fetch the strip of variants: those of the edit that aren't there yet. */
  async drawVariants() {
    const edit = this.edit;
    const key = JSON.stringify([{ ...this.request(), variant: 0 }, edit.like?.url]);
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

  /** The result at full size. */
  async render(format, output) {
    const edit = this.edit;
    this.rendering = true;
    this.heard.changed();
    try {
      const made = await engine.render(this.file, this.request(edit), format, output);
      this.kept = edit.hints;
      return made;
    } finally {
      this.rendering = false;
      this.heard.changed();
    }
  }

  /** Use a color picture as reference. */
  async setLike(file) {
    await engine.preview(this.file, { ...this.request(), like: file }, THUMBNAIL); // throws for a gray one
    this.set({ like: { file, name: file.name, url: URL.createObjectURL(file) } });
  }

  /** Close it. If it is brought back, it is sent again. */
  close() {
    this.closed = true;
    this.drawingOf = null;
    this.forget();
  }

  /** Let the engine let go of it. */
  forget() {
    for (const { file } of [this, ...this.likes]) engine.close(file);
  }

  get likes() {
    return new Set(this.history.edits.map((edit) => edit.like).filter(Boolean));
  }
}

/** Revoke an object URL when the image that shows it has surely been replaced. */
function revokeLater(url) {
  if (url?.startsWith("blob:")) setTimeout(() => URL.revokeObjectURL(url), 2000);
}
