"""What a finished run is worth: errors on both sides beside those of gray and of mean color, and pictures to look at.

Whatever loss a network was trained with, it is judged by the same measures: by the picture that it draws, whose error is what the classic
exercise measures, and by that picture's colors on the photograph's own lightness, as `tinct colorize` has them.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .._util.files import write_whole
from ..color import lab_to_rgb, lightness, rgb_to_lab
from ..data.cache import Pictures, Progress
from ..evaluation import metrics
from .recipe import TrainConfig, network_config

__all__ = ["SAMPLES", "gray_lab", "write_samples", "write_scores"]

SAMPLES = 12
"""Test pictures that the report shows."""
CHUNK = 256
TIMED = 20
Predict = Callable[[npt.NDArray[np.int64]], npt.NDArray[np.float32]]
"""(B,) indices of pictures -> (B, H, W, 3) RGB in 0..1 from the final weights."""


def write_scores(
    run: Path, config: TrainConfig, pictures: Pictures, predict: Predict, described: dict[str, Any], tell: Progress
) -> None:
    """``scores.json``: errors of the model, of the gray pictures and of mean color on both sides, and `described`; see docs/train.md.

    Where the recipe has `test_pictures`, it is at most so many pictures a side.
    """
    mean_ab = _mean_ab(pictures)
    scores: dict[str, Any] = {"gray": {}, "mean_color": {}}
    for side, indices in (("train", pictures.measured("train", config)), ("test", pictures.measured("test", config))):
        errors: list[Any] = []
        colors: list[list[dict[str, float]]] = [[], [], []]
        for done, chunk in enumerate(_chunks(indices)):
            tell(f"final errors, {side} pictures", done * CHUNK, len(indices))
            real = pictures.pixels[chunk].astype(np.float32) / 255
            gray = gray_lab(real)
            candidates = (predict(chunk), lab_to_rgb(gray), lab_to_rgb(gray + np.array([0, *mean_ab], np.float32)))
            errors.append([((c - real) ** 2).mean(axis=(1, 2, 3)) for c in candidates])
            if side == "test":
                for rows, candidate in zip(colors, candidates, strict=True):
                    rows += [_judge(*pictures) for pictures in zip(candidate, gray, pictures.pixels[chunk], strict=True)]
        for mse, rows, into in zip(
            np.concatenate(errors, axis=1), colors, (scores, scores["gray"], scores["mean_color"]), strict=True
        ):
            psnr = -10 * np.log10(np.maximum(mse, 1e-10))
            into[side] = {"mse": float(mse.mean()), "psnr": float(psnr.mean()), "pictures": len(mse)}
            into[side] |= {key: float(np.mean([row[key] for row in rows])) for key in (rows[0] if rows else ())}
    scores["mean_color"]["ab"] = mean_ab.tolist()
    scores["milliseconds"] = _milliseconds(predict, pictures.test)
    last = json.loads((run / "metrics.jsonl").read_text("utf-8").splitlines()[-1])
    scores["kl"] = {side: last[side]["kl"] for side in ("train", "test")} if hasattr(network_config(config), "latent") else None
    write_whole(run / "scores.json", json.dumps(scores | described, indent=2))


def write_samples(run: Path, pictures: Pictures, predict: Predict) -> None:
    """``samples.npz``: the first test pictures in the order of their hashes, so nobody picks them."""
    chosen = np.array(sorted(pictures.test.tolist(), key=lambda i: pictures.sha256[i])[:SAMPLES])
    real = pictures.pixels[chosen]
    gray, predicted = (np.rint(rgb * 255).astype(np.uint8) for rgb in (lab_to_rgb(gray_lab(real)), predict(chosen)))
    file = io.BytesIO()
    np.savez_compressed(file, gray=gray, predicted=predicted, real=real, names=np.array([pictures.names[i] for i in chosen]))
    write_whole(run / "samples.npz", file.getvalue())


def _judge(drawn: npt.NDArray[np.float32], gray: npt.NDArray[np.float32], real: npt.NDArray[np.uint8]) -> dict[str, float]:
    """What the colors of one drawn (H, W, 3) RGB picture are worth on the real one's lightness, `gray`, (H, W, 3) L*, 0, 0."""
    light = gray[..., :1]
    colored = np.rint(lab_to_rgb(np.concatenate([light, rgb_to_lab(drawn)[..., 1:]], axis=-1)).clip(0, 1) * 255).astype(np.uint8)
    return {
        "colored_psnr": metrics.psnr(colored, real),
        "de2000": metrics.ciede2000(rgb_to_lab(colored), rgb_to_lab(real)),
        "cf": metrics.colorfulness(colored),
        "real_cf": metrics.colorfulness(real),
    }


def _milliseconds(predict: Predict, indices: npt.NDArray[np.int64]) -> float:
    """The shortest time that one picture took of `TIMED`: what else the machine does can only make it longer."""
    times = []
    for _ in range(TIMED):
        start = time.perf_counter()
        predict(indices[:1])
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


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
