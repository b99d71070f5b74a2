"""Trained weights to start from, wherever they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import safetensors.torch
from torch import Tensor

from .._fields import to_dict
from ..errors import ConfigError, nearest
from ..weights import bundled, read_spec
from .config import TrainConfig, network_config
from .folder import CHECKPOINT, read_checkpoint

__all__ = ["initial_weights"]


def initial_weights(config: TrainConfig) -> dict[str, Tensor]:
    """What `config.init` names, in single precision: a bundled model, a model file, a run folder or a checkpoint.

    Raises:
        ConfigError: nothing there, or of another architecture or configuration than the recipe's network; says in what they differ.
        WeightsError: a damaged file.
    """
    path, known = Path(config.init), bundled()
    if config.init in known:
        path = known[config.init]
    if path.is_dir():
        path = path / CHECKPOINT
    if not path.is_file():
        names = ", ".join(known)
        raise ConfigError(
            f"init: there is no {config.init!r}{nearest(config.init, known)}. Name a bundled model ({names}), "
            "a .safetensors file, a run folder or a .ckpt file."
        )
    if path.suffix in {".onnx", ".safetensors"}:
        spec = read_spec(path.with_suffix(".safetensors"))
        architecture, values = spec.architecture, spec.config
        state = safetensors.torch.load_file(path.with_suffix(".safetensors"))
    else:
        checkpoint = read_checkpoint(path)
        architecture, state = checkpoint["architecture"], checkpoint["network"]
        values = to_dict(network_config(TrainConfig.from_dict(checkpoint["config"], str(path))))
    _check(config, config.init, architecture, values)
    return {key: value.float() if value.is_floating_point() else value for key, value in state.items()}


def _check(config: TrainConfig, name: str, architecture: str, values: dict[str, Any]) -> None:
    if architecture != config.model:
        raise ConfigError(f"init: {name} is of architecture {architecture!r}, the recipe trains {config.model!r}; they don't fit.")
    ours = to_dict(network_config(config))
    differing = [
        f"{key} is {values.get(key)} there and {ours.get(key)} here"
        for key in sorted({*ours, *values})
        if values.get(key) != ours.get(key)
    ]
    if differing:
        raise ConfigError(f"init: {name} doesn't fit the recipe's network: {'; '.join(differing)}. Set [network] (and size) alike.")
