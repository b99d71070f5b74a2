"""Write docs/studies from studies that were run: their reports, charts and tables, with scikit-image's sample photographs as pictures.

    python scripts/write_studies.py studies/loss studies/complexity studies/latent studies/models studies/flagship

The photographs that the networks were trained on stay out of it.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from skimage import data

from tinct.reports import write_study_report

DOCS = Path(__file__).parent.parent / "docs" / "studies"
SAMPLES = ("astronaut", "chelsea", "coffee", "rocket")
KEPT = ("report.html", "results.csv", "summary.csv", "curves.csv")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    with tempfile.TemporaryDirectory() as scratch:
        samples = Path(scratch) / "scikit-image"
        samples.mkdir()
        for name in SAMPLES:
            Image.fromarray(getattr(data, name)()).save(samples / f"{name}.png")
        for folder in parser.parse_args().folders:
            write_study_report(folder, show=samples)
            target = DOCS / folder.name
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(folder / "charts", target / "charts")
            shutil.copy(folder / "report.md", target / "index.md")
            for file in [folder / name for name in KEPT] + sorted(folder.glob("pictures*.png")):
                shutil.copy(file, target)
            print(target)


if __name__ == "__main__":
    main()
