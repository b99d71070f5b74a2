"""Reports of studies, on run folders that are made up number by number."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from html_page import Page
from study_runs import LOSSES, SIDE, by_loss, make_study
from tinct.errors import ConfigError, DataError
from tinct.reports import write_comparison, write_study_report
from tinct.studies.measures import MEASURES


def report(folder: Path) -> Page:
    path = write_study_report(folder)
    assert path == folder / "report.html"
    return Page(path.read_text("utf-8"))


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


CLAIM = {
    "says": "MSE beats cross-entropy.",
    "part": "part",
    "measure": "colored_psnr",
    "first": {"loss": "mse"},
    "second": {"loss": "cross_entropy"},
}


def test_the_headline_numbers_follow_from_the_csv(tmp_path: Path) -> None:
    make_study(tmp_path / "study", LOSSES, by_loss, claims=[CLAIM])
    page = report(tmp_path / "study")
    rows = table(tmp_path / "study" / "results.csv")
    assert len(rows) == 9
    found = {(row["loss"], row["seed"]): float(row["colored_psnr"]) for row in rows}
    means = {loss: statistics.fmean(found[loss, seed] for seed in "012") for loss in LOSSES["loss"]}
    scatter = statistics.stdev(found["mse", seed] for seed in "012")
    assert max(means, key=lambda loss: means[loss]) == "mse"
    ahead = means["mse"] - means["l1"]
    headline = f"Best: loss = mse, PSNR (colored) {means['mse']:.2f} ± {scatter:.2f} dB (n = 3); next: loss = l1, {means['l1']:.2f} ± {scatter:.2f} dB, difference +{ahead:.2f} dB (n = 3, p < 0.05)."
    assert headline in page.text
    assert headline in (tmp_path / "study" / "report.md").read_text("utf-8")
    differences = [found["mse", seed] - found["cross_entropy", seed] for seed in "012"]
    assert f"difference +{statistics.fmean(differences):.2f} dB (n = 3, p < 0.05)" in page.text
    de2000 = {loss: statistics.fmean(float(r["de2000"]) for r in rows if r["loss"] == loss) for loss in LOSSES["loss"]}
    assert f"ΔE2000 loss = l1, {de2000['l1']:.2f} ± 0.02" in page.text


def test_summary_and_curves_agree_with_the_runs(tmp_path: Path) -> None:
    make_study(tmp_path / "study", LOSSES, by_loss)
    report(tmp_path / "study")
    rows, summary = table(tmp_path / "study" / "results.csv"), table(tmp_path / "study" / "summary.csv")
    for loss in LOSSES["loss"]:
        line = next(row for row in summary if row["loss"] == loss)
        for key in ("mse_test", "gap", "psnr", "cf_ratio"):
            values = [float(row[key]) for row in rows if row["loss"] == loss]
            assert float(line[f"{key}_mean"]) == pytest.approx(statistics.fmean(values))
            assert float(line[f"{key}_sd"] or 0) == pytest.approx(statistics.stdev(values), abs=1e-9)
        assert line["runs"] == "3"
    assert {row["of"]: row["colored_psnr_mean"] for row in summary if row["of"] != "model"} == {
        "gray": "22.3",
        "mean_color": "22.6",
    }
    for row in rows:
        assert float(row["gap"]) == pytest.approx(float(row["mse_test"]) - float(row["mse_train"]))
        assert float(row["train_seconds"]) == pytest.approx(1000 / 104, rel=1e-3)  # the fastest of four epochs
        assert float(row["megabytes"]) == pytest.approx(1.552006)
        assert row["pictures_seen"] == "4000"
    curves = table(tmp_path / "study" / "curves.csv")
    assert len(curves) == 9 * 4
    assert [row["pictures_seen"] for row in curves[:4]] == ["1000", "2000", "3000", "4000"]
    assert float(curves[0]["test"]) == pytest.approx(0.0125)


def test_the_page_stands_alone_and_everything_has_an_alternative_text(tmp_path: Path) -> None:
    make_study(
        tmp_path / "study",
        {"train_pictures": [250, 500, 1000, 0]},
        lambda v, s: {"test": 0.009 + 1e-6 * s + 1e-6 * v["train_pictures"]},
    )
    page = report(tmp_path / "study")
    html = (tmp_path / "study" / "report.html").read_text("utf-8")
    assert "Content-Security-Policy" in html
    for tag, attributes in page.tags:
        assert tag not in {"script", "link", "iframe", "object"}
        for name in ("src", "href", "xlink:href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/png;base64,"))
        if tag == "img":
            assert attributes["alt"]
        if tag == "svg":
            assert attributes["role"] == "img"
            assert re.search(r"\d", attributes["aria-label"] or ""), "charts say their numbers"
    assert not re.search(r"url\((?!#)|@import|https?://(?!www\.w3\.org)", html)
    assert [tag for tag, _ in page.tags].count("h1") == 1
    assert [tag for tag, _ in page.tags].count("svg") >= 3
    ids = [a["id"] for tag, a in page.tags if "id" in a and tag in {"h2", "section", "figure"}]
    assert len(ids) == len(set(ids))
    assert "a <b>CPU</b>" in page.text, "what files say is escaped"


def test_markdown_is_fit_for_the_documentation(tmp_path: Path) -> None:
    make_study(tmp_path / "study", LOSSES, by_loss, claims=[CLAIM])
    report(tmp_path / "study")
    text = (tmp_path / "study" / "report.md").read_text("utf-8")
    assert "/somewhere" not in text
    assert str(tmp_path) not in text
    assert "tinct study made-up --data photos.tar -o here --set init=b.ckpt" in text
    assert not re.search(r"<(?!img)\w", text)
    links = re.findall(r"\]\(([^)]*)\)", text)
    assert any(link.startswith("charts/") for link in links)
    assert "pictures.png" in links
    for link in links:
        assert (tmp_path / "study" / link).is_file(), link
    for row in re.findall(r"^\|.*$", text, re.MULTILINE):
        assert row.count("|") >= 3
    blocks = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert len(blocks) == 4  # claims, quality, size and time, settings
    for block in blocks:
        assert len({line.count("|") for line in block.splitlines()}) == 1, block


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path) -> None:
    make_study(tmp_path / "study", {"width": [0.5, 1.0, 2.0]}, lambda v, s: {"test": 0.009 + 1e-5 * s * v["width"]})

    def digests() -> dict[str, str]:
        write_study_report(tmp_path / "study")
        files = [p for p in sorted((tmp_path / "study").rglob("*")) if p.is_file() and "runs" not in p.parts]
        return {str(p.relative_to(tmp_path)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}

    before = digests()
    assert len(before) > 6
    assert digests() == before
    assert not [name for name in before if "partial" in name]


def test_a_study_that_is_half_done_says_so(tmp_path: Path) -> None:
    def numbers(values: dict[str, Any], seed: int) -> dict[str, Any] | None:
        if values["loss"] == "l1" and seed:
            return None
        return by_loss(values, seed) | {"finished": (values["loss"], seed) != ("mse", 2), "curve": [(0.01, 0.01), (0.009, 0.009)]}

    make_study(tmp_path / "study", LOSSES, numbers, claims=[CLAIM])
    page = report(tmp_path / "study")
    assert "Unfinished: 6 of 9 runs" in page.text
    assert re.search(r"3 of 9 runs are unfinished.*part-loss-mse-seed-2-\w+ \(epoch 2 of 4\)", page.text)
    assert re.search(r"part-loss-l1-seed-1-\w+ \(not begun\)", page.text)
    assert "difference +0.50 dB (n = 2, p < 0.05)" in page.text
    assert len(table(tmp_path / "study" / "results.csv")) == 6
    assert "| runs |" in (tmp_path / "study" / "report.md").read_text("utf-8")


def test_a_study_that_has_only_begun(tmp_path: Path) -> None:
    make_study(tmp_path / "study", LOSSES, lambda values, seed: None, claims=[CLAIM])
    page = report(tmp_path / "study")
    assert "No run is finished yet" in page.text
    assert "Not measured yet" in page.text
    assert len(table(tmp_path / "study" / "summary.csv")) == 3
    assert "Unfinished: 0 of 9 runs" in page.text
    assert table(tmp_path / "study" / "results.csv") == []


def test_one_seed_has_no_uncertainty(tmp_path: Path) -> None:
    make_study(tmp_path / "study", LOSSES, by_loss, seeds=1, claims=[CLAIM])
    page = report(tmp_path / "study")
    assert (
        "Best: loss = mse, PSNR (colored) 23.00 dB (n = 1); next: loss = l1, 22.90 dB, difference +0.10 dB (n = 1, no test)."
        in page.text
    )
    assert "Holds in one run" in page.text
    assert "Number of seeds: 1; how much of a difference is chance isn’t known." in page.text


def test_pictures_are_the_same_for_all_and_pixel_exact(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study", LOSSES, by_loss, seeds=1)
    page = report(tmp_path / "study")
    assert "The first 8 of the test pictures" in page.text
    sheet = np.asarray(Image.open(tmp_path / "study" / "pictures.png"))
    trials = [cell.trials[0] for cell in study.layout()]
    arrays = [np.load(tmp_path / "study" / "runs" / trial.name / "samples.npz") for trial in trials]
    factor = round(112 / SIDE)
    columns = [arrays[0]["gray"], *(a["predicted"] for a in arrays), arrays[0]["real"]]
    for row in range(8):
        for column, pictures in enumerate(columns):
            top, left = 36 + row * (factor * SIDE + 4), 16 + column * (factor * SIDE + 4)
            shown = sheet[top : top + factor * SIDE, left : left + factor * SIDE]
            assert np.array_equal(shown, pictures[row].repeat(factor, 0).repeat(factor, 1))


def test_many_groups_stand_below_one_another(tmp_path: Path) -> None:
    make_study(
        tmp_path / "study", {"lr": [1e-4, 2e-4, 4e-4, 8e-4, 1e-3, 2e-3, 4e-3]}, lambda v, s: {"test": 0.009 + v["lr"]}, seeds=1
    )
    page = report(tmp_path / "study")
    alts = [attributes["alt"] or "" for tag, attributes in page.tags if tag == "img"]
    assert alts[0] == "gray: 8 pictures, side by side"
    assert len(alts) == 9


def test_no_picture_in_common_is_said(tmp_path: Path) -> None:
    make_study(tmp_path / "study", LOSSES, lambda v, s: by_loss(v, s) | {"names": v["loss"] + "-{}.jpg"}, seeds=1)
    page = report(tmp_path / "study")
    assert "no test picture in common" in page.text
    assert "img" not in [tag for tag, _ in page.tags]
    assert not (tmp_path / "study" / "pictures.png").exists()


def test_several_parts_have_an_answer_each(tmp_path: Path) -> None:
    more = [{"name": "Other part", "recipe": "vae", "grid": {"network.latent": [2, 10, 100]}}]

    def numbers(values: dict[str, Any], seed: int) -> dict[str, Any]:
        return (
            by_loss(values, seed) if "loss" in values else {"test": 0.02 - 1e-5 * values["network.latent"] + 1e-6 * seed, "kl": 3.0}
        )

    make_study(tmp_path / "study", LOSSES, numbers, more=more)
    page = report(tmp_path / "study")
    text = (tmp_path / "study" / "report.md").read_text("utf-8")
    assert "**Part.** Best: loss = mse" in text
    assert "## Other part" in text
    assert (tmp_path / "study" / "pictures-other-part.png").is_file()
    assert {row["part"] for row in table(tmp_path / "study" / "results.csv")} == {"part", "Other part"}
    assert "Further settings of the part “Other part”" in page.text
    assert (tmp_path / "study" / "charts" / "other-part-errors.svg").is_file()


def test_a_protocol_s_figures_have_a_table(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study", LOSSES, by_loss)
    for cell in study.layout():
        for trial in cell.trials:
            seed = trial.config.seed
            method = {
                "psnr": {"mean": 23.5, "se": 0.1},
                "gain": {"mean": 1.25 + 0.1 * seed, "se": 0.1},
                "ssim": 0.94,
                "de2000": 10.0,
                "cf_ratio": 0.5,
            }
            gray = method | {"gain": {"mean": 0.0, "se": 0.0}, "psnr": {"mean": 22.0, "se": 0.1}, "cf_ratio": 0.0}
            hints = {"counts": [0, 10, 100], "gain": [{"mean": 1.0}, {"mean": 5.5}, {"mean": 8.25}]}
            found = {
                "methods": {"model": method, "gray": gray, "mean color": gray},
                "hints": hints,
                "stability": {"0.0": {"mean": 2.5}},
            }
            into = tmp_path / "study" / "runs" / trial.name / "evaluation"
            into.mkdir()
            cost = {"seconds": 0.0625, "peak_mb": None}
            (into / "evaluation.json").write_text(json.dumps({"protocol": "tinct-256", "sets": {"test": found}, "cost": cost}))
    page = report(tmp_path / "study")
    assert "Protocol tinct-256" in page.text
    assert "gain over gray, dB 1.35 ± 0.10" in page.text.replace("\u202f", " ")
    row = table(tmp_path / "study" / "results.csv")[1]
    assert {key: row[key] for key in ("e256_gain", "e256_hints10", "e256_hints100", "e256_stability", "e256_seconds")} == {
        "e256_gain": "1.35", "e256_hints10": "5.5", "e256_hints100": "8.25", "e256_stability": "2.5", "e256_seconds": "0.0625",
    }  # fmt: skip
    assert row["e256_vivid_gain"] == row["e256_peak_mb"] == row["e256_best8"] == ""


def test_charts_of_an_earlier_report_go(tmp_path: Path) -> None:
    make_study(tmp_path / "study", LOSSES, by_loss, seeds=1)
    (tmp_path / "study" / "charts").mkdir()
    (tmp_path / "study" / "charts" / "old.svg").write_text("<svg/>")
    report(tmp_path / "study")
    assert not (tmp_path / "study" / "charts" / "old.svg").exists()


def test_a_folder_that_can_t_be_written_to(tmp_path: Path) -> None:
    make_study(tmp_path / "study", LOSSES, by_loss, seeds=1)
    (tmp_path / "study" / "charts").write_text("in the way")
    with pytest.raises(ConfigError, match=rf"{re.escape(str(tmp_path / 'study'))}\S* can't be written"):
        write_study_report(tmp_path / "study")


def test_real_runs_are_compared_and_predict_a_folder(folder: Path, toy_settings: list[str], tmp_path: Path) -> None:
    from tinct.training import Machine, load_recipe, train

    cpu = Machine(accelerator="cpu", precision="32-true")
    settings = [*toy_settings, "epochs=1", "pictures=20"]
    runs = [
        train(load_recipe(model, [*settings, *extra], (str(folder),)), tmp_path / name, machine=cpu, cache=tmp_path / "cache")
        for name, model, extra in (("ae", "autoencoder", []), ("ae-1", "autoencoder", ["seed=1"]), ("vae", "vae", []))
    ]
    page = Page(write_comparison(runs, tmp_path / "out").read_text("utf-8"))
    assert "How do these 3 runs compare: autoencoder, vae?" in page.text
    scores = [json.loads((run / "scores.json").read_text())["test"]["colored_psnr"] for run in runs]
    assert f"{statistics.fmean(scores[:2]):.2f}" in page.text
    rows = table(tmp_path / "out" / "results.csv")
    assert [(row["model"], row["seed"], row["run"]) for row in rows] == [
        ("autoencoder", "0", "ae"),
        ("autoencoder", "1", "ae-1"),
        ("vae", "0", "vae"),
    ]
    assert [float(row["colored_psnr"]) for row in rows] == pytest.approx(scores)
    assert set(rows[0]) >= set(MEASURES)
    assert "tinct report ae ae-1 vae" in page.text
    shown = tmp_path / "shown"
    shown.mkdir()
    for name in ("00.png", "02.png"):
        (shown / name).write_bytes((folder / name).read_bytes())
    Image.new("RGB", (40, 40), "gray").save(shown / "gray.png")
    page = Page(write_comparison(runs, tmp_path / "out", shown).read_text("utf-8"))
    assert "The first 2 of the pictures in shown" in page.text
    (tmp_path / "empty").mkdir()
    Image.new("RGB", (40, 40), "gray").save(tmp_path / "empty" / "gray.png")
    with pytest.raises(DataError, match="empty has no color photographs"):
        write_comparison(runs, tmp_path / "out", tmp_path / "empty")
