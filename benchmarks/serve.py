"""What the server stands: many clients at once, its memory before and after, and its throughput beside the library's own.

    python benchmarks/serve.py [--requests 200] [--clients 16] [--side 512] [--queue 16]

The real `tinct serve` on a free port of this machine, asked by threads of this process for `POST /v1/colorize`. Every answer must be
200 or 429. Throughput is measured apart, with as many clients as workers, in turns with the library in a process of its own that
colors the same files on as many threads.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from PIL import Image
from skimage import data

LIBRARY = """
import sys, time, json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
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
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--queue", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    photo = photograph(arguments.side)
    workers = os.cpu_count() or 1
    server = subprocess.Popen(
        [sys.executable, "-m", "tinct", "serve", "--port", "0", "--queue", str(arguments.queue)], stderr=subprocess.PIPE, text=True
    )
    try:
        address = wait_for(server)
        load(address, photo, 20, 4)
        ratios = []
        for _ in range(arguments.rounds):
            _, _, seconds = load(address, photo, 60, workers)
            own = float(
                subprocess.run(
                    [sys.executable, "-c", LIBRARY, "60", str(workers)], input=photo, capture_output=True, check=True
                ).stdout
            )
            ratios.append(60 / seconds / own)
            print(f"server {60 / seconds:.2f} pictures/s, library {own:.2f}: ratio {ratios[-1]:.2f}", flush=True)
        before = memory(server.pid)
        statuses, times, seconds = load(address, photo, arguments.requests, arguments.clients)
        time.sleep(2)
        after = memory(server.pid)
        ok = sorted(t for status, t in zip(statuses, times, strict=True) if status == 200)
        print(f"{arguments.requests} requests from {arguments.clients} clients in {seconds:.1f} s: {dict(Counter(statuses))}")
        print(f"p50 {1000 * statistics.median(ok):.0f} ms, p95 {1000 * ok[int(0.95 * len(ok))]:.0f} ms")
        print(f"resident memory {before:.0f} MB before, {after:.0f} MB after: {after / before - 1:+.1%}")
        print(f"throughput to the library's: median {statistics.median(ratios):.2f}")
        return 0 if set(statuses) <= {200, 429} else 1
    finally:
        server.terminate()
        server.wait(10)


def photograph(side: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(data.astronaut()).convert("L").resize((side, side)).save(file, "JPEG", quality=90)
    return file.getvalue()


def wait_for(server: subprocess.Popen[str]) -> str:
    assert server.stderr is not None
    for line in server.stderr:
        if found := re.search(r"tinct is at (http\S+)/", line):
            threading.Thread(target=lambda: [None for _ in server.stderr or ()], daemon=True).start()
            address = found.group(1)
            while True:
                try:
                    httpx.get(f"{address}/healthz")
                    return address
                except httpx.TransportError:
                    time.sleep(0.1)
    raise SystemExit("the server didn't start")


def load(address: str, photo: bytes, count: int, clients: int) -> tuple[list[int], list[float], float]:
    with httpx.Client(base_url=address, timeout=120, limits=httpx.Limits(max_connections=clients)) as client:

        def one(_: int) -> tuple[int, float]:
            started = time.perf_counter()
            answer = client.post("/v1/colorize", files={"photo": ("a.jpg", photo)})
            return answer.status_code, time.perf_counter() - started

        started = time.perf_counter()
        with ThreadPoolExecutor(clients) as pool:
            results = list(pool.map(one, range(count)))
        return [status for status, _ in results], [seconds for _, seconds in results], time.perf_counter() - started


def memory(process: int) -> float:
    """Resident, in MB."""
    text = Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) / 1024  # type: ignore[index]


if __name__ == "__main__":
    raise SystemExit(main())
