from __future__ import annotations

import numpy as np
import pytest
import torch

from conftest import draw
from tinct.color import rgb_to_lab
from tinct.training.augmentation import crop, emulsion, lab, uniform, wear


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def pixels() -> torch.Tensor:
    """(6, 48, 48, 3) uint8."""
    return torch.from_numpy(np.stack([draw(i, 48, 48) for i in range(6)]))


def as_rgb(pixels: torch.Tensor) -> torch.Tensor:
    return pixels.permute(0, 3, 1, 2).float() / 255


def test_crops_have_the_size_and_stay_in_range(pixels: torch.Tensor) -> None:
    rgb = crop(pixels, 32, 0.5, generator())
    assert rgb.shape == (6, 3, 32, 32)
    assert rgb.dtype == torch.float32
    assert 0 <= rgb.min() < rgb.max() <= 1


def test_crops_are_parts_of_their_own_picture() -> None:
    """Each picture has one color: so must its crop, whatever was done to it."""
    colors = torch.tensor([[200, 10, 30], [0, 90, 250], [7, 250, 7]], dtype=torch.uint8)
    rgb = crop(colors[:, None, None, :].expand(3, 40, 40, 3), 32, 0.3, generator())
    assert torch.allclose(rgb, (colors.float() / 255)[:, :, None, None].expand_as(rgb), atol=1e-5)


def test_about_half_of_the_crops_are_mirrored() -> None:
    ramp = torch.linspace(0, 255, 64).to(torch.uint8)[None, None, :, None].expand(200, 64, 64, 3)
    rgb = crop(ramp, 32, 0.9, generator())
    mirrored = (rgb[:, 0, :, -1].mean(dim=1) < rgb[:, 0, :, 0].mean(dim=1)).float().mean()
    assert 0.35 < mirrored < 0.65


def test_lab_is_the_packages_own(pixels: torch.Tensor) -> None:
    gray, ab = lab(as_rgb(pixels))
    expected = torch.from_numpy(rgb_to_lab(pixels.numpy())).permute(0, 3, 1, 2)
    assert torch.allclose(gray * 100, expected[:, :1], atol=0.05)
    assert torch.allclose(ab * 110, expected[:, 1:], atol=0.05)


def test_wear_and_emulsion_leave_colors_untouched(pixels: torch.Tensor) -> None:
    """They are given no colors to change, and change neither what they are given nor its range."""
    rgb = as_rgb(pixels)
    gray, ab = lab(rgb)
    before = rgb.clone(), gray.clone(), ab.clone()
    worn = wear(emulsion(rgb, gray, 1.0, generator()), 1.0, generator(1))
    assert all(torch.equal(a, b) for a, b in zip(before, (rgb, gray, ab), strict=True))
    assert worn.shape == gray.shape
    assert 0 <= worn.min() <= worn.max() <= 1
    assert not torch.equal(worn, gray)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_a_share_of_the_pictures_changes(share: float) -> None:
    rgb = uniform(generator(3), 0, 1, 400, 3, 16, 16)
    gray, _ = lab(rgb)
    seen = (emulsion(rgb, gray, share, generator()) != gray).flatten(1).any(dim=1).float().mean()
    worn = (wear(gray, share, generator()) != gray).flatten(1).any(dim=1).float().mean()
    assert abs(seen - share) < 0.08
    assert share * 0.8 <= worn + 0.08  # one or two in ten of the chosen get no kind of wear
    assert worn <= share + 0.08


def test_early_film_sees_red_dark_and_blue_light() -> None:
    rgb = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])[:, :, None, None].expand(2, 3, 8, 8).repeat(100, 1, 1, 1)
    gray, _ = lab(rgb)
    seen = emulsion(rgb, gray, 1.0, generator())
    assert (seen[1::2].mean() - gray[1::2].mean()) > 0.1
    assert seen[0::2].min() < gray[0::2].mean() - 0.2


def test_the_same_generator_gives_the_same_pictures_whatever_was_drawn_before(pixels: torch.Tensor) -> None:
    def both(seed: int) -> torch.Tensor:
        torch.rand(7)
        source = generator(seed)
        rgb = crop(pixels, 32, 0.5, source)
        return wear(emulsion(rgb, lab(rgb)[0], 0.5, source), 0.5, source)

    assert torch.equal(both(5), both(5))
    assert not torch.equal(both(5), both(6))
