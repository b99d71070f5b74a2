"""How long programs take to start, each beside the libraries that it needs: ratios with limits.

    python benchmarks/startup.py [--rounds N]

| pair | limit |
|---|---|
| `import tinct` beside `pass` | 2.5: everything heavy is imported at its first use |
| `tinct --help` beside `import typer, rich` | 1.5 |
| `tinct colorize`, a 512 × 512 JPEG, beside `import onnxruntime, pyvips` | none |

Each round starts all programs once, in turn, so that a busy machine disturbs all alike; ratios are medians over rounds. The exit code is
1 where a limit is passed. Afterwards come the modules whose import takes longest, by `python -X importtime -c "import tinct"`.
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
from pathlib import Path

from colorize import sample

MAX_IMPORT_RATIO, MAX_HELP_RATIO = 2.5, 1.5
SHOWN_MODULES = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    python = sys.executable
    tinct = shutil.which("tinct", path=str(Path(python).parent)) or "tinct"
    with tempfile.TemporaryDirectory() as folder:
        photo, output = Path(folder) / "photo.jpg", Path(folder) / "colored.jpg"
        photo.write_bytes(sample())
        pairs: list[tuple[list[str], list[str], float | None]] = [
            ([python, "-c", "import tinct"], [python, "-c", "pass"], MAX_IMPORT_RATIO),
            ([tinct, "--help"], [python, "-c", "import typer, rich"], MAX_HELP_RATIO),
            (
                [tinct, "colorize", str(photo), "-o", str(output), "--overwrite"],
                [python, "-c", "import onnxruntime, pyvips"],
                None,
            ),
        ]
        times = [in_turn(ours, floor, arguments.rounds) for ours, floor, _ in pairs]
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, {arguments.rounds} rounds; least milliseconds")
    failed = False
    for (ours, floor, limit), seconds in zip(pairs, times, strict=True):
        ratio = statistics.median(mine / its for mine, its in seconds)
        failed |= limit is not None and ratio > limit
        mine, its = (min(column) * 1000 for column in zip(*seconds, strict=True))
        words = [" ".join(Path(word).name for word in command) for command in (ours, floor)]
        print(f"{words[0]}: {mine:.0f}; {words[1]}: {its:.0f}; ratio {ratio:.2f}" + (f", limit {limit}" if limit else ""))
    print(f"\nimport tinct, the {SHOWN_MODULES} modules that take longest by themselves (microseconds)")
    for microseconds, module in import_times("tinct")[:SHOWN_MODULES]:
        print(f"{microseconds:8d} {module}")
    sys.exit(failed)


def in_turn(ours: list[str], floor: list[str], rounds: int) -> list[tuple[float, float]]:
    """Seconds of both commands in each round, after one round that isn't counted."""
    seconds = []
    for number in range(-1, rounds):
        row = []
        for command in (ours, floor):
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            row.append(time.perf_counter() - start)
        if number >= 0:
            seconds.append((row[0], row[1]))
    return seconds


def import_times(module: str) -> list[tuple[int, str]]:
    """Microseconds of each module by itself that `import module` loads, beyond those of Python's own start, longest first."""
    found = []
    for code in ("pass", f"import {module}"):
        command = [sys.executable, "-X", "importtime", "-c", code]
        lines = subprocess.run(command, check=True, capture_output=True, text=True).stderr.splitlines()
        rows = [line.removeprefix("import time:").split("|") for line in lines if "self [us]" not in line]
        found.append({name.strip(): int(own) for own, _, name in rows})
    before, after = found
    return sorted(((own, name) for name, own in after.items() if name not in before), reverse=True)


if __name__ == "__main__":
    main()
