"""Final errors of a run on training and test pictures, beside those of gray and of mean color, and some test pictures for the report.

Whatever loss a network was trained with, the measures are the same: the error of its output picture, as in the classic exercise, and
that of this picture's colors on the photograph's own lightness, as `tinct colorize` uses them.
"""

from __future__ import annotations

import io
import json
import math
import timeit
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .._util.files import write_whole
from ..color import lab_to_rgb, lightness, rgb_to_lab
from ..data import Pictures, Progress
from ..evaluation import metrics
from .recipe import TrainConfig, network_class

__all__ = ["SAMPLES", "gray_lab", "write_samples", "write_scores"]

SAMPLES = 12
"""Test pictures that the report shows."""
CHUNK = 256
"""Pictures predicted at a time."""
TIMED = 20
"""Predictions of one picture, of which the fastest counts: other work of the machine can only make them slower."""
MIN_MSE = 1e-10
"""Keeps PSNR finite: at most 100 dB."""
Floats = npt.NDArray[np.float32]
Predict = Callable[[npt.NDArray[np.int64]], npt.NDArray[np.float32]]
"""(B,) indices of pictures -> (B, H, W, 3) RGB in 0..1 from the final weights."""


def write_scores(
    run: Path, config: TrainConfig, pictures: Pictures, predict: Predict, described: dict[str, Any], tell: Progress
) -> None:
    """``scores.json``: errors of the model, of the gray pictures and of mean color on both sides, and `described`; see docs/train.md.

    Each side is measured on at most the recipe's `test_pictures`, if it names a number.
    """
    mean_ab = _mean_ab(pictures)
    scores: dict[str, Any] = {"gray": {}, "mean_color": {}}
    for side in ("train", "test"):
        indices = pictures.measured(side, config.test_pictures)
        rows: list[dict[str, Any]] = []
        for done, chunk in enumerate(_chunks(indices)):
            tell(f"final errors, {side} pictures", done * CHUNK, len(indices))
            real = pictures.pixels[chunk]
            gray = gray_lab(real)
            mean_color = lab_to_rgb(gray + np.array([0, *mean_ab], np.float32))
            for who, drawn in (("model", predict(chunk)), ("gray", lab_to_rgb(gray)), ("mean_color", mean_color)):
                rows += [{"who": who} | _judge(*three, side == "test") for three in zip(drawn, gray, real, strict=True)]
        for who, found in pd.DataFrame(rows).groupby("who"):
            into = scores if who == "model" else scores[who]
            into[side] = {"pictures": len(found), **found.drop(columns="who").mean(skipna=False).to_dict()}
    scores["mean_color"]["ab"] = mean_ab.tolist()
    scores["milliseconds"] = 1000 * min(timeit.repeat(lambda: predict(pictures.test[:1]), number=1, repeat=TIMED))
    last = json.loads((run / "metrics.jsonl").read_text("utf-8").splitlines()[-1])
    scores["kl"] = {side: last[side]["kl"] for side in ("train", "test")} if network_class(config).has_code else None
    write_whole(run / "scores.json", json.dumps(scores | described, indent=2))


def write_samples(run: Path, pictures: Pictures, predict: Predict) -> None:
    """``samples.npz``: the first test pictures in order of their content hash."""
    chosen = np.array(sorted(pictures.test.tolist(), key=lambda i: pictures.sha256[i])[:SAMPLES])
    real = pictures.pixels[chosen]
    gray, predicted = (np.rint(rgb * 255).astype(np.uint8) for rgb in (lab_to_rgb(gray_lab(real)), predict(chosen)))
    file = io.BytesIO()
    np.savez_compressed(file, gray=gray, predicted=predicted, real=real, names=np.array([pictures.names[i] for i in chosen]))
    write_whole(run / "samples.npz", file.getvalue())


def _judge(drawn: Floats, gray: Floats, real: npt.NDArray[np.uint8], colors: bool) -> dict[str, float]:
    """Errors of one drawn (H, W, 3) RGB picture; with `colors`, also those of its colors on the real lightness, `gray` (L*, 0, 0)."""
    mse = float(((drawn - real.astype(np.float32) / 255) ** 2).mean())
    errors = {"mse": mse, "psnr": -10 * math.log10(max(mse, MIN_MSE))}
    if not colors:
        return errors
    lab = np.concatenate([gray[..., :1], rgb_to_lab(drawn)[..., 1:]], axis=-1)
    colored = np.rint(lab_to_rgb(lab).clip(0, 1) * 255).astype(np.uint8)
    return errors | {
        "colored_psnr": metrics.psnr(colored, real),
        "de2000": metrics.ciede2000(rgb_to_lab(colored), rgb_to_lab(real)),
        "cf": metrics.colorfulness(colored),
        "real_cf": metrics.colorfulness(real),
    }


def _chunks(indices: npt.NDArray[np.int64]) -> Iterator[npt.NDArray[np.int64]]:
    return (indices[start : start + CHUNK] for start in range(0, len(indices), CHUNK))


def gray_lab(rgb: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """(..., 3) L* of the picture, with a = b = 0."""
    lab = np.zeros(rgb.shape, np.float32)
    lab[..., 0] = lightness(rgb)
    return lab


def _mean_ab(pictures: Pictures) -> npt.NDArray[np.float32]:
    """(2,) mean a*, b* over the pixels of at most 2,000 training pictures."""
    means = [rgb_to_lab(pictures.pixels[chunk])[..., 1:].mean(axis=(1, 2)) for chunk in _chunks(pictures.train[:2000])]
    return np.asarray(np.concatenate(means).mean(axis=0), np.float32)
