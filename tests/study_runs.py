"""Folders of runs and studies that are made up number by number."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w

from tinct.studies.grid import Study
from tinct.training.recipe import TrainConfig

SIDE = 8
DATA = "/somewhere/else/photos.tar"


def write_run(
    run: Path,
    config: TrainConfig,
    *,
    train: float = 0.0080,
    test: float = 0.0085,
    colored: float = 22.9,
    de2000: float = 11.0,
    cf: float = 20.0,
    kl: float | None = None,
    milliseconds: float = 4.0,
    curve: list[tuple[float, float]] | None = None,
    finished: bool = True,
    names: str = "photos/{}.jpg",
    parameters: int = 776003,
    threads: int = 2,
) -> Path:
    """A run folder as `tinct train` leaves it, with made-up numbers."""
    run.mkdir(parents=True)
    (run / "config.toml").write_text(tomli_w.dumps(config.to_dict()))
    curve = curve or [(train + 0.004 / e, test + 0.004 / e) for e in range(1, 5)]
    key = "ab_error" if config.model == "tinct" else "mse"
    with (run / "metrics.jsonl").open("w") as file:
        for epoch, (one, other) in enumerate(curve, start=1):
            sides = {"train": {"loss": one, key: one, "kl": 0.0}, "test": {"loss": other, key: other, "kl": 0.0}}
            speed = {"lr": 0.001, "seconds": 10.0, "pictures_per_second": 100.0 + epoch, "seen": 1000 * epoch}
            file.write(json.dumps({"epoch": epoch, "step": 10 * epoch, **sides, **speed}) + "\n")
    pictures = {"train": config.train_pictures or 4000, "test": 1000, "skipped": {}}
    machine = {"processor": "a <b>CPU</b>", "cores": 2, "threads": threads, "accelerator": "cpu", "tinct": "0.1.0"}
    (run / "environment.json").write_text(json.dumps(machine | {"parameters": parameters, "pictures": pictures}))
    if not finished:
        return run

    def sides_of(one: float, other: float, colored: float, de2000: float, cf: float) -> dict[str, Any]:
        color = {"colored_psnr": colored, "de2000": de2000, "cf": cf, "real_cf": 40.0}
        first, second = ({"mse": mse, "psnr": -10 * math.log10(mse), "pictures": 500} for mse in (one, other))
        return {"train": first, "test": second | color}

    scores = sides_of(train, test, colored, de2000, cf)
    scores |= {"gray": sides_of(0.0101, 0.0100, 22.3, 11.9, 0.0), "mean_color": sides_of(0.0093, 0.0092, 22.6, 12.1, 8.0)}
    scores |= {"milliseconds": milliseconds, "kl": None if kl is None else {"train": kl, "test": kl}}
    (run / "scores.json").write_text(json.dumps(scores))
    real = np.random.default_rng(0).integers(0, 256, (9, SIDE, SIDE, 3), dtype=np.uint8)
    drawn = np.random.default_rng(int(1e6 * test)).integers(0, 256, real.shape, dtype=np.uint8)
    gray = np.repeat(real[..., :1], 3, axis=3)
    np.savez(run / "samples.npz", gray=gray, predicted=drawn, real=real, names=np.array([names.format(i) for i in range(9)]))
    return run


def make_study(
    folder: Path,
    grid: dict[str, list[Any]],
    numbers: Callable[[dict[str, Any], int], dict[str, Any]],
    *,
    recipe: str = "autoencoder",
    seeds: int = 3,
    claims: list[dict[str, Any]] | None = None,
    more: list[dict[str, Any]] | None = None,
    settings: dict[str, Any] | None = None,
    **values: Any,
) -> Study:
    """A study's folder; `numbers` says of a cell's values and a seed what its run measured, None that it hasn't begun."""
    own = {"size": 32, "min_side": 32, "seen": 4000, "epochs": 4, "minutes": 0} | (settings or {})
    parts = [{"name": "part", "recipe": recipe, "grid": grid}, *(more or [])]
    text = {
        "name": "made-up",
        "question": "What if?",
        "seeds": seeds,
        "set": own,
        "parts": parts,
        "claims": claims or [],
        "data": [DATA],
    }
    study = Study.from_dict(text | values, "study.toml")
    folder.mkdir()
    made = {"tinct": "0.1.0", "command": f"tinct study made-up --data {DATA} -o /tmp/here --set init=/a/b.ckpt", "budget": 60.0}
    (folder / "study.toml").write_text(tomli_w.dumps(study.to_dict() | {"made": made}))
    for cell in study.layout():
        for trial in cell.trials:
            found = numbers(cell.values, trial.config.seed)
            if found is not None and not (folder / "runs" / trial.name).exists():
                write_run(folder / "runs" / trial.name, trial.config, **found)
    return study


LOSSES = {"loss": ["mse", "cross_entropy", "l1"]}


def by_loss(values: dict[str, Any], seed: int) -> dict[str, Any]:
    colored = {"mse": 23.00, "cross_entropy": 22.50, "l1": 22.90}[values["loss"]] + 0.01 * seed
    de2000 = {"mse": 11.0, "cross_entropy": 11.4, "l1": 10.5}[values["loss"]] + 0.02 * seed
    return {"colored": colored, "de2000": de2000, "test": 0.0085 + 0.0001 * seed + 0.001 * (values["loss"] == "l1")}
