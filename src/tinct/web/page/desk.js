// The open photographs: which one is on the stage, which wait to be colored, which were closed, and what was open before.

import { settingsOf } from "./batch.js";
import { missingOf } from "./file_actions.js";
import { isFilm } from "./files.js";
import { Film } from "./film.js";
import { t } from "./i18n.js";
import { again, calm, note, say } from "./notice.js";
import { Photo } from "./photo.js";
import { words } from "./remedies.js";
import { remember, remembered, Store } from "./store.js";

export class Desk {
  /** @param {object} heard  changed(): redraw; leaving(photo): this one comes on the stage, or null; shown(photo): it is there */
  constructor(heard) {
    this.heard = heard;
    this.photos = [];
    this.photo = null; // the one on the stage
    this.closed = []; // {one: a photograph, at: its index}, the last closed at the end
    this.working = false; // whether one is being sent
    this.unstored = false; // whether it was told that the browser has no room
    this.store = new Store({ failed: () => this.noRoom() });
    this.photoHeard = {
      changed: () => heard.changed(),
      edited: (one, previews) => this.edited(one, previews),
      failed: (one, problem) => note(words(problem), again(() => one.refresh()), one),
      well: calm,
    };
  }

  /** Those that have a picture to download: a film has keyframes instead, as soon as they are found. */
  get pictures() {
    return this.photos.filter((one) => !(one instanceof Film));
  }

  edited(one, previews) {
    if (one.closed) return;
    if (one === this.photo) one.film?.learn(one.edit);
    this.store.put(one, previews);
  }

  /** Whether leaving the page now would lose work. */
  get losesWork() {
    return this.photos.some((one) => one.unsaved && !this.store.holds(one));
  }

  noRoom() {
    if (!this.unstored) note(t("no-room-here"));
    this.unstored = true;
  }

  /** Open files; say which are empty, and which folders hold no picture. */
  take(files, folders = []) {
    const empty = files.filter((file) => !file.size);
    const fresh = files.filter((file) => file.size).map((file) => (isFilm(file) ? new Film(file, this.photoHeard) : new Photo(file, this.photoHeard)));
    const told = [...empty.map(({ name }) => t("empty-file", { name })), ...folders.map((name) => t("empty-folder", { name }))];
    if (told.length) note(told.join(" "));
    if (!fresh.length) return;
    this.photos.push(...fresh);
    for (const one of fresh) if (!(one instanceof Film)) this.store.put(one);
    this.choose(fresh[0]);
    this.work();
  }

  /** Have the photographs that wait colored, one after the other, the one on the stage first. */
  async work() {
    if (this.working) return;
    this.working = true;
    for (let one; (one = [this.photo, ...this.photos].find((each) => each?.state === "waiting")); ) await this.send(one);
    this.working = false;
  }

  async send(one) {
    if (one.film) one.wished = { ...one.wished, ...one.film.settings };
    await one.send();
    if (one.closed) return;
    if (one instanceof Film && one.state === "ready") return this.unfold(one);
    if (one === this.photo) this.choose(one);
    say(one.state === "failed" ? one.problem : t("in-color-now", { name: one.name }));
  }

  /** Put the keyframes of a film in its place. */
  unfold(film) {
    this.photos.splice(this.photos.indexOf(film), 1, ...film.frames);
    film.frames.forEach((one) => this.store.put(one));
    if (film === this.photo) this.choose(film.frames[0]);
    say(t("film-open", { name: film.name, count: film.frames.length }));
    film.frames = [];
    this.heard.changed();
  }

  /** The keyframe of a film at a time in seconds, which is added where it isn't open. Throws a `Problem`. */
  async frameOf(film, time) {
    const open = film.keyframeAt(time, this.photos);
    if (open) return open;
    const one = await film.frameAt(time);
    const later = this.photos.findIndex((other) => other.film === film && other.time > time);
    const last = this.photos.findLastIndex((other) => other.film === film);
    this.photos.splice(later < 0 ? last + 1 : later, 0, one);
    this.store.put(one);
    this.work();
    return one;
  }

  /** Close all keyframes of a film, and let the engine forget it. */
  closeFilm(film) {
    for (const one of this.photos.filter((each) => each.film === film).reverse()) this.close(one, film);
  }

  /** Send a photograph again that could not be colored. */
  retry(one) {
    one.state = "waiting";
    this.work();
  }

  choose(one) {
    this.heard.leaving(one);
    this.photo = one;
    document.title = one ? `${one.name} – tinct` : "tinct";
    remember("current", one?.id ?? "");
    if (one?.film?.settings && one.opened) one.wish(one.film.settings);
    this.heard.shown(one);
  }

  /** Go to the next photograph in the row, or with -1 to the one before. */
  step(by) {
    const to = this.photos[this.photos.indexOf(this.photo) + by];
    if (!to) return;
    this.choose(to);
    say(to.name);
  }

  /** @param {Film} [whole]  the film that is closed with all its keyframes */
  close(one, whole = null) {
    const at = this.photos.indexOf(one);
    this.photos.splice(at, 1);
    one.close();
    if (one.film && !this.photos.some((other) => other.film === one.film)) one.film.close();
    this.store.remove(one, this.photos);
    [one, missingOf(one)].forEach(calm);
    if (one === this.photo) this.choose(this.photos[Math.min(at, this.photos.length - 1)] ?? null);
    if (one.state !== "failed") {
      this.closed.push({ one, at, whole });
      note(t("is-closed", { name: (whole ?? one).name }), { label: t("bring-back"), act: () => this.reopen() });
    }
    this.heard.changed();
  }

  /** Open the photograph again that was closed last, as it was; or the film with its keyframes. */
  reopen() {
    const last = this.closed.at(-1);
    if (!last) return;
    do {
      const { one, at } = this.closed.pop();
      one.closed = false;
      if (one.film) one.film.closed = false;
      this.photos.splice(at, 0, one);
      if (!(one instanceof Film)) {
        this.store.put(one, true);
        one.catchUp();
      }
    } while (last.whole && this.closed.at(-1)?.whole === last.whole);
    this.choose(last.one);
    this.work();
  }

  /** Open the photographs that were open when the page was left. */
  async restore() {
    const films = new Map(); // id -> Film
    const found = (await this.store.restore()).map((record) => {
      const stored = record.film?.file ? record.film : null; // without its file a keyframe is a photograph like others
      if (stored && !films.has(stored.id)) films.set(stored.id, Film.restored(stored, this.photoHeard));
      return Photo.restored(record, this.photoHeard, stored && films.get(stored.id));
    });
    found.forEach((one) => this.store.held.set(one, one.edit));
    found.forEach((one) => one.catchUp());
    this.photos.unshift(...found);
    const current = this.photos.find((one) => one.id === remembered("current")) ?? this.photos[0];
    if (!this.photo && current) this.choose(current);
    document.documentElement.dataset.restored = "";
    this.heard.changed();
    this.work();
  }

  /** Go to the next photograph, and give it the settings of this one. */
  sameForNext() {
    const { photo, photos } = this;
    const next = photos[(photos.indexOf(photo) + 1) % photos.length];
    next.wish(settingsOf(photo.edit));
    this.choose(next);
    say(t("same-done"));
  }

  sameForAll() {
    for (const one of this.photos) if (one !== this.photo) one.wish(settingsOf(this.photo.edit));
    note(t("same-done"));
  }
}
