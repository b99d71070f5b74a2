"""Write the lock file, the exact versions of everything that tests and CI install, or print its name.

    python scripts/lock.py [--name] [--extra-index-url URL]

pip works out what the extra `dev` needs from the newest releases there are and what constraints.txt allows, and installs nothing. A lock
holds for the Python version and the system that it was made on: others need other releases, and have no lock unless somebody makes one
there. --name prints the file to give to `pip install -c`: the lock for this Python and system or, where there is none, constraints.txt.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "constraints.txt"
BUILD = ("editables", "hatchling")
"""What builds tinct itself: pip resolves that apart from the rest."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", action="store_true")
    parser.add_argument("--extra-index-url", help="handed on to pip")
    arguments = parser.parse_args()
    system = sysconfig.get_platform().replace(".", "_")  # linux-x86_64
    lock = ROOT / "locks" / f"{system}-python{sys.version_info[0]}.{sys.version_info[1]}.txt"
    if arguments.name:
        print((lock if lock.exists() else CONSTRAINTS).relative_to(ROOT))
        return
    index = ["--extra-index-url", arguments.extra_index_url] if arguments.extra_index_url else []
    lock.parent.mkdir(exist_ok=True)
    lock.write_text(
        f"# For tests and CI on {system}, Python {sys.version_info[0]}.{sys.version_info[1]}. Written by: make lock\n"
        + "".join(f"{name}=={version}\n" for name, version in resolve(index))
    )
    print(lock.relative_to(ROOT))


def resolve(options: list[str]) -> list[tuple[str, str]]:
    """Name and version of each package of the extra `dev` and of BUILD, but for tinct."""
    wanted = ["-c", str(CONSTRAINTS), f"{ROOT}[dev]", *BUILD]
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--dry-run",
        "--ignore-installed",
        "-qq",
        "--report",
        "-",
        *options,
        *wanted,
    ]
    report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    found = {entry["metadata"]["name"].lower().replace("_", "-"): entry["metadata"]["version"] for entry in report["install"]}
    # A local version (2.13.0+cpu) is one index's build of a release, which other indexes don't have.
    return sorted((name, version.partition("+")[0]) for name, version in found.items() if name != "tinct")


if __name__ == "__main__":
    main()
