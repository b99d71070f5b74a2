"""The page of an evaluation, from a folder that is made up number by number."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from tinct.errors import ConfigError
from tinct.evaluation.protocol import PROTOCOLS
from tinct.evaluation.summary import summarize
from tinct.reports import write_evaluation_report
from tinct.reports.evaluation_report import hint_chart
from tinct.reports.evaluation_tables import bleeding_lines, headline, page_tables, tables

RULES = PROTOCOLS["tinct-256"]
HEADINGS = ["gray", "automatic", "sample 2", "real"]


def made_up(full: bool = True) -> dict[str, Any]:
    """What `evaluate` records of two sets; unless `full`, of a model without hints and variants, and without bleeding."""
    names = ("gray", "mean color", "vae", "model", "model, vivid") if full else ("gray", "mean color", "model")
    sets = {}
    for s, name in enumerate(("val", "wide")):
        rows = []
        for i in range(4):
            figures = {"ssim": 0.9, "de2000": 9.0, "cf": 20.0, "cf_ddcolor": 19.0}
            methods = {method: {"psnr": 20 + s + i + k * (1 + i / 10), **figures} for k, method in enumerate(names)}
            row: dict[str, Any] = {"name": str(i), "cf": 40.0, "cf_ddcolor": 39.0, "methods": methods, "lightness": 0.31}
            if full:
                psnr = [21.5 + s + i + k for k in range(len(RULES.hint_counts))]
                row["hints"] = {"psnr": psnr, "own_place": [None, *(2.5 + s for _ in RULES.hint_counts[1:])]}
                row["levin"] = {"psnr": [p - 1.5 for p in psnr]}
                row["diversity"] = {
                    v: {"best": 24.0 + i, "mean": 21.0, "de2000": 7.7, "de2000_centered": 3.3} for v in ("0.0", "0.5")
                }
                row["stability"] = {"0.0": 2.2, "0.5": 4.4}
                row["realism"] = {"edges": 0.21 + i / 100, "edges_real": 0.36, "recognized": i > 0, "gray_recognized": i > 2}
                row["reach"] = {"spill": 0.8 + i / 50, "fill": 0.6, "object": 0.1}
            rows.append(row)
        head = {"source": f"{name}.tar", "pictures": 4, "dropped": {"gray": 1, "broken": 0}}
        shown = {group: [{"name": f"{group} {i}.jpg", "de2000": 5.5 + i, "headings": HEADINGS} for i in range(2)] for group in ("random", "best")}  # fmt: skip
        sets[name] = head | summarize(rows, RULES) | {"shown": shown, "rows": rows}
        if full:
            sets[name]["realism"] |= {"kid": 0.004, "gray_kid": 0.016, "kid_ratio": 0.25}
    bleeding = {kind: {"mean": mean, "se": 0.01} for kind, mean in (("edges", 0.7), ("everywhere", 0.8), ("gradients", 0.9))}
    return {
        "protocol": RULES.name,
        "model": {"name": "tinct", "architecture": "tinct", "parameters": 1234567, "side": 160, "sha256": "ab" * 32, "bytes": 2.5e6, "precision": "float", "takes_hints": full, "draws_variants": full},
        "sets": sets,
        "baselines": {"mean color": {"ab": [3.0, 9.0], "from": "the model's training pictures"}},
        "default_vividness": 0.5,
        "hint_counts": list(RULES.hint_counts),
        "own_place_hints": RULES.own_place,
        "cost": {"seconds": 0.123, "load_seconds": 1.2, "pictures": 12, "peak_mb": 321.0},
        "bleeding": bleeding | {"pictures": 2, "source": "large", "dropped": {"gray": 0}, "rows": []} if full else None,
        "not_measured": {} if full else {"bleeding": "no folder of large pictures was named"},
        "subsets": {"realism": 300, "reach": 200, "hints": 200, "levin": 100, "diversity": 100, "stability": 50},
        "seconds": 123.4,
        "workers": 2,
        "command": "tinct evaluate tinct --data val.tar && true",
        "tinct": "0.1",
    }  # fmt: skip


def write(folder: Path, evaluation: dict[str, Any], *, pictures: bool = True) -> Path:
    folder.mkdir()
    (folder / "evaluation.json").write_text(json.dumps(evaluation))
    if pictures:
        random = np.random.default_rng(0)
        keys = (f"{name}/{group}/{i}/{heading}" for name in ("val", "wide") for group in ("random", "best") for i in range(2) for heading in HEADINGS)  # fmt: skip
        np.savez(folder / "pictures.npz", **{key: random.integers(0, 256, (16, 16, 3), dtype=np.uint8) for key in keys})
    return folder


def page_of(folder: Path) -> str:
    path = write_evaluation_report(folder)
    assert path == folder / "evaluation.html"
    return path.read_text("utf-8")


def test_figures_and_pictures_reach_the_page(tmp_path: Path) -> None:
    evaluation = made_up()
    page = page_of(write(tmp_path / "out", evaluation))
    text = re.sub(r"\s+", " ", re.sub(r"<(?!br)[^>]*>", "", page))
    gain = evaluation["sets"]["val"]["methods"]["model"]["gain"]
    assert f"val +{gain['mean']:.2f} ± {gain['se']:.2f} dB" in text
    for words in (
        "this model",
        "Levin 2004",
        "SIGGRAPH17",
        "1 gray left out",
        "val: the best",
        "wide: picked by nobody",
        "random 1.jpg · ΔE2000 6.5",
    ):
        assert words in text, words
    assert "Bleeding is not measured" not in text
    assert "on 2 pictures from large" in text
    assert "2 min 03 s with 2 processes" in text
    assert "tinct evaluate tinct --data val.tar &amp;&amp; true" in page
    assert len(re.findall(r'<img src="data:image/webp;base64,', page)) == 2 * 2 * 2 * len(HEADINGS)
    assert not re.search(r"\b(nan|inf|undefined|None)\b", re.sub(r"<(svg|style).*?</\1>|src=\"[^\"]*\"", "", page, flags=re.S))


def test_the_page_stands_alone(tmp_path: Path) -> None:
    page = page_of(write(tmp_path / "out", made_up()))
    assert "Content-Security-Policy" in page
    assert not re.search(r"<script|https?://(?!www\.w3\.org)|src=\"(?!data:)|@import", page)
    ids = re.findall(r'<(?:h2|section)[^>]* id="([^"]+)"', page)
    assert len(ids) == len(set(ids)) > 5
    assert page.count("<svg") == page.count('<svg role="img" aria-label="') == 2


def test_without_pictures_and_parts(tmp_path: Path) -> None:
    page = page_of(write(tmp_path / "out", made_up(full=False), pictures=False))
    assert "<img" not in page
    assert "<svg" not in page
    assert "Bleeding is not measured: no folder of large pictures was named." in page
    assert "This model takes no hints" in page


def test_tables_for_the_screen() -> None:
    evaluation = made_up()
    found = tables(evaluation)
    assert len(found) == 1 + 2 + 1 + 1 + 1  # aims, methods of two sets, realism, reach, hints
    shown = io.StringIO()
    for table in found:
        Console(file=shown, width=200).print(table)
    for words in (
        "0.700 ± 0.010",
        "+0.67 ± 0.31",
        "0.25",
        "0.225 ± 0.006",
        "0.83 ± 0.01",
        "tinct, vividness 0.5",
        "wide, ahead of Levin",
        "+1.50",
    ):
        assert words in shown.getvalue(), words
    assert len(tables(made_up(full=False))) == 3


def test_what_was_left_out_has_a_dash() -> None:
    assert "–" not in {value for line in headline(made_up()) for value in line.values}
    values = {line.what: line.values for line in headline(made_up(full=False))}
    assert values["Gain over gray, 10 hints, dB"] == ["–", "–"]
    assert values["Gain over gray, automatic, dB"] != ["–", "–"]
    assert bleeding_lines({"bleeding": None}) == []


def test_realism_without_a_judge_and_where_gray_is_always_recognized() -> None:
    evaluation = made_up()
    val, wide = (evaluation["sets"][name]["realism"] for name in ("val", "wide"))
    for key in ("recognized", "gray_recognized", "recovered", "kid", "gray_kid", "kid_ratio"):
        del val[key]
    wide |= {"gray_recognized": 1.0, "recovered": {"mean": None, "se": None}, "kid_ratio": None}
    ((_, cells), (_, others)) = page_tables(evaluation)["realism"][0].rows
    assert cells == ["–"] * 6 + ["0.225 ± 0.006", "0.360 ± 0.000", "4"]
    assert others == ["1.000", "0.750", "–", "16.0", "4.0", "–", "0.225 ± 0.006", "0.360 ± 0.000", "4"]
    values = {line.what: line.values for line in headline(evaluation)}
    assert values["Recovered by the judge, default vividness"] == ["–", "–"]
    assert values["KID ratio to gray, default vividness"] == ["–", "–"]
    assert values["Color edges in place, default vividness"] == ["0.225 ± 0.006"] * 2


def test_a_chart_says_its_numbers() -> None:
    svg = hint_chart("val", made_up()["sets"]["val"])
    assert svg.startswith('<svg role="img" aria-label="val: PSNR by 0 to 500 color hints. this model ')
    assert "Levin 2004" in svg


def test_a_folder_without_an_evaluation(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"{re.escape(str(tmp_path))} is no evaluation"):
        write_evaluation_report(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("evaluation.json", "{", "evaluation.json can't be read"),
        ("evaluation.json", "[]", "evaluation.json holds no table"),
        ("evaluation.json", "{}", "evaluation.json is of another version of tinct, or damaged"),
        ("pictures.npz", "PK", "pictures.npz can't be read"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, name: str, content: str, says: str) -> None:
    folder = write(tmp_path / "out", made_up())
    (folder / name).write_text(content)
    with pytest.raises(ConfigError, match=says):
        write_evaluation_report(folder)
    assert not (folder / "evaluation.html").exists()
