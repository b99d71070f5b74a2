// Undo and redo. An edit is a frozen plain object, replaced by the next one; the first has the engine's defaults.

const same = (one, other) => one === other || (Array.isArray(one) && JSON.stringify(one) === JSON.stringify(other));

export const sameEdit = (one, other) => Object.keys(one).every((key) => same(one[key], other[key]));

/** Those of these fields that an edit has. */
export const fieldsOf = (edit, keys) => Object.fromEntries(keys.filter((key) => key in edit).map((key) => [key, edit[key]]));

export class History {
  /** @param {object[]} edits  @param {number} place  index of the current one */
  constructor(edits, place = 0) {
    this.edits = edits.map(Object.freeze);
    this.place = place;
    this.kind = null;
  }

  get first() {
    return this.edits[0];
  }

  get now() {
    return this.edits[this.place];
  }

  get canUndo() {
    return this.place > 0;
  }

  get canRedo() {
    return this.place < this.edits.length - 1;
  }

  /** Whether the edit equals the first one. */
  get fresh() {
    return sameEdit(this.first, this.now);
  }

  /** Add an edit after the current one. Consecutive edits of one kind, such as those of a moving slider, count as one. */
  set(changes, kind = null) {
    if (Object.keys(changes).every((key) => same(changes[key], this.now[key]))) return;
    const next = Object.freeze({ ...this.now, ...changes });
    const merge = kind !== null && kind === this.kind && this.place > 0;
    this.edits.length = this.place + (merge ? 0 : 1);
    this.edits.push(next);
    this.place = this.edits.length - 1;
    this.kind = kind;
  }

  /** End the current kind: the next edit is not merged with it. */
  settle() {
    this.kind = null;
  }

  undo() {
    if (this.canUndo) this.place--;
    this.kind = null;
  }

  redo() {
    if (this.canRedo) this.place++;
    this.kind = null;
  }
}
