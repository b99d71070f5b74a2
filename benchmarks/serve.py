"""Load test of the server: `tinct serve` on a free port of this machine, with clients in threads of this process.

    python benchmarks/serve.py load [--requests 200] [--clients 16] [--side 512]
    python benchmarks/serve.py edits [--megapixels 12] [--size 1024]
    python benchmarks/serve.py large [--megapixels 160]
    python benchmarks/serve.py pictures FOLDER [--clients 4]

`load`: every answer to `POST /v1/colorize` must be 200 or 429; resident memory is compared before and after. Throughput is measured with one
client for each worker, alternating with the library, which colors the same picture on as many threads in a process of its own.
`edits`: latency of previews with one more hint each time, of suggestions, of the full size and of a color layer.
`large`: an uncompressed 16-bit RGB TIFF, of 6 bytes a pixel: sent, previewed and rendered, with the peak of resident memory at each step.
`pictures`: every file of the folder (`benchmarks/fuzz.py --corpus FOLDER`) is sent to be colored at once and by hand. The exit code is 1
after any 5xx, any answer that takes longer than --limit seconds, and if the server doesn't answer any more at the end.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import httpx
import pyvips
from PIL import Image
from polling import polled
from skimage import data

T = TypeVar("T")
LIBRARY = """
import sys, time
from concurrent.futures import ThreadPoolExecutor
from tinct import Colorizer
photo, count, workers = sys.stdin.buffer.read(), int(sys.argv[1]), int(sys.argv[2])
colorizer = Colorizer()
def one(_): return len(colorizer.colorize(photo).to_bytes(".jpg"))
with ThreadPoolExecutor(workers) as pool:
    list(pool.map(one, range(2 * workers)))
    started = time.perf_counter()
    list(pool.map(one, range(count)))
print(count / (time.perf_counter() - started))
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["load", "edits", "large", "pictures"])
    parser.add_argument("folder", type=Path, nargs="?", help="of pictures")
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--clients", type=int)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3, help="of the comparison of throughput")
    parser.add_argument("--megapixels", type=float, help="of the photograph; 12, and 160 for `large`")
    parser.add_argument("--size", type=int, default=1024, help="of previews")
    parser.add_argument("--limit", type=float, default=60, help="seconds for one answer")
    arguments = parser.parse_args()
    if (arguments.what == "pictures") != (arguments.folder is not None):
        parser.error("`pictures` takes a folder, and nothing else does")
    with running() as (address, process):
        if arguments.what == "load":
            return load(address, process, arguments.requests, arguments.clients or 16, arguments.side, arguments.rounds)
        if arguments.what == "edits":
            return edits(address, round((arguments.megapixels or 12) ** 0.5 * 1000), arguments.size)
        if arguments.what == "large":
            return large(address, process, round((arguments.megapixels or 160) ** 0.5 * 1000))
        return pictures(address, process, sorted(arguments.folder.iterdir()), arguments.clients or 4, arguments.limit)


@contextmanager
def running(*options: str, source: Path | None = None) -> Iterator[tuple[str, int]]:
    """Address and process id of a server with these further options: of this Python's tinct, or of that in a folder of its repository."""
    command = [sys.executable, "-m", "tinct", "serve", "--port", "0", *options]
    environment = os.environ | ({"PYTHONPATH": str(source / "src")} if source else {})
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment, cwd=source)
    assert server.stderr is not None
    try:
        found = next((m for line in server.stderr if (m := re.search(r"tinct is at (http\S+)/", line))), None)
        if found is None:
            raise SystemExit(f"the server{f' of {source}' if source else ''} didn't start")
        threading.Thread(target=lambda: [None for _ in server.stderr or ()], daemon=True).start()
        yield found.group(1), server.pid
    finally:
        server.terminate()
        server.wait(60)


def load(address: str, process: int, requests: int, clients: int, side: int, rounds: int) -> int:
    photo, workers, ratios = photograph(side), os.cpu_count() or 1, []
    ask(address, photo, 20, 4)
    for _ in range(rounds):
        seconds = ask(address, photo, 60, workers)[2]
        library = [sys.executable, "-c", LIBRARY, "60", str(workers)]
        own = float(subprocess.run(library, input=photo, capture_output=True, check=True).stdout)
        ratios.append(60 / seconds / own)
        print(f"server {60 / seconds:.2f} pictures/s, library {own:.2f}: {ratios[-1]:.2f}", flush=True)
    before = memory(process)
    statuses, times, seconds = ask(address, photo, requests, clients)
    time.sleep(2)
    after = memory(process)
    ok = [t for status, t in zip(statuses, times, strict=True) if status == 200]
    print(f"{requests} requests from {clients} clients in {seconds:.1f} s: {dict(Counter(statuses))}; {spread(ok)}")
    print(f"resident memory {before:.0f} MB before, {after:.0f} MB after: {after / before - 1:+.1%}")
    print(f"throughput relative to the library: median {statistics.median(ratios):.2f}")
    return 0 if set(statuses) <= {200, 429} else 1


def ask(address: str, photo: bytes, count: int, clients: int) -> tuple[list[int], list[float], float]:
    """Status and seconds of each request, and seconds of all together."""
    with httpx.Client(base_url=address, timeout=120, limits=httpx.Limits(max_connections=clients)) as client:
        started = time.perf_counter()
        with ThreadPoolExecutor(clients) as pool:
            sent = [
                pool.submit(timed, lambda: client.post("/v1/colorize", files={"photo": photo}).status_code) for _ in range(count)
            ]
            results = [one.result() for one in sent]
        return [status for status, _ in results], [seconds for _, seconds in results], time.perf_counter() - started


def edits(address: str, side: int, size: int) -> int:
    with httpx.Client(base_url=address, timeout=120) as client:
        sent, seconds = timed(lambda: client.post("/v1/pictures", files={"photo": photograph(side)}).raise_for_status().json())
        print(f"{side}×{side} sent and shown in color: {seconds:.2f} s")
        at, hints, times = f"/v1/pictures/{sent['id']}", [], []
        for i in range(40):
            hints.append({"x": (i * 977) % side, "y": (i * 631) % side, "color": "#b58863"})
            edit = {"hints": hints, "size": size}
            times.append(timed(lambda edit=edit: client.post(f"{at}/preview", json=edit).raise_for_status())[1])
        print(f"a preview of {size} px with one more hint, 40 times: {spread(times)}")
        suggestions = [
            timed(lambda i=i: client.post(f"{at}/suggest", json={"x": i, "y": i}).raise_for_status())[1] for i in range(20)
        ]
        print(f"suggestions for a place: {spread(suggestions)}")
        for output in ("color", "layer"):
            edit = {"hints": hints, "output": output}
            answer, seconds = timed(lambda edit=edit: client.post(f"{at}/render", json=edit).raise_for_status())
            print(f"full size, {output}: {seconds:.2f} s, {len(answer.content) / 1e6:.1f} MB")
    return 0


def large(address: str, process: int, side: int) -> int:
    with tempfile.TemporaryDirectory() as folder, httpx.Client(base_url=address, timeout=900) as client:
        path = Path(folder) / "large.tif"
        grain = pyvips.Image.gaussnoise(side, side, mean=30000, sigma=4000, seed=1).cast("ushort")
        grain.bandjoin([grain, grain]).copy(interpretation="rgb16").tiffsave(path)
        print(f"a TIFF of {side}×{side}, 16-bit RGB, {path.stat().st_size / 1e6:.0f} MB; the server has {memory(process):.0f} MB")

        def step(what: str, ask: Callable[[], httpx.Response]) -> httpx.Response:
            with watched(process) as peak:
                answer, seconds = timed(ask)
            told = f"{len(answer.content) / 1e6:.1f} MB" if answer.is_success else answer.json()["detail"]
            now = memory(process)
            print(
                f"{what}: {answer.status_code} after {seconds:.1f} s, {told}; memory at most {peak[0]:.0f} MB, then {now:.0f} MB",
                flush=True,
            )
            return answer

        with path.open("rb") as file:
            sent = step("sent and shown in color", lambda: client.post("/v1/pictures", files={"photo": ("large.tif", file)}))
        if not sent.is_success:
            return 1
        at, hint = f"/v1/pictures/{sent.json()['id']}", [{"x": side // 2, "y": side // 2, "color": "#b58863"}]
        answers = [
            step("preview", lambda: client.post(f"{at}/preview", json={"hints": hint})),
            step("a part at full size", lambda: client.post(f"{at}/preview", json={"part": [side // 2, side // 2, 800, 600]})),
            *(
                step(f"full size, {word}", lambda word=word: client.post(f"{at}/render", json={"hints": hint, "format": word}))
                for word in ("jpg", "original")
            ),
        ]
        return 0 if all(answer.is_success for answer in answers) else 1


def pictures(address: str, process: int, files: list[Path], clients: int, limit: float) -> int:
    before, harm = memory(process), []
    statuses: Counter[str] = Counter()

    def one(file: Path) -> list[str]:
        answers = []
        for path in ("/v1/colorize", "/v1/pictures"):
            while True:
                answer, seconds = timed(lambda path=path: client.post(path, files={"photo": (file.name, file.read_bytes())}))
                if answer.status_code != 429:
                    break
                time.sleep(1)
            answers.append(f"{path} {answer.status_code}")
            if answer.status_code >= 500 or seconds > limit:
                harm.append(f"{file.name}: {path} {answer.status_code} after {seconds:.1f} s")
            if answer.status_code == 201:
                client.delete(f"/v1/pictures/{answer.json()['id']}")
        return answers

    with httpx.Client(base_url=address, timeout=10 * limit) as client, ThreadPoolExecutor(clients) as pool:
        started = time.perf_counter()
        for done, answers in enumerate(pool.map(one, files), 1):
            statuses.update(answers)
            if done % 200 == 0:
                print(f"{done} of {len(files)} after {time.perf_counter() - started:.0f} s; {memory(process):.0f} MB", flush=True)
        good = client.post("/v1/colorize", files={"photo": photograph(64)})
    print(f"{len(files)} files: {dict(sorted(statuses.items()))}")
    print(
        f"resident memory {before:.0f} MB before, {memory(process):.0f} MB after; afterwards a good photograph gets {good.status_code}"
    )
    print("\n".join(harm) or "no 5xx, none too slow")
    return 1 if harm or good.status_code != 200 else 0


def photograph(side: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(data.astronaut()).convert("L").resize((side, side)).save(file, "JPEG", quality=90)
    return file.getvalue()


def timed(function: Callable[[], T]) -> tuple[T, float]:
    started = time.perf_counter()
    return function(), time.perf_counter() - started


def spread(seconds: list[float]) -> str:
    return f"p50 {1000 * statistics.median(seconds):.0f} ms, p95 {1000 * sorted(seconds)[int(0.95 * len(seconds))]:.0f} ms"


@contextmanager
def watched(process: int) -> Iterator[list[float]]:
    """The peak of resident memory inside the block, MB."""
    peak = [memory(process)]

    def look() -> None:
        peak[0] = max(peak[0], memory(process))

    with polled(look, 0.01):
        yield peak


def memory(process: int) -> float:
    """Resident memory, MB."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


if __name__ == "__main__":
    raise SystemExit(main())
