// The page: the open photographs, the one on the stage, and the actions of the controls.

import { $, keep } from "./dom.js";
import { fromJson, toJson } from "./edit_file.js";
import { chosen, dropped, pasted } from "./files.js";
import { Gestures } from "./gestures.js";
import { calm, note, say } from "./notice.js";
import { Panel } from "./panel.js";
import { Photo } from "./photo.js";
import { Picker } from "./picker.js";
import { words } from "./remedies.js";
import { Stage } from "./stage.js";
import { Store } from "./store.js";
import { Tray } from "./tray.js";
import { Variants } from "./variants.js";

const MAX_USED_COLORS = 10; // colors of other places that the picker offers
const SUGGESTIONS = 9;
const VARIANTS_DELAY = 350; // milliseconds between an edit and the drawing of its variants

const photos = [];
const closed = []; // {one: a photograph, at: its index}, the last closed at the end
let photo = null; // the one on the stage
let asked = null; // the place that the picker is for: {x, y, hint}; hint is its index or -1

// ---- colors of places ----

const stage = new Stage($("stage"), () => {
  if (asked) picker.follow(stage.onScreen(asked));
  photo?.sharpen(stage.shownSide);
});

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
  dotPicked: pick,
  dotMoved(i, at) {
    picker.close();
    if (!photo.edit.hints[i]) return;
    photo.set({ hints: photo.edit.hints.map((hint, k) => (k === i ? { ...hint, ...rounded(at) } : hint)) }, `move ${i}`);
    say(`Moved to ${where(at)}`);
  },
  dotDropped: () => photo?.history.settle(),
  dotRemoved: removeHint,
});

const picker = new Picker({
  chosen(color, finally_) {
    const hints = [...photo.edit.hints];
    if (asked.hint < 0) {
      asked.hint = hints.length;
      hints.push({ ...rounded(asked), color });
      stage.point(null);
    }
    hints[asked.hint] = { ...hints[asked.hint], color };
    photo.set({ hints }, `color ${asked.hint}`);
    if (finally_) photo.history.settle();
    say(`${color} at ${where(asked)}`);
  },
  removed: () => removeHint(asked?.hint ?? -1),
  closed() {
    asked = null;
    stage.point(null);
    photo?.history.settle();
    update();
  },
});

const again = (act) => ({ label: "Try again", act });
const rounded = ({ x, y }) => ({ x: Math.round(x * 10) / 10, y: Math.round(y * 10) / 10 });
const where = ({ x, y }) => `${Math.round(x)}, ${Math.round(y)}`;

function pick(i) {
  const hint = photo.edit.hints[i];
  if (hint) ask({ x: hint.x, y: hint.y, hint: i });
}

async function ask(place) {
  if (photo?.state !== "ready") return;
  picker.close(); // of the previous place
  asked = place;
  const [mine, hints] = [asked, photo.edit.hints];
  const chosen = hints[place.hint]?.color;
  stage.point(chosen ? null : place);
  const used = [...new Set(hints.map(({ color }) => color).reverse())].slice(0, MAX_USED_COLORS);
  picker.show(stage.onScreen(place), chosen ?? stage.colorAt(place), Boolean(chosen), used);
  update();
  const others = hints.filter((_, i) => i !== place.hint);
  try {
    const found = await photo.suggest({ x: place.x, y: place.y, hints: others, count: SUGGESTIONS });
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
  const inList = $("hints").contains(document.activeElement);
  photo.set({ hints: photo.edit.hints.filter((_, k) => k !== i) });
  draw();
  if (document.activeElement === document.body) {
    const last = $("hints").lastElementChild?.lastElementChild ?? $("load-edit");
    (inList ? last : stage.root).focus({ preventScroll: true });
  }
  say("Removed");
}

// ---- photographs ----

const store = new Store({
  failed() {
    if (!unstored) note("This browser has no room to keep the photographs: download your work before you close the page.");
    unstored = true;
  },
});
let unstored = false; // whether that was told

const heard = {
  changed: update,
  edited: (one, previews) => one.closed || store.put(one, previews),
  failed: (one, problem) => note(words(problem), again(() => one.refresh()), one),
  well: calm,
};

function take(files) {
  const fresh = files.filter((file) => file.size).map((file) => new Photo(file, heard));
  if (!fresh.length) return;
  photos.push(...fresh);
  fresh.forEach((one) => store.put(one));
  choose(fresh[0]);
  work();
}

let working = false;

/** Have the photographs that wait colored, one after the other, the one on the stage first. */
async function work() {
  if (working) return;
  working = true;
  for (let one; (one = [photo, ...photos].find((each) => each?.state === "waiting")); ) await send(one);
  working = false;
}

async function send(one) {
  await one.send();
  if (one.closed) return;
  if (one === photo) choose(one);
  say(one.state === "failed" ? one.problem : `${one.name} is in color`);
}

function choose(one) {
  picker.close();
  if (photo?.state === "ready" && photo !== one) photo.view = stage.view;
  photo = one;
  document.title = one ? `${one.name} – tinct` : "tinct";
  sessionStorage.setItem("tinct.current", one?.id ?? "");
  draw(); // the stage has a size only when it is visible
  if (one?.state === "ready") stage.open(one.width, one.height, one.view);
  tray.reveal();
}

function close(one) {
  const at = photos.indexOf(one);
  photos.splice(at, 1);
  one.close();
  store.remove(one);
  calm(one);
  if (one === photo) choose(photos[Math.min(at, photos.length - 1)] ?? null);
  if (one.state !== "failed") {
    closed.push({ one, at });
    note(`${one.name} is closed.`, { label: "Bring it back", act: reopen });
  }
  update();
}

/** Open the photograph again that was closed last, as it was. */
function reopen() {
  const { one, at } = closed.pop();
  one.closed = false;
  photos.splice(at, 0, one);
  store.put(one, true);
  choose(one);
  work();
}

/** The photographs that were open when the page was left. */
async function restore() {
  const records = await store.restore();
  const current = sessionStorage.getItem("tinct.current");
  const found = records.map((record) => Photo.restored(record, heard));
  found.forEach((one) => store.held.set(one, one.edit));
  photos.unshift(...found);
  if (!photo && photos.length) choose(photos.find((one) => one.id === current) ?? photos[0]);
  document.documentElement.dataset.restored = "";
  update();
  work();
}

// ---- what is on the screen ----

let drawing = 0;
let idle = 0;

const tray = new Tray({ chosen: choose, closed: close });
const variants = new Variants({
  chosen(variant) {
    photo.set({ variant });
    say(variant === 1 ? "Automatic colors" : `Variant ${variant}`);
  },
  more() {
    photo.shown += 8;
    update();
  },
});
const panel = new Panel({
  undo: () => back("undo", "Undone"),
  redo: () => back("redo", "Redone"),
  startOver() {
    photo.startOver();
    say("Back to the automatic colors");
  },
  set: (changes, kind) => photo.set(changes, kind),
  settle: () => photo.history.settle(),
  recolor: (i, color) => photo.set({ hints: photo.edit.hints.map((hint, k) => (k === i ? { ...hint, color } : hint)) }, `color ${i}`),
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
  $("welcome").hidden = photos.length > 0;
  $("work").hidden = $("open").hidden = photos.length === 0;
  $("reopen").hidden = closed.length === 0;
  $("reopen").title = closed.length ? `Open ${closed.at(-1).one.name} again` : "";
  tray.draw(photos, photo);
  if (!photo) return;
  const [ready, failed] = [photo.state === "ready", photo.state === "failed"];
  $("frame").hidden = $("divider").hidden = !ready;
  $("stage").setAttribute("aria-busy", String(!failed && (!ready || Boolean(photo.working))));
  $("busy").hidden = ready || failed;
  $("busy-text").textContent = photo.state === "sending" && photo.progress < 1 ? `Sending ${Math.round(100 * photo.progress)} %` : "Coloring…";
  $("trouble").hidden = !failed;
  $("trouble-text").textContent = photo.problem;
  variants.draw(photo);
  panel.draw(photo, asked?.hint);
  if (!ready) return;
  stage.show(photo.gray, photo.color);
  stage.setHints(photo.edit.hints, asked?.hint);
  clearTimeout(idle);
  idle = setTimeout(() => photo?.drawVariants(), VARIANTS_DELAY);
}

// ---- files ----

/** Load an edit; the reference that it names may be among the files. */
async function loadEdit(files) {
  const one = photo;
  const file = files.find(isEdit) ?? files[0];
  try {
    const { changes, like, leftOut } = fromJson(await file.text(), one.width, one.height);
    const picture = files.find((other) => other.name === like) ?? [...one.likes].find((known) => known.name === like)?.file;
    picker.close();
    one.set({ ...changes, like: picture ? await one.reference(picture) : null });
    if (!like || picture) one.keep();
    if (leftOut) note(`${leftOut} of the colors in ${file.name} lie outside this photograph and were left out.`);
    if (like && !picture) note(`${file.name} names ${like}, whose palette the photograph took.`, { label: `Choose ${like}…`, act: () => $("like-file").click() }, one);
    say(`${file.name} is loaded`);
  } catch (problem) {
    note(
      { unreadable: `${file.name} holds no colors that this page can read.`, outside: `All colors in ${file.name} lie outside this photograph. They may belong to another.` }[
        problem.message
      ] ?? words(problem),
    );
  }
}

const isEdit = (file) => file.name.toLowerCase().endsWith(".json");

async function setLike([file]) {
  const one = photo;
  one.liking = true;
  update();
  try {
    one.set({ like: await one.reference(file) });
    say(`Colored like ${file.name}`);
  } catch (problem) {
    note(words(problem), again(() => setLike([file])));
  }
  one.liking = false;
  update();
}

chosen("open", "files", take);
$("pick").addEventListener("click", () => $("files").click());
chosen("load-edit", "edit-file", loadEdit);
chosen("like-pick", "like-file", setLike);
pasted(take);
dropped((files, where) => {
  const ready = photo?.state === "ready";
  if (ready && files.some(isEdit)) loadEdit(files);
  else if (ready && files.length && where.closest?.("#like")) setLike(files);
  else take(files);
});
$("output").addEventListener("change", update);
$("try-again").addEventListener("click", () => {
  photo.state = "waiting";
  work();
});
$("give-up").addEventListener("click", () => close(photo));

async function download() {
  try {
    const { blob, name } = await photo.render($("format").value, $("output").value);
    keep(blob, name);
    say(`${name} is downloaded`);
  } catch (problem) {
    note(words(problem), again(download));
  }
}

$("download").addEventListener("click", download);
$("save-edit").addEventListener("click", () => {
  keep(new Blob([toJson(photo.edit)], { type: "application/json" }), `${photo.name.replace(/\.[^.]*$/, "")}.tinct.json`);
  photo.keep();
});
$("reopen").addEventListener("click", reopen);

// ---- keys, and the end ----

document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || photo?.state !== "ready") return;
  const key = event.key.toLowerCase();
  if (key !== "z" && key !== "y") return;
  event.preventDefault();
  key === "y" || event.shiftKey ? back("redo", "Redone") : back("undo", "Undone");
});
$("zoom-in").addEventListener("click", () => stage.zoom(1.4));
$("zoom-out").addEventListener("click", () => stage.zoom(1 / 1.4));
$("zoom-fit").addEventListener("click", () => stage.fit());
window.addEventListener("beforeunload", (event) => photos.some((one) => one.unsaved && !store.holds(one)) && event.preventDefault());
window.addEventListener("pagehide", () => photos.forEach((one) => one.forget()));
draw();
restore();
