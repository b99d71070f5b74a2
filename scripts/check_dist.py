"""Build the sdist and, from it, the wheel; then try both out away from this tree. `make dist` runs it.

The wheel: installed into a fresh environment with its dependencies alone, it colors a drawn picture with the `tinct` command. The sdist:
unpacked, it runs some of its own tests with the environment of this script.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
MUST_HAVE = (
    "tinct/runtime/bundled/tinct.safetensors",
    "tinct/web/page/index.html",
    "tinct/py.typed",
    "/sboms/tinct.cdx.json",
    "/licenses/NOTICE",
)
TESTS = ("tests/test_color.py", "tests/coloring/test_same_pixels.py", "tests/docs/test_model_card.py")
"""A quick part of the tests; they read the package, the documentation and the scripts."""


def main() -> None:
    for name in ("PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT"):  # named from this tree, used in others
        if name in os.environ:
            os.environ[name] = str(ROOT / os.environ[name])
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "build", "--outdir", DIST, ROOT)
    (wheel,), (sdist,) = DIST.glob("*.whl"), DIST.glob("*.tar.gz")
    check_names(wheel)
    with tempfile.TemporaryDirectory(prefix="tinct-dist-") as folder:
        try_wheel(wheel, Path(folder))
        try_sdist(sdist, Path(folder))
    print(*(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1e6:.1f} MB" for path in (wheel, sdist)), sep="\n")


def check_names(wheel: Path) -> None:
    """That the wheel holds the package and its records, and nothing else."""
    names = zipfile.ZipFile(wheel).namelist()
    missing = [end for end in MUST_HAVE if not any(name.endswith(end) for name in names)]
    strange = [name for name in names if not name.startswith(("tinct/", "tinct-"))]
    if missing or strange:
        sys.exit(f"{wheel.name}: without {missing}, with {strange}")


def try_wheel(wheel: Path, folder: Path) -> None:
    """Color a picture with the installed command, and look for its colors."""
    environment = folder / "environment"
    venv.create(environment, with_pip=True)
    python, command = environment / "bin/python", environment / "bin/tinct"
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel)
    run(python, "-c", DRAW, cwd=folder)
    run(command, "colorize", "drawn.png", "-o", "colored.png", cwd=folder)
    run(python, "-c", LOOK, cwd=folder)


DRAW = """
import numpy, pyvips
y, x = numpy.mgrid[:120, :160]
gray = 128 + 60 * numpy.sin(x / 23) * numpy.cos(y / 17)
pyvips.Image.new_from_array(gray.astype("uint8")).copy(interpretation="b-w").write_to_file("drawn.png")
"""
LOOK = """
import numpy, pyvips, tinct
assert "site-packages" in tinct.__file__, tinct.__file__
pixels = pyvips.Image.new_from_file("colored.png").numpy().astype(int)
assert pixels.shape == (120, 160, 3), pixels.shape
assert numpy.ptp(pixels, axis=2).max() > 5, "it has no colors"
"""


def try_sdist(sdist: Path, folder: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    tree = folder / sdist.name.removesuffix(".tar.gz")
    run(
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        *TESTS,
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree / "src")},
    )


def run(*command: object, **options: object) -> None:
    print("+", *command, flush=True)
    subprocess.run([str(part) for part in command], check=True, **options)  # type: ignore[call-overload]


if __name__ == "__main__":
    main()
