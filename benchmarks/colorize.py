"""How fast coloring is: tinct beside the networks of other colorizers, an edit beside a fresh picture, a start beside PyTorch's.

    python benchmarks/colorize.py [--photo FILE] [--threads N] [--rounds N] [--starts N] [--no-peers]

Everything is timed in turn, round by round, so a machine that is busy with other things disturbs all alike: trust the ratios, which
are medians over rounds, more than the milliseconds. The peers are stand-ins (benchmarks/peers.py): their layers with random weights
in PyTorch, the network alone at its own working size. tinct does the whole way, from the bytes of a file to the bytes of a file.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

REST = 0.1
"""Seconds before each turn, in which the threads of the one before come to rest."""
Work = Callable[[], object]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photo", type=Path, help="unless given, a sample of scikit-image: 512 × 512, gray, JPEG")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--starts", type=int, default=5, help="rounds of starting programs")
    parser.add_argument("--no-peers", action="store_true", help="leave out the other networks, and PyTorch")
    arguments = parser.parse_args()
    for library in ("OMP", "MKL", "OPENBLAS", "VIPS"):  # before any of them is loaded
        os.environ["VIPS_CONCURRENCY" if library == "VIPS" else f"{library}_NUM_THREADS"] = str(arguments.threads)
    with tempfile.TemporaryDirectory() as folder:
        jpeg = arguments.photo.read_bytes() if arguments.photo else sample()
        photo = Path(folder) / "photo.jpg"
        photo.write_bytes(jpeg)
        works = tinct_works(jpeg, arguments.threads)
        if not arguments.no_peers:
            works |= peer_works(arguments.threads)
        times = in_turn(works, arguments.rounds, warm_up=2)
        starts = in_turn(start_works(photo, not arguments.no_peers), arguments.starts, warm_up=1)
    print(f"\nthreads: {arguments.threads}; {arguments.rounds} rounds of coloring and {arguments.starts} of starting")
    whole, *others = works
    table("One photograph, the model loaded", times, whole, [name for name in others if name not in EDITS + ENSEMBLE + CELLS])
    table("Another edit of a photograph", times, EDITS[0], EDITS[1:])
    table("From the network's distributions to the colors of cells", times, CELLS[0], CELLS[1:])
    table("ensemble=True", times, whole, ENSEMBLE)
    table("From the start of a process", starts, next(iter(starts)), list(starts)[1:])


# ---- what is timed --------------------------------------------------------------------------------------------------------------

WHOLE = "tinct, JPEG to JPEG"
EDITS = [
    "fresh photograph, to pixels",
    "one more hint, to pixels",
    "fresh photograph, its colors alone",
    "one more hint, its colors alone",
]
ENSEMBLE = ["tinct, JPEG to JPEG, ensemble"]
CELLS = ["each cell alone", "all cells together", "what belongs together, once a photograph"]


def sample() -> bytes:
    """A 512 × 512 JPEG without color."""
    import pyvips
    from skimage import data

    gray = pyvips.Image.new_from_array(data.astronaut()).colourspace("b-w")
    return bytes(gray.jpegsave_buffer(Q=90))


def tinct_works(jpeg: bytes, threads: int) -> dict[str, Work]:
    import pyvips

    from tinct import Colorizer, Hint, Photo

    colorizer = Colorizer(threads=threads)
    known = Photo.open(jpeg)
    colorizer.colorize(known)  # the encoder has run: what follows is another edit of it
    hints = [Hint(known.width * 0.2, known.height * 0.6, "#d0663a")]

    def encoded(**options: Any) -> bytes:
        pixels = colorizer.colorize(jpeg, **options).to_numpy()
        return bytes(pyvips.Image.new_from_array(pixels).jpegsave_buffer(Q=90))

    return {
        WHOLE: encoded,
        EDITS[0]: lambda: colorizer.colorize(jpeg, hints=hints).to_numpy(),
        EDITS[1]: lambda: colorizer.colorize(known, hints=hints).to_numpy(),
        EDITS[2]: lambda: colorizer.colorize(jpeg, hints=hints),
        EDITS[3]: lambda: colorizer.colorize(known, hints=hints),
        ENSEMBLE[0]: lambda: encoded(ensemble=True),
        **cell_works(),
    }


def cell_works() -> dict[str, Work]:
    """Decoding 40 × 40 cells, whose distributions and features are noise: the time doesn't depend on what is in them."""
    import numpy as np

    from tinct.coloring.coherence import affinity_of, coherent_colors
    from tinct.coloring.palette import decode_colors
    from tinct.runtime.spec import Palette

    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (307, 40, 40)).astype(np.float32)
    light, features = random.uniform(0, 100, (160, 160)).astype(np.float32), random.random((192, 10, 10), np.float32)
    palette = Palette(frequency=(1 / 307,) * 307)

    def measured() -> object:
        return affinity_of(light, features, (40, 40), light.shape)

    affinity = affinity_of(light, features, (40, 40), light.shape)
    return {
        CELLS[0]: lambda: decode_colors(logits, palette, 0.5),
        CELLS[1]: lambda: coherent_colors(logits, affinity, palette, 0.5),
        CELLS[2]: measured,
    }


def peer_works(threads: int) -> dict[str, Work]:
    import torch
    from peers import PEERS, gflop, parameters

    torch.set_num_threads(threads)
    works: dict[str, Work] = {}
    for name, (build, channels, side) in PEERS.items():
        network, picture = build().eval(), torch.rand(1, channels, side, side)
        size = f"{parameters(network) / 1e6:.1f} M, {gflop(network, picture):.0f} GFLOP"

        def work(network: torch.nn.Module = network, picture: torch.Tensor = picture) -> object:
            with torch.inference_mode():
                return network(picture)

        works[f"{name} network at {side} ({size})"] = work
    return works


def start_works(photo: Path, peers: bool) -> dict[str, Work]:
    tinct = shutil.which("tinct", path=str(Path(sys.executable).parent)) or "tinct"
    output = photo.with_name("colored.jpg")

    def started(*command: str | Path) -> Work:
        return lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    works = {"tinct colorize, to the colored file": started(tinct, "colorize", photo, "-o", output, "--overwrite")}
    works['python -c "pass"'] = started(sys.executable, "-c", "pass")
    if peers:
        works['python -c "import torch"'] = started(sys.executable, "-c", "import torch")
    return works


# ---- timing ---------------------------------------------------------------------------------------------------------------------


def in_turn(works: dict[str, Work], rounds: int, warm_up: int) -> dict[str, list[float]]:
    """Seconds of each work in each round; the rounds of warming up aren't counted."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for number in range(-warm_up, rounds):
        if sys.stderr.isatty():
            print(f"\rround {max(number + 1, 0)} of {rounds} ", end="", file=sys.stderr)
        for name, work in works.items():
            time.sleep(REST)
            start = time.perf_counter()
            work()
            if number >= 0:
                times[name].append(time.perf_counter() - start)
    return times


def table(title: str, times: dict[str, list[float]], first: str, others: list[str]) -> None:
    """Each work beside the first one: how many times as long it takes."""
    print(f"\n{title:56s} {'least':>10s} {'median':>10s} {'as long':>9s}")
    for name in [first, *others]:
        ratio = statistics.median(mine / its for mine, its in zip(times[name], times[first], strict=True))
        least, median = (f"{1000 * value:8.0f} ms" for value in (min(times[name]), statistics.median(times[name])))
        print(f"  {name:54s} {least:>10s} {median:>10s} {ratio:8.2f}×")


if __name__ == "__main__":
    main()
