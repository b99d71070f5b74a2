// Results at full size, strip by strip: the photograph in color, the color alone as a layer, both side by side.

import { lightness } from "./color.js";
import { strips } from "./decode.js";

const guides = new WeakMap(); // bitmap -> {shrink, guide} of the merge that has learned it last

/** Give a merge the whole lightness, where it needs that first. */
export function learn(merge, bitmap) {
  if (!merge.needsGuide) return;
  const { shrink } = merge;
  const known = guides.get(bitmap);
  if (known?.shrink === shrink) return merge.adopt(known.guide);
  for (const { top, height, rgba } of strips(bitmap)) merge.learn(lightOf(rgba, bitmap.width * height), top);
  guides.set(bitmap, { shrink, guide: merge.guide });
}

/** L* of the pixels of a strip. */
function lightOf(rgba, count) {
  const light = new Float32Array(count);
  lightness(rgba, light);
  return light;
}

/** Color a strip of a photograph, in place. */
export function paintStrip(merge, { rgba }, part) {
  merge.strip(lightOf(rgba, part.width * part.height), part, rgba);
}

/** What each output is made of: its size, its rows from top to bottom, and whether it is transparent in places. */
export const outputs = {
  color(photo, bitmap, merge) {
    const { width, height } = photo;
    const alpha = photo.metadata.alpha;
    return { width, height, alpha, rows: colored(photo, bitmap, merge, (strip) => strip.rgba) };
  },
  /** The photograph beside the result. */
  compare(photo, bitmap, merge) {
    const { width, height } = photo;
    const gap = Math.max(2, Math.floor(width / 100));
    const whole = 2 * width + gap;
    const rows = colored(photo, bitmap, merge, (strip, before) => {
      const both = new Uint8ClampedArray(4 * whole * strip.height).fill(255);
      for (let y = 0; y < strip.height; y++) {
        both.set(before.subarray(4 * y * width, 4 * (y + 1) * width), 4 * y * whole);
        both.set(strip.rgba.subarray(4 * y * width, 4 * (y + 1) * width), 4 * (y * whole + width + gap));
      }
      return both;
    });
    return { width: whole, height, alpha: false, rows };
  },
  /** The layer that turns the photograph into the result when it lies over it, each pixel as transparent as possible. */
  layer(photo, bitmap, merge) {
    const { width, height } = photo;
    return { width, height, alpha: true, rows: colored(photo, bitmap, merge, (strip, before) => layered(before, strip.rgba)) };
  },
};

/** The rows of a result, strip by strip. */
function* colored(photo, bitmap, merge, made) {
  for (const strip of strips(bitmap)) {
    const before = strip.rgba.slice();
    paintStrip(merge, strip, { x: 0, y: strip.top, width: photo.width, height: strip.height });
    yield { ...strip, rgba: made(strip, before) };
  }
}

/** Pixels that turn `before` into `after` when they lie over it. */
function layered(before, after) {
  const found = new Uint8ClampedArray(after.length);
  for (let i = 0; i < after.length; i += 4) {
    let opacity = 0;
    for (const k of [i, i + 1, i + 2]) {
      const change = after[k] - before[k];
      const room = change > 0 ? 255 - before[k] : before[k]; // the largest change that opaque paint could make
      opacity = Math.max(opacity, Math.abs(change) / Math.max(1, room));
    }
    opacity = after[i + 3] ? Math.ceil(opacity * 255) : 0;
    for (const k of [i, i + 1, i + 2]) found[k] = Math.round(before[k] + ((after[k] - before[k]) * 255) / Math.max(1, opacity));
    found[i + 3] = opacity;
  }
  return found;
}
