"""What a finished run is worth: errors on both sides beside those of gray and of mean color, and pictures to look at."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .._files import write_whole
from ..color import lab_to_rgb, lightness, rgb_to_lab
from .config import TrainConfig, network_config
from .data import Pictures, Progress

__all__ = ["SAMPLES", "write_samples", "write_scores"]

SAMPLES = 12
"""Test pictures that the report shows."""
CHUNK = 256
Predict = Callable[[npt.NDArray[np.int64]], npt.NDArray[np.float32]]
"""(B,) indices of pictures -> (B, H, W, 3) RGB in 0..1 from the final weights."""


def write_scores(run: Path, config: TrainConfig, pictures: Pictures, predict: Predict, tell: Progress) -> None:
    """``scores.json``: mean squared error and PSNR on both sides, of the model, of the gray pictures and of mean color.

    Where the recipe has `test_pictures`, it is at most so many pictures a side.
    """
    mean_ab = _mean_ab(pictures)
    scores: dict[str, Any] = {"gray": {}, "mean_color": {}}
    for side, indices in (("train", pictures.measured("train", config)), ("test", pictures.measured("test", config))):
        errors = []
        for done, chunk in enumerate(_chunks(indices)):
            tell(f"final errors, {side} pictures", done * CHUNK, len(indices))
            real = pictures.pixels[chunk].astype(np.float32) / 255
            gray = _gray_lab(real)
            candidates = (predict(chunk), lab_to_rgb(gray), lab_to_rgb(gray + np.array([0, *mean_ab], np.float32)))
            errors.append([((c - real) ** 2).mean(axis=(1, 2, 3)) for c in candidates])
        for mse, into in zip(np.concatenate(errors, axis=1), (scores, scores["gray"], scores["mean_color"]), strict=True):
            psnr = -10 * np.log10(np.maximum(mse, 1e-10))
            into[side] = {"mse": float(mse.mean()), "psnr": float(psnr.mean()), "pictures": len(mse)}
    last = json.loads((run / "metrics.jsonl").read_text("utf-8").splitlines()[-1])
    scores["kl"] = {side: last[side]["kl"] for side in ("train", "test")} if hasattr(network_config(config), "latent") else None
    write_whole(run / "scores.json", json.dumps(scores, indent=2))


def write_samples(run: Path, pictures: Pictures, predict: Predict) -> None:
    """``samples.npz``: the first test pictures in the order of their hashes, so nobody picks them."""
    chosen = np.array(sorted(pictures.test.tolist(), key=lambda i: pictures.sha256[i])[:SAMPLES])
    real = pictures.pixels[chosen]
    gray, predicted = (np.rint(rgb * 255).astype(np.uint8) for rgb in (lab_to_rgb(_gray_lab(real)), predict(chosen)))
    file = io.BytesIO()
    np.savez_compressed(file, gray=gray, predicted=predicted, real=real, names=np.array([pictures.names[i] for i in chosen]))
    write_whole(run / "samples.npz", file.getvalue())


def _chunks(indices: npt.NDArray[np.int64]) -> Iterator[npt.NDArray[np.int64]]:
    return (indices[start : start + CHUNK] for start in range(0, len(indices), CHUNK))


def _gray_lab(rgb: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """(..., 3) L* of the picture, with a = b = 0."""
    lab = np.zeros(rgb.shape, np.float32)
    lab[..., 0] = lightness(rgb)
    return lab


def _mean_ab(pictures: Pictures) -> npt.NDArray[np.float32]:
    """(2,) mean a*, b* over the pixels of at most 2,000 training pictures."""
    means = [rgb_to_lab(pictures.pixels[chunk])[..., 1:].mean(axis=(1, 2)) for chunk in _chunks(pictures.train[:2000])]
    return np.asarray(np.concatenate(means).mean(axis=0), np.float32)
