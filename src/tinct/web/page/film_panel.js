// The controls of a film, which are shown with its keyframes: what is colored, how far it is, the download.

import { $, disable, element, press } from "./dom.js";
import { secondsOf, timeText } from "./film.js";
import { language, t } from "./i18n.js";
import { note, say } from "./notice.js";
import { words } from "./remedies.js";

const MINUTE = 60; // seconds

export class FilmPanel {
  /** @param {import("./desk.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.told = new WeakMap(); // film -> the state that was read out last
    const button = (id, act) => press(id, () => act(desk.photo.film));
    button("film-color", (film) => (film.running ? film.stop() : this.color(film)));
    button("film-download", (film) => this.download(film));
    button("film-close", (film) => desk.closeFilm(film));
    $("film-another").addEventListener("submit", (event) => {
      event.preventDefault();
      this.add(desk.photo.film);
    });
    for (const [id, key] of [["film-start", "start"], ["film-end", "end"]]) {
      $(id).addEventListener("input", () => (desk.photo.film.part[key] = $(id).value.trim()));
    }
  }

  color(film) {
    const { start, end } = film.part;
    if ([start, end].some((text) => text && Number.isNaN(secondsOf(text)))) return note(t("film-no-time"));
    film.colorize(this.desk.photos);
  }

  /** Show the frame of the time that was entered. */
  async add(film) {
    const time = secondsOf($("film-time").value);
    if (Number.isNaN(time)) return note(t("film-no-time"));
    disable($("film-add"), true);
    try {
      this.desk.choose(await this.desk.frameOf(film, time));
      $("film-time").value = "";
    } catch (problem) {
      note(words(problem));
    }
    disable($("film-add"), false);
  }

  async download(film) {
    try {
      const { url, name } = await film.result();
      element("a", { href: url, download: name }).click();
      for (const one of this.desk.photos) if (one.film === film) one.keep();
      say(t("downloaded", { name }));
    } catch (problem) {
      note(words(problem));
      film.follow();
    }
  }

  draw(photo) {
    const film = photo?.film;
    $("film").hidden = $("film-saving").hidden = !film;
    $("save").hidden = Boolean(film);
    $("download").classList.toggle("strong", !film);
    if (!film) return;
    const { name, width, height, duration, notes, running, run, part } = film;
    const size = `${width} × ${height}`;
    const colored = this.desk.photos.filter((one) => one.film === film && one.edit.hints.length).length;
    const facts = duration ? t("film-facts", { name, size, duration: timeText(Math.round(duration)) }) : t("facts", { name, size });
    $("film-facts").textContent = [facts, ...notes].join(". ");
    $("film-keyframes").textContent = t("film-keyframes", { count: colored });
    for (const [id, value] of [["film-start", part.start], ["film-end", part.end]]) if ($(id) !== document.activeElement) $(id).value = value;
    $("film-color").textContent = t(running ? "film-stop" : "film-color");
    $("film-color").classList.toggle("strong", !running && run?.state !== "done");
    $("film-download").hidden = run?.state !== "done";
    const text = film.failure || this.status(film);
    $("film-status").textContent = text;
    $("film-status").hidden = !text;
    $("film-status").classList.toggle("bad", Boolean(film.failure));
    $("film-progress").hidden = !running;
    const share = film.leaving ? film.progress : run?.stage && run.total ? run.done / run.total : null;
    share === null || share === 1 ? $("film-progress").removeAttribute("value") : ($("film-progress").value = share);
    this.tell(film, text);
  }

  /** How far the coloring is, in words. */
  status({ leaving, progress, run }) {
    if (leaving) return progress < 1 ? t("sending", { percent: Math.round(100 * progress) }) : t("film-queued");
    if (!run) return "";
    if (run.state === "queued") return t("film-queued");
    if (run.state === "done") return t("film-done", { name: run.result.name });
    if (run.state !== "running") return "";
    if (run.stage !== "coloring") return t(run.stage === "joining" ? "film-joining" : "film-looking");
    const percent = run.total ? Math.floor((100 * run.done) / run.total) : 0;
    return run.secondsLeft === null ? t("film-coloring", { percent }) : t("film-left", { percent, time: lasting(run.secondsLeft) });
  }

  /** Read out that the coloring began, ended or failed. */
  tell(film, text) {
    const state = film.failure ? "failed" : (film.run?.state ?? "");
    if (this.told.get(film) === state) return;
    if (this.told.has(film) && text) say(text);
    this.told.set(film, state);
  }
}

/** Seconds as words: `40 seconds`, `3 minutes`. */
function lasting(seconds) {
  const long = seconds > 2 * MINUTE;
  const number = long ? Math.round(seconds / MINUTE) : Math.max(1, Math.round(seconds));
  return new Intl.NumberFormat(language, { style: "unit", unit: long ? "minute" : "second", unitDisplay: "long" }).format(number);
}
