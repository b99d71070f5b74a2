from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from tinct.color import ab_bins
from tinct.errors import ConfigError
from tinct.models import Tinct, TinctConfig
from tinct.models.tinct import pool_hints

TOY = TinctConfig(
    widths=(8, 8, 8, 8),
    encoder_blocks=(1, 1, 1, 1),
    decoder_blocks=(1, 1, 1, 1),
    hint_widths=(8, 8, 8, 8),
    latent=4,
    context=8,
    recognizer=False,
)


@pytest.fixture
def toy() -> Tinct:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Tinct(TOY)
        for parameter in network.parameters():  # those that start from zero too
            parameter.data += 0.1 * torch.randn_like(parameter)
    return network.eval()


def test_the_network_keeps_its_budget() -> None:
    network = Tinct()
    assert sum(p.numel() for p in network.parameters()) <= 15e6
    assert 2 * sum(p.numel() for p in network.parameters()) <= 30e6  # bytes in half precision


@pytest.mark.parametrize(("height", "width"), [(32, 32), (32, 96), (128, 64), (160, 32)])
def test_any_multiple_of_32_gives_a_quarter_of_it(toy: Tinct, height: int, width: int) -> None:
    logits = toy(torch.rand(2, 1, height, width), torch.zeros(2, 3, height, width), torch.zeros(2, 4))
    assert logits.shape == (2, len(ab_bins()), height // 4, width // 4)
    ab = toy.mean_ab(logits)
    assert ab.shape == (2, 2, height // 4, width // 4)
    assert ab.dtype == torch.float32
    assert ab.abs().max() <= 1


def test_forward_is_encode_sample_decode(toy: Tinct) -> None:
    gray, hints, noise = torch.rand(2, 1, 32, 64), torch.zeros(2, 3, 32, 64), torch.randn(2, 4)
    features = toy.encode(gray)
    code = features.prior.mean + noise * (features.prior.log_variance / 2).exp()
    assert torch.equal(toy(gray, hints, noise), toy.decode(features, hints, code))
    assert torch.equal(features.prior.sample(torch.zeros(2, 4)), features.prior.mean)


def test_code_hints_and_lightness_all_matter(toy: Tinct) -> None:
    gray, hints, noise = torch.rand(1, 1, 32, 32), torch.zeros(1, 3, 32, 32), torch.zeros(1, 4)
    before = toy(gray, hints, noise)
    hinted = hints.clone()
    hinted[:, :, 8:12, 8:12] = torch.tensor([0.4, -0.2, 1.0])[:, None, None]
    for other in (toy(1 - gray, hints, noise), toy(gray, hinted, noise), toy(gray, hints, noise + 1)):
        assert (other - before).abs().max() > 1e-5


def test_the_posterior_sees_the_colors_and_the_prior_does_not(toy: Tinct) -> None:
    features = toy.encode(torch.rand(3, 1, 32, 32))
    one, two = (toy.posterior(features, ab) for ab in (torch.zeros(3, 2, 8, 8), torch.rand(3, 2, 8, 8)))
    for gaussian in (features.prior, one, two):
        assert gaussian.mean.shape == gaussian.log_variance.shape == (3, 4)
        assert -8 <= gaussian.log_variance.min() <= gaussian.log_variance.max() <= 4
    assert (one.mean - two.mean).abs().max() > 1e-4
    assert (one.mean - features.prior.mean).abs().max() > 1e-4


def test_hints_are_pooled_to_cells_with_their_own_mean() -> None:
    hints = torch.zeros(1, 3, 8, 8)
    hints[0, :, 0, 0] = torch.tensor([0.2, -0.4, 1.0])
    hints[0, :, 0, 1] = torch.tensor([0.4, -0.2, 1.0])
    pooled = pool_hints(hints)
    assert pooled.shape == (1, 4, 2, 2)
    assert torch.allclose(pooled[0, :, 0, 0], torch.tensor([0.3, -0.3, 1.0, 2 / 16]))
    assert pooled[0, :, 1:, :].abs().max() == 0
    assert pooled[0, :, :, 1:].abs().max() == 0


def test_the_mean_of_a_certain_bin_is_that_bin(toy: Tinct) -> None:
    wanted = torch.tensor([[3, 100], [200, 304]])
    logits = 60.0 * F.one_hot(wanted, len(ab_bins())).permute(2, 0, 1)[None].float()
    expected = toy.bins[wanted].permute(2, 0, 1)[None]
    assert torch.allclose(toy.mean_ab(logits), expected, atol=1e-6)


def test_pictures_of_a_batch_do_not_see_each_other(toy: Tinct) -> None:
    gray, hints, noise = torch.rand(3, 1, 32, 32), torch.zeros(3, 3, 32, 32), torch.randn(3, 4)
    together = toy(gray, hints, noise)
    alone = torch.cat([toy(gray[i : i + 1], hints[i : i + 1], noise[i : i + 1]) for i in range(3)])
    assert torch.allclose(together, alone, atol=1e-4)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"widths": (8, 8)}, r"network\.widths must be 4 numbers"),
        ({"hint_widths": (8, 8, 8, 0)}, r"network\.hint_widths"),
        ({"latent": 0}, r"network\.latent must be at least 1"),
    ],
)
def test_a_config_that_cannot_work_is_refused(values: dict, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        TinctConfig(**values)
