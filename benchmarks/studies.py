"""Wall time of one study with one run at a time on all cores, and with several at once that share the cores (`--jobs`).

    python benchmarks/studies.py [--jobs 2] [--rounds 3] [--recipe autoencoder] [--seen 4000] [--size 64]

Four runs of the classic network on drawn pictures; both ways take turns for several rounds. Decoding the pictures isn't counted,
starting processes is.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from tinct.data import load_pictures
from tinct.studies.grid import Part, Study
from tinct.studies.runner import run_study


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--recipe", default="autoencoder")
    parser.add_argument("--seen", type=int, default=4000)
    parser.add_argument("--size", type=int, default=64)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        pictures = Path(scratch) / "pictures"
        draw(pictures, 400, arguments.size)
        common = {"size": arguments.size, "seen": arguments.seen, "epochs": 2, "test_pictures": 40}
        part = Part("rate", {"lr": [0.0005, 0.001]}, arguments.recipe)
        study = Study("jobs", "How much faster are several jobs?", (part,), seeds=2, set=common, data=(str(pictures),))
        cache = Path(scratch) / "cache"
        load_pictures(study.trials()[0].config.picture_settings(), cache)
        ratios = []
        for number in range(arguments.rounds):
            seconds = {}
            for jobs in (1, arguments.jobs):
                started = time.perf_counter()
                failed = run_study(study, Path(scratch) / f"{number}-{jobs}", jobs=jobs, cache=cache)
                assert not failed, failed
                seconds[jobs] = time.perf_counter() - started
            ratios.append(seconds[arguments.jobs] / seconds[1])
            print(
                f"1 job {seconds[1]:.1f} s, {arguments.jobs} jobs {seconds[arguments.jobs]:.1f} s: ratio {ratios[-1]:.2f}",
                flush=True,
            )
    print(f"median ratio {statistics.median(ratios):.2f}")


def draw(folder: Path, count: int, size: int) -> None:
    """Smooth colored noise."""
    folder.mkdir()
    generator = np.random.default_rng(0)
    for number in range(count):
        small = generator.integers(0, 256, (6, 6, 3), np.uint8)
        Image.fromarray(small).resize((size, size), Image.Resampling.BICUBIC).save(folder / f"{number}.png")


if __name__ == "__main__":
    main()
