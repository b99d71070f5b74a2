"use strict";
const { tinct, command, seed, sides, pairs } = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
/** For each answered pair: 0 or 1, the side that was chosen, or null for no difference. */
let answers = [];

function show() {
  const done = answers.length === pairs.length;
  at("asking").hidden = done;
  at("result").hidden = !done;
  if (done) return count();
  const pair = pairs[answers.length];
  at("left-picture").src = pair.pictures[pair.left];
  at("right-picture").src = pair.pictures[1 - pair.left];
  at("progress").value = answers.length;
  at("place").textContent = `${answers.length + 1} of ${pairs.length}`;
  at("undo").disabled = at("stop").disabled = !answers.length;
}

/** place: "left", "right" or "none". */
function choose(place) {
  if (at("asking").hidden) return;
  const left = pairs[answers.length].left;
  answers.push({ left, right: 1 - left, none: null }[place]);
  show();
}

function undo() {
  if (at("asking").hidden || !answers.length) return;
  answers.pop();
  show();
}

function count() {
  const chosen = [0, 1].map((side) => answers.filter((answer) => answer === side).length);
  const decided = chosen[0] + chosen[1];
  const none = answers.length - decided;
  const best = chosen[1] > chosen[0] ? 1 : 0;
  const undecided = none ? `, no difference in ${none}` : "";
  at("answer").textContent = !decided
    ? `No difference in ${none} of ${answers.length} pairs.`
    : chosen[0] === chosen[1]
      ? `Both were chosen equally often, ${times(chosen[0])}${undecided}.`
      : `“${sides[best]}” was chosen ${times(chosen[best])}, “${sides[1 - best]}” ${times(chosen[1 - best])}${undecided}.`;
  at("chance").textContent = decided
    ? `That is ${percent(chosen[best] / decided)} of the decided pairs (95 % interval ${interval(chosen[best], decided).map(percent).join(" to ")}). ` +
      `If neither were better, a split at least as uneven would come up with probability ${chance(chosen[best], decided).toFixed(3)}.`
    : "";
  const lefts = (side, left) => answers.filter((answer, i) => answer === side && (pairs[i].left === side) === left).length;
  at("counts").replaceChildren(
    ...[0, 1].map((side) => row(sides[side], [chosen[side], lefts(side, true), lefts(side, false)])),
    row("no difference", [none, "", ""]),
  );
  at("back").hidden = answers.length === pairs.length;
  [at("first-name").textContent, at("second-name").textContent] = sides;
  at("pairs").replaceChildren(...answers.map((answer, i) => figure(pairs[i], answer)));
}

function row(name, cells) {
  const line = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = name;
  line.append(head, ...cells.map((value) => Object.assign(document.createElement("td"), { textContent: value })));
  return line;
}

function figure(pair, answer) {
  const found = document.createElement("figure");
  const couple = document.createElement("div");
  couple.className = "couple small";
  couple.append(...pair.pictures.map((src, side) => Object.assign(document.createElement("img"), { src, alt: sides[side], loading: "lazy" })));
  const caption = document.createElement("figcaption");
  caption.textContent = `${pair.name}: ${answer === null ? "no difference" : sides[answer]}`;
  found.append(couple, caption);
  return found;
}

const times = (count) => `${count} time${count === 1 ? "" : "s"}`;

const percent = (share) => `${Math.round(100 * share)} %`;

/** Wilson's score interval of a share. */
function interval(wins, total) {
  const z = 1.96;
  const share = wins / total;
  const middle = (share + (z * z) / (2 * total)) / (1 + (z * z) / total);
  const half = (z / (1 + (z * z) / total)) * Math.sqrt((share * (1 - share)) / total + (z * z) / (4 * total * total));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/** Two-sided sign test, exact. */
function chance(wins, total) {
  let logarithm = -total * Math.log(2); // of the probability of exactly k wins, from k = total down
  let sum = 0;
  for (let k = total; k >= Math.max(wins, total - wins); k--) {
    sum += Math.exp(logarithm);
    logarithm += Math.log(k) - Math.log(total - k + 1);
  }
  return Math.min(1, 2 * sum);
}

function save() {
  const choices = answers.map((answer, i) => ({
    picture: pairs[i].name,
    left: sides[pairs[i].left],
    chosen: answer === null ? null : sides[answer],
  }));
  const chosen = Object.fromEntries(sides.map((label, side) => [label, answers.filter((answer) => answer === side).length]));
  const text = JSON.stringify({ tinct, command, seed, sides, pairs: pairs.length, chosen, choices }, null, 2);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = "blind-result.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

for (const place of ["left", "right"]) at(place).addEventListener("click", () => choose(place));
for (const place of ["left", "right", "none"]) at(`choose-${place}`).addEventListener("click", () => choose(place));
at("undo").addEventListener("click", undo);
at("save").addEventListener("click", save);
at("again").addEventListener("click", () => {
  answers = [];
  show();
});
at("stop").addEventListener("click", () => {
  at("asking").hidden = true;
  at("result").hidden = false;
  count();
});
at("back").addEventListener("click", show);
document.addEventListener("keydown", (event) => {
  const act = {
    ArrowLeft: () => choose("left"),
    ArrowRight: () => choose("right"),
    ArrowDown: () => choose("none"),
    Backspace: undo,
  }[event.key];
  if (!act || event.repeat || event.ctrlKey || event.metaKey || event.altKey || at("asking").hidden) return;
  event.preventDefault();
  act();
});
show();
