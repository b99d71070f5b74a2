"""Scans of any size: seconds and peak memory against megapixels, beside libvips' own way to CIELAB and back, the floor.

    python benchmarks/scans.py [--megapixels 1 4 16 64 256] [--kind gray16|rgb16|jpeg] [--rounds N] [--folder DIR]

Scans are made here: a sample photograph of scikit-image enlarged, with film grain, as an uncompressed 16-bit TIFF, gray or RGB (as
scanners are mostly used), or as a gray JPEG. Each is colored from file to file by a process of its own, `tinct colorize` and all; the
floor reads the same file, converts it to CIELAB and to sRGB, and writes it in the same format with the same options. Both take turns,
and the ratio of their medians is what counts; what a process takes to start is in both.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyvips

FLOOR = """
import sys, pyvips
pyvips.cache_set_max(0)
source, target = sys.argv[1:]
image = pyvips.Image.new_from_file(source, access="sequential", fail_on="error")
deep = image.format == "ushort"
image = image.colourspace("lab").colourspace("rgb16" if deep else "srgb")
if deep:
    image.tiffsave(target, compression="deflate", predictor="horizontal", bigtiff=image.width * image.height * 6 > 2**32 - 2**26)
else:
    image.jpegsave(target, Q=95)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[1, 4, 16, 64, 256])
    parser.add_argument("--kind", choices=("gray16", "rgb16", "jpeg"), default="gray16", help="TIFF of 16 bits, or gray JPEG")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the files go; they need up to 12 bytes a pixel")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        for megapixels in arguments.megapixels:
            scan = make_scan(Path(folder), megapixels, arguments.kind)
            target = scan.with_name(f"colored{scan.suffix}")
            commands = {
                "tinct": [sys.executable, "-m", "tinct", "colorize", str(scan), "-o", str(target)],
                "floor": [sys.executable, "-c", FLOOR, str(scan), str(target)],
            }
            found: dict[str, list[tuple[float, int]]] = {name: [] for name in commands}
            for _ in range(arguments.rounds):
                for name, command in commands.items():
                    target.unlink(missing_ok=True)
                    found[name].append(measured(command))
                    print(f"{megapixels:g} MP  {name}: {found[name][-1][0]:.2f} s", flush=True)
            rows.append((megapixels, found))
            scan.unlink()
            target.unlink(missing_ok=True)
    print(f"\n{arguments.kind}, medians of {arguments.rounds}; peak resident memory of the process")
    print(f"{'MP':>6} {'tinct s':>9} {'floor s':>9} {'ratio':>6} {'ns/pixel':>9} {'tinct MiB':>10} {'floor MiB':>10}")
    for megapixels, found in rows:
        ours, floor = (statistics.median(seconds for seconds, _ in found[name]) for name in ("tinct", "floor"))
        memory = [max(peak for _, peak in found[name]) / 2**20 for name in ("tinct", "floor")]
        each = ours / megapixels * 1000
        print(f"{megapixels:6g} {ours:9.2f} {floor:9.2f} {ours / floor:6.2f} {each:9.0f} {memory[0]:10.0f} {memory[1]:10.0f}")
    if len(rows) > 1:
        sizes = [megapixels for megapixels, _ in rows if megapixels >= 16] or [megapixels for megapixels, _ in rows]
        times = [statistics.median(seconds for seconds, _ in found["tinct"]) for megapixels, found in rows if megapixels in sizes]
        if len(sizes) > 1:
            slope = np.polyfit(np.log(sizes), np.log(times), 1)[0]
            print(f"slope of log time over log megapixels, from {sizes[0]:g} MP: {slope:.2f} (1 is linear)")


def make_scan(folder: Path, megapixels: float, kind: str) -> Path:
    """A gray photograph of `megapixels`, aspect ratio 3:2."""
    import skimage

    sample = pyvips.Image.new_from_file(str(Path(skimage.__file__).parent / "data" / "astronaut.png")).colourspace("b-w")[0]
    sample = sample.crop(0, 0, 512, 341)
    width = round((megapixels * 1.5e6) ** 0.5)
    height = round(megapixels * 1e6 / width)
    large = sample.resize(width / sample.width, vscale=height / sample.height, kernel="cubic")
    grain = pyvips.Image.gaussnoise(min(width, 1999), min(height, 1777), sigma=4, seed=1)
    grain = grain.replicate(width // grain.width + 1, height // grain.height + 1).crop(0, 0, large.width, large.height)
    image = large.cast("float") + grain
    path = folder / f"scan{megapixels:g}{'.jpg' if kind == 'jpeg' else '.tif'}"
    if kind == "jpeg":
        image.cast("uchar").copy(interpretation="b-w").jpegsave(str(path), Q=92)
        return path
    image = (image * 257).cast("ushort")
    whole = image.copy(interpretation="grey16") if kind == "gray16" else image.bandjoin([image, image]).copy(interpretation="rgb16")
    whole.tiffsave(str(path), bigtiff=megapixels > 600)
    return path


def measured(command: list[str]) -> tuple[float, int]:
    """Seconds, and the most bytes of memory that were resident at once."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with exit code {process.returncode}")
    return time.perf_counter() - started, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main()
