from __future__ import annotations

import pytest
import torch
from torch import nn

from tinct.errors import ConfigError
from tinct.models import MODELS, VAE, Autoencoder, AutoencoderConfig, VAEConfig


def layers(module: nn.Module) -> list[tuple]:
    """(kind, channels in, channels out, kernel, stride, padding, output padding) of each convolution, kind alone of the rest."""
    found = []
    for layer in module.children():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            extra = layer.output_padding if isinstance(layer, nn.ConvTranspose2d) else (0, 0)
            shape = (layer.in_channels, layer.out_channels, layer.kernel_size, layer.stride, layer.padding, extra)
            found.append((type(layer).__name__, *shape))
        else:
            found.append((type(layer).__name__,))
    return found


def conv(before: int, after: int, stride: int) -> tuple:
    return ("Conv2d", before, after, (3, 3), (stride, stride), (1, 1), (0, 0))


def transposed(before: int, after: int, stride: int) -> tuple:
    return ("ConvTranspose2d", before, after, (3, 3), (stride, stride), (1, 1), (stride - 1, stride - 1))


RELU, SIGMOID = ("ReLU",), ("Sigmoid",)


def test_autoencoder_is_the_classic_one_layer_by_layer() -> None:
    network = Autoencoder()
    assert layers(network.encoder) == [conv(1, 32, 1), RELU, conv(32, 64, 2), RELU, conv(64, 128, 1), RELU, conv(128, 256, 2), RELU]
    assert layers(network.decoder) == [
        *(transposed(256, 128, 2), RELU, transposed(128, 64, 1), RELU),
        *(transposed(64, 32, 2), RELU, transposed(32, 3, 1), SIGMOID),
    ]
    assert sum(p.numel() for p in network.parameters()) == 776_003


def test_vae_is_the_classic_one_layer_by_layer() -> None:
    network = VAE()
    assert layers(network.encoder) == [conv(1, 32, 1), RELU, conv(32, 64, 2), RELU, conv(64, 128, 2), RELU, conv(128, 256, 2), RELU]
    assert layers(network.decoder) == [
        *(transposed(256, 128, 2), RELU, transposed(128, 64, 2), RELU),
        *(transposed(64, 32, 2), RELU, transposed(32, 3, 1), SIGMOID),
    ]
    for linear in (network.mean, network.log_variance):
        assert (linear.in_features, linear.out_features) == (256 * 8 * 8, 100)
    assert (network.expand.in_features, network.expand.out_features) == (100, 256 * 8 * 8)


@pytest.mark.parametrize(("height", "width"), [(8, 8), (16, 40), (64, 64), (72, 8), (104, 56)])
def test_autoencoder_keeps_any_size_that_is_a_multiple_of_8(height: int, width: int) -> None:
    rgb = Autoencoder()(torch.rand(2, 1, height, width))
    assert rgb.shape == (2, 3, height, width)
    assert rgb.min() >= 0
    assert rgb.max() <= 1


@pytest.mark.parametrize("size", [8, 24, 64, 96])
def test_vae_keeps_any_size_that_is_a_multiple_of_8(size: int) -> None:
    output = VAE(VAEConfig(size=size))(torch.rand(2, 1, size, size), torch.zeros(2, 100))
    assert output.rgb.shape == (2, 3, size, size)
    assert output.mean.shape == output.log_variance.shape == (2, 100)
    assert output.rgb.min() >= 0
    assert output.rgb.max() <= 1


def test_vae_draws_its_code_with_the_given_noise_and_nothing_else() -> None:
    network, gray = VAE(VAEConfig(size=16)).eval(), torch.rand(2, 1, 16, 16)
    noise = torch.randn(2, 100)
    first, again, other = network(gray, noise), network(gray, noise), network(gray, -noise)
    assert torch.equal(first.rgb, again.rgb)
    assert not torch.equal(first.rgb, other.rgb)
    code = first.mean + noise * (first.log_variance / 2).exp()
    by_hand = network.decoder(network.expand(code).unflatten(1, (256, 2, 2)))
    assert torch.allclose(first.rgb, by_hand, atol=1e-6)
    assert torch.equal(first.mean, other.mean)


@pytest.mark.parametrize("name", MODELS)
def test_every_weight_gets_a_gradient(name: str) -> None:
    network = MODELS[name]()
    gray = torch.rand(2, 1, 64, 64)
    if network.has_bins:
        for parameter in network.parameters():
            parameter.data += 0.02 * torch.randn_like(parameter)  # residual blocks start from zero, and pass nothing on
        features = network.encode(gray)
        posterior = network.posterior(features, torch.rand(2, 2, 16, 16))
        code = features.prior.sample(torch.randn(2, 32)) + posterior.sample(torch.randn(2, 32))
        network.decode(features, torch.rand(2, 3, 64, 64), code).square().sum().backward()
    elif network.has_code:
        output = network(gray, torch.randn(2, network.latent))
        (output.rgb.sum() + output.log_variance.sum()).backward()
    else:
        network(gray).sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


@pytest.mark.parametrize(
    ("config", "values", "says"),
    [
        (AutoencoderConfig, {"channels": (8, 8)}, "one stride per layer"),
        (AutoencoderConfig, {"strides": (1, 3, 1, 2)}, "1 or 2"),
        (VAEConfig, {"size": 60}, "multiple of 8"),
        (VAEConfig, {"latent": 0}, "at least 1"),
    ],
)
def test_a_config_that_cannot_work_is_refused(config: type, values: dict, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        config(**values)


def test_depth_and_width_can_be_varied() -> None:
    network = Autoencoder(AutoencoderConfig(channels=(16, 32), strides=(2, 2)))
    assert layers(network.decoder) == [transposed(32, 16, 2), RELU, transposed(16, 3, 2), SIGMOID]
    assert network(torch.rand(1, 1, 20, 12)).shape == (1, 3, 20, 12)
