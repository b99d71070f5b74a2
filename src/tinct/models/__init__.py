"""The networks, one file each; `MODELS` knows them by name."""

from __future__ import annotations

from .autoencoder import Autoencoder, AutoencoderConfig
from .vae import VAE, VAEConfig, VAEOutput

__all__ = ["MODELS", "VAE", "Autoencoder", "AutoencoderConfig", "VAEConfig", "VAEOutput"]

MODELS: dict[str, type[Autoencoder] | type[VAE]] = {"autoencoder": Autoencoder, "vae": VAE}
"""Architecture name -> class; each class takes its `Config` dataclass."""
