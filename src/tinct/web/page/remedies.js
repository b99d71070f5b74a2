// What to do about a problem at this page: code of a `Problem` -> words that name the page's own controls.

const AGAIN = "Press “Try again” in a moment.";
const SMALLER = "Open a smaller copy of it.";

const REMEDIES = {
  "broken-off": "The file may be larger than the server takes. Open a smaller copy of it, or press “Try again”.",
  busy: AGAIN,
  "forbidden-origin": "Open the page under the server's own address.",
  "format-limit": "Choose another “Format”.",
  "gray-reference": "Choose one in color with “Another…”, or press “None”.",
  "internal-error": "Save the picture in another format, and open that.",
  "no-room": "Close photographs that you don't need any more, or press “Try again” in a minute.",
  "no-such-picture": "Press “Try again” to send it once more.",
  "request-stalled": "Press “Try again”.",
  "request-too-large": SMALLER,
  timeout: `${SMALLER} Or press “Try again”.`,
  "too-small": "Open a larger copy of it.",
  token: "Open the page again with the token in its address: ?token=…",
  "too-many-pixels": SMALLER,
  "too-many-uploads": AGAIN,
  "wrong-host": "Open the page under the server's own address.",
};

/** A problem of the engine as a text for the screen: the fact with the page's own remedy, or else with the engine's. */
export function words({ code, fact, detail }) {
  return code in REMEDIES && fact ? `${fact} ${REMEDIES[code]}` : detail;
}
