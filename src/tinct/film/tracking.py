"""Colors carried along the motion of a shot, corrected toward what the network says of each anchor.

Anchors are the frames on which the network runs. Along the path of each place through a shot, the color of an anchor is the mean of the
network's colors at the anchors before and after it, weighted by how sure these are and fading with distance: a recursive filter forward
and one backward, whose results are combined as in a fixed-interval smoother (Fraser and Potter, 1969). Where a place wasn't visible
before, or where the scene changes by and by, as in a cross-fade, the mean begins anew. Frames between anchors take the colors of both
neighbors along the motion.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from ..color import lightness
from .motion import SURROUNDINGS, Motion, chained, pulled

__all__ = ["Layer", "Look", "between", "chain_back", "choose_anchors", "laid_over", "mixed", "settled", "smoothed", "tracked"]

Floats = npt.NDArray[np.float32]

# Constants without another source are chosen by argument.
MAX_WEIGHT = 24.0
"""Limit of a mean's weight: about so many anchors count."""
DECAY = 0.94
"""Factor on the weight of a mean from anchor to anchor: it halves after 11 of them, two seconds or three."""
MIN_TRUST = 0.6
"""Mean trust of the motion from an anchor below which the next anchor comes earlier."""
TAKE_OVER_ANCHORS = 8
"""Anchors after the beginning of a later run from which what follows them counts fully, as the first one is fixed."""
FIRM_TRUST = 0.35
"""Trust from anchor to anchor from which colors that were told keep their weight: it would shrink with every step. Chosen by eye."""
LOOK_DECAY = 0.9
"""Factor on the weight of a scene's mean gray levels from anchor to anchor."""
MIN_LOOK_WEIGHT = 0.5
"""Weight from which a mean gray level is compared."""
MIN_KNOWN = 0.1
"""Share of a frame with such levels below which nothing is compared."""
MAX_LOOK_GAP = 12 / 255
"""Difference between a place's gray level and its mean, of 0..1, up to which it looks the same; as `motion.MAX_RESIDUAL`."""
MIN_SAME = 0.85
"""Share of places that look the same from which the scene is the same."""
MAX_OTHER = 0.6
"""Share up to which it is another one."""
MIN_FADE = 0.15
"""Change of L* + 16 against its mean, as a natural logarithm, from which it is a fade; less is a flicker. Chosen by argument."""
MAX_EXPOSURE = 2.0
"""Change of contrast that counts as exposure."""
_TINY = np.float32(1e-6)
"""Keeps divisions by a weight of 0 finite."""


@dataclass(frozen=True)
class Layer:
    """Colors with a weight at each place."""

    ab: Floats
    """(h, w, 2) a*, b*."""
    weight: Floats
    """(h, w) 0 where nothing is known."""
    seen: Floats | None = None
    """(h, w) 0..1 for colors that were told: where a place was seen as they were told. What has more of it than weight was left to the
    model on purpose."""

    def pulled(self, motion: Motion, decay: float = 1.0) -> Layer:
        """This layer as another frame sees it. Args: motion: from that frame into this one's; decay: factor on the weight."""
        weight = np.clip(pulled(self.weight, motion, smooth=True), 0, None) * motion.trust * np.float32(decay)
        seen = None if self.seen is None else np.clip(pulled(self.seen, motion, smooth=True), 0, 1) * motion.trust
        return Layer(pulled(self.ab, motion) * np.float32(motion.exposure), weight, seen)

    def left_out(self) -> Floats:
        """(h, w) 0..1: places that were seen as colors were told, and got none."""
        return np.zeros_like(self.weight) if self.seen is None else np.asarray(np.clip(self.seen - self.weight, 0, 1), np.float32)

    def with_more(self, other: Layer, limit: float = MAX_WEIGHT) -> Layer:
        """The weighted mean of two layers."""
        total = self.weight + other.weight
        share = (other.weight / (total + _TINY))[..., None]
        return Layer(self.ab + share * (other.ab - self.ab), np.minimum(total, np.float32(limit)))


@dataclass(frozen=True)
class Look:
    """Mean gray levels of a scene along its motion."""

    level: Floats
    """(h, w) 0..1."""
    weight: Floats
    """(h, w)."""

    def pulled(self, motion: Motion) -> Look:
        """As `Layer.pulled`."""
        both = pulled(np.dstack([self.level, self.weight]), motion, smooth=True)
        return Look(both[..., 0], both[..., 1] * motion.trust * np.float32(LOOK_DECAY))

    def with_more(self, now: Floats, share: float) -> Look:
        """The mean with another frame, after the weight of what was before is multiplied by `share`."""
        old = self.weight * np.float32(share)
        return Look((old * self.level + now) / (old + 1), old + 1)

    def exposure(self, was: Floats, now: Floats, motion: Motion) -> float:
        """`Motion.exposure` of a fade; 1 otherwise.

        Args:
            was: (h, w) gray levels of the other frame.
            now: of the frame that sees this look.
            motion: from that frame into the other one.
        """
        known = self.weight > MIN_LOOK_WEIGHT
        if known.mean() < MIN_KNOWN or abs(math.log(_brightening(self.level, now, known))) < MIN_FADE:
            return 1.0
        return _brightening(pulled(was, motion, smooth=True), now, known)

    def sameness(self, now: Floats) -> float:
        """0..1: whether a frame still shows the scene, apart from exposure."""
        known = self.weight > MIN_LOOK_WEIGHT
        if known.mean() < MIN_KNOWN:
            return 1.0
        was, new = self.level[known], now[known]
        spread = float(was.var())
        gain = float(((was - was.mean()) * (new - new.mean())).mean()) / spread if spread > 1e-6 else 0.0
        gain = min(max(gain, 1 / MAX_EXPOSURE), MAX_EXPOSURE)
        gap = cv2.blur(now - new.mean() - np.float32(gain) * (self.level - was.mean()), (SURROUNDINGS, SURROUNDINGS))
        alike = float((np.abs(gap[known]) < MAX_LOOK_GAP).mean())
        return min(1.0, max(0.0, (alike - MAX_OTHER) / (MIN_SAME - MAX_OTHER)))


def _brightening(was: Floats, now: Floats, where: npt.NDArray[np.bool_]) -> float:
    """Ratio of L* + 16 of the mean gray levels of some places."""
    levels = np.array([was[where].mean(), now[where].mean()], np.float32)
    before, after = lightness(np.repeat(levels[:, None], 3, axis=1)) + 16
    return float(after / before)


def choose_anchors(motions: Sequence[tuple[Motion, Motion]], every: int, wanted: Sequence[int] = ()) -> list[int]:
    """Frames on which the network runs.

    Args:
        motions: between each frame and the next: into the next one, and back.
        every: frames from one anchor to the next at most.
        wanted: frames that must be anchors.

    Returns:
        Rising indices of frames, from 0 to the last, which is ``len(motions)``.
    """
    anchors, last = [0], len(motions)
    must = {0, last, *wanted}
    while anchors[-1] < last:
        start = anchors[-1]
        frame, way = start, None
        while frame < last and frame - start < every:
            step = motions[frame][1]  # from frame + 1 back
            way = step if way is None else chained(step, way)
            if frame > start and float(way.trust.mean()) < MIN_TRUST:
                break
            frame += 1
            if frame in must:
                break
        anchors.append(max(frame, start + 1))
    return anchors


def chain_back(motions: Sequence[tuple[Motion, Motion]], first: int, last: int) -> tuple[Motion, Motion]:
    """Motion from frame `first` into frame `last`, and back, along the frames between them."""
    there = back = None
    for frame in range(last - 1, first - 1, -1):
        there = motions[frame][0] if there is None else chained(motions[frame][0], there)
    for frame in range(first, last):
        back = motions[frame][1] if back is None else chained(motions[frame][1], back)
    assert there is not None
    assert back is not None
    return there, back


def tracked(told: Sequence[Layer | None], ways: Sequence[tuple[Motion, Motion]], before: Layer | None) -> list[Layer | None]:
    """Colors that were told, along the motion to all anchors. They don't fade; the latest or nearest one counts.

    Args:
        told: what was told of each anchor.
        ways: between each anchor and the next: into the next one, and back.
        before: what was told of the anchors before, at the first one.
    """
    forward: list[Layer | None] = []
    for i, own in enumerate(told):
        came = before if i == 0 else _moved(forward[-1], ways[i - 1][1])
        forward.append(_over(own, came))
    result = list(forward)
    later: Layer | None = None
    for i in range(len(told) - 1, -1, -1):
        later = None if i == len(told) - 1 else _moved(_over(told[i + 1], later), ways[i][0])
        result[i] = _over(forward[i], later)
    return result


def settled(
    ways: Sequence[tuple[Motion, Motion]], looks: Sequence[Floats], before: Look | None
) -> tuple[list[tuple[Motion, Motion]], Look]:
    """The motion between anchors, trusted less where the whole scene changes by and by, as in a cross-fade, and with the exposure of fades.

    From frame to frame nothing moves in a cross-fade, so optical flow alone would carry colors from one scene into the next. In a fade
    from black, chroma grows with lightness; an exposure that only flickers leaves it alone.

    Args:
        ways: between each anchor and the next: into the next one, and back.
        looks: (h, w) gray levels 0..1 of each anchor.
        before: what the scene looked like at the first anchor and before it, if an earlier run ended with it.

    Returns:
        The ways, and what the scene looks like at the last anchor.
    """
    look = before or Look(looks[0], np.ones_like(looks[0]))
    backs, theres = [], []
    for (_, back), was, now in zip(ways, looks[:-1], looks[1:], strict=True):
        moved = look.pulled(back)
        share = moved.sameness(now)
        backs.append(Motion(back.flow, back.trust * np.float32(share), moved.exposure(was, now, back)))
        look = moved.with_more(now, share)
    later = Look(looks[-1], np.ones_like(looks[-1]))
    for (there, _), was, now in zip(reversed(ways), reversed(looks[1:]), reversed(looks[:-1]), strict=True):
        moved = later.pulled(there)
        share = moved.sameness(now)
        theres.append(Motion(there.flow, there.trust * np.float32(share), moved.exposure(was, now, there)))
        later = moved.with_more(now, share)
    return list(zip(reversed(theres), backs, strict=True)), look


def smoothed(fresh: Sequence[Layer], ways: Sequence[tuple[Motion, Motion]], before: Layer | None) -> tuple[list[Layer], Layer]:
    """The mean color of each place over a run of anchors.

    Args:
        fresh: the network's colors of each anchor, and how sure they are.
        ways: between each anchor and the next: into the next one, and back.
        before: the mean at the first anchor, if that is the last one of an earlier run: it stays as it is.

    Returns:
        The mean at each anchor; and the mean with which the next run begins.
    """
    forward = [fresh[0] if before is None else before]
    for new, (_, back) in zip(fresh[1:], ways, strict=True):
        forward.append(forward[-1].pulled(back, DECAY).with_more(new))
    result, later = [forward[-1]], None
    for i in range(len(fresh) - 2, -1, -1):
        known = fresh[i + 1] if later is None else later.with_more(fresh[i + 1])
        later = known.pulled(ways[i][0], DECAY)
        if i == 0 and before is not None:
            result.append(before)
        else:
            share = 1.0 if before is None else min(1.0, i / TAKE_OVER_ANCHORS)
            result.append(forward[i].with_more(Layer(later.ab, later.weight * np.float32(share))))
    return result[::-1], forward[-1]


def between(first: Floats, second: Floats, to_first: Motion, to_second: Motion, share: float) -> Floats:
    """Colors of a frame between two anchors.

    Args:
        first: (h, w, 2) a*, b* of the anchor before.
        second: of the anchor after.
        to_first: motion from the frame into the first.
        to_second: motion into the second.
        share: of the way from the first to the second, 0..1.
    """
    one, other = pulled(first, to_first), pulled(second, to_second)
    near, far = (1 - share) * (to_first.trust + 1e-3), share * (to_second.trust + 1e-3)
    return np.asarray(one + (far / (near + far))[..., None] * (other - one), np.float32)


def mixed(base: Floats, told: Layer | None) -> Floats:
    """Colors with those that were told laid over them."""
    return base if told is None else np.asarray(base + np.clip(told.weight, 0, 1)[..., None] * (told.ab - base), np.float32)


def laid_over(upper: Layer, lower: Layer) -> Layer:
    """One layer of what was told over another."""
    share = np.clip(upper.weight, 0, 1)
    seen = [one.seen for one in (upper, lower) if one.seen is not None]
    ab = lower.ab + share[..., None] * (upper.ab - lower.ab)
    return Layer(ab, np.maximum(upper.weight, lower.weight), np.max(seen, axis=0) if seen else None)


def _moved(layer: Layer | None, motion: Motion) -> Layer | None:
    """A layer of what was told, which doesn't fade where motion is followed well enough."""
    if layer is None:
        return None
    firm = np.clip(motion.trust / np.float32(FIRM_TRUST), 0, 1)
    return layer.pulled(Motion(motion.flow, firm, motion.exposure))


def _over(upper: Layer | None, lower: Layer | None) -> Layer | None:
    return upper or lower if upper is None or lower is None else laid_over(upper, lower)
