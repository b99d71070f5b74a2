"""Training of networks with ab bins: pictures aged like old ones, with hints; half of a batch decodes the prior, half the posterior.

The half that decodes the prior's mean learns the automatic result: the color that is right on average. In some of its pictures one
object is recolored (`recoloring.py`). The other half decodes
samples of q(z | L, ab), and KL(q || p) pulls the prior towards them, so that samples of the prior are plausible colorings. All random
numbers come from generators seeded by the position in the run, so a step can be repeated.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional as F

from .._util.fields import to_dict
from ..color import AB_SCALE, BIN_STEP, L_SCALE, ab_bins, lightness
from ..coloring.variants import fit_codes
from ..data import Pictures
from ..errors import ConfigError
from ..models import Network, Tinct
from ..models.tinct import CELL, Features, Gaussian
from .augmentation import crop, emulsion, lab, wear
from .losses import LOSSES, SoftBins, edges, free_kl, kl_gaussians, soft_cross_entropy
from .position import Position
from .recipe import BINS, LEAST_BINS_BATCH, TrainConfig, network_config
from .recoloring import recolor_objects
from .simulated_hints import count_hints, draw_hints, draw_object_hints
from .store import Store
from .task import Indices, predict

__all__ = ["Flagship", "bin_frequency"]

MAX_CODE_PICTURES = 500
"""Most training pictures whose codes are averaged to describe where codes lie."""
MAX_FREQUENCY_PICTURES = 2000
"""Most training pictures whose colors are counted for the frequencies of ab bins."""
FREQUENCY_BATCH = 100
"""Pictures counted at once."""


class Batch(NamedTuple):
    gray: Tensor
    """(B, 1, H, W) L* / 100 as the network sees it."""
    hints: Tensor
    """(B, 3, H, W) a*, b* / AB_SCALE and the mask."""
    ab: Tensor
    """(B, 2, H/4, W/4) the true a*, b* / AB_SCALE of each cell."""
    noise: Tensor
    """(B - B // 2, latent) standard normal numbers for the half that decodes the posterior."""


class Halves(nn.Module):
    """A whole forward pass of training as one module, so that it is compiled as one graph and wrapped once for several devices."""

    def __init__(self, network: Tinct) -> None:
        super().__init__()
        self.network = network

    def forward(self, gray: Tensor, hints: Tensor, ab: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Gaussian, Gaussian]:
        """Logits (B, bins, H/4, W/4), their mean color (B, 2, H/4, W/4), and posterior and prior of the second half."""
        half = len(gray) // 2
        features = self.network.encode(gray)
        maps, prior = features.maps, features.prior
        second = Gaussian(prior.mean[half:], prior.log_variance[half:])
        second_features = Features((maps[0][half:], maps[1][half:], maps[2][half:], maps[3][half:]), second)
        posterior = self.network.posterior(second_features, ab[half:])
        logits = self.network.decode(features, hints, torch.cat([prior.mean[:half], posterior.sample(noise)]))
        with torch.autocast(gray.device.type, enabled=False):
            mean = self.network.mean_ab(logits)
        return logits, mean, posterior, second


class Flagship:
    """A `task.Task` for networks with ab bins: tinct."""

    measures: tuple[str, ...] = ("loss", "cross_entropy", "ab_error", "edges", "kl")
    drop_last = True

    def __init__(self, config: TrainConfig, pictures: Pictures, fabric: Fabric) -> None:
        self.config, self.pictures, self.fabric = config, pictures, fabric
        smallest = min(stage.batch for stage in config.all_stages())
        if smallest // fabric.world_size < LEAST_BINS_BATCH:
            raise ConfigError(
                f"A batch of {smallest} on {fabric.world_size} devices leaves fewer than {LEAST_BINS_BATCH} pictures to each; "
                "set a larger batch."
            )
        self.latent: int = network_config(config).latent
        self.store = Store(pictures.pixels, fabric.device)
        self.frequency = bin_frequency(self.store, pictures.train).cpu()
        self.bins = SoftBins(self.frequency, config.terms.rebalance, fabric.device)

    def module(self, network: Network) -> nn.Module:
        return Halves(cast("Tinct", network))

    def train_batch(self, indices: Indices, position: Position) -> Batch:
        stage, wears = self.config.stage(position.progress(self.config, len(self.pictures.train))), self.config.wear
        generator, host = self._generators("train", position.steps, self.fabric.global_rank)
        rgb = crop(self.store(indices), stage.size, stage.crop, generator)
        gray, ab = lab(rgb)
        recolored = int(self.config.hints.recolored * len(ab))  # the first pictures: all of them decode the prior
        changed, objects = recolor_objects(ab[:recolored], gray[:recolored], generator)
        ab = torch.cat([changed, ab[recolored:]])
        gray = wear(emulsion(rgb, gray, wears.emulsion, generator), wears.worn, generator)
        return self._batch(gray, ab, generator, host, objects)

    def test_batch(self, indices: Indices, number: int) -> Batch:
        size = self.config.stage(1).size
        if len(indices) == 1:
            indices = indices.repeat(2)  # a single picture goes into both halves
        generator, host = self._generators("test", number, 0)
        rgb = self.store(indices).permute(0, 3, 1, 2).float() / 255
        if rgb.shape[2] != size:
            rgb = F.interpolate(rgb, size=(size, size), mode="area")
        return self._batch(*lab(rgb), generator, host)

    def losses(self, module: Callable[..., Any], batch: Batch, steps: int) -> Tensor:
        """The loss; cross-entropy in nats; mean distance of the prior's half from the true color in CIELAB units; mean absolute
        difference of gradients; KL(q || p) in nats a picture."""
        terms = self.config.terms
        logits, mean, posterior, prior = module(*batch)
        bins, shares = self.bins(batch.ab)
        cross_entropy = soft_cross_entropy(logits, bins, shares, self.bins.weight)
        if self.config.loss == BINS:
            huber = F.huber_loss(mean, batch.ab, delta=terms.huber_delta) / terms.huber_delta
            color = cross_entropy + terms.huber * huber
        else:  # in units of BIN_STEP, so that it is about as large as the cross-entropy
            color = LOSSES[self.config.loss](mean * (AB_SCALE / BIN_STEP), batch.ab * (AB_SCALE / BIN_STEP))
        gradients = edges(mean, batch.ab)
        kl = kl_gaussians(posterior, prior)
        beta = terms.kl * min(1.0, (steps + 1) / max(1, terms.kl_warmup))
        total = color + terms.edges * gradients + beta * free_kl(kl, terms.free_nats)
        half = len(mean) // 2
        ab_error = (mean[:half] - batch.ab[:half]).norm(dim=1).mean() * AB_SCALE
        return torch.stack([total, cross_entropy, ab_error, gradients, kl.sum(dim=1).mean()])

    def predict(self, network: Network, indices: Indices) -> Tensor:
        """In batches of the last stage's size, which fit into memory."""
        size = self.config.stage(1).batch
        parts = [self.pictures.pixels[indices[start : start + size]] for start in range(0, len(indices), size)]
        grays = (torch.from_numpy(np.expand_dims(lightness(part) / np.float32(L_SCALE), 1)) for part in parts)
        return torch.cat([predict(network, self.fabric.to_device(gray)).cpu() for gray in grays])

    def record(self) -> dict[str, Any]:
        """How often each ab bin occurs in the training pictures: the palette that makes colors vivid in use needs it."""
        return {"frequency": self.frequency.tolist()}

    @torch.no_grad()
    def describe(self, network: Network) -> dict[str, Any]:
        """Distribution of the training pictures' codes, in standard deviations from the prior's mean: variants are sampled from it."""
        tinct, train = cast("Tinct", network), self.pictures.train
        chosen, size = train[:: math.ceil(len(train) / MAX_CODE_PICTURES)], self.config.stage(1).size
        offsets = []
        for index in chosen:
            rgb = self.store(np.array([index])).permute(0, 3, 1, 2).float() / 255
            gray, ab = lab(F.interpolate(rgb, size=(size, size), mode="area") if rgb.shape[2] != size else rgb)
            features = tinct.encode(gray.contiguous(memory_format=torch.channels_last))
            posterior = tinct.posterior(features, F.avg_pool2d(ab, CELL))
            offsets.append((posterior.mean - features.prior.mean) / (0.5 * features.prior.log_variance).exp())
        return {"codes": to_dict(fit_codes(torch.cat(offsets).float().cpu().numpy()))} if len(offsets) > 1 else {}

    def _batch(
        self, gray: Tensor, ab: Tensor, generator: torch.Generator, host: torch.Generator, objects: Tensor | None = None
    ) -> Batch:
        """`objects`: (b, H/4, W/4) bool, the recolored cells of the first pictures, which get hints of their own there."""
        count, shares = len(gray), self.config.hints
        counts = count_hints(count, shares.none, shares.many, host)
        if objects is not None and len(objects):
            counts[: len(objects) // 2] = 0  # half of them have no other hints
            hints = draw_hints(ab, counts, generator)
            hints[: len(objects)] = draw_object_hints(hints[: len(objects)], ab[: len(objects)], objects, generator)
        else:
            hints = draw_hints(ab, counts, generator)
        noise = torch.randn(count - count // 2, self.latent, generator=generator, device=generator.device)
        return Batch(gray.contiguous(memory_format=torch.channels_last), hints, F.avg_pool2d(ab, CELL), noise)

    def _generators(self, *step: int | str) -> tuple[torch.Generator, torch.Generator]:
        """One on the device, and one on the CPU for numbers that decide the shapes of tensors; the seed and the step seed both."""
        seed = zlib.crc32(repr((self.config.seed, *step)).encode())
        return torch.Generator(self.fabric.device).manual_seed(seed), torch.Generator().manual_seed(seed)


def bin_frequency(store: Store, indices: Indices) -> Tensor:
    """(bins,) how often each ab bin occurs in the cells of `MAX_FREQUENCY_PICTURES` of these pictures, evenly chosen; sums to 1."""
    count = len(ab_bins())
    soft = SoftBins(torch.full((count,), 1 / count), 0.0, store.device)
    total = torch.zeros(count, dtype=torch.double)
    chosen = indices[:: math.ceil(len(indices) / MAX_FREQUENCY_PICTURES)]
    for start in range(0, len(chosen), FREQUENCY_BATCH):
        _, ab = lab(store(chosen[start : start + FREQUENCY_BATCH]).permute(0, 3, 1, 2).float() / 255)
        bins, shares = soft(F.avg_pool2d(ab, CELL))
        total += torch.zeros(count, device=store.device).index_add_(0, bins.flatten(), shares.flatten()).double().cpu()
    return (total / total.sum()).float()
