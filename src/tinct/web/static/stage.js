// The photograph on the screen: zoom, pan, the divider between gray and color, and dots where colors were said.

const CLICK = 6; // pixels that a pointer may move and still click

export class Stage {
  /**
   * @param {object} heard  place(x, y), dotPicked(i), dotMoved(i, x, y), dotDropped(i), sized() - coordinates in pixels of the photograph
   */
  constructor(root, heard) {
    this.root = root;
    this.heard = heard;
    this.frame = root.querySelector("#frame");
    this.after = root.querySelector("#after");
    this.before = root.querySelector("#before");
    this.dots = root.querySelector("#dots");
    this.cross = root.querySelector("#cross");
    this.divider = root.querySelector("#divider");
    this.width = this.height = 1;
    this.scale = 1;
    this.x = this.y = 0;
    this.split = 0;
    this.pointers = new Map();
    this.aim = null;
    root.addEventListener("pointerdown", (event) => this.down(event));
    root.addEventListener("pointermove", (event) => this.move(event));
    root.addEventListener("pointerup", (event) => this.up(event));
    root.addEventListener("pointercancel", (event) => this.up(event, true));
    root.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    root.addEventListener("keydown", (event) => this.key(event));
    root.addEventListener("dblclick", (event) => event.preventDefault());
    this.divider.addEventListener("keydown", (event) => this.dividerKey(event));
    new ResizeObserver(() => this.fit(this.fitted)).observe(root);
    this.fitted = true;
  }

  /** Another photograph, of so many pixels. */
  open(width, height) {
    [this.width, this.height] = [width, height];
    this.aim = null;
    this.fit();
  }

  show(gray, color) {
    if (this.before.src !== gray) this.before.src = gray;
    if (this.after.src !== color) this.after.src = color;
  }

  // ---- zoom and place ----

  get room() {
    return this.root.getBoundingClientRect();
  }

  get least() {
    const { width, height } = this.room;
    return Math.min((width - 24) / this.width, (height - 24) / this.height, 4) || 1;
  }

  fit(really = true) {
    if (really) {
      this.scale = Math.max(this.least, 1e-4);
      this.x = (this.room.width - this.width * this.scale) / 2;
      this.y = (this.room.height - this.height * this.scale) / 2;
      this.fitted = true;
    }
    this.draw();
    this.heard.sized();
  }

  zoom(factor, x = this.room.width / 2, y = this.room.height / 2) {
    const scale = Math.min(Math.max(this.scale * factor, this.least), Math.max(8, this.least));
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.fitted = scale <= this.least * 1.001;
    if (this.fitted) return this.fit();
    this.draw();
    this.heard.sized();
  }

  /** Pixels of the screen along the photograph's longer side. */
  get shownSide() {
    return Math.max(this.width, this.height) * this.scale * (window.devicePixelRatio || 1);
  }

  draw() {
    const [w, h] = [this.width * this.scale, this.height * this.scale];
    const room = this.room;
    const held = (place, size, all) => (size <= all ? (all - size) / 2 : Math.min(0, Math.max(all - size, place)));
    this.x = held(this.x, w, room.width);
    this.y = held(this.y, h, room.height);
    const style = this.frame.style;
    style.width = `${w}px`;
    style.height = `${h}px`;
    style.transform = `translate(${this.x}px, ${this.y}px)`;
    const cut = Math.min(Math.max(this.split * room.width - this.x, 0), w);
    this.before.style.clipPath = `inset(0 ${w - cut}px 0 0)`;
    this.divider.style.left = `clamp(16px, ${100 * this.split}%, calc(100% - 16px))`;
    this.divider.setAttribute("aria-valuenow", Math.round(100 * this.split));
    for (const dot of this.dots.children) this.put(dot, dot.at.x, dot.at.y);
    if (this.aim) this.put(this.cross, this.aim.x, this.aim.y);
  }

  put(element, x, y) {
    element.style.left = `${x * this.scale}px`;
    element.style.top = `${y * this.scale}px`;
  }

  /** Pixels of the photograph under a place of the screen, or null outside. */
  under(clientX, clientY) {
    const room = this.room;
    const x = (clientX - room.left - this.x) / this.scale;
    const y = (clientY - room.top - this.y) / this.scale;
    return x >= 0 && y >= 0 && x < this.width && y < this.height ? { x, y } : null;
  }

  // ---- dots ----

  setHints(hints, picked) {
    while (this.dots.children.length > hints.length) this.dots.lastChild.remove();
    hints.forEach((hint, i) => {
      let dot = this.dots.children[i];
      if (!dot) {
        dot = document.createElement("button");
        dot.type = "button";
        dot.className = "dot";
        this.dots.append(dot);
      }
      dot.at = { x: hint.x, y: hint.y };
      dot.dataset.hint = i;
      dot.style.backgroundColor = hint.color;
      dot.classList.toggle("picked", i === picked);
      dot.setAttribute("aria-label", `Color ${i + 1}: ${hint.color} at ${Math.round(hint.x)}, ${Math.round(hint.y)}`);
      this.put(dot, hint.x, hint.y);
    });
  }

  /** Where on the screen a place of the photograph is. */
  onScreen(x, y) {
    const room = this.room;
    return { left: room.left + this.x + x * this.scale, top: room.top + this.y + y * this.scale };
  }

  // ---- pointers ----

  down(event) {
    if (event.target.closest(".zoom") || event.button > 1) return;
    const dot = event.target.closest(".dot");
    const kind = dot ? "dot" : event.target === this.divider ? "divider" : "picture";
    this.pointers.set(event.pointerId, { kind, x: event.clientX, y: event.clientY, fromX: event.clientX, fromY: event.clientY, moved: false, hint: dot ? Number(dot.dataset.hint) : -1 });
    this.root.setPointerCapture(event.pointerId);
    if (this.pointers.size > 1) for (const pointer of this.pointers.values()) pointer.moved = true;
    if (kind !== "dot") event.preventDefault();
    (dot ?? (kind === "divider" ? this.divider : this.root)).focus({ preventScroll: true });
  }

  move(event) {
    const pointer = this.pointers.get(event.pointerId);
    if (!pointer) return;
    const [dx, dy] = [event.clientX - pointer.x, event.clientY - pointer.y];
    if (Math.hypot(event.clientX - pointer.fromX, event.clientY - pointer.fromY) > CLICK) pointer.moved = true;
    if (this.pointers.size === 2) this.pinch(pointer, event);
    else if (pointer.kind === "divider") {
      this.split = Math.min(1, Math.max(0, (event.clientX - this.room.left) / this.room.width));
      this.draw();
    } else if (pointer.kind === "dot" && pointer.moved) {
      const place = this.under(event.clientX, event.clientY);
      if (place) this.heard.dotMoved(pointer.hint, place.x, place.y);
    } else if (pointer.kind === "picture" && pointer.moved && !this.fitted) {
      this.x += dx;
      this.y += dy;
      this.draw();
    }
    [pointer.x, pointer.y] = [event.clientX, event.clientY];
  }

  pinch(pointer, event) {
    const other = [...this.pointers.values()].find((p) => p !== pointer);
    const before = Math.hypot(pointer.x - other.x, pointer.y - other.y);
    const now = Math.hypot(event.clientX - other.x, event.clientY - other.y);
    const room = this.room;
    this.zoom(now / Math.max(before, 1), (event.clientX + other.x) / 2 - room.left, (event.clientY + other.y) / 2 - room.top);
  }

  up(event, cancelled = false) {
    const pointer = this.pointers.get(event.pointerId);
    this.pointers.delete(event.pointerId);
    if (!pointer || cancelled) return;
    if (pointer.kind === "dot") pointer.moved ? this.heard.dotDropped(pointer.hint) : this.heard.dotPicked(pointer.hint);
    else if (pointer.kind === "picture" && !pointer.moved) {
      const place = this.under(event.clientX, event.clientY);
      if (place) this.heard.place(place.x, place.y);
    }
  }

  wheel(event) {
    event.preventDefault();
    const room = this.room;
    this.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), event.clientX - room.left, event.clientY - room.top);
  }

  // ---- keys ----

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = (event.shiftKey ? 32 : 8) / this.scale;
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const dot = event.target.closest?.(".dot");
    if (event.target === this.divider) return;
    if (way && dot) {
      const inside = (value, most) => Math.min(Math.max(value, 0), most - 0.01);
      this.heard.dotMoved(Number(dot.dataset.hint), inside(dot.at.x + way[0] * step, this.width), inside(dot.at.y + way[1] * step, this.height));
    } else if (way && event.target === this.root) {
      this.aim ??= { x: this.width / 2, y: this.height / 2 };
      this.aim = { x: Math.min(Math.max(this.aim.x + way[0] * step, 0), this.width - 0.01), y: Math.min(Math.max(this.aim.y + way[1] * step, 0), this.height - 0.01) };
      this.cross.hidden = false;
      this.draw();
    } else if (event.key === "Enter" && event.target === this.root && this.aim) this.heard.place(this.aim.x, this.aim.y);
    else if ((event.key === "Delete" || event.key === "Backspace") && dot) this.heard.dotRemoved(Number(dot.dataset.hint));
    else if (event.key === "+" || event.key === "=") this.zoom(1.25);
    else if (event.key === "-") this.zoom(0.8);
    else if (event.key === "0") this.fit();
    else return;
    event.preventDefault();
  }

  dividerKey(event) {
    const by = { ArrowLeft: -0.05, ArrowRight: 0.05, Home: -1, End: 1 }[event.key];
    if (by === undefined) return;
    this.split = Math.min(1, Math.max(0, this.split + by));
    this.draw();
    event.preventDefault();
    event.stopPropagation();
  }
}
