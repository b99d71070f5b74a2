// The page: the open photographs, the one on the stage, and the actions of the controls.

import { drawnArea, moved } from "./areas.js";
import { downloadAll, drawDownloadAll } from "./batch.js";
import { colorName } from "./colors.js";
import { Desk } from "./desk.js";
import { Detail } from "./detail.js";
import { $, guardFocus, press } from "./dom.js";
import { enter } from "./entrance.js";
import { download, saveEdit } from "./file_actions.js";
import { FilmPanel } from "./film_panel.js";
import { Gestures } from "./gestures.js";
import { choiceOf, colored, usedColors } from "./hint_list.js";
import { t, translate } from "./i18n.js";
import { again, note, say } from "./notice.js";
import { ObjectVariants } from "./object_variants.js";
import { listenToFiles } from "./opening.js";
import { Panel } from "./panel.js";
import { Picker } from "./picker.js";
import { canRecur, offerElsewhere } from "./recurring.js";
import { words } from "./remedies.js";
import { Stage } from "./stage.js";
import { listen, showTool } from "./tools.js";
import { Tray } from "./tray.js";
import { Variants, variantName } from "./variants.js";
import { drawWaiting } from "./waiting.js";

const SUGGESTIONS = 8; // with "keep" and "gray" two rows of swatches; "as it was" takes the place of one
const VARIANTS_DELAY = 350; // milliseconds between an edit and the drawing of its variants
const LINE_TOLERANCE = 1.5; // screen pixels within which a drawn line is simplified

translate();

let photo = null; // the one on the stage
let asked = null; // the place that the picker is for: {x, y, hint, reach}; hint is its index or -1
let drawn = []; // points of the area that is being drawn
let keepsRest = false; // whether the next hint keeps the colors of all else

// ---- colors of places ----

const stage = new Stage($("stage"), () => {
  if (asked) picker.follow(stage.onScreen(asked));
  photo?.sharpen(stage.shownSide);
  detail.update(photo);
  $("zoom-percent").textContent = photo?.state === "ready" ? `${Math.round(stage.percent)} %` : "";
  if (gestures.tool === "stroke") showAreas();
});
const detail = new Detail(stage);

const gestures = new Gestures(stage, {
  place: (at) => ask({ ...at, hint: -1 }),
  missed() {
    picker.close();
    stage.point(null);
  },
  pointed(at) {
    picker.close();
    stage.point(at);
    say(where(at));
  },
  drawing(points) {
    if (points.length) picker.close();
    drawn = points;
    showAreas();
    if (points.length && !gestures.busy) say(t("corner", { number: points.length }));
  },
  drawn(points) {
    drawn = [];
    const found = drawnArea(gestures.tool, points, brushWidth(), LINE_TOLERANCE / stage.scale);
    if (found) ask({ ...found.place, hint: -1, reach: found.reach });
    else note(t("no-area"));
    showAreas();
  },
  toolChosen: use,
  dotPicked: pick,
  dotMoved(i, at) {
    picker.close();
    const hint = photo.edit.hints[i];
    if (!hint) return;
    const to = rounded(at);
    const reach = hint.reach ? { reach: moved(hint.reach, to.x - hint.x, to.y - hint.y) } : {};
    setHint(i, { ...to, ...reach }, `move ${i}`);
    say(t("moved", { place: where(at) }));
  },
  dotDropped: () => photo?.history.settle(),
  dotRemoved: removeHint,
});

const picker = new Picker({
  chosen(color, finally_) {
    const more = asked.reach ? { reach: asked.reach } : keepsRest ? { keep_rest: true } : {};
    const { hints, at } = colored(photo.edit.hints, asked.hint, { ...rounded(asked), ...more }, color);
    asked.hint = at;
    photo.set({ hints }, `color ${at}`);
    stage.point(null);
    if (finally_) photo.history.settle();
    say(t("hint-at", { color: colorName(color), x: Math.round(asked.x), y: Math.round(asked.y) }));
  },
  keepRest(yes) {
    keepsRest = yes;
    if (asked.hint >= 0) setHint(asked.hint, { keep_rest: yes });
  },
  removed: () => removeHint(asked?.hint ?? -1),
  closed() {
    asked = null;
    stage.point(null);
    photo?.history.settle();
    showAreas();
    update();
  },
});

const rounded = ({ x, y }) => ({ x: Math.round(x * 10) / 10, y: Math.round(y * 10) / 10 });
const where = ({ x, y }) => `${Math.round(x)}, ${Math.round(y)}`;
const brushWidth = () => $("brush-width").value / stage.scale; // the slider is in screen pixels

function setHint(i, changes, kind) {
  photo.set({ hints: photo.edit.hints.map((hint, k) => (k === i ? { ...hint, ...changes } : hint)) }, kind);
}

/** Show the area that is being drawn, or that of the hint whose colors are shown. */
function showAreas() {
  const points = drawn.map(({ x, y }) => [x, y]);
  const now = gestures.tool === "stroke" ? { brush: points, width: brushWidth() } : { region: points };
  const reach = asked?.reach ?? photo?.edit.hints[asked?.hint]?.reach;
  stage.showAreas([...(points.length ? [now] : []), ...(reach && typeof reach === "object" ? [reach] : [])]);
}

function use(tool) {
  showTool(tool, tool !== gestures.tool);
  gestures.use(tool);
  picker.close();
}

function pick(i) {
  const hint = photo.edit.hints[i];
  if (hint) ask({ x: hint.x, y: hint.y, hint: i });
}

async function ask(place) {
  if (photo?.state !== "ready") return;
  picker.close(); // of the previous place
  asked = place;
  const [mine, hints] = [asked, photo.edit.hints];
  const hint = hints[place.hint] ?? null;
  stage.point(hint ? null : place);
  const confined = place.reach ?? (typeof hint?.reach === "object" || hint?.reach === "picture");
  const rest = confined ? null : hint ? Boolean(hint.keep_rest) : keepsRest;
  picker.show(stage.onScreen(place), stage.colorAt(place), choiceOf(hints, place.hint), usedColors(photo, photos), rest, hints.length > (hint ? 1 : 0));
  showAreas();
  update();
  const others = hints.filter((_, i) => i !== place.hint);
  try {
    const found = await photo.suggest({ x: place.x, y: place.y, hints: others, count: SUGGESTIONS - Number(others.length > 0) });
    if (asked === mine) picker.fill(found);
  } catch (problem) {
    if (asked !== mine) return;
    picker.fill({ colors: [], families: [] });
    note(words(problem), again(() => asked === mine && ask(place)));
  }
}

function removeHint(i) {
  if (i < 0) return;
  picker.close();
  photo.set({ hints: photo.edit.hints.filter((_, k) => k !== i) });
  draw();
  say(t("removed"));
}

// ---- photographs ----

const desk = new Desk({
  changed: update,
  leaving(one) {
    picker.close();
    gestures.abandon();
    if (one === photo || photo?.state !== "ready") return;
    photo.view = stage.view;
    photo.stopVariants(); // the next one is more urgent
  },
  shown(one) {
    photo = one;
    draw(); // the stage has a size only when it is visible
    if (one?.state === "ready") stage.open(one.width, one.height, one.view);
    tray.reveal();
  },
});
const { photos, closed } = desk;

// ---- what is on the screen ----

let drawing = 0;
let idle = 0;

const tray = new Tray({ chosen: (one) => desk.choose(one), closed: (one) => desk.close(one), step: (by) => desk.step(by) });
const variants = new Variants({
  chosen(variant) {
    photo.set({ variant });
    say(variantName(variant));
  },
  more() {
    photo.shown += 8;
    update();
    photo.drawVariants(); // without the delay after an edit
  },
});
const objects = new ObjectVariants(update);
const filmPanel = new FilmPanel(desk);
const panel = new Panel({
  undo: () => back("undo", t("undone")),
  redo: () => back("redo", t("redone")),
  startOver() {
    photo.startOver();
    say(t("start-over-help"));
  },
  set: (changes, kind) => photo.set(changes, kind),
  settle: () => photo.history.settle(),
  recolor: (i, color) => setHint(i, { color }, `color ${i}`),
  pick,
  remove: removeHint,
});

function back(way, text) {
  if (gestures.busy || !(way === "undo" ? photo.history.canUndo : photo.history.canRedo)) return;
  picker.close();
  photo[way]();
  say(text);
}

function update() {
  drawing ||= requestAnimationFrame(draw);
}

function draw() {
  cancelAnimationFrame(drawing);
  drawing = 0;
  const locked = !$("locked").hidden;
  $("welcome").hidden = photos.length > 0 || locked;
  $("work").hidden = $("open").hidden = photos.length === 0 || locked;
  $("reopen").hidden = closed.length === 0;
  $("reopen").title = closed.length ? t("reopen-help", { name: (closed.at(-1).whole ?? closed.at(-1).one).name }) : "";
  tray.draw(photos, photo);
  drawDownloadAll(photo?.film ? 0 : desk.pictures.length); // of a film it is the film that is downloaded
  if (!photo) return;
  const [ready, failed] = [photo.state === "ready", photo.state === "failed"];
  $("frame").hidden = $("divider").hidden = !ready;
  $("stage").setAttribute("aria-busy", String(!failed && (!ready || Boolean(photo.working))));
  drawWaiting(photo);
  variants.draw(photo);
  objects.draw(photo);
  picker.offerElsewhere(canRecur(photo.edit.hints[asked?.hint], desk.pictures));
  panel.draw(photo, asked?.hint, photos.length);
  filmPanel.draw(photo);
  if (!ready) return;
  stage.show(photo.gray, photo.color);
  stage.setHints(photo.edit.hints, asked?.hint);
  detail.update(photo);
  clearTimeout(idle);
  idle = setTimeout(() => photo?.drawVariants(), VARIANTS_DELAY);
}

// ---- buttons and files ----

listenToFiles(desk, picker, update);
press("pick", () => $("files").click());
press("try-again", () => desk.retry(photo));
press("give-up", () => desk.close(photo));
press("reopen", () => desk.reopen());
press("object-variants", () => {
  objects.show(photo, asked);
  picker.close();
});
press("elsewhere", () => {
  const hint = photo.edit.hints[asked.hint];
  picker.close(); // the note with the answer would cover it
  offerElsewhere(photo, hint, desk.pictures);
});
press("download", () => download(photo));
press("download-all", () => downloadAll(desk.pictures, $("format").value, $("output").value));
press("same-next", () => desk.sameForNext());
press("same-all", () => desk.sameForAll());
press("save-edit", () => saveEdit(desk, photo));
$("output").addEventListener("change", update);
listen(use, stage);
use("object");

// ---- the beginning and the end ----

window.addEventListener("beforeunload", (event) => desk.losesWork && event.preventDefault());
window.addEventListener("pagehide", () => photos.forEach((one) => one.forget()));
guardFocus(() => [...($("note").hidden ? [] : [$("note-act")]), $("stage"), $("try-again"), $("reopen"), $("pick"), $("password")]);

draw();
enter(draw, () => desk.restore());
