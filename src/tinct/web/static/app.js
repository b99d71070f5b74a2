// The page: which photograph is on the stage, what its controls say, and what they do.

import * as api from "./api.js";
import { Photo } from "./photo.js";
import { Picker } from "./picker.js";
import { Stage } from "./stage.js";

const $ = (id) => document.getElementById(id);
const photos = [];
let photo = null; // the one on the stage
let picked = -1; // its color that the picker is for, or -1
let pending = null; // a place without a color yet
let drawing = 0;

// ---- the stage ----

const stage = new Stage($("stage"), {
  place: (x, y) => ask({ x, y }),
  dotPicked: (i) => pick(i),
  dotMoved(i, x, y) {
    picker.close();
    setHints(photo.edit.hints.map((hint, k) => (k === i ? { ...hint, x: round(x), y: round(y) } : hint)), `move ${i}`);
  },
  dotDropped() {
    photo.history.settle();
    say("Moved");
  },
  dotRemoved: (i) => removeHint(i),
  sized: () => photo?.sharpen(stage.shownSide),
});

const picker = new Picker($("picker"), {
  chosen(color) {
    const hints = [...photo.edit.hints];
    if (picked < 0) {
      picked = hints.length;
      hints.push({ x: round(pending.x), y: round(pending.y), color });
      setHints(hints);
    } else {
      hints[picked] = { ...hints[picked], color };
      setHints(hints, `color ${picked}`);
    }
    say(`${color} at ${Math.round(hints[picked].x)}, ${Math.round(hints[picked].y)}`);
  },
  removed: () => removeHint(picked),
  closed() {
    picked = -1;
    pending = null;
    photo?.history.settle();
    update();
  },
});

const round = (value) => Math.round(value * 10) / 10;

function setHints(hints, kind) {
  photo.set({ hints }, kind);
}

function removeHint(i) {
  if (i < 0) return;
  setHints(photo.edit.hints.filter((_, k) => k !== i));
  say("Removed");
}

/** Which color a new place has. */
function ask(place) {
  if (photo?.state !== "ready") return;
  [picked, pending] = [-1, place];
  open(place, null);
}

function pick(i) {
  const hint = photo.edit.hints[i];
  if (!hint) return;
  [picked, pending] = [i, null];
  open(hint, hint.color);
  update();
}

async function open(place, color) {
  picker.show(stage.onScreen(place.x, place.y), color);
  const [of, others] = [photo, photo.edit.hints.filter((_, k) => k !== picked)];
  try {
    const found = await of.ask((id) => api.suggest(id, { x: place.x, y: place.y, hints: others, count: 10 }));
    if (of === photo && picker.open) picker.fill(found);
  } catch (problem) {
    picker.fill([]);
    complain(problem.message);
  }
}

// ---- photographs ----

async function take(files) {
  const fresh = [...files].filter((file) => file.size).map((file) => new Photo(file, update));
  if (!fresh.length) return;
  photos.push(...fresh);
  if (!photo || photo.state === "failed") choose(fresh[0]);
  update();
  for (const one of fresh) {
    await one.send();
    if (one === photo) choose(one);
    if (one.state === "failed") complain(one.problem);
  }
}

function choose(one) {
  picker.close();
  photo = one;
  if (one?.state === "ready") {
    stage.open(one.width, one.height);
    one.sharpen(stage.shownSide);
  }
  update();
}

function close(one) {
  one.forget();
  const at = photos.indexOf(one);
  photos.splice(at, 1);
  if (one === photo) choose(photos[Math.min(at, photos.length - 1)] ?? null);
  update();
}

// ---- what is on the screen ----

function update() {
  if (drawing) return;
  drawing = requestAnimationFrame(() => {
    drawing = 0;
    draw();
  });
}

function draw() {
  $("welcome").hidden = photos.length > 0;
  $("work").hidden = photos.length === 0;
  drawTray();
  if (!photo) return;
  const ready = photo.state === "ready";
  $("work").classList.toggle("waiting", !ready);
  $("busy").hidden = photo.state === "failed" || (ready && !photo.working);
  $("busy").classList.toggle("quick", ready);
  $("busy").firstElementChild.textContent = ready ? "" : photo.progress < 1 ? `Sending ${Math.round(100 * photo.progress)} %` : "Coloring…";
  for (const control of document.querySelectorAll(".panel button, .panel input, .panel select")) control.disabled = !ready;
  $("frame").hidden = $("divider").hidden = !ready;
  if (!ready) {
    $("variants").replaceChildren();
    if (photo.state === "failed") $("facts").textContent = photo.problem;
    return;
  }
  const edit = photo.edit;
  stage.show(photo.gray, photo.color);
  stage.setHints(edit.hints, picked);
  stage.draw();
  $("undo").disabled = !photo.history.canUndo;
  $("redo").disabled = !photo.history.canRedo;
  for (const key of ["vividness", "strength"]) {
    $(key).value = Math.round(100 * edit[key]);
    $(`${key}-out`).textContent = edit[key].toFixed(2);
  }
  drawHints(edit);
  drawLike(edit);
  drawVariants(edit);
  $("facts").textContent = [`${photo.name}, ${photo.width} × ${photo.height}`, ...photo.notes].join(". ");
  if (photo.problem) complain(photo.problem);
  clearTimeout(draw.later);
  draw.later = setTimeout(() => photo?.drawVariants(), 350);
}

/** Children of a list, kept where they are, so that focus stays. */
function fill(list, count, make) {
  while (list.children.length > count) list.lastChild.remove();
  while (list.children.length < count) list.append(make(list.children.length));
}

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function drawTray() {
  const tray = $("tray");
  fill(tray, photos.length, () => {
    const item = element("li");
    const button = element("button", { type: "button" }, element("img", { alt: "" }));
    button.addEventListener("click", () => choose(item.photo));
    const cross = element("button", { type: "button", className: "close", textContent: "×" });
    cross.addEventListener("click", () => close(item.photo));
    item.append(button, cross);
    return item;
  });
  photos.forEach((one, i) => {
    const item = tray.children[i];
    item.photo = one;
    item.className = one.state;
    const [button, cross] = item.children;
    button.setAttribute("aria-label", `${one.name}${one.state === "ready" ? "" : `, ${one.state}`}`);
    button.title = one.problem || one.name;
    one === photo ? button.setAttribute("aria-current", "true") : button.removeAttribute("aria-current");
    cross.setAttribute("aria-label", `Close ${one.name}`);
    const image = button.firstElementChild;
    image.hidden = !one.color;
    if (one.color && image.src !== one.color) image.src = one.color;
  });
  tray.hidden = photos.length < 1;
}

function drawHints(edit) {
  $("no-hints").hidden = edit.hints.length > 0;
  $("save-hints").hidden = edit.hints.length === 0;
  fill($("hints"), edit.hints.length, (i) => {
    const color = element("input", { type: "color" });
    color.addEventListener("input", () => setHints(photo.edit.hints.map((h, k) => (k === i ? { ...h, color: color.value } : h)), `color ${i}`));
    color.addEventListener("change", () => photo.history.settle());
    const place = element("button", { type: "button", className: "quiet" });
    place.addEventListener("click", () => pick(i));
    const cross = element("button", { type: "button", className: "close", textContent: "×" });
    cross.addEventListener("click", () => removeHint(i));
    return element("li", {}, color, place, cross);
  });
  edit.hints.forEach((hint, i) => {
    const [color, place, cross] = $("hints").children[i].children;
    color.value = hint.color;
    color.setAttribute("aria-label", `Color ${i + 1}`);
    place.textContent = `at ${Math.round(hint.x)}, ${Math.round(hint.y)}`;
    cross.setAttribute("aria-label", `Remove color ${i + 1}`);
  });
}

function drawLike(edit) {
  const box = $("like");
  const shown = box.querySelector("img")?.src ?? "";
  if (shown === (edit.like?.real ?? "")) return;
  const button = element("button", { type: "button", id: "like-pick", className: "quiet", textContent: edit.like ? "Another…" : "a color picture" });
  button.addEventListener("click", () => $("like-file").click());
  box.replaceChildren(button);
  if (edit.like) {
    const none = element("button", { type: "button", className: "quiet", textContent: "None" });
    none.addEventListener("click", () => photo.set({ like: null }));
    box.prepend(element("img", { src: edit.like.real, alt: `Colors of ${edit.like.name}` }));
    box.append(none);
  }
}

function drawVariants(edit) {
  const list = $("variants");
  fill(list, photo.shown + 1, () => {
    const item = element("li");
    const button = element("button", { type: "button" }, element("img", { alt: "", width: 96 }));
    button.addEventListener("click", () => (item.variant ? photo.set({ variant: item.variant }) : more()));
    item.append(button);
    return item;
  });
  [...list.children].forEach((item, i) => {
    item.variant = i < photo.shown ? i + 1 : 0;
    const button = item.firstElementChild;
    button.classList.toggle("more", !item.variant);
    const url = photo.thumbs.get(item.variant);
    const image = button.firstElementChild;
    image.hidden = !url;
    if (url && image.src !== url) image.src = url;
    button.dataset.label = item.variant ? "" : "More";
    button.setAttribute("aria-label", item.variant === 0 ? "More variants" : item.variant === 1 ? "Automatic colors" : `Variant ${item.variant}`);
    button.setAttribute("aria-pressed", String(item.variant === edit.variant));
  });
}

function more() {
  photo.shown += 8;
  update();
}

function say(text) {
  $("status").textContent = text;
}

function complain(text) {
  $("toast").textContent = text;
  $("toast").hidden = false;
  clearTimeout(complain.later);
  complain.later = setTimeout(() => ($("toast").hidden = true), 9000);
}

// ---- controls ----

const openFiles = () => $("files").click();
$("open").addEventListener("click", openFiles);
$("pick").addEventListener("click", openFiles);
$("files").addEventListener("change", (event) => {
  take(event.target.files);
  event.target.value = "";
});
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dropping");
});
document.addEventListener("dragleave", (event) => event.relatedTarget ?? document.body.classList.remove("dropping"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  take(event.dataTransfer.files);
});
document.addEventListener("paste", (event) => take(event.clipboardData.files));

for (const key of ["vividness", "strength"]) {
  $(key).addEventListener("input", (event) => photo.set({ [key]: event.target.value / 100 }, key));
  $(key).addEventListener("change", () => photo.history.settle());
}
$("undo").addEventListener("click", () => photo.undo());
$("redo").addEventListener("click", () => photo.redo());
$("clear").addEventListener("click", () => photo.startOver());
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || photo?.state !== "ready") return;
  const key = event.key.toLowerCase();
  if (key === "z") event.shiftKey ? photo.redo() : photo.undo();
  else if (key === "y") photo.redo();
  else return;
  picker.close();
  event.preventDefault();
});
$("zoom-in").addEventListener("click", () => stage.zoom(1.4));
$("zoom-out").addEventListener("click", () => stage.zoom(1 / 1.4));
$("zoom-fit").addEventListener("click", () => stage.fit());

$("like-pick").addEventListener("click", () => $("like-file").click());
$("like-file").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  event.target.value = "";
  if (file) await photo.setLike(file).catch((problem) => complain(problem.message));
});

function keep(blob, name) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

$("download").addEventListener("click", async () => {
  const [button, one] = [$("download"), photo];
  button.textContent = "Working on the full size…";
  button.classList.add("working");
  try {
    const edit = { ...one.request(), format: $("format").value, output: $("output").value };
    const { blob, name } = await one.ask((id) => api.render(id, edit));
    keep(blob, name);
    say(`${name} is there`);
  } catch (problem) {
    complain(problem.message);
  }
  button.textContent = "Download in full size";
  button.classList.remove("working");
});
$("save-hints").addEventListener("click", () => {
  const text = `[\n${photo.edit.hints.map((hint) => `  ${JSON.stringify(hint)}`).join(",\n")}\n]\n`;
  keep(new Blob([text], { type: "application/json" }), `${photo.name.replace(/\.[^.]*$/, "")}.hints.json`);
});
$("load-hints").addEventListener("click", () => $("hints-file").click());
$("hints-file").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  event.target.value = "";
  if (!file) return;
  try {
    const hints = JSON.parse(await file.text());
    const fine = Array.isArray(hints) && hints.every((h) => Number.isFinite(h.x) && Number.isFinite(h.y) && /^#[0-9a-f]{6}$/i.test(h.color));
    if (!fine) throw new Error();
    setHints(hints.map(({ x, y, color, size }) => ({ x, y, color, ...(size ? { size } : {}) })));
  } catch {
    complain(`${file.name} holds no colors: it should be JSON, [{"x": 120, "y": 80, "color": "#b58863"}].`);
  }
});
window.addEventListener("pagehide", () => photos.forEach((one) => one.forget()));
update();
