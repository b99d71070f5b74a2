"""Do the photographs of a series agree? Colors of matching places, with and without `tinct.collection.series_edits`.

    python benchmarks/series.py val-000.tar [wide-000.tar ...] [--groups N] [--half even|odd] [--folder DIR ...] [--sheets DIR]

Groups are made of each picture: the whole, two pans, a zoom and a mirrored crop, each with another gamma of L*, so matching places and
their real colors are known exactly. Strangers are groups of five pictures that have nothing to do with each other: there series must
change nothing. Carried hints: one hint of a color that the first view doesn't have, on an object of 1 to 40 % of it; fill is the share of
the same object in the other views that comes within 15 of the hint's color, spill the share of the rest that moves by more than 5.
A `--folder` holds the photographs of one real event, in color: they agree at the places that `match` finds.

Disagreement is the mean distance of a*, b* (and CIEDE2000, at the real L*) between matching places in all pairs of views, error that to
the real colors, chroma the mean chroma. All at the default vividness.
"""

from __future__ import annotations

import argparse
import io
import itertools
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyvips
from skimage.color import deltaE_ciede2000
from skimage.measure import label

from tinct import Colorizer, Edit, Hint, Photo
from tinct.collection.consensus import sketch_of
from tinct.collection.series import links_of, plan_series
from tinct.color import lab_to_rgb, rgb_to_lab
from tinct.coloring.matching import CELL

Floats = npt.NDArray[np.float32]
SIDE = 160
VIEWS = (  # left, top, right, bottom as shares of the picture, mirrored, gamma of L*
    (0.0, 0.0, 1.0, 1.0, False, 1.0),
    (0.0, 0.05, 0.7, 0.95, False, 1.12),
    (0.3, 0.05, 1.0, 0.95, False, 0.9),
    (0.2, 0.2, 0.8, 0.8, True, 1.0),
    (0.12, 0.0, 0.9, 0.8, True, 1.06),
)
GRID = (np.arange(48) + 0.5) / 48
SAME_OBJECT = 12.0  # distance in the ab plane, as in `tinct.evaluation.reach`
NEAR_HINT, MOVED = 15.0, 5.0


@dataclass
class View:
    """A part of a picture, as a photograph of its own."""

    box: tuple[float, float, float, float]
    mirrored: bool
    lightness: Floats
    real: Floats

    @property
    def photo(self) -> Photo:
        gray = np.concatenate([self.lightness[..., None], 0 * self.real], axis=-1)
        return Photo.open(np.rint(lab_to_rgb(gray) * 255).astype(np.uint8))

    def at(self, x: Floats, y: Floats) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
        """Row and column of places of the picture, 0..1, and whether they are in the view."""
        left, top, right, bottom = self.box
        u, v = (x - left) / (right - left), (y - top) / (bottom - top)
        inside = (u > 0) & (u < 1) & (v > 0) & (v < 1)
        u = 1 - u if self.mirrored else u
        height, width = self.lightness.shape
        return np.clip(v * height, 0, height - 1).astype(int), np.clip(u * width, 0, width - 1).astype(int), inside

    def places(self) -> tuple[Floats, Floats]:
        """x, y in the picture, 0..1, of each pixel."""
        height, width = self.lightness.shape
        v, u = np.meshgrid((np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width, indexing="ij")
        u = 1 - u if self.mirrored else u
        left, top, right, bottom = self.box
        return left + u * (right - left), top + v * (bottom - top)


def pictures(shard: Path, start: int, step: int, count: int) -> Iterator[npt.NDArray[np.uint8]]:
    with tarfile.open(shard) as tar:
        names = sorted(member.name for member in tar.getmembers() if member.isfile())[start::step]
        for name in names:
            file = tar.extractfile(name)
            assert file is not None
            rgb = np.asarray(Photo.open(io.BytesIO(file.read())))[..., :3]
            if np.hypot(*np.moveaxis(rgb_to_lab(rgb)[..., 1:], -1, 0)).mean() < 6:
                continue
            yield rgb
            count -= 1
            if not count:
                return


def view_of(rgb: npt.NDArray[np.uint8], box: tuple[float, float, float, float], mirrored: bool, gamma: float) -> View:
    height, width = rgb.shape[:2]
    left, right = (round(n * width) for n in box[::2])
    top, bottom = (round(n * height) for n in box[1::2])
    crop = rgb[top:bottom, left:right]
    factor = SIDE / min(crop.shape[:2])
    wide, high = round(crop.shape[1] * factor), round(crop.shape[0] * factor)
    image = pyvips.Image.new_from_array(np.ascontiguousarray(crop))
    crop = image.resize(wide / image.width, vscale=high / image.height).numpy()
    lab = rgb_to_lab(crop[:, ::-1] if mirrored else crop)
    light = 100 * (np.clip(lab[..., 0], 0, 100) / 100) ** np.float32(gamma)
    return View((left / width, top / height, right / width, bottom / height), mirrored, light.astype(np.float32), lab[..., 1:])


def colored(colorizer: Colorizer, photos: list[Photo], edits: list[Edit]) -> list[Floats]:
    return [colorizer.canvas(photo).colors(edit) for photo, edit in zip(photos, edits, strict=True)]


def gap(a: Floats, b: Floats) -> Floats:
    return np.asarray(np.linalg.norm(a - b, axis=-1), np.float32)


def disagreement(views: list[View], colors: list[Floats]) -> tuple[float, float]:
    """Mean ab distance and CIEDE2000 between matching places."""
    x, y = (n.astype(np.float32) for n in np.meshgrid(GRID, GRID))
    ab, full = [], []
    for i, j in itertools.combinations(range(len(views)), 2):
        one, other = views[i].at(x, y), views[j].at(x, y)
        both = one[2] & other[2]
        a, b = colors[i][one[:2]][both], colors[j][other[:2]][both]
        light = views[i].lightness[one[:2]][both][:, None]
        ab.append(gap(a, b).mean())
        full.append(deltaE_ciede2000(np.concatenate([light, a], -1), np.concatenate([light, b], -1)).mean())
    return float(np.mean(ab)), float(np.mean(full))


def quality(views: list[View], colors: list[Floats]) -> tuple[float, float, float]:
    """Mean ab error, PSNR and chroma."""
    rows = []
    for view, ab in zip(views, colors, strict=True):
        one, other = (lab_to_rgb(np.concatenate([view.lightness[..., None], c], axis=-1)) for c in (view.real, ab))
        rows.append((gap(view.real, ab).mean(), -10 * np.log10(np.square(one - other).mean()), np.linalg.norm(ab, axis=-1).mean()))
    return tuple(np.mean(rows, axis=0).tolist())


def crops(colorizer: Colorizer, groups: list[list[View]], sheets: Path | None, name: str) -> None:
    rows, seconds = [], 0.0
    for n, views in enumerate(groups):
        photos = [view.photo for view in views]
        before = colored(colorizer, photos, [Edit()] * len(photos))
        start = time.perf_counter()
        edits = plan_series(colorizer, photos).edits
        seconds += time.perf_counter() - start
        after = colored(colorizer, photos, edits)
        rows.append([(*disagreement(views, c), *quality(views, c)) for c in (before, after)])
        if sheets is not None and n < 6:
            save_sheet(sheets / f"{name}-{n}.png", [v.lightness for v in views], before, after, [v.real for v in views])
    print(f"\n{name}: {len(groups)} groups of {len(VIEWS)}, {seconds / len(groups) / len(VIEWS):.2f} s a photograph to plan")
    print("| | disagreement, ab | median group | CIEDE2000 | error, ab | PSNR | chroma |\n|---|---|---|---|---|---|---|")
    for i, what in enumerate(("each alone", "series")):
        ab, full, error, psnr, chroma = np.mean([row[i] for row in rows], axis=0)
        median = np.median([row[i][0] for row in rows])
        print(f"| {what} | {ab:.2f} | {median:.2f} | {full:.2f} | {error:.2f} | {psnr:.2f} | {chroma:.1f} |", flush=True)


def strangers(colorizer: Colorizer, groups: list[list[View]], name: str) -> None:
    rows, found = [], 0
    for views in groups:
        photos = [view.photo for view in views]
        series = plan_series(colorizer, photos)
        found += sum(bool(edit.hints) for edit in series.edits)
        rows.append([quality(views, colored(colorizer, photos, edits)) for edits in ([Edit()] * len(photos), series.edits)])
    before, after = np.mean(rows, axis=0)
    print(f"\n{name} strangers: {found} of {sum(map(len, groups))} photographs have matches; error, PSNR, chroma")
    print(f"  each alone {np.round(before, 2)}, series {np.round(after, 2)}", flush=True)


def carried(colorizer: Colorizer, groups: list[list[View]], name: str) -> None:
    """Carry a wrong color, for fill and spill, and a right one, for the color error on the object."""
    rows, errors, none = [], [], 0
    for n, views in enumerate(groups):
        random = np.random.default_rng(n)
        first, photos = views[0], [view.photo for view in views]
        height, width = first.lightness.shape
        for _ in range(20):
            r, c = (int(np.clip(random.normal(s / 2, s / 6), 4, s - 5)) for s in (height, width))
            inside = label(gap(first.real, first.real[r, c]) < SAME_OBJECT, connectivity=1)
            thing = inside == inside[r, c]
            if inside[r, c] and 0.01 <= thing.mean() <= 0.4:
                break
        else:
            continue
        real = first.real[r - 2 : r + 3, c - 2 : c + 3].reshape(-1, 2).mean(axis=0)
        turn = random.uniform(120, 240) + np.degrees(np.arctan2(real[1], real[0]))
        wrong = 35 * np.array([np.cos(np.radians(turn)), np.sin(np.radians(turn))])
        keep = Edit(hints=[Hint(c + 0.5, r + 0.5, "keep", size=6.0)])  # the others follow this view, but nothing has another color
        plain = [Edit(), *plan_series(colorizer, photos, [keep] + [Edit()] * (len(views) - 1)).edits[1:]]
        for color, kind in ((wrong, "wrong"), (real, "right")):
            hint = Hint(c + 0.5, r + 0.5, ab=tuple(color.tolist()), size=6.0)
            own = [Edit(hints=[hint])] + [Edit()] * (len(views) - 1)
            series = plan_series(colorizer, photos, own)
            none += not series.followers and kind == "wrong"
            before, after = colored(colorizer, photos, plain), colored(colorizer, photos, series.edits)
            for k in range(len(views)):
                row, column, ok = first.at(*views[k].places())
                mine = thing[row, column] & ok
                if mine.mean() < 0.005 or not ok.any():
                    continue
                if kind == "right":
                    if k:
                        errors.append([gap(x[k], views[k].real)[mine].mean() for x in (before, after)])
                    continue
                fill = (gap(after[k], color)[mine] < NEAR_HINT).mean()
                spill = (gap(after[k], before[k])[~mine] > MOVED).mean()
                rows.append((k > 0, fill, spill))
    own, others = (np.array([row[1:] for row in rows if row[0] == kind]).mean(axis=0) for kind in (False, True))
    print(f"\n{name} carried hints: {len(groups) - none} of {len(groups)} groups carried it")
    print(
        f"  wrong color: hinted view fill {own[0]:.2f} spill {own[1]:.2f}; other views fill {others[0]:.2f} spill {others[1]:.2f}"
    )
    print("  right color: error on the object in the other views {:.2f} -> {:.2f}".format(*np.mean(errors, axis=0)), flush=True)


def folder(colorizer: Colorizer, path: Path, sheets: Path | None) -> None:
    """The photographs of a real event."""
    views = [
        view_of(np.asarray(Photo.open(file))[..., :3], (0, 0, 1, 1), False, 1) for file in sorted(path.iterdir()) if file.is_file()
    ]
    photos = [view.photo for view in views]
    series = plan_series(colorizer, photos)
    before, after = colored(colorizer, photos, [Edit()] * len(photos)), colored(colorizer, photos, series.edits)
    links = list(links_of([sketch_of(colorizer, photo, Edit()) for photo in photos]))
    gaps = []
    for link in links:
        one, other, cells = link.first, link.second, []
        for which, index in ((one, link.matches.first), (other, link.matches.second)):
            columns = -(-views[which].lightness.shape[1] // CELL)
            row, column = (
                np.minimum(n * CELL + CELL // 2, s - 1)
                for n, s in zip(np.divmod(index, columns), views[which].lightness.shape, strict=True)
            )
            cells.append((row, column))
        gaps.append([gap(c[one][cells[0]], c[other][cells[1]]).mean() for c in (before, after, [v.real for v in views])])
    linked = sorted(set(itertools.chain(*series.groups)))
    print(f"\n{path.name}: {len(photos)} photographs, {len(linked)} with matches, {len(links)} pairs")
    if links:
        print("  disagreement, ab: each alone {:.2f}, series {:.2f}, real {:.2f}".format(*np.mean(gaps, axis=0)))
    for what, c in (("each alone", before), ("series", after)):
        error, psnr, chroma = quality([views[i] for i in linked], [c[i] for i in linked]) if linked else (0, 0, 0)
        print(f"  {what}: error {error:.2f}, PSNR {psnr:.2f}, chroma {chroma:.1f}", flush=True)
    if sheets is not None:
        for n, group in enumerate(series.groups[:8]):
            chosen = group[:6]
            values = ([x[i] for i in chosen] for x in ([v.lightness for v in views], before, after, [v.real for v in views]))
            save_sheet(sheets / f"{path.name}-{n}.png", *values)


def save_sheet(file: Path, lightness: list[Floats], *rows: list[Floats]) -> None:
    """Rows: gray, then each of `rows`."""
    tiles = []
    for colors in ([np.zeros((*light.shape, 2), np.float32) for light in lightness], *rows):
        line = []
        for light, ab in zip(lightness, colors, strict=True):
            rgb = np.rint(lab_to_rgb(np.concatenate([light[..., None], ab], axis=-1)) * 255).astype(np.uint8)
            tile = np.full((240, 240, 3), 255, np.uint8)
            tile[: rgb.shape[0], : rgb.shape[1]] = rgb[:240, :240]
            line.append(tile)
        tiles.append(np.concatenate(line, axis=1))
    pyvips.Image.new_from_array(np.concatenate(tiles)).pngsave(str(file))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shards", nargs="*", type=Path, help="tar files of color pictures")
    parser.add_argument("--groups", type=int, default=24)
    parser.add_argument("--parts", nargs="+", choices=("crops", "strangers", "carried"), default=["crops", "strangers", "carried"])
    parser.add_argument("--half", choices=("even", "odd"), default="odd", help="constants were chosen on the even pictures of val")
    parser.add_argument("--folder", type=Path, nargs="*", default=[], help="photographs of one event each")
    parser.add_argument("--sheets", type=Path, help="folder for contact sheets: gray, each alone, series, real")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    colorizer = Colorizer(threads=arguments.threads)
    for shard in arguments.shards:
        found = list(pictures(shard, arguments.half == "odd", 2, arguments.groups))
        groups = [[view_of(rgb, view[:4], *view[4:]) for view in VIEWS] for rgb in found]
        if "crops" in arguments.parts:
            crops(colorizer, groups, arguments.sheets, shard.stem)
        whole = [group[0] for group in groups]
        if "strangers" in arguments.parts:
            strangers(colorizer, [whole[i : i + 5] for i in range(0, len(whole) - 4, 5)], shard.stem)
        if "carried" in arguments.parts:
            carried(colorizer, groups, shard.stem)
    for path in arguments.folder:
        folder(colorizer, path, arguments.sheets)


if __name__ == "__main__":
    main()
