"""The base class of the networks: what each can do, declared as data, so that training and export never ask for a model by name."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor, nn

__all__ = ["Network"]


class Network(nn.Module):
    """Base of all networks: capabilities as data on the class, and the automatic result.

    The simplest kind takes lightness and gives a color picture: ``forward(gray) -> rgb`` with ``gray`` (B, 1, H, W) L* / 100 and
    ``rgb`` (B, 3, H, W) sRGB, both in 0..1. One that has a code takes it as noise, ``forward(gray, noise)``, and gives a
    `vae.VAEOutput`. One that has bins runs in steps instead, as `tinct.Tinct` does: `encode`, `decode`, `posterior`, `mean_ab`.
    """

    Config: ClassVar[type[Any]]
    """The frozen dataclass that the class takes; each of its fields is a key of a recipe's ``[network]`` table. It has `multiple`,
    the number of pixels that height and width must be multiples of; with a latent code also `latent`, the code's size; with a fixed
    picture size also `size`, in pixels."""
    takes_hints: ClassVar[bool] = False
    """Whether color hints can be given."""
    has_code: ClassVar[bool] = False
    """Whether it decodes a latent code of `Config.latent` numbers, so that one picture has several colorings."""
    has_bins: ClassVar[bool] = False
    """Whether it gives a distribution over ab bins for every cell, rather than a color picture."""
    has_recognizer: ClassVar[bool] = False
    """Whether it has a `recognizer` that can start from trained weights of its own, where `Config.recognizer` is true."""
    fixed_size: ClassVar[bool] = False
    """Whether it takes only squares of `Config.size` pixels a side."""

    config: Any
    """The `Config` it was built with."""

    def __init__(self, config: Any = None) -> None:
        super().__init__()
        self.config = self.Config() if config is None else config

    @property
    def latent(self) -> int:
        """Numbers in the latent code, 0 without one."""
        return int(self.config.latent) if self.has_code else 0

    def automatic(self, gray: Tensor) -> Tensor:
        """The automatic result, which is deterministic: (B, 1, H, W) L* / 100 -> (B, 3, H, W) sRGB in 0..1.

        This implementation is for networks that give a color picture; with a latent code it decodes the mean code.
        """
        rgb: Tensor = self(gray, gray.new_zeros(len(gray), self.latent)).rgb if self.has_code else self(gray)
        return rgb.float()
