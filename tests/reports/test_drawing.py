"""Charts, pictures and numbers as all reports have them."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest
from PIL import Image

from tinct.reports.drawing import End, label_ends, new_figure, save_svg
from tinct.reports.pages import duration, slug
from tinct.reports.pictures import contact_sheet, data_url, encode


@pytest.mark.parametrize(
    ("values", "moved"), [([0.1, 0.5, 0.9], []), ([0.50, 0.50, 0.50], [0, 2]), ([0.0, 0.001], [1]), ([0.999, 1.0, float("nan")], [0])]
)  # fmt: skip
def test_labels_of_line_ends_stay_apart_and_near_their_values(values: list[float], moved: list[int]) -> None:
    with new_figure(5, 3.5) as figure:
        axes = figure.subplots()
        axes.set_ylim(0, 1)
        label_ends(axes, [End(value, f"label {i}", "black") for i, value in enumerate(values)])
        labels = sorted(axes.texts, key=lambda text: text.get_text())
        heights = [text.xyann[1] for text in labels]
        assert axes.get_ylim() == (0, 1)
    known = [value for value in values if value == value]
    assert len(labels) == len(known)
    assert all(-1e-6 <= height <= 1 + 1e-6 for height in heights)
    assert all(above - below > 0.06 for below, above in itertools.pairwise(sorted(heights)))
    for i, (height, value) in enumerate(zip(heights, known, strict=True)):
        assert (abs(height - value) > 0.02) == (i in moved)


def test_an_svg_has_a_name_and_neither_ids_nor_a_date() -> None:
    def draw() -> str:
        with new_figure(3, 2) as figure:
            figure.subplots().plot([1, 2, 3])
            return save_svg(figure, 'a < b, "c"')

    svg = draw()
    assert svg == draw()
    assert svg.startswith('<svg role="img" aria-label="a &lt; b, &quot;c&quot;" ')
    assert "dc:date" not in svg
    assert 'id="line2d_1"' not in svg


def test_pictures_side_by_side_in_a_data_url() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)
    assert data_url(list(pictures)).startswith("data:image/png;base64,iVBOR")
    assert data_url(pictures[0], "webp").startswith("data:image/webp;base64,UklGR")
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(encode(pictures[0])))), pictures[0])


def test_a_contact_sheet_has_rows_in_blocks() -> None:
    rows = np.random.default_rng(0).integers(1, 255, (3, 2, 10, 10, 3), dtype=np.uint8)
    sheet = contact_sheet([list(row) for row in rows], side=20, blocks=2)
    assert sheet.shape == (16 + 2 * 24 - 4 + 16, 16 + 2 * (2 * 24 - 4 + 16), 3)
    assert np.array_equal(sheet[16 + 24 : 16 + 44, 16 + 24 : 16 + 44], rows[2, 1].repeat(2, 0).repeat(2, 1))
    assert (sheet[16 + 24 :, 16 + 60 :] == 255).all(), "the last place is empty"


@pytest.mark.parametrize(("seconds", "text"), [(4.25, "4.2 s"), (59.94, "59.9 s"), (242, "4 min 02 s"), (7499.6, "2 h 05 min")])
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_names_of_files() -> None:
    assert slug("Width of the VAE, ×2") == "width-of-the-vae-2"
    assert slug("×") == "part"
