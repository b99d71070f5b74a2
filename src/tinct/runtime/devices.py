"""Devices: which of ONNX Runtime's execution providers run a network, with which options and why."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from typing import Any

from ..errors import ConfigError, DeviceError, nearest

__all__ = ["DEVICES", "check_started", "device_name", "providers"]

DEVICES = ("auto", "cpu", "cuda", "coreml", "directml", "openvino")
_CPU: tuple[str, dict[str, Any]] = ("CPUExecutionProvider", {})
_NAMES = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
}
_PACKAGES = {
    "cuda": "onnxruntime-gpu",
    "coreml": "onnxruntime on macOS",
    "directml": "onnxruntime-directml",
    "openvino": "onnxruntime-openvino",
}
"""Each replaces the package onnxruntime: two of them in one environment overwrite each other's files."""
_AUTO = ("cuda", "directml", "openvino")
"""Devices that ``auto`` may choose: their packages are installed on purpose. CoreML comes with every macOS package, and moving most
layers of networks this small to it costs more time than it saves, so it has to be named."""


def providers(device: str, available: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
    """Execution providers for `onnxruntime.InferenceSession`, the preferred one first, each with its options.

    Args:
        device: one of `DEVICES`; ``"auto"`` takes an accelerator whose package is installed, else the CPU.
        available: as `onnxruntime.get_available_providers` lists them.

    Raises:
        ConfigError: there is no such device.
        DeviceError: the installed ONNX Runtime can't use it; names the package that can.
    """
    if device not in DEVICES:
        raise ConfigError(
            f"There is no device {device!r}{nearest(device, DEVICES)}. Known: {', '.join(DEVICES)}.", code="no-device"
        )
    if device == "auto":
        device = next((name for name in _AUTO if _NAMES[name] in available), "cpu")
    if _NAMES[device] not in available:
        raise DeviceError(
            f"The device {device!r} needs the package {_PACKAGES[device]} in the place of onnxruntime; the one that is installed "
            f"({platform.system()}, {platform.machine()}) has {', '.join(available)}.",
            code="device-package",
            device=device,
            package=_PACKAGES[device],
        )
    match device:
        case "cuda":
            # HEURISTIC: the default, EXHAUSTIVE, benchmarks every convolution for each new size of photograph, which takes seconds.
            # kSameAsRequested: the default doubles the arena each time it grows.
            options = {"cudnn_conv_algo_search": "HEURISTIC", "arena_extend_strategy": "kSameAsRequested"}
            return [(_NAMES[device], options), _CPU]
        case "coreml":
            # MLProgram supports more operators than the older NeuralNetwork format, so fewer parts fall back to the CPU.
            return [(_NAMES[device], {"ModelFormat": "MLProgram", "MLComputeUnits": "ALL"}), _CPU]
        case "openvino":
            return [(_NAMES[device], {"device_type": "AUTO"}), _CPU]
        case "directml":
            return [(_NAMES[device], {}), _CPU]
        case _:
            return [_CPU]


def check_started(device: str, started: Sequence[str]) -> None:
    """Raises DeviceError if the provider of `device` isn't among those that a session `started`.

    ONNX Runtime falls back to the CPU with no more than a warning, for example if the driver is missing.
    """
    if device != "auto" and _NAMES[device] not in started:
        raise DeviceError(
            f"ONNX Runtime couldn't start the device {device!r}: its driver or libraries are missing on this machine.",
            code="device-start",
            device=device,
        )


def device_name(provider: str, default: str = "cpu") -> str:
    """``CUDAExecutionProvider`` -> ``cuda``; `default` for a provider that has no name here."""
    return next((name for name, known in _NAMES.items() if known == provider), default)
