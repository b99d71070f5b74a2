"""Signals at any moment: whenever `tinct colorize` is killed, its output is there as a whole or not at all, and nothing else is.

    python benchmarks/kills.py --kills 200 --seed 1 [--megapixels 30] [--suffix .tif] [--keep DIR]

The real command line colors a large picture, again and again, and gets SIGKILL, SIGINT and SIGTERM in turn: half of them at any
moment of its life, half while it writes (which is seen in /proc, on Linux). Every other time there is an earlier output, to be
replaced. Afterwards the folder is compared with what an undisturbed run leaves, byte for byte.

The exit code is 1 if an output was damaged, or a file left over that should not be: after SIGINT nowhere; after SIGKILL and SIGTERM
not where the file system knows files without a name.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SIGNALS = (signal.SIGKILL, signal.SIGINT, signal.SIGTERM) if os.name == "posix" else (signal.SIGTERM,)
HEARD = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # a shell's background jobs are deaf to it
COMMAND = (sys.executable, "-c", f"{HEARD}; from tinct.cli import main; main()", "colorize")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--megapixels", type=float, default=30)
    parser.add_argument("--suffix", default=".tif", help="format of the picture and of its output")
    parser.add_argument("--keep", type=Path, help="folder for damaged outputs")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tinct-kills-") as folder:
        photo = draw(Path(folder) / f"photo{arguments.suffix}", arguments.megapixels)
        killed = run_shown(photo, arguments.kills, arguments.seed, arguments.keep)
        nameless = keeps_files_without_name(photo.parent)
    show(killed, nameless)
    sys.exit(any(one.is_bad(nameless) for one in killed))


@dataclass(frozen=True)
class Killed:
    """One run of the command line that got a signal."""

    signal: signal.Signals
    phase: str
    """anywhere or writing: from when on the delay counted."""
    delay: float
    overwrite: bool
    """Whether there was an earlier output."""
    code: int
    seconds: float
    """From the signal to the end."""
    output: str
    """none, whole, earlier or damaged."""
    left: tuple[str, ...]
    """Names of files that were left beside the original and its output."""
    printed: str

    def is_bad(self, nameless: bool) -> bool:
        """Whether an output is damaged or lost, or a file left over. `nameless`: the file system has files without a name."""
        lost = self.overwrite and self.output == "none"
        return self.output == "damaged" or lost or bool(self.left and (nameless or self.signal == signal.SIGINT))


def draw(path: Path, megapixels: float) -> Path:
    """A gray picture with some grain, so that it takes its time to be written."""
    import pyvips

    width = int((megapixels * 1e6 * 4 / 3) ** 0.5)
    height = width * 3 // 4
    y, x = np.mgrid[:height, :width].astype(np.float32) / 500
    grain = np.random.default_rng(0).integers(0, 12, (height, width), dtype=np.uint8)
    pixels = (np.sin(x) * np.cos(y) * 80 + 110).astype(np.uint8) + grain
    pyvips.Image.new_from_array(pixels).copy(interpretation="b-w").write_to_file(str(path))
    return path


def keeps_files_without_name(folder: Path) -> bool:
    """Whether files can be written there that have no name yet, and so vanish with their process."""
    if not hasattr(os, "O_TMPFILE"):
        return False
    try:
        os.close(os.open(folder, os.O_TMPFILE | os.O_RDWR))
    except OSError:
        return False
    return True


def run(photo: Path, kills: int, seed: int = 1, tell: Callable[[Killed], object] = lambda _: None) -> list[Killed]:
    """Kill `kills` runs on `photo`, whose folder must hold nothing else; afterwards it holds nothing else again."""
    target = photo.with_name(f"{photo.stem}.color{photo.suffix}")
    whole, life, writing = undisturbed(photo, target)
    earlier, _, _ = undisturbed(photo, target, "--strength", "0.3")
    choose, killed = random.Random(seed), []
    for number in range(kills):
        phase = "writing" if number % 2 and writing else "anywhere"
        delay = choose.uniform(0, writing if phase == "writing" else life)
        one = kill(photo, target, whole, SIGNALS[number // 2 % len(SIGNALS)], phase, delay, earlier if number // 6 % 2 else None)
        killed.append(one)
        tell(one)
    return killed


def undisturbed(photo: Path, target: Path, *options: str) -> tuple[bytes, float, float]:
    """The output of a run that isn't killed, its seconds, and those of writing (0 where that can't be seen)."""
    start = time.monotonic()
    with subprocess.Popen([*COMMAND, photo, *options], stdout=subprocess.DEVNULL) as process:
        await_writing(process, photo)
        began = time.monotonic()
        process.wait()
    if process.returncode:
        raise RuntimeError(f"tinct colorize {photo.name} ended with {process.returncode}")
    end = time.monotonic()
    data = target.read_bytes()
    target.unlink()
    return data, end - start, end - began if Path("/proc/self/fd").exists() else 0.0


def await_writing(process: subprocess.Popen[bytes], *photos: Path) -> None:
    """Wait until the process has a file open beside these photographs (seen in /proc, where there is one) or has ended."""
    folder, files = str(photos[0].parent.resolve()) + os.sep, Path(f"/proc/{process.pid}/fd")
    known = {str(photo.resolve()) for photo in photos}
    while process.poll() is None and files.parent.exists():
        with suppress(OSError):
            for file in files.iterdir():
                with suppress(OSError):
                    held = str(file.readlink())
                    if held.startswith(folder) and held not in known:
                        return
        time.sleep(0.002)


def kill(
    photo: Path, target: Path, whole: bytes, number: signal.Signals, phase: str, delay: float, earlier: bytes | None = None
) -> Killed:
    """Start the command line, send it a signal after `delay` seconds, and look at what it leaves.

    Args:
        photo: what it colors.
        target: where its output goes.
        whole: its output when it isn't killed.
        number: the signal.
        phase: ``writing`` if the delay counts from when it opens its output, ``anywhere`` if from its start.
        delay: in seconds.
        earlier: an output that is there already, to be replaced.
    """
    if earlier is not None:
        target.write_bytes(earlier)
    command = [*COMMAND, photo, *(["--overwrite"] if earlier is not None else [])]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        if phase == "writing":
            await_writing(process, photo)
        time.sleep(delay)
        sent = time.monotonic()
        process.send_signal(number)
        _, printed = process.communicate()
        seconds = time.monotonic() - sent
    output = "none"
    if target.exists():
        data = target.read_bytes()
        output = "whole" if data == whole else "earlier" if data == earlier else "damaged"
        if output != "damaged":
            target.unlink()
    left = tuple(sorted(path.name for path in photo.parent.iterdir() if path not in (photo, target)))
    for name in left:
        (photo.parent / name).unlink()
    return Killed(
        number,
        phase,
        delay,
        earlier is not None,
        process.returncode,
        seconds,
        output,
        left,
        printed.decode(errors="replace").strip(),
    )


def run_shown(photo: Path, kills: int, seed: int, keep: Path | None) -> list[Killed]:
    from rich.console import Console
    from rich.progress import track

    killed: list[Killed] = []
    target = photo.with_name(f"{photo.stem}.color{photo.suffix}")
    bar = iter(track(range(kills), "killing", console=Console(stderr=True), transient=True))

    def tell(one: Killed) -> None:
        next(bar, None)
        if one.output == "damaged":
            if keep:
                keep.mkdir(parents=True, exist_ok=True)
                target.replace(keep / f"{len(killed):04d}{photo.suffix}")
            else:
                target.unlink()
        killed.append(one)

    run(photo, kills, seed, tell)
    return killed


def show(killed: list[Killed], nameless: bool) -> None:
    """A table by signal and moment, then those that are bad."""
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    table = Table(box=None, header_style="bold")
    outputs = ("none", "earlier", "whole", "damaged")
    for heading in ("signal", "when", "runs", *outputs, "files left", "exit codes", "until the end: median", "longest"):
        table.add_column(heading, justify="left" if heading in ("signal", "when", "exit codes") else "right")
    for number in SIGNALS:
        for phase in ("anywhere", "writing"):
            group = [one for one in killed if (one.signal, one.phase) == (number, phase)]
            if group:
                counts, codes = Counter(one.output for one in group), Counter(one.code for one in group)
                table.add_row(
                    number.name,
                    phase,
                    str(len(group)),
                    *(str(counts[name] or "–") for name in outputs),
                    str(sum(len(one.left) for one in group) or "–"),
                    ", ".join(f"{code} ({count}×)" for code, count in sorted(codes.items())),
                    f"{statistics.median(one.seconds for one in group):.2f} s",
                    f"{max(one.seconds for one in group):.2f} s",
                )
    console.print(table)
    for one in killed:
        if one.is_bad(nameless):
            console.print(str(one), markup=False)


if __name__ == "__main__":
    main()
