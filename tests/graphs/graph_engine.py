"""A coloring by the graphs alone: what an engine in any language does between them. `docs/graphs.md` describes the same steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from tinct.color import AB_SCALE
from tinct.coloring.canvas import MAX_RELATIVE_CHROMA
from tinct.coloring.grouping import MAX_GROUPS, SAME_GROUP_STEP
from tinct.coloring.hints import KEEP, Hint, Strokes, draw, patch
from tinct.coloring.regions import coverage
from tinct.coloring.variants import evenly


class GraphEngine:
    """One picture, colored by the graphs in a folder."""

    def __init__(self, folder: Path, lightness: Any, photo: tuple[int, int]) -> None:
        self.folder, self.photo, self.sessions = folder, photo, {}
        height, width = lightness.shape
        self.small = (width, height)
        ready = self.run("prepare", lightness=lightness)
        self.gray, self.size = ready["gray"], ready["size"]
        self.encoded = self.run("encode", **{k: v for k, v in ready.items() if k in self.names("encode")})
        self.features = {name: value for name, value in self.encoded.items() if name.startswith("feature")}
        self.affinity = self.run("affinity", gray=self.gray, feature2=self.encoded["feature2"], size=self.size)
        self.shape = self.affinity["mount"].shape
        self.logits: dict[Any, Any] = {}
        self.scene_of: Any = None

    def session(self, name: str) -> onnxruntime.InferenceSession:
        if name not in self.sessions:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads, options.log_severity_level = 1, 3
            self.sessions[name] = onnxruntime.InferenceSession(
                str(self.folder / f"{name}.onnx"), options, providers=["CPUExecutionProvider"]
            )
        return self.sessions[name]

    def names(self, name: str) -> list[str]:
        return [entry.name for entry in self.session(name).get_inputs()]

    def run(self, name: str, **feeds: Any) -> dict[str, Any]:
        session = self.session(name)
        kinds = {entry.name: np.int64 if "int64" in entry.type else np.float32 for entry in session.get_inputs()}
        given = {key: np.asarray(value, kinds[key]) for key, value in feeds.items()}
        return dict(zip([entry.name for entry in session.get_outputs()], session.run(None, given), strict=True))

    # ---- from hints to colors ---------------------------------------------------------------------------------------------------

    def colors(
        self, hints: Sequence[Hint | Strokes] = (), *, vividness: float = 0.5, variant: int = 1, seed: int = 0
    ) -> np.ndarray[Any, Any]:
        """(height, width, 2) a*, b* of the working size."""
        self.vividness, self.variant, self.seed = vividness, variant, seed
        return np.moveaxis(self._view(hints), 0, -1).clip(-AB_SCALE, AB_SCALE)

    def _view(self, hints: Sequence[Hint | Strokes]) -> Any:
        known, kept = self._known(hints)
        cells = self._cells((), None, 1.0)
        if not known:
            return self._pixels(cells, ())
        groups, kinds, informed, areas = self._groups(known, kept)
        first, second, third = ([h for h, kind in zip(known, kinds, strict=True) if 1 <= kind <= step] for step in (1, 2, 3))
        after = self._cells(third, cells, 1.0) if third else cells
        masks = self._masks(groups, areas, cells, after)

        def of(*wanted: int) -> dict[str, Any]:
            chosen = np.isin(groups["kind"], wanted)
            return {"masks": masks["masks"][chosen], "colors": groups["colors"][chosen], "fills": groups["fills"][chosen]}

        if first:
            cells = self._cells(first, cells, informed, **of(1))
        if len(second) > len(first):
            cells = self._cells(second, cells, 0.0, **of(2))
        pixels = self._pixels(cells, second)
        if len(third) > len(second):
            fill = of(3)
            fill["fills"] = np.ones(len(fill["fills"]), np.float32)
            covered = [h for h, kind in zip(known, kinds, strict=True) if kind == 3 and not isinstance(h.reach, str)]
            if covered:
                fill["masks"] = np.concatenate([fill["masks"], masks["area_cells"]])
                fill["colors"] = np.concatenate([fill["colors"], np.stack([h.chroma() for h in covered])])
                fill["fills"] = np.ones(len(fill["masks"]), np.float32)
            cells = self._cells(third, cells, 0.0, **fill)
            pixels = self._pixels(cells, third, pixels, masks["change"])
        for i in np.nonzero(groups["kind"] == 0)[0]:
            hint = known[groups["number"][i]]
            area = not isinstance(hint.reach, str)
            amount = coverage(hint.reach, self.photo, self.small) if area else masks["inside"][i]
            pixels = pixels + amount * (kept[int(groups["number"][i])] - pixels)
        return pixels

    def _known(self, hints: Sequence[Hint | Strokes]) -> tuple[list[Any], dict[int, Any]]:
        """Hints with a color each, and the results that those keep that keep one."""
        known: list[Any] = []
        kept: dict[int, Any] = {}
        for i, hint in enumerate(hints):
            if not (isinstance(hint, Hint) and hint.color == KEEP):
                known.append(hint)
                continue
            before = self._view(hints[:i])
            rows, columns, planes = patch(replace(hint, color="#808080"), self.photo, self.small)
            a, b = (before[:, rows, columns] * planes[2]).sum(axis=(1, 2)) / planes[2].sum()
            known.append(replace(hint, color="", ab=(float(a), float(b))))
            if hint.reach != "picture":
                kept[i] = before
        return known, kept

    def _groups(self, known: list[Any], kept: dict[int, Any]) -> tuple[dict[str, Any], list[int], float, Any]:
        reach, covered, colors, of = [], [], [], []
        for i, hint in enumerate(known):
            area = not isinstance(hint.reach, str)
            confined = isinstance(hint, Hint) and hint.keep_rest
            reach.append(0 if i in kept else 3 if area else 2 if hint.reach == "picture" else 4 if confined else 1)
            for share, color in self._touches(hint) if reach[-1] in (0, 1, 4) else ():
                covered.append(share)
                colors.append(color)
                of.append(i)
        areas = [coverage(h.reach, self.photo, self.small) for h, r in zip(known, reach, strict=True) if r == 3]
        areas = np.stack(areas) if areas else np.zeros((0, *self.small[::-1]), np.float32)
        if not of:
            empty = {
                "kind": np.zeros(0, np.int64),
                "number": np.zeros(0, np.int64),
                "seeds": np.zeros((0, *self.shape), np.float32),
            }
            empty |= {"colors": np.zeros((0, 2), np.float32), "fills": np.zeros(0, np.float32)}
            return empty, [1 if r == 2 else 3 for r in reach], float(2 in reach), areas
        scene = self._scene()
        found = self.run(
            "groups",
            roots=scene["roots"],
            steps=scene["steps"],
            covered=np.stack(covered),
            touch_colors=np.stack(colors),
            hint=of,
            reach=reach,
            shape=self.shape,
        )
        return found, found["kinds"].tolist(), float(found["informed"]), areas

    def _touches(self, hint: Hint | Strokes) -> list[tuple[Any, Any]]:
        """(h, w) share of each cell under each color of a hint, and that color: one, but of painted strokes as many as they have."""
        rows, columns, planes = patch(hint, self.photo, self.small)
        whole = np.zeros((3, *self.gray.shape[2:]), np.float32)
        whole[:, : self.small[1], : self.small[0]][:, rows, columns] = planes
        height, width = self.shape
        a, b, covered = whole.reshape(3, height, 4, width, 4).mean(axis=(2, 4))
        if isinstance(hint, Hint):
            return [(covered, hint.chroma())]
        ab = np.stack([a, b], axis=-1)[covered > 0] * AB_SCALE / covered[covered > 0, None]
        step = SAME_GROUP_STEP
        while len(names := np.unique(np.rint(ab / step), axis=0)) > MAX_GROUPS:
            step *= 2
        found = []
        for name in names:
            share = np.zeros_like(covered)
            alike = (np.rint(ab / step) == name).all(axis=1)
            share[covered > 0] = np.where(alike, covered[covered > 0], 0)
            found.append((share, np.average(ab[alike], axis=0, weights=share[share > 0])))
        return found

    def _masks(self, groups: dict[str, Any], areas: Any, before: Any, after: Any) -> dict[str, Any]:
        scene = self._scene()
        wanted = {name: groups[name] for name in ("seeds", "kind", "number", "colors")}
        return self.run("masks", **scene, **wanted, before=before, after=after, size=self.size, areas=areas)

    def _scene(self) -> dict[str, Any]:
        if self.scene_of is None:
            logits = self._decoded((), 1)
            self.scene_of = self.run("scene", gray=self.gray, feature2=self.encoded["feature2"], logits=logits)
        found: dict[str, Any] = self.scene_of
        return found

    def _planes(self, hints: Sequence[Any]) -> Any:
        planes = np.zeros((1, 3, *self.gray.shape[2:]), np.float32)
        planes[0, :, : self.small[1], : self.small[0]] = draw(hints, self.photo, self.small)
        return planes

    def _decoded(self, hints: Sequence[Any], variant: int) -> Any:
        planes, code = self._planes(hints), self.encoded["prior_mean"]
        if variant > 1:
            count = self.session("code").get_inputs()[2].shape[0]
            places = evenly(np.random.default_rng(self.seed), count, variant - 1)
            code = self.run("code", mean=code, scale=self.encoded["prior_scale"], places=places, like_strength=0)["code"]
        logits = self.run("decode", **self.features, hints=planes, code=code)["logits"]
        if variant > 1:
            regions = self.affinity["regions"]
            draws = evenly(np.random.default_rng((self.seed, len(regions))), len(regions), variant - 1)
            logits = self.run("tilt", logits=logits, regions=regions, first_logits=logits, planes=planes, draws=draws)["tilted"]
        return logits

    def _cells(self, hints: Sequence[Any], before: Any, amount: float, **fill: Any) -> Any:
        nothing = np.zeros((0, *self.shape), np.float32)
        fill = fill or {"masks": nothing, "colors": np.zeros((0, 2)), "fills": np.zeros(0)}
        feeds = {name: self.affinity[name] for name in ("kernel", "between", "grid", "mount")}
        feeds |= {"gray": self.gray, "planes": self._planes(hints), "vividness": self.vividness, "amount": amount}
        feeds["before"] = np.zeros((2, *self.shape)) if before is None else before
        limit = 0.0
        if self.variant > 1 and self.vividness:
            usual = self.run("cells", logits=self._decoded(hints, 1), max_chroma=0.0, **feeds, **fill)["chroma"]
            limit = MAX_RELATIVE_CHROMA * float(usual)
        return self.run("cells", logits=self._decoded(hints, self.variant), max_chroma=limit, **feeds, **fill)["cells"]

    def _pixels(self, cells: Any, hints: Sequence[Any], onto: Any = None, amount: Any = None) -> Any:
        shape = self.small[::-1]
        return self.run(
            "pixels",
            cells=cells,
            gray=self.gray,
            mount_pixels=self.affinity["mount_pixels"],
            planes=self._planes(hints),
            vividness=self.vividness,
            size=self.size,
            onto=np.zeros((2, *shape)) if onto is None else onto,
            amount=np.ones(shape) if amount is None else amount,
        )["ab"]
