"""Train a network on a folder of pictures: recipe, pictures, loop, export."""

from __future__ import annotations

from .config import TrainConfig, load_recipe
from .loop import resume_config, train
from .machine import Machine

__all__ = ["Machine", "TrainConfig", "load_recipe", "resume_config", "train"]
