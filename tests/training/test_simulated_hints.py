from __future__ import annotations

import pytest
import torch

from tinct.training.simulated_hints import MAX_HINTS, count_hints, draw_hints, draw_object_hints


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_counts_are_distributed_as_said() -> None:
    counts = count_hints(40_000, 0.35, 0.2, generator())
    assert counts.dtype == torch.int64
    assert abs((counts == 0).float().mean() - 0.35) < 0.01
    assert counts.max() <= MAX_HINTS
    # the geometric ones are over 22 with probability (7/8)^22 = 0.053; of the many, log-uniform from 10, a fifth are below
    over = 0.45 * (7 / 8) ** 22 + 0.2 * (1 - torch.log(torch.tensor(2.3)) / torch.log(torch.tensor(40.0)))
    assert abs((counts > 22).float().mean() - over) < 0.01


def test_the_geometric_part_has_p_of_an_eighth() -> None:
    counts = count_hints(40_000, 0.0, 0.0, generator()).double()
    assert counts.min() == 1
    assert abs(counts.mean() - 8) < 0.15
    assert abs((counts == 1).double().mean() - 1 / 8) < 0.01


@pytest.mark.parametrize(("none", "many", "low", "high"), [(1.0, 0.0, 0, 0), (0.0, 1.0, 10, MAX_HINTS)])
def test_shares_at_their_ends(none: float, many: float, low: int, high: int) -> None:
    counts = count_hints(500, none, many, generator())
    assert low <= counts.min() <= counts.max() <= high


def test_a_hint_is_the_mean_of_the_true_colors_in_its_patch() -> None:
    ab = torch.rand(64, 2, 256, 256, generator=generator(1)) - 0.5
    planes = draw_hints(ab, torch.ones(64, dtype=torch.long), generator())
    sides = set()
    for picture, truth in zip(planes, ab, strict=True):
        rows, columns = (axis.flatten() for axis in picture[2].nonzero(as_tuple=True))
        top, left, height, width = rows.min(), columns.min(), rows.max() - rows.min() + 1, columns.max() - columns.min() + 1
        assert len(rows) == height * width, "a whole rectangle"
        assert height == width
        patch = (slice(None), slice(top, top + height), slice(left, left + width))
        assert torch.allclose(picture[:2][patch], truth[patch].mean(dim=(1, 2))[:, None, None].expand(2, height, width), atol=1e-5)
        sides.add(int(height))
    assert sides == set(range(1, 10))


def test_where_there_is_no_hint_there_is_nothing() -> None:
    ab = torch.rand(8, 2, 64, 96, generator=generator(1)) + 0.1
    planes = draw_hints(ab, torch.arange(8), generator())
    mask = planes[:, 2:]
    assert set(mask.unique().tolist()) == {0.0, 1.0}
    assert (planes[:, :2] * (1 - mask)).abs().max() == 0
    assert (planes[:, :2].abs() > 0).any(dim=1).eq(mask[:, 0] > 0).all()
    assert planes[0].abs().max() == 0
    assert (mask.sum(dim=(1, 2, 3))[1:] > 0).all()


def test_every_picture_gets_hints_of_its_own_colors() -> None:
    ab = (torch.arange(5.0) / 5)[:, None, None, None].expand(5, 2, 32, 32)
    planes = draw_hints(ab, torch.full((5,), 20), generator())
    for i, picture in enumerate(planes):
        assert torch.allclose(picture[:2][:, picture[2] > 0], torch.tensor(i / 5), atol=1e-6)


def test_hints_gather_round_the_middle() -> None:
    planes = draw_hints(torch.ones(400, 2, 64, 64), torch.ones(400, dtype=torch.long), generator())
    rows, columns = (axis.double() for axis in planes[:, 2].nonzero(as_tuple=True)[1:])
    for axis in (rows, columns):
        assert abs(axis.mean() - 31.5) < 2.5
        assert 11 < axis.std() < 17  # a quarter of 64, less what is held inside the picture


def test_none_at_all_and_pictures_smaller_than_a_patch() -> None:
    assert draw_hints(torch.ones(2, 2, 8, 8), torch.zeros(2, dtype=torch.long), generator()).abs().max() == 0
    assert draw_hints(torch.ones(2, 2, 4, 4), torch.full((2,), 50), generator())[:, 2].mean() > 0.5


def test_the_same_generator_gives_the_same_hints() -> None:
    ab = torch.rand(3, 2, 32, 32)
    first, again, other = (draw_hints(ab, torch.tensor([1, 0, 9]), generator(seed)) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_hints_of_an_object_lie_in_it_and_have_its_colors() -> None:
    ab = torch.rand(40, 2, 64, 96, generator=generator(1)) - 0.5
    objects = torch.zeros(40, 16, 24, dtype=torch.bool)
    objects[:39, 6:10, 8:14] = True  # the last picture has none
    planes = draw_object_hints(torch.zeros(40, 3, 64, 96), ab, objects, generator())
    reach = torch.zeros(64, 96, dtype=torch.bool)
    reach[22:42, 30:58] = True  # the object, and half a patch around it
    hinted = planes[:, 2] > 0
    assert hinted[:39].flatten(1).any(dim=1).all()
    assert not (hinted & ~reach).any()
    assert not hinted[39].any()
    sizes = hinted[:39].flatten(1).sum(dim=1)
    assert len(sizes.unique()) > 5, "1 to 3 hints of several sizes"
    assert (planes[:, :2].abs().sum(dim=1) > 0).eq(hinted).all()


def test_hints_of_an_object_lie_over_the_others() -> None:
    before = draw_hints(torch.full((4, 2, 64, 64), 0.1), torch.full((4,), 100), generator())
    objects = torch.ones(4, 16, 16, dtype=torch.bool)
    kept = before.clone()
    after = draw_object_hints(before, torch.full((4, 2, 64, 64), 0.4), objects, generator())
    assert torch.equal(before, kept)
    new = (after[:, 0] - 0.4).abs() < 1e-5
    assert new.flatten(1).any(dim=1).all()
    assert torch.equal(after[:, 0][~new], before[:, 0][~new])
