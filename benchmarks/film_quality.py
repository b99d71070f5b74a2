"""How steady and how right the colors of films are: the tables of `film.py quality`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pyvips
from film_clips import Clip, make_clips, measure
from film_files import as_stored, read_rgb, write_clip, write_rgb
from film_luma import with_luma
from film_scenes import Bytes

from tinct import Colorizer

Results = dict[str, dict[str, dict[str, float]]]
"""Method -> clip -> figure -> value."""

FIGURES = {
    "flicker": "flicker",
    "flicker_ab": "flicker, a*b*",
    "second": "1 s apart, a*b*",
    "cdc": "CDC × 1000",
    "gain": "gain, dB",
    "error_ab": "error, ab",
    "colorfulness": "colorfulness",
    "return": "after return",
    "return_ab": "after return, a*b*",
    "seconds": "s a frame",
}


def quality(arguments: argparse.Namespace) -> int:
    """Color all clips by all methods; print the tables."""
    methods: dict[str, Callable[[Clip], Sequence[Bytes]]] = {
        "truth": lambda clip: clip.frames,
        "gray": lambda clip: clip.gray,
        "frames": frame_by_frame,
        "film": film_product,
        "lossless": lambda clip: film_product(clip, "ffv1"),
        "stored": lambda clip: list(as_stored(clip.frames)),
        "coded": coded_truth,
    }
    results: Results = {}
    for kind in arguments.kinds:
        for clip in make_clips(kind, arguments.count, arguments.size, arguments.seed, shard=arguments.data):
            shown: dict[str, Sequence[Bytes]] = {}
            for method in arguments.methods:
                began = time.perf_counter()
                shown[method] = methods[method](clip)
                seconds = (time.perf_counter() - began) / len(clip.frames)
                if method == "frames":
                    shown["frames, film's luma"] = [with_luma(*pair) for pair in zip(shown[method], clip.luma, strict=True)]
                    results.setdefault("frames, film's luma", {})[clip.name] = measure(shown["frames, film's luma"], clip)
                figures = measure(shown[method], clip)
                if method in ("truth", "gray", "stored", "coded"):
                    figures.update(
                        {} if method in ("stored", "coded") else {"gain": 0.0 if method == "gray" else float("nan")},
                        seconds=float("nan"),
                    )
                else:
                    figures["seconds"] = seconds
                results.setdefault(method, {})[clip.name] = figures
            print(clip.name, *(f"{m}: {f[clip.name]['flicker']:.2f}" for m, f in results.items()), file=sys.stderr, flush=True)
            if arguments.strips is not None:
                save_strip(arguments.strips / f"{clip.name}.png", clip, list(shown.values()))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(results, indent=1))
    print(tables(results))
    return 0


@cache
def colorizer(threads: int = 0) -> Colorizer:
    return Colorizer(threads=threads)


def frame_by_frame(clip: Clip) -> list[Bytes]:
    """Each frame as a photograph of its own."""
    return [np.asarray(colorizer().colorize(gray))[..., :3] for gray in clip.gray]


def film_product(clip: Clip, codec: str = "h264") -> list[Bytes]:
    """The clip as a film, through its file."""
    from tinct.film import Encoding, Film

    with tempfile.TemporaryDirectory(prefix="tinct-film-") as folder:
        source = write_clip(Path(folder) / "gray.mp4", clip.luma)
        output = Path(folder) / ("colored.mkv" if codec == "ffv1" else "colored.mp4")
        Film(source).colorize(output, colorizer=colorizer(threads=1), encoding=Encoding(codec))
        found = list(read_rgb(output))
    if len(found) != len(clip.frames):
        raise ValueError(f"{clip.name}: the colored film has {len(found)} frames, not {len(clip.frames)}")
    return found


def coded_truth(clip: Clip) -> list[Bytes]:
    """The true colors, encoded as the film product encodes its own."""
    with tempfile.TemporaryDirectory(prefix="tinct-film-") as folder:
        return list(read_rgb(write_rgb(Path(folder) / "true.mp4", clip.frames)))


def tables(results: Results) -> str:
    """Markdown: the means over all clips, then over each kind's."""
    clips = list(next(iter(results.values())))
    kinds = list(dict.fromkeys(clip.rpartition("-")[0] for clip in clips))
    parts = [table(f"all {len(clips)} clips", results, clips)]
    parts += [table(kind, results, [clip for clip in clips if clip.rpartition("-")[0] == kind]) for kind in kinds]
    return "\n\n".join(parts)


def table(title: str, results: Results, clips: list[str]) -> str:
    """One row a method: means over the clips that have the figure, and flicker relative to the truth's."""
    names = [*FIGURES.values()]
    lines = [f"**{title}**\n", f"| | {' | '.join(names)} | flicker / truth |", "|---" * (len(names) + 2) + "|"]
    truth = _mean(results, "truth", clips, "flicker") if "truth" in results else float("nan")
    for method in results:
        values = [_mean(results, method, clips, figure) for figure in FIGURES]
        values.append(values[0] / truth)
        lines.append(f"| {method} | " + " | ".join("–" if np.isnan(value) else f"{value:.2f}" for value in values) + " |")
    return "\n".join(lines)


def _mean(results: Results, method: str, clips: list[str], figure: str) -> float:
    values = [results[method][clip].get(figure, float("nan")) for clip in clips]
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def save_strip(path: Path, clip: Clip, rows: list[Sequence[Bytes]], count: int = 8) -> None:
    """Frames side by side, a row for each method."""
    path.parent.mkdir(parents=True, exist_ok=True)
    places = np.linspace(0, len(clip.frames) - 1, count).astype(int)
    sheet = np.concatenate([np.concatenate([row[i] for i in places], axis=1) for row in rows])
    pyvips.Image.new_from_array(sheet).resize(min(1, 2400 / sheet.shape[1])).write_to_file(str(path))
