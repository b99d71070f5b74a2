from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from tinct.color import AB_SCALE, ab_bins, rgb_to_lab
from tinct.models.tinct import Gaussian
from tinct.training.losses import (
    LOSSES,
    SoftBins,
    cross_entropy,
    edges,
    free_kl,
    kl_divergence,
    kl_gaussians,
    l1,
    mse,
    soft_cross_entropy,
)


def test_values_by_hand() -> None:
    predicted, target = torch.tensor([0.5, 0.25]), torch.tensor([1.0, 0.25])
    assert mse(predicted, target) == pytest.approx(0.125)
    assert l1(predicted, target) == pytest.approx(0.25)
    by_hand = (math.log(2) - 0.25 * math.log(0.25) - 0.75 * math.log(0.75)) / 2
    assert cross_entropy(predicted, target) == pytest.approx(by_hand)


def test_kl_by_hand() -> None:
    mean, log_variance = torch.tensor([[1.0, 0.0], [0.0, 0.0]]), torch.tensor([[0.0, math.log(4.0)], [0.0, 0.0]])
    assert kl_divergence(mean, log_variance) == pytest.approx((0.5 + 0.5 * (4 - 1 - math.log(4))) / 2)


def test_kl_against_torch_distributions() -> None:
    mean, log_variance = torch.randn(5, 7), torch.randn(5, 7)
    posterior = torch.distributions.Normal(mean, (log_variance / 2).exp())
    prior = torch.distributions.Normal(torch.zeros(5, 7), torch.ones(5, 7))
    expected = torch.distributions.kl_divergence(posterior, prior).sum(dim=1).mean()
    assert torch.allclose(kl_divergence(mean, log_variance), expected, rtol=1e-5)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_the_truth_is_the_best_prediction(loss) -> None:
    target = torch.rand(4, 3, 8, 8) * 0.8 + 0.1
    predicted = target.clone().requires_grad_()
    best = loss(predicted, target)
    best.backward()
    assert predicted.grad.abs().max() < 1e-5
    assert loss(target + 0.05, target) > best


def test_cross_entropy_survives_autocast_and_extremes() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        value = cross_entropy(torch.tensor([0.0, 1.0, 0.5], dtype=torch.bfloat16), torch.tensor([0.0, 1.0, 0.5]))
    assert value.dtype == torch.float32
    assert value == pytest.approx(math.log(2) / 3)


def gaussian(*shape: int) -> Gaussian:
    return Gaussian(torch.randn(*shape), torch.randn(*shape))


def test_kl_of_two_gaussians_against_torch_distributions() -> None:
    q, p = gaussian(5, 7), gaussian(5, 7)
    as_normal = [torch.distributions.Normal(g.mean, (g.log_variance / 2).exp()) for g in (q, p)]
    assert torch.allclose(kl_gaussians(q, p), torch.distributions.kl_divergence(*as_normal), rtol=1e-4, atol=1e-5)
    assert kl_gaussians(q, q).abs().max() < 1e-6


def test_free_nats_are_free_and_the_rest_counts() -> None:
    kl = torch.tensor([[0.1, 1.0, 0.0], [0.1, 3.0, 0.5]], requires_grad=True)
    value = free_kl(kl, 0.2)
    assert value.item() == pytest.approx(0.2 + 2.0 + 0.25)
    value.backward()
    assert kl.grad is not None
    assert (kl.grad[:, 0] == 0).all()
    assert (kl.grad[:, 1:] == 0.5).all()


@pytest.fixture(scope="module")
def every_color() -> torch.Tensor:
    """(1, 2, 40, 400) a*, b* / 110 of random colors of sRGB, its corners among them."""
    rgb = np.random.default_rng(0).random((40, 400, 3)).astype(np.float32)
    rgb[0, :8] = np.array([[r, g, b] for r in (0, 1) for g in (0, 1) for b in (0, 1)])
    return torch.from_numpy(rgb_to_lab(rgb)[None, ..., 1:]).permute(0, 3, 1, 2) / AB_SCALE


def test_the_mean_of_soft_bins_is_the_color(every_color: torch.Tensor) -> None:
    bins, shares = SoftBins(torch.full((len(ab_bins()),), 1 / len(ab_bins())), 0.0)(every_color)
    assert bins.shape == shares.shape == (1, 4, 40, 400)
    assert torch.allclose(shares.sum(dim=1), torch.ones(1, 40, 400), atol=1e-6)
    assert shares.min() >= 0
    values = torch.from_numpy(np.array(ab_bins()))[bins] / AB_SCALE  # (1, 4, 40, 400, 2)
    mean = (shares[..., None] * values).sum(dim=1).permute(0, 3, 1, 2)
    error = (mean - every_color).abs().amax(dim=1) * AB_SCALE
    assert (error < 0.01).double().mean() > 0.999  # all but the slivers of a few cells at the border of sRGB
    assert error.max() < 0.6


def test_rare_colors_count_more_and_the_weights_are_one_on_average() -> None:
    frequency = torch.linspace(1, 100, len(ab_bins()))
    frequency = frequency / frequency.sum()
    even, some, more = (SoftBins(frequency, rebalance).weight for rebalance in (0.0, 0.4, 1.0))
    assert torch.allclose(even, torch.ones_like(even))
    for weight in (some, more):
        assert (weight * frequency).sum() == pytest.approx(1, abs=1e-5)
        assert (weight.diff() < 0).all()
    assert more[0] / more[-1] > some[0] / some[-1] > 1


def test_soft_cross_entropy_with_weight_one_is_the_plain_one(every_color: torch.Tensor) -> None:
    count = len(ab_bins())
    ab = every_color[:, :, :6, :8]
    bins, shares = SoftBins(torch.full((count,), 1 / count), 0.0)(ab)
    logits = torch.randn(1, count, 6, 8)
    target = torch.zeros(1, count, 6, 8).scatter_add(1, bins, shares)
    expected = torch.nn.functional.cross_entropy(logits, target)
    assert soft_cross_entropy(logits, bins, shares, torch.ones(count)) == pytest.approx(expected.item(), rel=1e-5)


def test_rebalancing_leaves_true_probabilities_the_best_answer() -> None:
    """Over a world of two colors, 9 to 1, whose bins weigh differently, the best logits are still those of 9 to 1."""
    weight = torch.ones(len(ab_bins()))
    weight[3], weight[7] = 0.5, 5.5
    bins = torch.tensor([3] * 9 + [7])[None, None, None].expand(1, 4, 1, 10)
    shares = torch.full((1, 4, 1, 10), 0.25)
    logits = torch.full((len(weight),), -30.0)
    logits[3], logits[7] = math.log(0.9), math.log(0.1)
    logits.requires_grad_()
    soft_cross_entropy(logits[None, :, None, None].expand(1, -1, 1, 10), bins, shares, weight).backward()
    gradient = logits.grad
    assert gradient is not None
    assert gradient.abs().max() < 1e-6


def test_edges_see_gradients_alone() -> None:
    target = torch.rand(2, 2, 8, 8)
    assert edges(target + 0.3, target) < 1e-6
    step = torch.zeros(1, 1, 4, 4)
    step[..., 2:] = 1.0
    assert edges(step, torch.zeros_like(step)) == pytest.approx(1 / 3)
