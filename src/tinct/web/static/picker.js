// The colors to choose from for one place: those that the model thinks likely, and any other.

export class Picker {
  /** @param {object} heard  chosen(color), removed(), closed() */
  constructor(dialog, heard) {
    this.dialog = dialog;
    this.heard = heard;
    this.swatches = dialog.querySelector("#swatches");
    this.title = dialog.querySelector("#picker-title");
    this.free = dialog.querySelector("#free");
    this.remove = dialog.querySelector("#remove");
    this.free.addEventListener("input", () => this.choose(this.free.value));
    this.remove.addEventListener("click", () => {
      this.close();
      heard.removed();
    });
    dialog.querySelector("#done").addEventListener("click", () => this.close());
    dialog.addEventListener("close", () => heard.closed());
    document.addEventListener("pointerdown", (event) => {
      if (dialog.open && !dialog.contains(event.target) && !event.target.closest("#stage")) this.close();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && dialog.open) this.close();
    });
  }

  get open() {
    return this.dialog.open;
  }

  /** Beside a place of the screen, for a color that is said already or not. */
  show({ left, top }, color) {
    this.remove.hidden = !color;
    this.fresh = !color;
    if (color) this.free.value = color.length === 4 ? color.replace(/[^#]/g, "$&$&") : color;
    this.wait();
    if (!this.dialog.open) this.dialog.show();
    const { width, height } = this.dialog.getBoundingClientRect();
    const [right, below] = [window.innerWidth - width - 8, window.innerHeight - height - 8];
    this.dialog.style.left = `${Math.max(8, Math.min(left + 18, right))}px`;
    this.dialog.style.top = `${Math.max(8, top + 18 <= below ? top + 18 : Math.min(top - height - 18, below))}px`;
  }

  wait() {
    this.title.textContent = "Looking at this place…";
    this.swatches.replaceChildren();
  }

  /** @param {{color: string, probability: number}[]} suggestions */
  fill(suggestions) {
    this.title.textContent = suggestions.length ? "Likely colors here" : "Choose a color";
    if (this.fresh && suggestions.length) this.free.value = suggestions[0].color;
    this.swatches.replaceChildren(
      ...suggestions.map(({ color, probability }) => {
        const swatch = document.createElement("button");
        swatch.type = "button";
        swatch.className = "swatch";
        swatch.style.backgroundColor = color;
        const percent = probability >= 0.005 ? `${Math.round(100 * probability)} %` : "under 1 %";
        swatch.title = `${color}, ${percent}`;
        swatch.setAttribute("aria-label", `${color}, ${percent} likely`);
        swatch.addEventListener("click", () => this.choose(color));
        return swatch;
      }),
    );
  }

  choose(color) {
    this.free.value = color;
    this.remove.hidden = false;
    this.heard.chosen(color);
  }

  close() {
    if (this.dialog.open) this.dialog.close();
  }
}
