"""The report of a training run: what was trained, on what, how good it is, and what it looks like.

It reads only the files of the run folder, so an old run, or one that is still going, can be reported at any time.
"""

from __future__ import annotations

import base64
import io
import math
import sys
import zipfile
from importlib import resources
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from PIL import Image, ImageDraw, ImageFont

from .._util.files import write_whole
from ..errors import ConfigError
from ..studies.run_files import read_epochs, read_table
from .run_charts import number, panels_of, render

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["write_report"]

SHOWN = 24
"""At most this many test pictures are shown."""
UNITS = {"minutes": "minutes", "seen": "pictures seen", "epoch": "epoch"}
"""By what a run is measured, as charts name it."""
COLUMNS = ("gray", "predicted", "real")
FLAGSHIP_KEYS = {"stages", "terms", "hints", "wear"}
"""Of a recipe; the classic models have no use for them."""

Bytes = npt.NDArray[np.uint8]
Samples = list[tuple[str, Bytes]]
"""Name and (S, 3 * S, 3) sRGB of each picture: gray, predicted and real from left to right."""


def write_report(run: Path) -> Path:
    """Write ``loss.png``, ``compare.png`` and ``report.html`` into a run folder, each whole or not at all.

    Of an unfinished run it reports what there is, and says so; a picture that has nothing to show yet is not written.

    Returns:
        The path of ``report.html``, which needs no other file and no network.

    Raises:
        ConfigError: the folder is no run, one of its files is damaged, or it can't be written to.
    """
    config = _config(run)
    epochs = read_epochs(run / "metrics.jsonl")
    scores, environment = read_table(run / "scores.json"), read_table(run / "environment.json")
    samples = _samples(run / "samples.npz")
    panels = panels_of(config, epochs, scores)
    unit = next((key for key in ("minutes", "seen") if epochs and key in epochs[-1]), "epoch")
    numbers = [epoch[unit] for epoch in epochs]
    if panels:
        _write(run / "loss.png", render(panels, numbers, "png", UNITS[unit]))
    if samples:
        _write(run / "compare.png", _png(_sheet(samples, _columns(config))))

    jinja = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    jinja.filters.update(number=number, duration=_duration)
    html = jinja.from_string(resources.files(__package__).joinpath("templates/run.html.j2").read_text("utf-8")).render(
        name=run.resolve().name,
        config=config,
        settings=_settings(config),
        by={"minutes": "minute", "seen": "pictures seen"}.get(unit, unit),
        columns=_columns(config),
        epochs=epochs,
        scores=scores,
        environment=environment or {},
        charts=[(panel, Markup(render([panel], numbers, "svg", UNITS[unit]).decode())) for panel in panels],
        samples=[(name, base64.b64encode(_png(strip)).decode()) for name, strip in samples],
        width=_factor(samples) * samples[0][1].shape[1] if samples else 0,
    )
    _write(run / "report.html", html.encode())
    return run / "report.html"


# ---- reading ------------------------------------------------------------------------------------------------------------------


def _config(run: Path) -> dict[str, Any]:
    path = run / "config.toml"
    try:
        config: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{run} is no run: it has no readable config.toml. Name a folder that `tinct train` made.") from error
    except ValueError as error:
        raise ConfigError(f"{path} is not TOML: {error}.") from error
    missing = {"model", "loss", "epochs", "data", "test_fraction"} - config.keys()
    if missing:
        raise ConfigError(f"{path} lacks {', '.join(sorted(missing))}, so it is no run's. Name a folder that `tinct train` made.")
    return config


def _settings(values: dict[str, Any], table: str = "") -> list[tuple[str, Any]]:
    """Every key of the recipe but `data` and what the model has no use for, those in tables by their full names."""
    idle = {"data"} | (FLAGSHIP_KEYS if values.get("model", "tinct") != "tinct" else set())
    found: list[tuple[str, Any]] = []
    for key, value in values.items():
        if not table and key in idle:
            continue
        if isinstance(value, dict):
            found += _settings(value, f"{table}{key}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for number, entry in enumerate(value, start=1):
                found += _settings(entry, f"{table}{key}.{number}.")
        else:
            found.append((table + key, value))
    return found


def _columns(config: dict[str, Any]) -> tuple[str, ...]:
    """What is shown, as headings: the flagship has other answers than the automatic one."""
    return tuple("automatic" if column == "predicted" and config["model"] == "tinct" else column for column in COLUMNS)


def _samples(path: Path) -> Samples:
    if not path.exists():
        return []
    try:
        with np.load(path, allow_pickle=False) as arrays:
            strips = np.concatenate([arrays[column][:SHOWN] for column in COLUMNS], axis=2)  # (n, S, 3 * S, 3)
            return [(str(name), strip) for name, strip in zip(arrays["names"], strips, strict=False)]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ConfigError(f"{path} can't be read: {error}. Remove it, and finish the run again.") from error


# ---- pictures and writing -----------------------------------------------------------------------------------------------------


def _factor(samples: Samples) -> int:
    """How many times pictures are enlarged, a whole number, to come near 160 px."""
    side: int = samples[0][1].shape[0]
    return max(1, round(160 / side))


def _sheet(samples: Samples, columns: tuple[str, ...]) -> Bytes:
    """All strips on one white sheet, in up to three groups side by side, every pixel a square of equal pixels: (H, W, 3)."""
    factor, groups = _factor(samples), min(3, max(1, len(samples) // 3))
    side, gap, margin, head = factor * samples[0][1].shape[0], 4, 24, 44
    width, rows = 3 * side + 2 * gap, math.ceil(len(samples) / groups)
    size = (groups * (width + margin) + margin, head + rows * (side + gap) + margin - gap)
    sheet = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"), 15)
    for i, (_, strip) in enumerate(samples):
        for column, picture in enumerate(np.split(strip, 3, axis=1)):
            left, top = margin + i % groups * (width + margin) + column * (side + gap), head + i // groups * (side + gap)
            sheet.paste(Image.fromarray(picture.repeat(factor, 0).repeat(factor, 1)), (left, top))
            if i < groups:
                pen.text((left + side / 2, head - 12), columns[column], fill="#3c4043", font=font, anchor="ms")
    return np.asarray(sheet)


def _png(picture: Bytes) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


def _write(path: Path, content: bytes) -> None:
    try:
        write_whole(path, content)
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror}. Make room, or make the folder writable.") from error


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes} min {seconds:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"
