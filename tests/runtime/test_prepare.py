from __future__ import annotations

import numpy as np
import pytest

from tinct.color import lab_to_rgb
from tinct.errors import ConfigError
from tinct.runtime.prepare import Preparation


@pytest.mark.parametrize(
    ("preparation", "size", "working"),
    [
        (Preparation(64, 4), (640, 480), (85, 64)),
        (Preparation(64, 4), (480, 640), (64, 85)),
        (Preparation(64, 4), (40, 30), (40, 30)),
        (Preparation(64, 4), (10_000, 8), (512, 1)),
        (Preparation(64, 8, square=True), (640, 480), (64, 48)),
        (Preparation(64, 8, square=True), (10_000, 8), (64, 1)),
    ],
)
def test_the_working_size_keeps_the_shape_and_never_enlarges(preparation: Preparation, size: tuple, working: tuple) -> None:
    assert preparation.size(*size) == working


@pytest.mark.parametrize("preparation", [Preparation(64, 4), Preparation(64, 8), Preparation(64, 8, square=True)])
@pytest.mark.parametrize("shape", [(64, 64), (1, 1), (37, 64), (61, 50)])
def test_prepare_pads_to_what_the_network_takes_and_restore_undoes_it(preparation: Preparation, shape: tuple) -> None:
    lightness = np.random.default_rng(0).uniform(0, 100, (2, *shape)).astype(np.float32)
    gray = preparation.prepare(lightness)
    assert gray.dtype == np.float32
    assert gray.shape[:2] == (2, 1)
    assert gray.shape[2:] == (64, 64) if preparation.square else all(n % preparation.multiple == 0 for n in gray.shape[2:])
    assert np.allclose(gray[:, 0, : shape[0], : shape[1]] * 100, lightness, atol=1e-4)
    lab = np.stack([lightness, *np.broadcast_arrays(np.float32(10), np.float32(-5), lightness)[:2]], axis=-1)
    lab[..., 0] = 50
    rgb = np.moveaxis(np.pad(lab_to_rgb(lab), ((0, 0), (0, 64), (0, 64), (0, 0))), -1, 1)
    ab = preparation.restore(rgb, *shape)
    assert ab.shape == (2, *shape, 2)
    assert np.allclose(ab, (10, -5), atol=0.1)


def test_a_size_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ConfigError, match="not a multiple of 8"):
        Preparation(60, 8)


@pytest.mark.parametrize(
    ("shape", "familiar"), [((160, 224), (160, 224)), ((96, 160), (96, 160)), ((320, 480), (160, 256)), ((512, 2048), (160, 640))]
)
def test_what_is_recognized_is_no_larger_than_in_training(shape: tuple[int, int], familiar: tuple[int, int]) -> None:
    """All of the picture, at sides that the network takes; means over areas, so that nothing is left out."""
    gray = np.random.default_rng(0).random((1, 1, *shape), np.float32)
    found = Preparation(160, 32).for_recognizer(gray)
    assert found.shape == (1, 1, *familiar)
    assert found.dtype == np.float32
    assert found.mean() == pytest.approx(gray.mean(), abs=1e-5)
    assert (found is gray) == (shape == familiar)
