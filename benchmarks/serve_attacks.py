"""What clients with bad intentions, or bad connections, can do to `tinct serve`, in figures.

    python benchmarks/serve_attacks.py attacks [--megapixels 36]
    python benchmarks/serve_attacks.py mixed [--requests 500] [--clients 64]

`attacks`: one kind after the other, each against a server of its own that asks for a token; while it lasts, an honest request is timed, and the
peak of resident memory is read. `mixed`: uploads, previews, suggestions, results and refusals in random order, by clients of which every second
one hangs up in the middle; resident memory before and after. The exit code is 1 after any 5xx but 503, and where an honest request isn't served.
"""

from __future__ import annotations

import argparse
import io
import random
import socket
import struct
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from urllib.parse import urlsplit

import httpx
import numpy as np
import pyvips
from PIL import Image
from serve import memory, photograph, running, timed, watched

Told = Callable[[], str]
"""Tells what was sent, and how it was answered."""
TOKEN = "a-token-of-the-benchmark"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
IDLE = 700
CLAIMS = 40
CLAIMED_BYTES = 100_000_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["attacks", "mixed"])
    parser.add_argument("--only", action="append", choices=sorted(ATTACKS), help="of the attacks; may be given several times")
    parser.add_argument("--megapixels", type=float, default=36, help="of pictures that can't be streamed")
    parser.add_argument("--requests", type=int, default=500)
    parser.add_argument("--clients", type=int, default=64)
    arguments = parser.parse_args()
    if arguments.what == "mixed":
        return mixed(arguments.requests, arguments.clients)
    side = round(arguments.megapixels**0.5 * 1000)
    return max(attacked(name, ATTACKS[name], side) for name in arguments.only or ATTACKS)


def attacked(name: str, attack: Callable[[str, int], Iterator[Told]], side: int) -> int:
    """One attack, and an honest request while it lasts."""
    honest = {"photo": photograph(256)}

    def ask() -> httpx.Response:
        return httpx.post(f"{address}/v1/colorize", files=honest, headers=BEARER, timeout=120)

    with running("--token", TOKEN, "--allow-host", "example.org") as (address, process):
        ask()
        before = memory(process)
        with watched(process) as peak, contextmanager(attack)(address, side) as told:
            answer, seconds = timed(ask)
            text = told()
    print(
        f"{name}: {text}; honest request {answer.status_code} after {seconds:.2f} s; memory {before:.0f} MB, at most {peak[0]:.0f} MB"
    )
    return 0 if answer.status_code == 200 else 1


def idle(address: str, side: int) -> Iterator[Told]:
    """Connections on which nothing is sent."""
    where = urlsplit(address)
    with ExitStack() as stack:
        for _ in range(IDLE):
            stack.enter_context(socket.create_connection((where.hostname, where.port), 20))
        yield lambda: f"{IDLE} idle connections"


def claims(address: str, side: int) -> Iterator[Told]:
    """Bodies that are said to be large, and don't come."""
    where = urlsplit(address)
    head = f"POST /v1/pictures HTTP/1.1\r\nHost: {where.netloc}\r\nAuthorization: Bearer {TOKEN}\r\n"
    head += f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {CLAIMED_BYTES}\r\n\r\n--b\r\n"
    with ExitStack() as stack:
        for _ in range(CLAIMS):
            stack.enter_context(socket.create_connection((where.hostname, where.port), 20)).sendall(head.encode())
        yield lambda: f"{CLAIMS} bodies said to have {CLAIMED_BYTES / 1e6:.0f} MB each"


def texts(address: str, side: int) -> Iterator[Told]:
    """A small PNG whose texts unpack to 700 MB."""
    file = io.BytesIO()
    Image.new("L", (64, 64), 90).save(file, "PNG")
    body = b"zTXtComment\0\0" + zlib.compress(bytes(7_000_000), 9)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    bomb = file.getvalue()[:33] + chunk * 100 + file.getvalue()[33:]
    with sending(address, [bomb]) as statuses:
        yield lambda: f"a PNG of {len(bomb) / 1000:.0f} kB whose texts unpack to 700 MB: {statuses()}"


def unstreamed(address: str, side: int) -> Iterator[Told]:
    """Pictures that can't be decoded from top to bottom, four at once."""
    light = (np.add.outer(np.arange(side), np.arange(side)) // 64).astype(np.uint16) * 257
    image = pyvips.Image.new_from_array(np.repeat(light[..., None], 3, axis=2)).copy(interpretation="rgb16")
    image.set_type(pyvips.GValue.gint_type, "orientation", 6)
    files = [image.pngsave_buffer(interlace=True, compression=1), image.tiffsave_buffer(compression="deflate")] * 2
    with sending(address, files) as statuses:
        yield lambda: f"four turned pictures of {side}×{side}, 16 bits, two of them interlaced: {statuses()}"


@contextmanager
def sending(address: str, files: list[bytes]) -> Iterator[Told]:
    """Files are sent at once, and answered in the background; gives what tells their statuses and seconds."""

    def one(content: bytes) -> str:
        answer, seconds = timed(lambda: httpx.post(f"{address}/v1/pictures", files={"photo": content}, headers=BEARER, timeout=300))
        return f"{answer.status_code} after {seconds:.2f} s"

    with ThreadPoolExecutor(len(files)) as pool:
        answers = [pool.submit(one, content) for content in files]
        time.sleep(0.5)
        yield lambda: ", ".join(answer.result() for answer in answers)


ATTACKS: dict[str, Callable[[str, int], Iterator[Told]]] = {
    "idle": idle,
    "claims": claims,
    "texts": texts,
    "unstreamed": unstreamed,
}


def mixed(requests: int, clients: int) -> int:
    """Requests of all kinds by clients of which every second one hangs up in the middle."""
    photo, statuses, lock = photograph(512), Counter(), threading.Lock()

    def client(number: int) -> None:
        dice = random.Random(number)
        leaving = number % 2 == 1
        with httpx.Client(base_url=address, timeout=0.05 if leaving else 300) as web:
            for _ in range(-(-requests // clients)):
                try:
                    status = str(one_of_all(web, dice, photo))
                except httpx.TimeoutException:
                    status = "left"
                with lock:
                    statuses[status] += 1

    with running() as (address, process):
        with suppress(httpx.TimeoutException), httpx.Client(base_url=address, timeout=300) as web:
            for number in range(8):
                one_of_all(web, random.Random(number), photo)
        before = memory(process)
        with watched(process) as peak, ThreadPoolExecutor(clients) as pool:
            started = time.perf_counter()
            list(pool.map(client, range(clients)))
            seconds = time.perf_counter() - started
        time.sleep(65)  # pictures may rest, and free memory is given back every 30 seconds
        good = httpx.post(f"{address}/v1/colorize", files={"photo": photo}, timeout=120).status_code
        print(f"{sum(statuses.values())} requests of {clients} clients in {seconds:.0f} s: {dict(sorted(statuses.items()))}")
        print(
            f"memory {before:.0f} MB before, at most {peak[0]:.0f} MB, {memory(process):.0f} MB after; then a photograph gets {good}"
        )
    return 0 if good == 200 and not any(status.startswith("5") and status != "503" for status in statuses) else 1


def one_of_all(web: httpx.Client, dice: random.Random, photo: bytes) -> int:
    """One request of a random kind, and its status."""
    kind = dice.choice(["colorize", "by hand", "damaged", "unknown", "page"])
    if kind == "page":
        return web.get("/").status_code
    if kind == "unknown":
        return web.post("/v1/pictures/unknown/preview", json={}).status_code
    if kind == "damaged":
        return web.post("/v1/colorize", files={"photo": photo[: len(photo) // 4]}).status_code
    if kind == "colorize":
        return web.post("/v1/colorize", files={"photo": photo}).status_code
    answer = web.post("/v1/pictures", files={"photo": photo})
    if answer.status_code != 201:
        return answer.status_code
    at = f"/v1/pictures/{answer.json()['id']}"
    web.post(f"{at}/suggest", json={"x": 100, "y": 100})
    web.post(f"{at}/preview", json={"hints": [{"x": 100, "y": 100, "color": "#b58863"}]})
    answer = web.post(f"{at}/render", json={})
    if dice.random() < 0.5:  # others leave without a word
        web.delete(at)
    return answer.status_code


if __name__ == "__main__":
    raise SystemExit(main())
