"""The model card agrees with the metadata of the bundled models."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from huggingface_hub import ModelCard

from tinct._util.files import sha256
from tinct.evaluation.measure import DEFAULT_VIVIDNESS
from tinct.evaluation.protocol import PROTOCOLS
from tinct.evaluation.summary import summarize
from tinct.reports.evaluation_tables import PUBLISHED, plain, signed
from tinct.runtime.spec import DEFAULT_MODEL, ModelSpec, bundled, read_spec

ROOT = Path(__file__).parents[2]
WEIGHTS = bundled()[DEFAULT_MODEL].with_suffix(".safetensors")
RULES = PROTOCOLS["tinct-256"]


def _gain(method: str) -> Any:
    return lambda results: f"{results['methods'][method]['gain']['mean']:+.2f} dB"


def _hints(count: int) -> Any:
    return lambda results: f"{results['hints']['gain'][results['hints']['counts'].index(count)]['mean']:+.2f} dB"


SHORT_TABLE: dict[str, Any] = {  # row of the card's short table -> its text for one set of pictures
    "gain over gray, automatic, vividness 0": _gain("model"),
    "the same of `autoencoder`": _gain("autoencoder"),
    "the same of `vae`": _gain("vae"),
    "with 10 hints": _hints(10),
    "with 100 hints": _hints(100),
    "at the default vividness": _gain("model, vivid"),
    "colorfulness at the default vividness": lambda results: f"{results['methods']['model, vivid']['cf_ratio']:.2f}",
    "best of 8 variants over the mean one": lambda results: f"{results['diversity']['0.0']['best_over_sample']['mean']:+.2f} dB",
    "difference between results at 192 to 512 px, and mirrored": lambda results: f"{results['stability']['0.0']['mean']:.1f} ΔE",
    "error at the hints themselves": lambda results: (
        f"{results['hints']['own_place'][results['hints']['counts'].index(10)]:.1f} ΔE"
    ),
}


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import write_model_card

    return write_model_card


@pytest.fixture
def elsewhere(script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder into which the cards are written."""
    monkeypatch.setattr(script, "CARDS", {"docs/": tmp_path / "MODEL_CARD.md", "": tmp_path / "model-card.md"})
    return tmp_path


def with_record(script: ModuleType, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """The flagship's metadata with these changes; the other models' as they are."""
    spec = replace(read_spec(WEIGHTS), **changes)

    def changed(path: Path) -> ModelSpec:
        return spec if path == WEIGHTS else read_spec(path)

    monkeypatch.setattr(script, "read_spec", changed)


def evaluation(full: bool = True) -> dict[str, Any]:
    """Synthetic output of `tinct evaluate`: two sets of three pictures."""
    names = ("gray", "mean color", "autoencoder", "vae", "model", "model, vivid")
    default = str(DEFAULT_VIVIDNESS)
    sets = {}
    for s, name in enumerate(("val", "wide")):
        rows = []
        for i in range(3):
            methods = {
                m: {"psnr": 20 + s + i + k / 7, "ssim": 0.9, "de2000": 9.0, "cf": 20.0, "cf_ddcolor": 19.0}
                for k, m in enumerate(names)
            }
            row: dict[str, Any] = {"name": str(i), "cf": 40.0, "cf_ddcolor": 39.0, "methods": methods, "lightness": 0.31}
            if full:
                psnr = [21.5 + s + i + k for k in range(len(RULES.hint_counts))]
                row["hints"] = {"psnr": psnr, "own_place": [None, *(2.5 + s for _ in RULES.hint_counts[1:])]}
                row["levin"] = {"psnr": [p - 1.5 for p in psnr]}
                row["diversity"] = {
                    v: {"best": 24.0 + i, "mean": 21.0, "de2000": 7.7, "de2000_centered": 3.3} for v in ("0.0", default)
                }
                row["stability"] = {"0.0": 2.2, default: 4.4}
            rows.append(row)
        sets[name] = {"source": f"{name}.tar", "pictures": 3, "dropped": {}} | summarize(rows, RULES)
    return {
        "protocol": RULES.name,
        "model": {"name": "tinct", "sha256": sha256(WEIGHTS), "draws_variants": True},
        "sets": sets,
        "default_vividness": DEFAULT_VIVIDNESS,
        "hint_counts": list(RULES.hint_counts),
        "own_place_hints": RULES.own_place,
        "cost": {"seconds": 0.123, "peak_mb": 321.0},
        "not_measured": {"lpips": "no weights"},
    }


def test_cards_are_those_of_the_bundled_weights() -> None:
    command = [sys.executable, ROOT / "scripts" / "write_model_card.py", "--check"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_committed_card_has_the_record_s_figures() -> None:
    spec, text = read_spec(WEIGHTS), (ROOT / "MODEL_CARD.md").read_text("utf-8")
    assert f"| parameters | {spec.parameters:,} |" in text
    assert sha256(WEIGHTS)[:16] in text
    for s in spec.scores.get("evaluation", {}).get("sets", {}).values():
        for method in ("model", "model, vivid"):
            assert f"{plain(s['methods'][method]['psnr'])} | {signed(s['methods'][method]['gain'])}" in text
    if trained := spec.training.get("pictures", {}).get("train"):
        assert f"{trained:,}" in text


def test_short_table_agrees_with_the_evaluation() -> None:
    text = (ROOT / "MODEL_CARD.md").read_text("utf-8")
    evaluation = read_spec(WEIGHTS).scores["evaluation"]
    assert evaluation["protocol"] == RULES.name
    for label, value in SHORT_TABLE.items():
        cells = [value(results).replace("-", "−") for results in evaluation["sets"].values()]
        assert f"| {label} | {' | '.join(cells)} |" in text


def test_errors_of_the_baselines_agree_with_their_metadata() -> None:
    text = (ROOT / "MODEL_CARD.md").read_text("utf-8")
    for name in ("autoencoder", "vae"):
        spec = read_spec(bundled()[name].with_suffix(".safetensors"))
        scores = spec.scores
        errors = [side["mse"] for side in (scores["train"], scores["test"], scores["gray"]["test"], scores["mean_color"]["test"])]
        assert f"| `{name}` | {spec.training['epochs']} | {' | '.join(f'{error:.5f}' for error in errors)} |" in text
        if name == "autoencoder":
            psnr = [side["test"]["psnr"] for side in (scores, scores["gray"], scores["mean_color"])]
            stated = "it has {:.2f} dB on the test pictures, gray {:.2f} and the mean color {:.2f}".format(*psnr)
            assert stated in " ".join(text.split())


def test_warns_where_vivid_color_is_worse_than_gray(script: ModuleType) -> None:
    results = evaluation()
    for name, gain in (("val", 0.5), ("wide", -0.2)):
        results["sets"][name]["methods"]["model, vivid"]["gain"]["mean"] = gain
    assert "PSNR on `wide` is lower than that of the gray picture" in script.figures_section(results)
    results["sets"]["wide"]["methods"]["model, vivid"]["gain"]["mean"] = 0.2
    assert "lower than that of the gray picture" not in script.figures_section(results)


def test_metadata_is_read_by_hugging_face() -> None:
    card = ModelCard.load(ROOT / "MODEL_CARD.md")
    found = card.data.to_dict()
    assert (found["license"], found["pipeline_tag"], found["library_name"]) == ("apache-2.0", "image-to-image", "tinct")
    assert {"onnx", "safetensors"} <= set(found["tags"])
    assert card.text.lstrip().startswith("# Model card: tinct\n")


def test_stale_card_is_found(script: ModuleType, elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, text in script.cards_of(WEIGHTS).items():
        path.write_text(text, "utf-8")
    monkeypatch.setattr(sys, "argv", ["write_model_card.py", "--check"])
    script.main()
    with_record(script, monkeypatch, parameters=7)
    with pytest.raises(SystemExit, match="make card"):
        script.main()
    assert "| parameters | 7 |" not in (elsewhere / "MODEL_CARD.md").read_text("utf-8")
    monkeypatch.setattr(sys, "argv", ["write_model_card.py"])
    script.main()
    assert "| parameters | 7 |" in (elsewhere / "MODEL_CARD.md").read_text("utf-8")


def test_empty_record(script: ModuleType, elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_record(script, monkeypatch, scores={}, training={})
    text = script.cards_of(WEIGHTS)[elsewhere / "MODEL_CARD.md"]
    assert "## Results\n\n<!-- figures -->\nNot measured.\n" in text
    assert "## How it was trained\n\nNot recorded.\n" in text


@pytest.mark.parametrize("full", [True, False])
def test_figures_are_those_of_the_record(script: ModuleType, elsewhere: Path, monkeypatch: pytest.MonkeyPatch, full: bool) -> None:
    found = evaluation(full)
    with_record(script, monkeypatch, scores={"evaluation": json.loads(json.dumps(found))})
    text = script.cards_of(WEIGHTS)[elsewhere / "MODEL_CARD.md"]
    for name, s in found["sets"].items():
        model, vivid = (s["methods"][key] for key in ("model", "model, vivid"))
        assert f"| tinct, vividness 0 | {plain(model['psnr'])} | {signed(model['gain'])} | 0.900 | 9.00 | 0.50 |" in text
        assert f"| tinct, vividness {DEFAULT_VIVIDNESS} | {plain(vivid['psnr'])} | {signed(vivid['gain'])} |" in text
        assert f"| gray | {plain(s['methods']['gray']['psnr'])} | 0 |" in text
        if full:
            curve = " | ".join(f"{gain['mean']:+.2f}" for gain in s["hints"]["gain"])
            assert f"| `{name}`, tinct, 3 pictures | {curve} |" in text
            assert f"| `{name}`, Levin 2004, 3 pictures |" in text
    for row in (
        "| error at the hints themselves, 10 hints: ΔE in a*, b* | 2.5 | 3.5 |",
        "vividness 0: ΔE2000 | 2.2 ± 0.0 | 2.2 ± 0.0 |",
    ):
        assert (row in text) == full
    assert "| maximum change of L* | 0.3 | 0.3 |" in text
    assert all(name in text for name, _, _ in PUBLISHED)
    assert "each on its own test pictures" in text
    assert "Not measured: lpips." in text


def test_figures_from_a_file_stay_with_their_weights(script: ModuleType, elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_record(script, monkeypatch, scores={})
    file = elsewhere / "evaluation.json"
    file.write_text(json.dumps(evaluation()), "utf-8")
    cards = script.cards_of(WEIGHTS, evaluation=file)
    assert "| tinct, vividness 0 |" in cards[elsewhere / "MODEL_CARD.md"]
    for path, text in cards.items():
        path.write_text(text, "utf-8")
    assert script.cards_of(WEIGHTS) == cards  # an earlier --evaluation isn't lost
    monkeypatch.setattr(script, "sha256", lambda path: "f" * 64)  # other weights
    assert "Not measured." in script.cards_of(WEIGHTS)[elsewhere / "MODEL_CARD.md"]
    with pytest.raises(script.TinctError, match="other weights"):
        script.cards_of(WEIGHTS, evaluation=file)


def test_record_of_training(script: ModuleType, elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tinct.training import load_recipe

    training = {
        "recipe": load_recipe("tinct", ["minutes=77"], ("train-000.tar",)).to_dict(),
        "epochs": 20,
        "pictures": {"train": 12_345, "test": 678, "skipped": {"gray": 9, "broken": 0}},
        "machine": {"processor": "Some Processor", "cores": 2, "accelerator": "cpu", "precision": "bf16-mixed", "torch": "9.9"},
        "note": "Where they are from.",
    }
    scores = {"train": {"psnr": 25.5}, "test": {"psnr": 24.25}, "gray": {"train": {"psnr": 22.0}, "test": {"psnr": 22.125}}}
    with_record(script, monkeypatch, training=training, scores=scores)
    text = script.cards_of(WEIGHTS)[elsewhere / "MODEL_CARD.md"]
    for said in (
        "12,345 for training + 678 for testing; skipped: 9 gray",
        "| time | 77 minutes |",
        "Some Processor, 2 cores, cpu",
        "Where they are from.",
    ):
        assert said in text
    assert "25.50 dB on training pictures (gray: 22.00), 24.25 dB on test pictures" in text


def test_sources(script: ModuleType, elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table counts the pictures of the shards that were used, and stays when the photographs are no longer at hand."""
    photos = elsewhere / "photos"
    photos.mkdir()
    head = "key,shard,source_repo,path,width,height,category,licence_stated\n"
    rows = [
        "0,train-000.tar,a/b,x.jpg,1,1,c,CC0-1.0",
        "1,train-000.tar,c/d,x.jpg,1,1,c,unstated",
        "2,train-001.tar,c/d,y.jpg,1,1,c,unstated",
    ]
    rows += ["3,train-000.tar,e/f,x.jpg,1,1,c,repo LICENSE: MIT", "4,val-000.tar,g/h,x.jpg,1,1,c,unstated"]
    (photos / "manifest.csv").write_text(head + "\n".join(rows) + "\n", "utf-8")
    (photos / "SOURCES.md").write_text(
        "| repo | what |\n|---|---|\n| c/d | colour things | 2 | 0 | unstated | no licence |\n", "utf-8"
    )
    with_record(script, monkeypatch, training={"recipe": {"data": ["train-000.tar"]} | recipe()})
    cards = script.cards_of(WEIGHTS, photos)
    text = cards[elsewhere / "MODEL_CARD.md"]
    assert "3 color photographs from 3 public code repositories" in text
    assert "**Terms of use:** 1 of them" in text
    assert "| c/d | 1 | color things | unstated | no license |" in text
    assert "g/h" not in text
    for path, card in cards.items():
        path.write_text(card, "utf-8")
    assert script.cards_of(WEIGHTS) == cards


def recipe() -> dict[str, Any]:
    return {"size": 160, "batch": 64, "epochs": 2, "lr": 0.001}


def test_links_lead_somewhere(script: ModuleType) -> None:
    """From the card at the root, and from the one among the documents."""
    for path in script.CARDS.values():
        text = path.read_text("utf-8")
        assert "{docs}" not in text
        for target in ("images/contact-sheet.jpg", "images/edits.jpg"):
            inside = target if path.parent.name == "docs" else f"docs/{target}"
            assert f"]({inside})" in text
            assert (path.parent / inside).is_file()
