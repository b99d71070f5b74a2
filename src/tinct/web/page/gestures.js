// Pointer, wheel and key events on the stage, and the actions that they stand for.

const CLICK_RADIUS = 6; // screen pixels that a pointer may move during a click
const STEP = 8; // screen pixels that an arrow key moves; four times as many with Shift
const CORNER_RADIUS = 9; // screen pixels around a corner at which a further one completes the area
const TOOL_KEYS = { o: "object", b: "stroke", l: "lasso" };
const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Gestures {
  /**
   * @param {object} heard  place(at), missed(), pointed(at), dotPicked(i), dotMoved(i, at), dotDropped(i), dotRemoved(i);
   *     drawing(points): a stroke or lasso so far; drawn(points): it is complete; toolChosen(tool); places in pixels of the photograph
   */
  constructor(stage, heard) {
    this.stage = stage;
    this.heard = heard;
    this.pointers = new Map();
    this.tool = "object"; // or "stroke", "lasso"
    this.corners = []; // of an area that is drawn with the keys, or corner by corner
    const { root, divider } = stage;
    root.addEventListener("pointerdown", (event) => this.down(event));
    root.addEventListener("pointermove", (event) => this.move(event));
    root.addEventListener("pointerup", (event) => this.up(event));
    root.addEventListener("pointercancel", (event) => this.up(event, true));
    root.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    root.addEventListener("keydown", (event) => this.key(event));
    root.addEventListener("click", (event) => this.click(event));
    stage.dots.addEventListener("focusin", ({ target }) => target.matches(":focus-visible") && stage.reveal(target.at.x, target.at.y));
    stage.dots.addEventListener("focusout", () => heard.dotDropped());
    divider.addEventListener("keydown", (event) => this.dividerKey(event));
    this.space = false; // while the space bar is held, a drag moves the photograph whatever the tool
    document.addEventListener("keydown", (event) => (this.space = event.code === "Space"));
    document.addEventListener("keyup", () => (this.space = false));
  }

  /** Whether a pointer is down. */
  get busy() {
    return this.pointers.size > 0;
  }

  use(tool) {
    this.tool = tool;
    this.abandon();
  }

  /** Forget the area that is being drawn. */
  abandon() {
    this.corners = [];
    this.heard.drawing([]);
  }

  /** Add a corner; one at the first or the last corner completes the area. */
  corner(at) {
    const near = (other) => Math.hypot(at.x - other.x, at.y - other.y) * this.stage.scale <= CORNER_RADIUS;
    const [first, end] = [this.corners[0], this.corners.at(-1)];
    const least = this.tool === "lasso" ? 3 : 1;
    if (first && this.corners.length >= least && (near(end) || (this.tool === "lasso" && near(first)))) {
      const points = this.corners;
      this.corners = [];
      return this.heard.drawn(points);
    }
    if (!end || !near(end)) this.corners = [...this.corners, at];
    this.heard.drawing(this.corners);
  }

  /** What a click or Enter at a place does. */
  act(place) {
    if (this.tool === "object") this.heard.place(place);
    else this.corner(place);
  }

  down(event) {
    if (event.button === 2 || event.target.closest(".trouble")) return;
    const { stage } = this;
    const dot = event.target.closest(".dot");
    const draws = this.tool !== "object" && event.button === 0 && !this.space && !this.pointers.size;
    const kind = dot ? "dot" : event.target === stage.divider ? "divider" : draws ? "draw" : "picture";
    const { clientX: x, clientY: y } = event;
    const pointer = { kind, x, y, fromX: x, fromY: y, moved: event.button === 1, hint: -1, path: [stage.inside(stage.under(x, y))] };
    if (dot) {
      const under = stage.under(x, y);
      Object.assign(pointer, { hint: Number(dot.dataset.hint), offX: dot.at.x - under.x, offY: dot.at.y - under.y });
    } else event.preventDefault();
    this.pointers.set(event.pointerId, pointer);
    stage.root.setPointerCapture(event.pointerId);
    if (this.pointers.size > 1) {
      if ([...this.pointers.values()].some((each) => each.kind === "draw")) this.abandon(); // two fingers zoom
      for (const each of this.pointers.values()) Object.assign(each, { moved: true, kind: each.kind === "draw" ? "picture" : each.kind });
    }
    (dot ?? (kind === "divider" ? stage.divider : stage.root)).focus({ preventScroll: true });
  }

  move(event) {
    const pointer = this.pointers.get(event.pointerId);
    if (!pointer) return;
    const { stage } = this;
    if (Math.hypot(event.clientX - pointer.fromX, event.clientY - pointer.fromY) > CLICK_RADIUS) pointer.moved = true;
    if (this.pointers.size === 2) this.pinch(pointer, event);
    else if (!pointer.moved) return;
    else if (pointer.kind === "draw") {
      const steps = event.getCoalescedEvents?.() ?? [];
      for (const each of steps.length ? steps : [event]) pointer.path.push(stage.inside(stage.under(each.clientX, each.clientY)));
      this.heard.drawing(pointer.path);
    } else if (pointer.kind === "divider") stage.divide((event.clientX - stage.room.left - stage.left) / (stage.right - stage.left));
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
    if (pointer.kind === "draw" && cancelled) return this.abandon();
    if (pointer.kind === "draw" && pointer.moved) {
      this.corners = [];
      return this.heard.drawn(pointer.path);
    }
    if (pointer.moved || cancelled) return;
    if (pointer.kind === "dot") this.heard.dotPicked(pointer.hint);
    else if (pointer.kind === "divider" && this.stage.onHandle(event.clientY)) this.stage.divide(this.stage.split % 1 ? 0 : 0.5);
    else {
      const place = this.stage.under(event.clientX, event.clientY);
      if (!this.stage.has(place)) this.heard.missed();
      else if (pointer.kind === "draw" && this.tool === "stroke") this.heard.drawn([place]);
      else this.act(place);
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
    const pressed = event.key.length === 1 ? event.key.toLowerCase() : event.key; // whatever Caps Lock says
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
    else if (event.key === "Enter" && onStage) this.act(stage.aim ?? { x: stage.width / 2, y: stage.height / 2 });
    else if ((event.key === "Delete" || event.key === "Backspace") && dot) heard.dotRemoved(hint);
    else if (event.key === "Escape" && this.corners.length) this.abandon();
    else if (event.key === "Escape" && onStage) heard.missed();
    else if (event.key === "+" || event.key === "=") stage.zoom(1.25);
    else if (event.key === "-") stage.zoom(0.8);
    else if (event.key === "0") stage.fit();
    else if (event.key === "1") stage.full();
    else if (pressed in TOOL_KEYS) heard.toolChosen(TOOL_KEYS[pressed]);
    else if (pressed === "g") stage.divide(stage.split === 1 ? 0 : 1);
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
