// Edits that can be taken back. An edit is plain data and never changed, only replaced.

export const START = Object.freeze({ hints: [], variant: 1, seed: 0, vividness: 0.5, strength: 1, like: null });

const same = (one, other) => one === other || (Array.isArray(one) && JSON.stringify(one) === JSON.stringify(other));

export class History {
  constructor(first = START) {
    this.edits = [first];
    this.place = 0;
    this.kind = null;
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

  /** Whether nothing was changed, or all was changed back. */
  get fresh() {
    return Object.keys(START).every((key) => same(START[key], this.now[key]));
  }

  /** Put another edit after this one. Edits of one kind in a row, such as those of a slider being moved, count as one. */
  set(changes, kind = null) {
    if (Object.keys(changes).every((key) => same(changes[key], this.now[key]))) return;
    const next = Object.freeze({ ...this.now, ...changes });
    const merge = kind !== null && kind === this.kind && this.place > 0;
    this.edits.length = this.place + (merge ? 0 : 1);
    this.edits.push(next);
    this.place = this.edits.length - 1;
    this.kind = kind;
  }

  /** The kind under way is over: the next edit is one of its own. */
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
