// The words of the page, in the browser's language: strings/*.json, one file a language, all with the same keys.

const LANGUAGES = ["en", "de", "fr", "es", "ja"];
const TOUCH = matchMedia("(hover: none)").matches; // whether people tap; then key.touch is used where it exists

const wanted = (navigator.languages ?? [navigator.language]).map((one) => one.toLowerCase().split("-")[0]);

/** Code of the language that is shown. */
export const language = wanted.find((one) => LANGUAGES.includes(one)) ?? "en";

const strings = await (await fetch(new URL(`strings/${language}.json`, import.meta.url))).json();

export const has = (key) => key in strings;

/** The words of a key, with {name} replaced by the value of that name. */
export function t(key, values = {}) {
  const text = (TOUCH && strings[`${key}.touch`]) || strings[key] || key;
  return text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
}

/** Fill in the words of index.html. */
export function translate() {
  document.documentElement.lang = language;
  for (const one of document.querySelectorAll("[data-t]")) one.textContent = t(one.dataset.t);
  for (const [name, attribute] of Object.entries({ tLabel: "aria-label", tTitle: "title", tAlt: "alt" })) {
    const data = `data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    for (const one of document.querySelectorAll(`[${data}]`)) one.setAttribute(attribute, t(one.dataset[name]));
  }
}
