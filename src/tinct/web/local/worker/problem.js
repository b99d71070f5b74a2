// What the worker can't do: an error that crosses to the page as code, fact and values.

export class Refusal extends Error {
  /**
   * @param {string} code  kind of problem, in kebab case; the page has words for it in its languages
   * @param {string} fact  what is wrong, as an English sentence
   * @param {object} [values]  for the page's words, by name
   */
  constructor(code, fact, values) {
    super(fact);
    Object.assign(this, { code, fact, values });
  }
}
