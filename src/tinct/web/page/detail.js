// The visible part of the photograph at full size, where it is shown larger than previews are.

import { revokeLater } from "./dom.js";

const DELAY = 250; // milliseconds between a movement or an edit and the request
const MAX_SIDE = 4096; // pixels of a part; the engine takes no larger ones
const LARGER = 1.1; // by which previews must be enlarged before a part is fetched

export class Detail {
  constructor(stage) {
    this.stage = stage;
    this.shown = null; // {photo, edit, area, gray} of the part that is shown
    this.timer = 0;
    this.turn = 0;
  }

  /** The photograph, its edit or what is visible of it may have changed. */
  update(photo) {
    const { stage, shown } = this;
    const needed = photo?.state === "ready" && Math.max(photo.width, photo.height) > photo.maxSide && stage.shownSide > photo.maxSide * LARGER;
    if (shown && (!needed || shown.photo !== photo || shown.edit !== photo.edit)) this.hide();
    clearTimeout(this.timer);
    if (!needed || photo.working) return;
    const area = stage.visible;
    const gray = stage.split > 0;
    if (this.shown && inside(area, this.shown.area) && (this.shown.gray || !gray)) return;
    if (area.width <= 0 || area.height <= 0 || Math.max(area.width, area.height) > MAX_SIDE) return;
    this.timer = setTimeout(() => this.fetch(photo, area, gray), DELAY);
  }

  async fetch(photo, area, gray) {
    const [turn, edit] = [++this.turn, photo.edit];
    try {
      const found = await photo.part(area, gray);
      if (turn !== this.turn || photo.edit !== edit) return;
      this.hide();
      this.shown = { photo, edit, area, gray };
      this.urls = [found.gray, found.color].map((blob) => blob && URL.createObjectURL(blob));
      this.stage.showPart({ ...area, gray: this.urls[0], color: this.urls[1] });
    } catch {
      // the previews stay
    }
  }

  hide() {
    this.turn++;
    if (!this.shown) return;
    this.shown = null;
    this.stage.showPart(null);
    this.urls.forEach(revokeLater);
  }
}

const inside = (one, other) =>
  one.x >= other.x && one.y >= other.y && one.x + one.width <= other.x + other.width && one.y + one.height <= other.y + other.height;
