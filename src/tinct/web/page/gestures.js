// Pointer, wheel and key events on the stage, and the actions that they stand for.

const CLICK_RADIUS = 6; // screen pixels that a pointer may move during a click
const STEP = 8; // screen pixels that an arrow key moves; four times as many with Shift
const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Gestures {
  /**
   * @param {object} heard  place(at), missed(), pointed(at), dotPicked(i), dotMoved(i, at), dotDropped(i), dotRemoved(i); places in
   *     pixels of the photograph
   */
  constructor(stage, heard) {
    this.stage = stage;
    this.heard = heard;
    this.pointers = new Map();
    const { root, divider } = stage;
    root.addEventListener("pointerdown", (event) => this.down(event));
    root.addEventListener("pointermove", (event) => this.move(event));
    root.addEventListener("pointerup", (event) => this.up(event));
    root.addEventListener("pointercancel", (event) => this.up(event, true));
    root.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    root.addEventListener("keydown", (event) => this.key(event));
    root.addEventListener("click", (event) => this.click(event));
    stage.dots.addEventListener("focusout", () => heard.dotDropped());
    divider.addEventListener("keydown", (event) => this.dividerKey(event));
  }

  /** Whether a pointer is down. */
  get busy() {
    return this.pointers.size > 0;
  }

  down(event) {
    if (event.button === 2 || event.target.closest(".trouble")) return;
    const { stage } = this;
    const dot = event.target.closest(".dot");
    const kind = dot ? "dot" : event.target === stage.divider ? "divider" : "picture";
    const { clientX: x, clientY: y } = event;
    const pointer = { kind, x, y, fromX: x, fromY: y, moved: event.button === 1, hint: -1 };
    if (dot) {
      const under = stage.under(x, y);
      Object.assign(pointer, { hint: Number(dot.dataset.hint), offX: dot.at.x - under.x, offY: dot.at.y - under.y });
    } else event.preventDefault();
    this.pointers.set(event.pointerId, pointer);
    stage.root.setPointerCapture(event.pointerId);
    if (this.pointers.size > 1) for (const each of this.pointers.values()) each.moved = true;
    (dot ?? (kind === "divider" ? stage.divider : stage.root)).focus({ preventScroll: true });
  }

  move(event) {
    const pointer = this.pointers.get(event.pointerId);
    if (!pointer) return;
    const { stage } = this;
    if (Math.hypot(event.clientX - pointer.fromX, event.clientY - pointer.fromY) > CLICK_RADIUS) pointer.moved = true;
    if (this.pointers.size === 2) this.pinch(pointer, event);
    else if (!pointer.moved) return;
    else if (pointer.kind === "divider") stage.divide((event.clientX - stage.room.left - stage.left) / (stage.right - stage.left));
    else if (pointer.kind === "dot") {
      const { x, y } = stage.under(event.clientX, event.clientY);
      this.heard.dotMoved(pointer.hint, stage.inside({ x: x + pointer.offX, y: y + pointer.offY }));
    } else stage.pan(event.clientX - pointer.x, event.clientY - pointer.y);
    [pointer.x, pointer.y] = [event.clientX, event.clientY];
  }

  /** Two pointers zoom by the ratio of their distances, and pan by the movement of their midpoint. */
  pinch(pointer, event) {
    const other = [...this.pointers.values()].find((each) => each !== pointer);
    const before = Math.hypot(pointer.x - other.x, pointer.y - other.y);
    const now = Math.hypot(event.clientX - other.x, event.clientY - other.y);
    const { left, top } = this.stage.room;
    this.stage.pan((event.clientX - pointer.x) / 2, (event.clientY - pointer.y) / 2);
    this.stage.zoom(now / Math.max(before, 1), (event.clientX + other.x) / 2 - left, (event.clientY + other.y) / 2 - top);
  }

  up(event, cancelled = false) {
    const pointer = this.pointers.get(event.pointerId);
    this.pointers.delete(event.pointerId);
    if (!pointer) return;
    if (pointer.kind === "dot" && pointer.moved) this.heard.dotDropped(pointer.hint);
    if (pointer.moved || cancelled) return;
    if (pointer.kind === "dot") this.heard.dotPicked(pointer.hint);
    else if (pointer.kind === "divider" && this.stage.onHandle(event.clientY)) this.stage.divide(this.stage.split % 1 ? 0 : 0.5);
    else {
      const place = this.stage.under(event.clientX, event.clientY);
      this.stage.has(place) ? this.heard.place(place) : this.heard.missed();
    }
  }

  /** Clicks by a key or a screen reader; those of pointers are handled above. */
  click(event) {
    const dot = event.target.closest(".dot");
    if (dot && event.detail === 0) this.heard.dotPicked(Number(dot.dataset.hint));
  }

  wheel(event) {
    event.preventDefault();
    const { left, top } = this.stage.room;
    const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 33 : 1);
    this.stage.zoom(Math.exp(-pixels * (event.ctrlKey ? 0.01 : 0.0015)), event.clientX - left, event.clientY - top);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { stage, heard } = this;
    const dot = event.target.closest(".dot");
    const hint = Number(dot?.dataset.hint);
    const way = DIRECTIONS[event.key];
    const goes = ({ x, y }) => {
      const step = ((event.shiftKey ? 4 : 1) * STEP) / stage.scale;
      const place = stage.inside({ x: x + way[0] * step, y: y + way[1] * step });
      stage.reveal(place.x, place.y);
      return place;
    };
    const onStage = event.target === stage.root;
    if (way && dot) heard.dotMoved(hint, goes(dot.at));
    else if (way && onStage) heard.pointed(goes(stage.aim ?? { x: stage.width / 2, y: stage.height / 2 }));
    else if (event.key === "Enter" && onStage) heard.place(stage.aim ?? { x: stage.width / 2, y: stage.height / 2 });
    else if ((event.key === "Delete" || event.key === "Backspace") && dot) heard.dotRemoved(hint);
    else if (event.key === "Escape" && onStage) heard.missed();
    else if (event.key === "+" || event.key === "=") stage.zoom(1.25);
    else if (event.key === "-") stage.zoom(0.8);
    else if (event.key === "0") stage.fit();
    else if (event.key === "g") stage.divide(stage.split === 1 ? 0 : 1);
    else return;
    event.preventDefault();
  }

  dividerKey(event) {
    const by = { ArrowLeft: -0.05, ArrowRight: 0.05, PageDown: -0.25, PageUp: 0.25, Home: -1, End: 1 }[event.key];
    if (by === undefined) return;
    this.stage.divide(this.stage.split + by);
    event.preventDefault();
    event.stopPropagation();
  }
}
