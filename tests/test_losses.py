from __future__ import annotations

import math

import pytest
import torch

from tinct.training.losses import LOSSES, cross_entropy, kl_divergence, l1, mse


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
