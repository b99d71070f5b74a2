"""Hints and the objects that they lie on: the graphs of `coloring.objects` and of the grouping in `coloring.grouping`."""

from __future__ import annotations

import numpy as np

from ..color import L_SCALE, ab_bins
from ..coloring import grouping, objects
from ..coloring.palette import SAME_COLOR_RADIUS
from ..coloring.reaching import RIM
from .grids import CELL, area_resize, bilinear_resize, flat, sequence, unit
from .tensors import Tensor, concat, constant, loop, where

__all__ = ["group_touches", "masks_of", "scene_of"]

_FAR = 1e6
_STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))
"""Down and right to half of a cell's neighbors, in the order of `objects.Scene.steps`."""
_DOUBLINGS = 8
"""Of the step within which colors are taken together: enough for any a*, b*."""


def scene_of(gray: Tensor, feature: Tensor, logits: Tensor) -> list[Tensor]:
    """What masks are computed from, `coloring.objects.describe`: steps (4, h', w'), features (h' · w', C), roots (h' · w', bins).

    A step's entry is the length from a cell to its neighbor at the right, below, below right, and below left; without a neighbor it is
    1e6. The grid, h' × w', has at most `objects.MAX_SIDE` cells along the short side.
    """
    shape = logits.dims(2, 3)
    factor = (shape[0:1].least(shape[1:2]) + (objects.MAX_SIDE - 1)) // objects.MAX_SIDE
    height, width = (shape[0:1] // factor).most(1), (shape[1:2] // factor).most(1)
    bins = logits.dims(1)
    likely = area_resize(logits.squeeze(0).softmax(0), height, width)  # (bins, h', w')
    colors = (constant(ab_bins().T) @ flat(likely)).reshape(2, height, width)
    light = area_resize(gray.squeeze(0) * L_SCALE, height, width)
    places = concat([light / objects.LIGHTNESS_STEP, colors / objects.COLOR_STEP])  # (3, h', w')
    steps = []
    for down, right in _STEPS:
        one = places[:, 0 : height - down][:, :, max(0, -right) : width - max(0, right)]
        other = places[:, down:][:, :, max(0, right) : width + min(0, right)]
        length = ((one - other) * (one - other)).sum(0, keep=True).sqrt() + objects.MIN_STEP
        pads = constant([0, 0, max(0, -right), 0, down, max(0, right)], np.int64)
        steps.append(length.op("Pad", pads, constant(_FAR)))
    maps = feature.squeeze(0)
    centered = maps - maps.mean(1, 2, keep=True)
    standard = centered / (centered * centered).mean(1, 2, keep=True).sqrt().most(1e-3)
    fine = flat(bilinear_resize(standard, height, width)).transpose(1, 0)
    return [concat(steps), unit(fine, 1), likely.reshape(bins, -1).transpose(1, 0).sqrt()]


def group_touches(
    roots: Tensor, steps: Tensor, covered: Tensor, colors: Tensor, hint: Tensor, reach: Tensor, shape: Tensor
) -> list[Tensor]:
    """Which hints act together: `coloring.grouping.group_hints`.

    Args:
        roots: of `scene_of`.
        steps: of `scene_of`, for the grid's size.
        covered: (T, h, w) share of each cell under each color of each hint that reaches an object or keeps a color (a "touch").
        colors: (T, 2) a*, b* of the touches.
        hint: (T,) index of the touch's hint; the touches of a hint follow each other.
        reach: (N,) of all hints: 0 keeps the color that is there, 1 object, 2 picture, 3 an area, 4 object and keeps the rest.
        shape: (2,) h, w.

    Returns:
        kinds (N,): 1 informing, 2 recoloring, 3 confined, 0 keeping; informed: scalar; and of the groups kind (G,), colors (G, 2), fills
        (G,), seeds (G, h, w), and the index of the last hint (G,).
    """
    amount = covered.sum(1, 2)  # (T,)
    of_hint = hint.expand(1).equals(sequence(reach.dims(0)).expand(0)).as_floats()  # (T, N)
    reach_of = reach[hint]  # (T,)
    grouped = (reach_of > 0).as_floats()
    near = colors.expand(1) - constant(ab_bins()[None])  # (T, bins, 2)
    near = ((near * near).sum(2) <= SAME_COLOR_RADIUS**2).as_floats()
    height, width = steps.dims(1), steps.dims(2)
    rows, columns = (sequence(shape[i : i + 1]) * n // shape[i : i + 1] for i, n in ((0, height), (1, width)))
    places = (rows.expand(1) * width + columns.expand(0)).reshape(-1)
    likely = (flat(covered) @ (roots * roots)[places] * near).sum(1) / amount.most(1e-12)  # (T,)

    first = (sequence(hint.dims(0)) > 0).as_floats()  # 1 except for the first touch of a hint
    before: Tensor = hint.op("Gather", (sequence(hint.dims(0)) - 1).most(0))
    first = 1.0 - first * hint.equals(before).as_floats()
    named = first * grouped  # the touch that names its hint
    names: Tensor = (colors / grouping.SAME_GROUP_STEP).op("Round")
    alike = _equal_rows(names).as_floats()  # (T, T)
    same = (alike * named.expand(0)).sum(1)
    same = of_hint @ (of_hint.transpose(1, 0) @ (same * named).expand(1))  # (T, 1) of the hint's first touch
    others = (named.sum() - same.squeeze(1)) / grouping.OTHER_COLORS
    alone = (-(others * others)).exp()  # (T,)
    needed = alone * grouping.PLAUSIBLE

    def by_hint(values: Tensor) -> Tensor:
        """(T,) the sum over all touches of each touch's hint."""
        return (of_hint @ (of_hint.transpose(1, 0) @ values.expand(1))).squeeze(1)

    plausible = by_hint(amount * likely) >= needed * by_hint(amount)
    confined = reach_of.equals(4)
    kind = where(reach_of.equals(0), 0, where(confined, 3, where(plausible, 1, 2)))  # (T,)
    informing = kind.equals(1).as_floats()
    fill = alone * (1.0 - informing * (1.0 - grouping.INFORMING_FILL))
    odds, least = likely * likely, needed * needed
    cells = (informing * amount * ((odds - least) / (odds + least + 1e-12)).clip(0.0, 1.0)).sum() / grouping.INFORMING_CELLS
    given = reach.equals(2).as_floats().op("ReduceMax", keepdims=0).most(0.0)
    informed = given.most(1.0 - (-(cells * cells)).exp())
    touched = (of_hint.transpose(1, 0) @ (kind.as_floats() * first).expand(1)).squeeze(1).as_integers()
    kinds = where(reach.equals(2), 1, where(reach.equals(3), 3, touched))

    key = _keys(kind, names, colors, hint)
    unique, _, which, _ = key.op("Unique", sorted=1, outputs=4)
    members = sequence(unique.dims(0)).expand(1).equals(which.expand(0)).as_floats()  # (G, T)
    shares = members * amount.expand(0)
    total = shares.sum(1, keep=True)
    latest: Tensor = (members * hint.expand(0).as_floats() - (1.0 - members)).op("ReduceMax", constant([1], np.int64), keepdims=0)
    group_kind: Tensor = (members * kind.expand(0).as_floats()).op("ReduceMax", constant([1], np.int64), keepdims=0)
    seeds = (members @ flat(covered)).least(1.0).reshape(constant([-1], np.int64), shape)
    fills = (shares @ fill.expand(1) / total).squeeze(1)
    return [kinds, informed, group_kind.as_integers(), shares @ colors / total, fills, seeds, latest.as_integers()]


def _equal_rows(values: Tensor) -> Tensor:
    """(N, 2) -> (N, N) whether two rows are equal."""
    gaps = (values.expand(1) - values.expand(0)).abs()
    return gaps.sum(2).equals(0.0)


def _keys(kind: Tensor, names: Tensor, colors: Tensor, hint: Tensor) -> Tensor:
    """(T,) one integer for each group, in the order of the groups; of one kind at most `grouping.MAX_GROUPS`, with wider steps if needed."""

    def numbers(rounded: Tensor) -> Tensor:
        wide = rounded.as_integers() + 500
        return kind * 1_000_000 + wide[:, 0] * 1000 + wide[:, 1]

    step = constant(1.0) + kind.as_floats() * 0.0  # (T,)
    for _ in range(_DOUBLINGS):
        rounded: Tensor = (colors / (step.expand(1) * grouping.SAME_GROUP_STEP)).op("Round")
        key = numbers(rounded)
        equal = key.expand(1).equals(key.expand(0)).as_floats()
        distinct = 1.0 / equal.sum(1)  # sums to the number of different keys
        of_kind = kind.expand(1).equals(kind.expand(0)).as_floats()
        count = (of_kind @ distinct.expand(1)).squeeze(1)
        step = where(count > grouping.MAX_GROUPS + 0.5, step * 2.0, step)
    rounded = (colors / (step.expand(1) * grouping.SAME_GROUP_STEP)).op("Round")
    return where(kind.equals(0), hint - 1_000_000_000, numbers(rounded))


def masks_of(
    steps: Tensor,
    features: Tensor,
    roots: Tensor,
    seeds: Tensor,
    kind: Tensor,
    number: Tensor,
    colors: Tensor,
    before: Tensor,
    after: Tensor,
    size: Tensor,
    areas: Tensor,
) -> list[Tensor]:
    """The objects of groups of hints, `coloring.objects.log_odds` and `shares`, and how far confined ones reach.

    Args:
        steps: of `scene_of`.
        features: of `scene_of`.
        roots: of `scene_of`.
        seeds: (G, h, w) of `group_touches`.
        kind: (G,) of `group_touches`.
        number: (G,) of `group_touches`.
        colors: (G, 2) of `group_touches`.
        before: (2, h, w) a*, b* of cells without hints.
        after: (2, h, w) those that the network gives with all hints but those that keep a color.
        size: (2,) height and width of the working size.
        areas: (A, height, width) the share of each pixel in the area of each hint that has one and doesn't keep a color.

    Returns:
        members (G, h, w) share of each cell in each object; inside (G, height, width) how far each pixel takes on an object's color;
        change (height, width) how far it takes on those of the third step; area cells (A, h, w) 1 at cells that an area touches.
    """
    shape = seeds.dims(1, 2)
    rows, columns = shape[0:1], shape[1:2]
    height, width = steps.dims(1), steps.dims(2)
    nothing: Tensor = constant(0.0).op("Expand", concat([constant([1], np.int64), shape]))
    seeds = concat([seeds, nothing])  # a last, empty group: without any, some operators fail
    kind, number = concat([kind, constant([1], np.int64)]), concat([number, constant([-1], np.int64)])
    odds = _log_odds(steps, features, roots, area_resize(seeds, height, width))
    odds = bilinear_resize(odds, rows, columns)  # (G, h, w)
    odds = odds + _responses(kind, concat([colors, constant([[0.0, 0.0]])]), before, after)
    members = _members(odds, seeds, kind, number)
    pixel_rows, pixel_columns = rows * CELL, columns * CELL

    def amount(values: Tensor) -> Tensor:
        wide = bilinear_resize(((values - RIM[0]) / (RIM[1] - RIM[0])).clip(0.0, 1.0), pixel_rows, pixel_columns)
        return wide[:, 0 : size[0:1]][:, :, 0 : size[1:2]]

    widest: Tensor = members.expand(1).op("MaxPool", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    confined = kind.equals(3).as_floats().expand(1, 2)
    ones = constant(1.0).op("Expand", size)

    def product(values: Tensor, rest: Tensor) -> Tensor:
        def times(i: Tensor, now: Tensor) -> tuple[list[Tensor], None]:
            return [now * (1.0 - values[i])], None

        return loop(values.dims(0).squeeze(0), [rest], times)[0]

    rest = product(areas, product(amount(widest.squeeze(1)) * confined, ones))
    borders = concat([constant([0, 0, 0, 0], np.int64), pixel_rows - size[0:1], pixel_columns - size[1:2]])
    whole: Tensor = areas.op("Pad", borders, mode="edge")
    touched: Tensor = whole.expand(1).op("MaxPool", kernel_shape=[CELL, CELL], strides=[CELL, CELL])
    return [members[0:-1], amount(members)[0:-1], 1.0 - rest, (touched.squeeze(1) > 0.0).as_floats()]


def _log_odds(steps: Tensor, features: Tensor, roots: Tensor, seeds: Tensor) -> Tensor:
    """(G, h', w') `coloring.objects.log_odds` on the grid."""
    weight = flat(seeds)
    share = weight / weight.sum(1, keep=True).most(1e-12)
    feature = unit(share @ features, 1)
    root = (share @ (roots * roots)).sqrt()
    cosine, overlap = feature @ features.transpose(1, 0), root @ roots.transpose(1, 0)
    apart = (1.0 - cosine).most(0.0).sqrt() * objects.FEATURE_WEIGHT + (1.0 - overlap).most(
        0.0
    ).sqrt() * objects.DISTRIBUTION_WEIGHT
    distance = _geodesic(steps, seeds)
    unlike = distance.sqrt() * objects.GEODESIC_WEIGHT + apart.reshape(seeds.dims())
    cells = steps.dims(1) * steps.dims(2)
    core = (unlike < objects.CORE).as_floats().mean(1, 2, keep=True).most(1.0 / cells.as_floats())
    return ((core / 0.1).log() * objects.SIZE_WEIGHT + objects.BIAS - unlike) * objects.SHARPNESS


def _responses(kind: Tensor, colors: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """(G, h, w) what `coloring.objects.responses` adds to the log odds; 0 for groups that keep a color."""

    def distance(cells: Tensor) -> Tensor:
        gap = cells.expand(0) - colors.expand(2, 3)
        return (gap * gap).sum(1).sqrt()

    left = (distance(after) / distance(before).most(objects.MIN_CHANGE)).clip(0.0, 1.0)
    told = (kind > 0).as_floats().expand(1, 2)
    return told * (objects.SHARPNESS * objects.RESPONSE_WEIGHT) * (1.0 - objects.NEUTRAL_RESPONSE - left)


def _geodesic(steps: Tensor, seeds: Tensor) -> Tensor:
    """(G, h', w') length of the shortest path to the seeds, over 8-neighbors: relaxed until nothing changes."""
    height, width = steps.dims(1), steps.dims(2)
    wide: Tensor = steps.op("Pad", constant([0, 1, 1, 0, 1, 1], np.int64), constant(_FAR))

    def at(values: Tensor, down: int, right: int) -> Tensor:
        return values[:, 1 + down : height + (1 + down)][:, :, 1 + right : width + (1 + right)]

    lengths = [at(wide[i : i + 1], 0, 0) for i in range(4)]
    back = [at(wide[i : i + 1], -down, -right) for i, (down, right) in enumerate(_STEPS)]

    def relaxed(_: Tensor, far: Tensor) -> tuple[list[Tensor], Tensor]:
        around: Tensor = far.op("Pad", constant([0, 1, 1, 0, 1, 1], np.int64), constant(_FAR))
        paths = []
        for (down, right), there, returning in zip(_STEPS, lengths, back, strict=True):
            paths += [at(around, down, right) + there, at(around, -down, -right) + returning]
        now: Tensor = far.op("Min", *paths)
        return [now], (far - now).max() > 0.0

    (far,) = loop(2**30, [where(seeds > 0.0, 0.0, constant(_FAR))], relaxed)
    return far


def _members(odds: Tensor, seeds: Tensor, kind: Tensor, number: Tensor) -> Tensor:
    """(G, h, w) share of each cell in each group's object; groups compete, but for those that keep a color, which give way to later ones only."""
    count = odds.dims(0)
    own = sequence(count).expand(1).equals(sequence(count).expand(0))
    later = number.expand(0) > number.expand(1)  # (G, G) whether the second's last hint comes later
    rivals = (kind.expand(1) > 0) | own | later

    def shared(i: Tensor) -> tuple[list[Tensor], None]:
        against = where(rivals[i].expand(1, 2), odds, constant(-1e9))  # (G, h, w)
        top = against.max(0, keep=True).most(0.0)
        raised = (against - top).exp()
        share = ((odds[i].expand(0) - top).exp() / (raised.sum(0, keep=True) + (-top).exp())).squeeze(0)
        closed = (kind[i].equals(0) | kind[i].equals(3)).as_floats()
        reached = _reached(share, seeds[i])
        return [share * (1.0 - closed * (1.0 - reached))], None

    _, members = loop(count.squeeze(0), [constant(0.0)], lambda i, unused: ([unused, *shared(i)[0]], None), collected=1)
    return members


def _reached(member: Tensor, seeds: Tensor) -> Tensor:
    """(h, w) 1 where a path over cells with a share of at least `RIM`'s first leads to the seeds: `coloring.objects.connected`."""
    inside = (member >= RIM[0]).as_floats()
    found = (seeds > 0.0).as_floats()

    def wider(_: Tensor, now: Tensor) -> tuple[list[Tensor], Tensor]:
        pooled: Tensor = (now * inside).expand(0, 1).op("MaxPool", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        after = (pooled.squeeze(0, 1) * inside).most(found)
        return [after], (after - now).max() > 0.0

    return loop(2**30, [found], wider)[0]
