"""How films are colored: steadiness, speed, memory, and what is left when it is killed.

    python benchmarks/film.py quality [--data val-000.tar] [--size 640x480] [--count 2] [--methods truth gray frames film stored coded lossless] [--strips DIR]
    python benchmarks/film.py speed [--sizes 640x480 1920x1080] [--seconds 4]
    python benchmarks/film.py memory [--minutes 1 60]
    python benchmarks/film.py kills [--kills 20] [--seconds 6]

`quality` makes clips of every kind of `film_clips` and colors them frame by frame with `Colorizer.colorize` (`frames`; once more with the
film's own luma put back, as the film product keeps it) and as a film. Its columns are those of `film_clips.measure`; the flicker and CDC of
the true colors (`truth`) and of `gray` stand beside them. Storing adds flicker: `stored` is the truth rounded to a film's 8 bits and 4:2:0,
`coded` the same in H.264, as results are encoded by default, `lossless` the film product in FFV1. `--strips` writes frames side by side,
for the eye.

`speed` colors a film by `tinct film`, frame by frame (decode, `Colorizer`, encode), and decodes and encodes it alone, one after the other.

`memory` loops a clip to films of several lengths and reads the resident memory of `tinct film` while it colors them.

`kills` ends `tinct film` by SIGKILL at random moments, runs it again until it has been killed `--kills` times and then to its end, and
compares the output with that of an undisturbed run. The exit code is 1 if they differ or a file is left over.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from film_clips import KINDS
from film_quality import quality
from film_runs import kills, memory, speed


def size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return int(width), int(height)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="what", required=True)
    found = {name: commands.add_parser(name) for name in ("quality", "speed", "memory", "kills")}
    for command in found.values():
        command.add_argument("--data", type=Path, help="tar file of color pictures; else val-000.tar, where it is found")
        command.add_argument("--seed", type=int, default=1)
        command.add_argument("--size", type=size, default=(640, 480))
    found["quality"].add_argument("--count", type=int, default=2, help="clips of each kind")
    found["quality"].add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    found["quality"].add_argument("--methods", nargs="+", default=["truth", "gray", "frames", "film"])
    found["quality"].add_argument("--strips", type=Path, help="folder for pictures of the results")
    found["quality"].add_argument("--json", type=Path, help="file for all figures of all clips")
    found["speed"].add_argument("--sizes", nargs="+", type=size, default=[(640, 480), (1920, 1080)])
    found["speed"].add_argument("--seconds", type=float, default=4, help="length of the film")
    found["memory"].add_argument("--minutes", nargs="+", type=float, default=[1, 10])
    found["kills"].add_argument("--kills", type=int, default=20)
    found["kills"].add_argument("--seconds", type=float, default=6, help="length of the film")
    arguments = parser.parse_args()
    sys.exit({"quality": quality, "speed": speed, "memory": memory, "kills": kills}[arguments.what](arguments))


if __name__ == "__main__":
    main()
