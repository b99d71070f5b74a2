// A film: sent once, its most telling frames colored by hand like photographs, the rest colored by the engine in the background.

import * as engine from "./engine.js";
import { fieldsOf } from "./history.js";
import { Photo } from "./photo.js";
import { words } from "./remedies.js";

const KEYFRAMES = 5; // that are shown at first
const INTERVAL = 1000; // milliseconds between questions how far the coloring is
const SETTINGS = ["variant", "seed", "vividness", "strength", "like", "like_strength", "detail", "ensemble"]; // of an edit, which all of a film has in common
const SAME_TIME = 0.002; // seconds by which two times of one frame differ at most: texts are rounded to milliseconds

/** 12.4 -> `00:12.4`; `separator` is that between hours, minutes and seconds. */
export function timeText(seconds, separator = ":") {
  const thousandths = Math.round(seconds * 1000);
  const [minutes, rest] = [Math.floor(thousandths / 60_000), thousandths % 60_000];
  const two = (number) => String(number).padStart(2, "0");
  const hours = minutes < 60 ? [] : [Math.floor(minutes / 60)];
  return [...hours, two(minutes % 60), `${two(Math.floor(rest / 1000))}${rest % 1000 ? (rest / 1000 % 1).toFixed(3).slice(1).replace(/0+$/, "") : ""}`].join(separator);
}

/** `12.4`, `00:12.4` or `1:02:03.5` -> seconds; NaN for another text. */
export function secondsOf(text) {
  if (!/^(?:(?:\d+:)?\d+:)?(?:\d+(?:\.\d*)?|\.\d+)$/.test(String(text).trim())) return NaN;
  return String(text).split(":").reduce((sum, part) => 60 * sum + Number(part), 0);
}

/** On the stage and in the row it stands for its keyframes until they are known; then they are photographs with a `film` and a `time`. */
export class Film extends Photo {
  constructor(file, heard) {
    super(file, heard);
    URL.revokeObjectURL(this.early);
    this.early = ""; // an <img> shows no film
    this.part = { start: "", end: "" }; // what is colored, as texts
    this.settings = null; // of the keyframe that was changed last
    this.run = null; // how far the coloring is; see `engine.filmState`
    this.times = []; // seconds of the keyframes that were found
    this.failure = "";
  }

  /** A film whose keyframes were open when the page was left. */
  static restored({ id, file, key, info, part }, heard) {
    const film = new Film(file, heard);
    Object.assign(film, info, { id, part, opened: true, state: "ready" });
    if (key) engine.resumeFilm(film.file, key);
    film.key = key;
    film.follow();
    return film;
  }

  /** What the record of a keyframe says of it, besides the file. */
  get stored() {
    const { id, name, key, width, height, duration, notes, part } = this;
    return { id, name, key, part, info: { width, height, duration, notes } };
  }

  get unsaved() {
    return false; // its keyframes are
  }

  get running() {
    return Boolean(this.leaving) || ["queued", "running"].includes(this.run?.state);
  }

  async send() {
    Object.assign(this, { state: "sending", progress: 0, leaving: new AbortController() });
    this.heard.changed();
    try {
      const { width, height, duration, notes } = await engine.openFilm(this.file, this.sending);
      Object.assign(this, { width, height, duration, notes, progress: 1 });
      this.heard.changed();
      this.times = (await engine.keyframes(this.file, KEYFRAMES)).map(({ time }) => time);
      this.key = await engine.filmKey(this.file);
      this.pictures.color = null;
      this.frames = [];
      for (const time of this.times) this.frames.push(await this.frameAt(time));
      this.state = this.closed ? "waiting" : "ready";
    } catch (problem) {
      this.state = this.closed ? "waiting" : "failed";
      this.problem = words(problem);
    }
    this.leaving = null;
    this.heard.changed();
  }

  /** The frame nearest to a time in seconds, as a photograph. Throws a `Problem`. */
  async frameAt(time) {
    const blob = await engine.frame(this.file, time);
    const name = `${this.name.replace(/\.[^.]*$/, "")} ${timeText(time, ".")}.png`;
    const photo = new Photo(new File([blob], name, { type: "image/png" }), this.heard);
    return Object.assign(photo, { film: this, time, wished: this.settings });
  }

  /** The keyframe of this time among photographs. */
  keyframeAt(time, photos) {
    return photos.find((one) => one.film === this && Math.abs(one.time - time) < SAME_TIME);
  }

  /** A keyframe's edit has changed: its settings are those of all. */
  learn(edit) {
    this.settings = fieldsOf(edit, SETTINGS);
  }

  /** The edit of the film, in the JSON form of `tinct.film.FilmEdit`. */
  editWith(photos, like) {
    const colored = photos.filter((one) => one.film === this && one.edit.hints.length).sort((a, b) => a.time - b.time);
    return { ...this.settings, like, keyframes: colored.map(({ time, edit }) => ({ time, hints: edit.hints })) };
  }

  /** Color the film with its keyframes among photographs. */
  async colorize(photos) {
    if (this.running) return;
    this.run = null;
    this.failure = "";
    this.leaving = new AbortController();
    this.progress = 1;
    this.heard.changed();
    try {
      const edit = this.editWith(photos, this.settings?.like?.file ?? null);
      this.run = await engine.colorizeFilm(this.file, edit, this.part, this.sending);
      this.key = await engine.filmKey(this.file);
      photos.filter((one) => one.film === this).forEach((one) => this.heard.edited(one)); // its key is another
    } catch (problem) {
      this.failure = problem.code === "aborted" ? "" : words(problem);
    }
    this.leaving = null;
    this.heard.changed();
    await this.follow();
  }

  /** Ask how far the coloring is, until it ends. */
  async follow() {
    if (this.following) return;
    this.following = true;
    do {
      try {
        this.run = await engine.filmState(this.file);
        this.failure = this.run?.problem ? words(this.run.problem) : this.failure;
      } catch (problem) {
        if (!this.running) this.failure = words(problem);
      }
      this.heard.changed();
      if (this.running) await new Promise((resolve) => setTimeout(resolve, INTERVAL));
    } while (this.running && !this.closed);
    this.following = false;
  }

  /** End the coloring; the engine gets the film again when it is needed. */
  async stop() {
    this.leaving?.abort();
    this.run = null;
    this.heard.changed();
    await engine.closeFilm(this.file);
  }

  /** Address and name of the result. Throws a `Problem` where it isn't kept any more. */
  result() {
    return engine.filmResult(this.file);
  }

  close() {
    this.closed = true;
    this.stop();
  }

  forget() {} // the engine keeps a film while the page is away, and goes on
}
