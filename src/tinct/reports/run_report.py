"""The report of a training run: what was trained, on what, how good it is, and what it looks like.

It reads only the files of the run folder, so an old run, or one that is still going, can be reported at any time.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ..studies.groups import value_text
from ..studies.run_files import flat, read_config, read_epochs, read_samples, read_table
from .drawing import SLATE, TEST, TRAIN, End, bare, draw_line, label_ends, new_figure, save_png, save_svg
from .pages import Best, Table, number, render, signed_number, write_files
from .pictures import contact_sheet, encode, enlargement

__all__ = ["write_run_report"]

MAX_SHOWN = 24
"""Most test pictures that are shown."""
SIDE = 160
"""Approximate side of the enlarged pictures, in pixels."""
UNITS = {"minutes": "minutes", "seen": "pictures seen", "epoch": "epoch"}
"""What the length of a run is measured in -> its name on axes."""
SIDES = ("train", "test")
Panel = tuple[str, str, "float | None"]
"""One chart: its label, the key of its quantity in epochs, and the gray picture's value on the test side."""
LOSSES = {
    "cross_entropy": "cross-entropy (nats per value)",
    "l1": "mean absolute error of RGB",
    "bins": "cross-entropy of color (nats)\n+ weighted errors",
}
REFERENCE = {"autoencoder": (0.1329, 0.1308)}
"""Train and test error that the classic exercise states after 20 epochs, by model."""
MACHINE = ("started", "processor", "cores", "accelerator", "devices", "precision", "platform", "python", "torch", "lightning", "tinct")  # fmt: skip


def write_run_report(run: Path) -> Path:
    """Write ``loss.png``, ``compare.png`` and ``report.html`` into a run folder, each whole or not at all.

    Of an unfinished run it reports what there is, and says so; a picture that has nothing to show yet is not written.

    Returns:
        The path of ``report.html``, which needs no other file and no network.

    Raises:
        ConfigError: the folder is no run, one of its files is damaged, or it can't be written to.
    """
    config = read_config(run)
    epochs = read_epochs(run / "metrics.jsonl")
    scores, environment = read_table(run / "scores.json"), read_table(run / "environment.json") or {}
    samples = read_samples(run / "samples.npz")
    panels = _panels(config, epochs, scores)
    unit = next((key for key in ("minutes", "seen") if epochs and key in epochs[-1]), "epoch")
    columns = ("gray", "automatic" if config["model"] == "tinct" else "predicted", "real")
    rows = list(zip(samples.gray, samples.predicted, samples.real, strict=True))[:MAX_SHOWN] if samples else []
    files: dict[str, str | bytes] = {}
    if panels:
        files["loss.png"] = _as_png(panels, epochs, unit)
    if rows:
        files["compare.png"] = encode(contact_sheet(rows, heads=columns, side=SIDE, blocks=min(3, max(1, len(rows) // 3))))
    key = "mse" if not epochs or "mse" in epochs[0]["test"] else "ab_error"
    reference = REFERENCE.get(config["model"])
    files["report.html"] = render(
        "run.html.j2",
        name=run.resolve().name,
        config=config,
        settings=[(name, value_text(name, value)) for name, value in flat(config).items() if name != "data"],
        columns=columns,
        key=key,
        epochs=epochs,
        scores=scores,
        reference=reference,
        environment=environment,
        machine=[(key if key in MACHINE[-3:] else key.capitalize(), environment[key]) for key in MACHINE if key in environment],
        charts=[_as_svg(panel, epochs, unit) for panel in panels],
        errors=_final_errors(scores, reference) if scores else None,
        every_epoch=_every_epoch(config, epochs, key) if epochs else None,
        samples=list(zip(samples.names, rows, strict=False)) if samples else [],
        width=3 * len(rows[0][0]) * enlargement(len(rows[0][0]), SIDE) if rows else 0,
    )
    write_files(run, files)
    return run / "report.html"


def _final_errors(scores: dict[str, Any], reference: tuple[float, float] | None) -> Table:
    rows = []
    for name, values in (("This model", scores), ("Gray picture", scores["gray"]), ("Mean color", scores["mean_color"])):
        train, test = values["train"], values["test"]
        errors = [number(train["mse"]), Best(number(test["mse"])), signed_number(test["mse"] - train["mse"], 5)]
        rows.append((name, [*errors, number(train["psnr"]), Best(number(test["psnr"]))]))
    if reference:
        one, other = reference
        rows.append(("Classic exercise, epoch 20", [f"{one:.4f}", f"{other:.4f}", signed_number(other - one, 4), "–", "–"]))
    return Table("Final errors", ["", "MSE train", "MSE test", "gap", "PSNR train, dB", "PSNR test, dB"], rows)


def _every_epoch(config: dict[str, Any], epochs: list[dict[str, Any]], key: str) -> Table:
    columns = [("MSE" if key == "mse" else "ab error", key)]
    columns += [("loss", "loss")] if config["loss"] != "mse" else []
    columns += [("KL, nats", "kl")] if epochs[-1]["train"]["kl"] else []
    heads = ["epoch", *(f"{head} {side}" for head, _ in columns for side in SIDES), "lr", "seconds", "pictures per second"]
    rows = []
    for e in epochs:
        measured = [number(e[side][name]) for _, name in columns for side in SIDES]
        rows.append((str(e["epoch"]), [*measured, f"{e['lr']:g}", f"{e['seconds']:.1f}", f"{e['pictures_per_second']:.1f}"]))
    return Table("Every epoch", heads, rows)


# ---- curves ---------------------------------------------------------------------------------------------------------------------


def _panels(config: dict[str, Any], epochs: list[dict[str, Any]], scores: dict[str, Any] | None) -> list[Panel]:
    """The error of the color; the loss where it is another one; the KL divergence where there is one."""
    if not epochs:
        return []
    gray = scores["gray"]["test"]["mse"] if scores else None
    first: Panel = (
        ("mean squared error of RGB", "mse", gray) if "mse" in epochs[0]["test"] else ("mean distance of a*, b*", "ab_error", None)
    )
    kl = any(epoch["train"]["kl"] != 0 for epoch in epochs)
    weighted = "\n+ weighted KL" if kl and config.get("kl_weight") else ""
    loss = [(f"loss: {LOSSES.get(config['loss'], config['loss'])}{weighted}", "loss", None)] if config["loss"] != "mse" else []
    return [first, *loss, *([("KL divergence (nats per picture)", "kl", None)] if kl else [])]


def _as_png(panels: list[Panel], epochs: list[dict[str, Any]], unit: str) -> bytes:
    """All panels side by side."""
    with new_figure(5 * len(panels), 3.2) as figure:
        for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
            _draw(axes, panel, epochs, unit)
        return save_png(figure)


def _as_svg(panel: Panel, epochs: list[dict[str, Any]], unit: str) -> Markup:
    label, key, gray = panel
    told = [f"{side} from {number(epochs[0][side][key])} to {number(epochs[-1][side][key])}" for side in SIDES]
    told += [] if gray is None else [f"gray picture {number(gray)}"]
    with new_figure(5, 3.2) as figure:
        _draw(figure.subplots(), panel, epochs, unit)
        return save_svg(figure, f"{label} by {UNITS[unit]}: {', '.join(told)}.")


def _draw(axes: Axes, panel: Panel, epochs: list[dict[str, Any]], unit: str) -> None:
    label, key, gray = panel
    places, ends = [epoch[unit] for epoch in epochs], []
    for side, look in zip(SIDES, (TRAIN, TEST), strict=True):
        values = [epoch[side][key] for epoch in epochs]
        draw_line(axes, places, values, look, hollow=side == "train")
        ends.append(End(values[-1], f"{side} {number(values[-1])}", look.color))
    if gray is not None:
        axes.axhline(gray, color=SLATE, linewidth=1.1, linestyle=(0, (6, 4)))
        ends.append(End(gray, f"gray picture {number(gray)}", SLATE))
    axes.set_xlim(places[0] - (len(places) == 1), places[-1] + (len(places) == 1))
    axes.set_xlabel(UNITS[unit])
    axes.set_ylabel(label)
    axes.xaxis.set_major_locator(MaxNLocator(7, integer=unit == "epoch"))
    bare(axes)
    label_ends(axes, ends)
