"""How fast coloring is: tinct in floats and in 8-bit integers beside the networks of other colorizers, an edit, a start.

    python benchmarks/colorize.py [--model FILE] [--photo FILE] [--threads N] [--rounds N] [--starts N] [--no-peers]

Everything is timed in turn, round by round, so a machine that is busy with other things disturbs all alike: trust the ratios, which
are medians over rounds, more than the milliseconds, and processor time (of all threads together) more than the clock's. The peers are stand-ins
(benchmarks/peers.py): their layers with random weights in PyTorch, the network alone at its own working size. tinct does the whole way, from
a file to a file that says how it was colored.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

REST = 0.1
"""Seconds before each turn, in which the threads of the one before come to rest."""
Work = Callable[[], object]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="tinct", help="a bundled model, or a model's .onnx file")
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
        works = tinct_works(photo, arguments.model, arguments.threads)
        if not arguments.no_peers:
            works |= peer_works(arguments.threads)
        times = in_turn(works, arguments.rounds, warm_up=2)
        starts = in_turn(start_works(photo, arguments.model, not arguments.no_peers), arguments.starts, warm_up=1)
    load = os.getloadavg()[0]
    print(
        f"\nthreads: {arguments.threads}; {arguments.rounds} rounds of coloring and {arguments.starts} of starting; load {load:.0f}"
    )
    shown = {title: [name for name in works if name.startswith(title)] for title in (WHOLE, EDIT, PIXELS, ENSEMBLE)}
    for title, names in shown.items():
        others = [name for name in works if name.endswith(PEER)] if title == WHOLE else []
        table(title, times, names[0], [*names[1:], *others])
    table("From the network's distributions to the colors of cells", times, CELLS[0], CELLS[1:])
    table("From the start of a process", starts, next(iter(starts)), list(starts)[1:])


# ---- what is timed --------------------------------------------------------------------------------------------------------------

WHOLE = "JPEG file to JPEG file"
EDIT = "another hint, its colors"
PIXELS = "another hint, to pixels"
ENSEMBLE = "ensemble, JPEG file to JPEG file"
PEER = "network alone"
CELLS = ["each cell alone", "all cells together", "what belongs together, once a photograph"]


def sample() -> bytes:
    """A 512 × 512 JPEG without color."""
    import pyvips
    from skimage import data

    gray = pyvips.Image.new_from_array(data.astronaut()).colourspace("b-w")
    return bytes(gray.jpegsave_buffer(Q=90))


def tinct_works(photo: Path, model: str, threads: int) -> dict[str, Work]:
    works: dict[str, Work] = {}
    for precision in precisions(model):
        works |= works_of(photo, model, threads, precision)
    return works | cell_works()


def precisions(model: str) -> list[str]:
    """``int8`` first, if the model has such graphs, and ``float``."""
    from tinct.runtime.spec import find, quantized

    return [*(["int8"] if quantized(find(model)).is_file() else []), "float"]


def works_of(photo: Path, model: str, threads: int, precision: str) -> dict[str, Work]:
    from tinct import Colorizer, Hint, Photo

    colorizer = Colorizer(model, threads=threads, precision=precision)
    known = Photo.open(photo)
    canvas = colorizer.canvas(known)  # the encoder has run: what follows is another edit of it
    places = count()

    def hinted() -> dict[str, Any]:
        """A hint at a new place, so that nothing of an earlier edit is of use but the photograph itself."""
        return {"hints": [Hint(known.width * (0.2 + 0.6 * (next(places) * 0.381966 % 1)), known.height * 0.6, "#d0663a")]}

    def saved(**options: Any) -> object:
        return colorizer.colorize(photo, **options).save(photo.with_name("colored.jpg"), overwrite=True)

    return {
        f"{WHOLE}, {precision}": saved,
        f"{EDIT}, {precision}": lambda: canvas.colors(**hinted()),
        f"{PIXELS}, {precision}": lambda: canvas.colorize(**hinted()).to_numpy(),
        f"{ENSEMBLE}, {precision}": lambda: saved(ensemble=True),
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

        works[f"{name} at {side} ({size}), {PEER}"] = work
    return works


def start_works(photo: Path, model: str, peers: bool) -> dict[str, Work]:
    tinct = shutil.which("tinct", path=str(Path(sys.executable).parent)) or "tinct"
    output = photo.with_name("colored.jpg")

    def started(*command: str | Path) -> Work:
        return lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    works = {
        "tinct colorize, to the colored file": started(tinct, "colorize", photo, "--model", model, "-o", output, "--overwrite")
    }
    works['python -c "import onnxruntime, pyvips"'] = started(sys.executable, "-c", "import onnxruntime, pyvips")
    works['python -c "pass"'] = started(sys.executable, "-c", "pass")
    if peers:
        works['python -c "import torch"'] = started(sys.executable, "-c", "import torch")
    return works


# ---- timing ---------------------------------------------------------------------------------------------------------------------


class Took(NamedTuple):
    """Seconds of one turn."""

    wall: float
    processor: float


def processor_seconds() -> float:
    """Processor time of this process and of those that it started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def in_turn(works: dict[str, Work], rounds: int, warm_up: int) -> dict[str, list[Took]]:
    """What each work took in each round; the rounds of warming up aren't counted."""
    times: dict[str, list[Took]] = {name: [] for name in works}
    for number in range(-warm_up, rounds):
        if sys.stderr.isatty():
            print(f"\rround {max(number + 1, 0)} of {rounds} ", end="", file=sys.stderr)
        for name, work in works.items():
            time.sleep(REST)
            start, used = time.perf_counter(), processor_seconds()
            work()
            if number >= 0:
                times[name].append(Took(time.perf_counter() - start, processor_seconds() - used))
    return times


def table(title: str, times: dict[str, list[Took]], first: str, others: list[str]) -> None:
    """Each work beside the first one: milliseconds, and how many times as long it takes, by the clock and in processor time."""
    print(f"\n{title:60s} {'least':>10s} {'median':>10s} {'processor':>10s} {'as long':>9s} {'as much':>9s}")
    for name in [first, *others]:
        ratios = [statistics.median(mine[i] / its[i] for mine, its in zip(times[name], times[first], strict=True)) for i in (0, 1)]
        wall, processor = zip(*times[name], strict=True)
        figures = " ".join(
            f"{1000 * value:7.0f} ms" for value in (min(wall), statistics.median(wall), statistics.median(processor))
        )
        print(f"  {name:58s} {figures} {ratios[0]:8.2f}× {ratios[1]:8.2f}×")


if __name__ == "__main__":
    main()
