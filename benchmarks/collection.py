"""How fast a collection is colored, what a second run costs, and what is left when it is killed.

    python benchmarks/collection.py speed --data FOLDER [--jobs N] [--count N]
    python benchmarks/collection.py kills [--kills 20] [--count 60] [--seed 1]
    python benchmarks/collection.py tiny [--count 100000]

`speed` colors the photographs of a folder four ways, one after the other: `tinct colorize FOLDER -o OUT`; a plain loop over
`Colorizer.colorize` and `Photo.save`; decoding and encoding alone, without a network, by the same number of processes; and the network
alone (encoder and decoder), by the same number of processes. Then the collection is run a second time, beside `find` and SHA-256 of all
files. Memory is the largest sum of the proportional set sizes (PSS) of all processes in each quarter of the run: flat if it doesn't grow.

`kills` kills `tinct colorize` (SIGKILL to all its processes) at random moments until it has been killed `--kills` times, lets it finish,
and compares every output with those of an undisturbed run. The exit code is 1 if one is missing, differs or was made twice.

`tiny` measures the plan, the ledger and the memory for many pictures of 8 × 8 pixels, whose coloring is left out.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from polling import polled

COMMAND = (sys.executable, "-m", "tinct", "colorize")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="what", required=True)
    for name, count in (("speed", 2000), ("kills", 60), ("tiny", 100_000)):
        command = commands.add_parser(name)
        command.add_argument("--count", type=int, default=count, help="photographs")
        command.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
        command.add_argument("--seed", type=int, default=1)
        command.add_argument("--kills", type=int, default=20)
        command.add_argument("--data", type=Path, help="folder of photographs; drawn ones unless given")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tinct-collection-") as folder:
        sys.exit({"speed": speed, "kills": kills, "tiny": tiny}[arguments.what](arguments, Path(folder)))


# ---- speed ----------------------------------------------------------------------------------------------------------------------


def speed(arguments: argparse.Namespace, folder: Path) -> int:
    photos = folder / "photos"
    files = drawn(photos, arguments.count) if arguments.data is None else copied(arguments.data, photos, arguments.count)
    jobs = arguments.jobs
    print(f"{len(files):,} photographs, {sum(file.stat().st_size for file in files) / 1e6:.1f} MB; {jobs} processes")
    with watched_memory() as memory:
        took, busy = timed(lambda: run(photos, folder / "out", jobs))
    rows = [("tinct colorize FOLDER", took, busy)]
    rows.append(("plain loop over Colorizer.colorize", *timed(lambda: plain_loop(files, folder / "loop"))))
    rows.append(("decoding and encoding alone", *timed(lambda: spread(recode, files, jobs))))
    rows.append(("network alone", *timed(lambda: spread(network, files, jobs))))
    print(f"\n{'':40}{'photographs/s':>15}{'cores busy':>12}{'ratio':>8}")
    for name, seconds, used in rows:
        print(f"{name:40}{len(files) / seconds:15.1f}{used:12.2f}{rows[0][1] / seconds:8.2f}")
    print("\nmemory by quarter of the run, MB:", ", ".join(f"{peak:.0f}" for peak in quarters(memory)))
    second, _ = timed(lambda: run(photos, folder / "out", jobs))
    hashing, _ = timed(lambda: find_and_hash(photos))
    print(f"second run over finished work: {second:.2f} s; find and SHA-256 of all photographs: {hashing:.2f} s")
    return 0


def run(photos: Path, out: Path, jobs: int) -> None:
    subprocess.run([*COMMAND, str(photos), "-o", str(out), "--jobs", str(jobs)], check=True, stdout=subprocess.DEVNULL)


def plain_loop(files: list[Path], out: Path) -> None:
    from tinct import Colorizer

    out.mkdir()
    colorizer = Colorizer()
    for number, file in enumerate(files):
        colorizer.colorize(file).save(out / f"{number}.jpg")


def recode(file: Path) -> None:
    """Decode and encode, once small for the network and once in full size, as coloring does."""
    from tinct import Photo

    photo = Photo.open(file)
    photo.small_lightness(*preparation().size(*photo.size))
    photo.to_bytes(".jpg")


@cache
def preparation() -> Any:
    from tinct.runtime.spec import check_pair, find

    return check_pair(find("tinct"))[0].preparation


def network(file: Path) -> None:
    import numpy as np

    from tinct import Photo
    from tinct.collection.work import colorizer_of

    colorizer = colorizer_of("tinct", "auto", 1)
    net: Any = colorizer._network
    width, height = colorizer.spec.preparation.size(*Photo.open(file).size)
    encoded = net.encode(np.random.default_rng(0).uniform(0, 100, (height, width)).astype(np.float32))
    net.decode(encoded, np.zeros((3, height, width), np.float32), encoded.prior_mean)


def spread(work: Callable[[Path], None], files: list[Path], jobs: int) -> None:
    os.environ["VIPS_CONCURRENCY"] = "1"
    with ProcessPoolExecutor(jobs, get_context("forkserver")) as pool:
        list(pool.map(work, files, chunksize=8))


def find_and_hash(photos: Path) -> None:
    for file in sorted(photos.rglob("*")):
        if file.is_file():
            hashlib.sha256(file.read_bytes()).hexdigest()


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds, and cores that were busy on average."""
    before, started = cpu_seconds(), time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    return seconds, (cpu_seconds() - before) / seconds


def cpu_seconds() -> float:
    """Seconds that all cores of the machine have been busy, with whatever; Linux only."""
    numbers = [int(number) for number in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(numbers) - numbers[3] - numbers[4]) / os.sysconf("SC_CLK_TCK")  # without idle and waiting for disks


@contextmanager
def watched_memory() -> Iterator[list[float]]:
    """MB of all child processes, every half second; Linux only."""
    found: list[float] = []
    with polled(lambda: found.append(sum(map(pss, children(os.getpid()))) / 1e6), 0.5):
        yield found


def children(process: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, task.read_text().split()):
                found += [child, *children(child)]
    return found


def pss(process: int) -> int:
    with suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def quarters(values: list[float]) -> list[float]:
    step = max(1, len(values) // 4)
    return [max(values[i : i + step]) for i in range(0, len(values) - step + 1, step)][:4]


# ---- kills ----------------------------------------------------------------------------------------------------------------------


def kills(arguments: argparse.Namespace, folder: Path) -> int:
    photos, choice = folder / "photos", random.Random(arguments.seed)
    if arguments.data is None:
        drawn(photos, arguments.count)
    else:
        copied(arguments.data, photos, arguments.count)
    whole, _ = timed(lambda: run(photos, folder / "undisturbed", arguments.jobs))
    command = [*COMMAND, str(photos), "-o", str(folder / "out"), "--jobs", str(arguments.jobs)]
    killed = 0
    while killed < arguments.kills:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
        try:
            process.wait(timeout=choice.uniform(0.2, max(0.5, whole / 6)))
            shutil.rmtree(folder / "out")  # it has finished: start once more
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            time.sleep(0.2)  # its processes, too, have ended
            killed += 1
    run(photos, folder / "out", arguments.jobs)
    wrong = differences(folder / "undisturbed", folder / "out")
    print(f"{killed} kills; {arguments.count} photographs; {len(wrong)} differences")
    for line in wrong:
        print(line)
    return int(bool(wrong))


def differences(undisturbed: Path, out: Path) -> list[str]:
    import json

    expected, found = (
        {path.relative_to(root): path for path in root.rglob("*") if ".color." in path.name or path.name.startswith(".")}
        for root in (undisturbed, out)
    )
    wrong = [f"{path}: missing or left over" for path in expected.keys() ^ found.keys()]
    wrong += [
        f"{path}: differs" for path in expected.keys() & found.keys() if expected[path].read_bytes() != found[path].read_bytes()
    ]
    lines = (json.loads(line) for line in (out / "tinct.jsonl").read_text().splitlines() if line.endswith("}"))
    made = Counter(line["input"] for line in lines if line.get("status") == "done")
    wrong += [f"{name}: {times} times in the ledger" for name, times in made.items() if times > 1]
    return wrong


# ---- many small ones ------------------------------------------------------------------------------------------------------------


def tiny(arguments: argparse.Namespace, folder: Path) -> int:
    from tinct.collection import Collection, Entry, Ledger, Settings, color_collection
    from tinct.collection.ledger import Output

    photos, out = folder / "photos", folder / "out"
    content = small_picture()
    for number in range(arguments.count):
        path = photos / f"{number // 1000:03}" / f"{number:06}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    class Nothing:
        """An engine that copies the photograph to its output."""

        def run(self, jobs: Any, settings: Settings) -> Iterator[Entry]:
            for job in jobs:
                status, path = job.input.stat(), job.outputs[0]["color"]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                output = Output(str(path), "0" * 64, len(content))
                yield Entry(
                    str(job.input),
                    "done",
                    (output,),
                    "0" * 64,
                    status.st_size,
                    status.st_mtime_ns,
                    job.settings,
                    job.edit.to_dict(),
                    0.1,
                )

    def plan() -> None:
        with Ledger.opened(out) as ledger:
            counts = Collection([photos], out, Settings(), ledger).survey()
            print(f"  {counts.found:,} found, {counts.done:,} done; {len(ledger):,} in the ledger")

    def write() -> None:
        with Ledger.opened(out) as ledger:
            for _ in color_collection(Collection([photos], out, Settings(), ledger), Nothing(), ledger):
                pass

    for name, work in (("plan of all", plan), ("ledger of all, written and synced", write), ("plan when all are done", plan)):
        seconds, _ = timed(work)
        print(f"{name}: {seconds:.1f} s; memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB")
    return 0


# ---- photographs ----------------------------------------------------------------------------------------------------------------


def drawn(folder: Path, count: int) -> list[Path]:
    """Gray JPEGs of 640 × 480 pixels."""
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:05}.jpg").write_bytes(waves(number % 50))
    return sorted(folder.iterdir())


@cache
def waves(seed: int) -> bytes:
    import numpy as np
    import pyvips

    y, x = np.mgrid[:480, :640] / 40
    values = np.sin(x + seed) * np.cos(y - seed / 3) + np.random.default_rng(seed).normal(0, 0.1, x.shape)
    return bytes(pyvips.Image.new_from_array(np.clip(values * 90 + 128, 0, 255).astype(np.uint8)).jpegsave_buffer(Q=90))


def small_picture() -> bytes:
    import numpy as np
    import pyvips

    return bytes(pyvips.Image.new_from_array(np.arange(64, dtype=np.uint8).reshape(8, 8)).pngsave_buffer())


def copied(data: Path, folder: Path, count: int) -> list[Path]:
    """The first photographs of a folder, as often as needed."""
    folder.mkdir()
    files = sorted(file for file in data.iterdir() if file.is_file())
    for number in range(count):
        source = files[number % len(files)]
        shutil.copy(source, folder / f"{number:05}{source.suffix}")
    return sorted(folder.iterdir())


if __name__ == "__main__":
    main()
