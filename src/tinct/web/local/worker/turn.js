// What makes a stored picture upright, as `tinct.photo.metadata.orientation.Turn`.

const MIRRORED_ALONG_X = [2, 3, 6, 7]; // after the axes were swapped: x counts from the right
const MIRRORED_ALONG_Y = [3, 4, 7, 8];
const SWAPPED = [5, 6, 7, 8]; // rows become columns

export class Turn {
  /** @param {number} orientation  of EXIF, 1..8 @param {number} width  pixels, as stored @param {number} height  likewise */
  constructor(orientation = 1, width = 0, height = 0) {
    Object.assign(this, { orientation, width, height });
  }

  /** Of a photograph whose upright size is known. */
  static of(orientation, width, height) {
    return SWAPPED.includes(orientation) ? new Turn(orientation, height, width) : new Turn(orientation, width, height);
  }

  /** Whether width and height are exchanged. */
  get swapped() {
    return SWAPPED.includes(this.orientation);
  }

  /**
   * Where a point of the stored picture lies in the upright one.
   * @param {number} width  of the stored picture, in the unit of `x`; for indices of pixels, one less than the width
   * @returns {[number, number]}
   */
  point(x, y, width = 1, height = 1) {
    if (this.swapped) [x, y, width, height] = [y, x, height, width];
    return [MIRRORED_ALONG_X.includes(this.orientation) ? width - x : x, MIRRORED_ALONG_Y.includes(this.orientation) ? height - y : y];
  }

  /** [left, top, wide, high] of a rectangle in the upright picture; see `point`. */
  box(left, top, wide, high, width = 1, height = 1) {
    const [x0, y0] = this.point(left, top, width, height);
    const [x1, y1] = this.point(left + wide, top + high, width, height);
    return [Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0), Math.abs(y1 - y0)];
  }

  /** EXIF's SubjectArea (2 to 4 numbers) or SubjectLocation for the upright picture. @param {number[]} values */
  subject([column, row, ...sides]) {
    const [x, y] = this.point(column, row, this.width - 1, this.height - 1);
    return [Math.max(0, Math.round(x)), Math.max(0, Math.round(y)), ...(this.swapped ? sides.reverse() : sides)];
  }

  /** [a, b, c, d, e, f] of a canvas' transform that draws the stored picture upright. */
  get matrix() {
    const origin = this.point(0, 0, this.width, this.height);
    const along = (x, y) => this.point(x, y, this.width, this.height).map((value, i) => value - origin[i]);
    return [...along(1, 0), ...along(0, 1), ...origin];
  }
}
