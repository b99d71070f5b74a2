"""Speed, memory and kills of `tinct film`: the other commands of `film.py`.

    python benchmarks/film_runs.py film|frames|recode IN OUT

colors one film by one method in this process, and prints its figures as JSON: `speed` runs it, so that each method has a process of its own.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from film_clips import KINDS, RATE, make_clips
from film_files import loop_film, write_clip
from film_luma import gray_of
from film_scenes import Bytes, Size

from collection import quarters, watched_memory

COMMAND = (sys.executable, "-m", "tinct", "film")
CRF, PRESET = "18", "faster"
"""Of the films that are written for comparison: those of `tinct film`."""
METHODS = {
    "film": "tinct film",
    "frames": "frame by frame: decode, Colorizer, encode",
    "recode": "decode and encode alone",
}


def drawn(path: Path, size: Size, seconds: float, arguments: argparse.Namespace, *, kinds: tuple[str, ...] = KINDS) -> Path:
    """A gray H.264 film of clips of these kinds, one after the other, as long as wanted."""
    clips = (clip for number in itertools.count() for kind in kinds for clip in _clips(kind, size, number, arguments))
    frames = (luma for clip in clips for luma in clip.luma)
    return write_clip(path, itertools.islice(frames, round(seconds * RATE)), encoder="libx264")


def _clips(kind: str, size: Size, number: int, arguments: argparse.Namespace) -> Iterator[object]:
    return make_clips(kind, 1, size, arguments.seed + number, shard=arguments.data)


# ---- speed ----------------------------------------------------------------------------------------------------------------------


def speed(arguments: argparse.Namespace) -> int:
    """Print frames a second of each method, one after the other, at each size; those a processor second hold on a busy machine, too."""
    print(
        "| size | method | frames a second | cores busy | frames a processor second | peak memory, MB |\n|---|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory(prefix="tinct-film-") as folder:
        for size in arguments.sizes:
            source = drawn(Path(folder) / f"{size[1]}.mp4", size, arguments.seconds, arguments, kinds=("objects", "worn"))
            for method, name in METHODS.items():
                command = [sys.executable, __file__, method, str(source), str(Path(folder) / f"{size[1]}-{method}.mp4")]
                found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
                frames, busy = found["frames"] / found["seconds"], found["processor_seconds"] / found["seconds"]
                values = f"{frames:.1f} | {busy:.2f} | {frames / busy:.1f} | {found['memory']:.0f}"
                print(f"| {size[0]} × {size[1]} | {name} | {values} |", flush=True)
    return 0


def one_run(method: str, source: Path, output: Path) -> dict[str, float]:
    """Color one film; the time counts from when the model is loaded."""
    from tinct import Colorizer

    colorizer = None if method == "recode" else Colorizer(threads=1 if method == "film" else 0)  # a film colors frames at once
    if method == "film":
        import tinct.film  # noqa: F401 (not part of the time)
    before, began = _processor_seconds(), time.perf_counter()
    if method == "film":
        from tinct.film import Film

        Film(source).colorize(output, colorizer=colorizer)
    else:
        _recode(source, output, colorizer)
    seconds = time.perf_counter() - began
    with av.open(str(output)) as container:
        frames = sum(1 for packet in container.demux(video=0) if packet.size)
    return {"frames": frames, "seconds": seconds, "processor_seconds": _processor_seconds() - before, "memory": _peak_memory()}


def _peak_memory() -> float:
    """Most resident memory of this process so far, in MB. The figure of `getrusage` isn't reset when a program is started."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1000


def _recode(source: Path, output: Path, colorizer: object) -> None:
    """Decode and encode a film; with a colorizer, color each frame on its own."""
    with av.open(str(source)) as container, av.open(str(output), "w") as written:
        incoming = container.streams.video[0]
        incoming.thread_type = "AUTO"
        stream = written.add_stream("libx264", rate=incoming.average_rate, options={"crf": CRF, "preset": PRESET})
        stream.width, stream.height, stream.pix_fmt = incoming.width, incoming.height, "yuv420p"
        for frame in container.decode(incoming):
            if colorizer is None:
                colored = frame
            else:
                colored = av.VideoFrame.from_ndarray(_colored(frame, colorizer), "rgb24")
                colored.pts, colored.time_base = frame.pts, frame.time_base
            colored.pict_type = av.video.frame.PictureType.NONE  # the encoder's choice, not the source's
            written.mux(stream.encode(colored))
        written.mux(stream.encode(None))


def _colored(frame: av.VideoFrame, colorizer: object) -> Bytes:
    luma = frame.reformat(format="yuv420p").to_ndarray()[: frame.height]
    return np.ascontiguousarray(np.asarray(colorizer.colorize(gray_of(luma)))[..., :3])  # type: ignore[attr-defined]


def _processor_seconds() -> float:
    """Of this process and of those it started and waited for."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


# ---- memory ---------------------------------------------------------------------------------------------------------------------


def memory(arguments: argparse.Namespace) -> int:
    """Print the memory of `tinct film` while it colors films of several lengths."""
    print("| minutes | frames a second | peak memory, MB | largest in each quarter, MB |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="tinct-film-") as folder:
        short = drawn(Path(folder) / "short.mp4", arguments.size, 12, arguments)
        for minutes in arguments.minutes:
            source = loop_film(short, Path(folder) / f"{minutes:g}.mp4", minutes * 60)
            with watched_memory() as used:
                began = time.perf_counter()
                run(source, Path(folder) / f"{minutes:g}-colored.mp4")
                rate = minutes * 60 * RATE / (time.perf_counter() - began)
            peaks = ", ".join(f"{peak:.0f}" for peak in quarters(used))
            print(f"| {minutes:g} | {rate:.1f} | {max(used, default=0):.0f} | {peaks} |", flush=True)
    return 0


def run(source: Path, output: Path) -> None:
    """Run the command to its end. Raises SystemExit with what it says if it fails."""
    done = subprocess.run([*COMMAND, str(source), "-o", str(output)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"tinct film failed: {done.stderr[-2000:]}")


# ---- kills ----------------------------------------------------------------------------------------------------------------------


def kills(arguments: argparse.Namespace) -> int:
    """Kill and resume, then compare with an undisturbed run; 1 if something differs."""
    choice = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory(prefix="tinct-film-") as name:
        folder = Path(name)
        source = drawn(
            folder / "film.mp4", arguments.size, arguments.seconds, arguments, kinds=("return", "still", "objects", "worn")
        )
        undisturbed, disturbed = folder / "undisturbed", folder / "disturbed"
        undisturbed.mkdir()
        disturbed.mkdir()
        began = time.perf_counter()
        run(source, undisturbed / "colored.mp4")
        whole = time.perf_counter() - began
        killed = finished = 0
        while killed < arguments.kills:
            process = subprocess.Popen(
                [*COMMAND, str(source), "-o", str(disturbed / "colored.mp4")],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            try:
                process.wait(timeout=choice.uniform(0.3, max(2.0, whole / 2)))
                finished += 1
                if different := differences(undisturbed, disturbed):
                    break
                shutil.rmtree(disturbed)  # it has finished: start once more
                disturbed.mkdir()
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                killed += 1
        else:
            run(source, disturbed / "colored.mp4")
            finished += 1
            different = differences(undisturbed, disturbed)
    print(f"{killed} kills, {finished} films finished after them; undisturbed: {whole:.1f} s; {len(different)} differences")
    print("\n".join(different))
    return int(bool(different))


def differences(undisturbed: Path, disturbed: Path) -> list[str]:
    """Files that are missing, left over, or have other bytes."""
    one, other = ({str(p.relative_to(root)): p for p in root.rglob("*") if p.is_file()} for root in (undisturbed, disturbed))
    found = [f"{name}: missing or left over" for name in sorted(one.keys() ^ other.keys())]
    return found + [
        f"{name}: differs" for name in sorted(one.keys() & other.keys()) if one[name].read_bytes() != other[name].read_bytes()
    ]


if __name__ == "__main__":
    print(json.dumps(one_run(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))))
