"""Train a network on a folder of pictures: recipe, pictures, loop, export."""

from __future__ import annotations

from .config import TrainConfig, load_recipe
from .folder import resume_config
from .loop import train
from .machine import Machine, is_first_process

__all__ = ["Machine", "TrainConfig", "is_first_process", "load_recipe", "resume_config", "train"]
