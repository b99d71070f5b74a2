from __future__ import annotations

import torch
from torch.nn import functional as F

from tinct.color import AB_SCALE, gamut_chroma
from tinct.training.recoloring import MAX_CHROMA, recolor_objects


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def two_objects(count: int = 32, size: int = 64) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A reddish square of 24 pixels a side on a bluish ground that is too large to be an object; the square's mask."""
    ab = torch.tensor([-5.0, -30.0])[None, :, None, None].expand(count, 2, size, size).clone()
    square = torch.zeros(count, 1, size, size, dtype=torch.bool)
    square[:, :, 20:44, 20:44] = True
    ab = torch.where(square, torch.tensor([30.0, 20.0])[None, :, None, None], ab)
    return ab / AB_SCALE, torch.full((count, 1, size, size), 0.5), square


def test_one_object_changes_its_hue_and_nothing_else_changes() -> None:
    ab, gray, square = two_objects()
    changed, cells = recolor_objects(ab, gray, generator())
    assert cells.shape == (32, 16, 16)
    assert cells.flatten(1).any(dim=1).float().mean() > 0.9, "of 8 places in the middle, one nearly always lies in the square"
    moved = (changed - ab).norm(dim=1, keepdim=True) * AB_SCALE
    assert moved[~square.expand_as(moved)].max() < 1e-4
    for i in range(32):
        if cells[i].any():
            assert torch.equal(cells[i], F.avg_pool2d(square[i : i + 1].float(), 4)[0, 0] == 1)
            inside = changed[i][:, square[i, 0]]
            assert (inside - inside[:, :1]).abs().max() < 1e-5, "a plain object stays plain"
            assert moved[i][square[i]].min() > 10


def test_the_same_generator_gives_the_same_objects() -> None:
    ab, gray, _ = two_objects(8)
    one, other = (recolor_objects(ab, gray, generator(3)) for _ in range(2))
    assert torch.equal(one[0], other[0])
    assert torch.equal(one[1], other[1])


def test_new_colors_exist_at_the_lightness_of_their_place() -> None:
    ab, gray, square = two_objects()
    light = torch.linspace(0.02, 0.98, 64)[None, None, :, None].expand_as(gray)
    changed, _ = recolor_objects(ab, light, generator(1))
    table = torch.from_numpy(gamut_chroma().copy())
    most = table.max(dim=1).values[(light * 200).round().long()]
    chroma = changed.norm(dim=1, keepdim=True) * AB_SCALE
    assert (chroma <= most + 0.1)[square & ((changed - ab).norm(dim=1, keepdim=True) > 1e-3)].all()
    assert chroma[square].max() <= MAX_CHROMA + 1


def test_pictures_without_an_object_stay_as_they_are() -> None:
    checks = torch.tensor([[0.5, -0.5], [-0.5, 0.5]]).repeat(8, 8)[None, None].expand(2, 2, 16, 16)  # cells, with no large region
    ab = torch.cat([F.interpolate(checks, scale_factor=4.0), torch.zeros(2, 2, 64, 64)])
    ab[0, 1] = ab[0, 0].roll(4, dims=0)  # four colors: diagonal neighbors differ, too
    ab[1] = ab[0].flip(0)
    changed, cells = recolor_objects(ab, torch.full((4, 1, 64, 64), 0.5), generator())
    assert not cells.any()
    assert torch.equal(changed, ab)


def test_no_pictures() -> None:
    changed, cells = recolor_objects(torch.zeros(0, 2, 64, 64), torch.zeros(0, 1, 64, 64), generator())
    assert changed.shape == (0, 2, 64, 64)
    assert cells.shape == (0, 16, 16)
