"""Train a network on a folder of pictures: recipe, pictures, loop, export."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.lazy import lazy_attributes

if TYPE_CHECKING:
    from .exporting import export
    from .loop import train
    from .machine import Machine, is_first_process
    from .recipe import TrainConfig, load_recipe
    from .run_folder import resume_config

__all__ = ["Machine", "TrainConfig", "export", "is_first_process", "load_recipe", "resume_config", "train"]

_HOMES = {
    "Machine": ".machine",
    "TrainConfig": ".recipe",
    "export": ".exporting",
    "is_first_process": ".machine",
    "load_recipe": ".recipe",
    "resume_config": ".run_folder",
    "train": ".loop",
}

__getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
