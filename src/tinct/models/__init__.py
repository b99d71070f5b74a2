"""The networks, one file each; `MODELS` knows them by name."""

from __future__ import annotations

from .autoencoder import Autoencoder, AutoencoderConfig
from .network import Network
from .tinct import Tinct, TinctConfig
from .vae import VAE, VAEConfig, VAEOutput

__all__ = ["MODELS", "VAE", "Autoencoder", "AutoencoderConfig", "Network", "Tinct", "TinctConfig", "VAEConfig", "VAEOutput"]

MODELS: dict[str, type[Network]] = {"tinct": Tinct, "autoencoder": Autoencoder, "vae": VAE}
"""Architecture name -> class. A new model is a file in this folder, an entry here and a recipe; see docs/new-model.md."""
