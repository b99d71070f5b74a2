"""The networks, one file each; `MODELS` knows them by name."""

from __future__ import annotations

from .autoencoder import Autoencoder, AutoencoderConfig
from .tinct import Tinct, TinctConfig
from .vae import VAE, VAEConfig, VAEOutput

__all__ = ["MODELS", "VAE", "Autoencoder", "AutoencoderConfig", "Tinct", "TinctConfig", "VAEConfig", "VAEOutput"]

MODELS: dict[str, type[Autoencoder] | type[VAE] | type[Tinct]] = {"tinct": Tinct, "autoencoder": Autoencoder, "vae": VAE}
"""Architecture name -> class; each class takes its `Config` dataclass."""
