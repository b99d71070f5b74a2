"""Devices: the execution providers that ONNX Runtime gets, and errors that name the missing package."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from tinct import Colorizer, ConfigError, DeviceError, Record
from tinct.runtime.devices import DEVICES, check_started, device_name, providers

CPU, CUDA, DML = "CPUExecutionProvider", "CUDAExecutionProvider", "DmlExecutionProvider"
COREML, OPENVINO = "CoreMLExecutionProvider", "OpenVINOExecutionProvider"


@pytest.mark.parametrize(
    ("available", "first"),
    [([CPU], CPU), ([CUDA, CPU], CUDA), ([DML, CPU], DML), ([OPENVINO, CPU], OPENVINO), ([COREML, CPU], CPU)],
)
def test_auto_takes_an_accelerator_whose_package_is_installed(available: list[str], first: str) -> None:
    chosen = providers("auto", available)
    assert chosen[0][0] == first
    assert chosen[-1][0] == CPU


@pytest.mark.parametrize(("device", "provider"), [("cuda", CUDA), ("coreml", COREML), ("directml", DML), ("openvino", OPENVINO)])
def test_a_device_has_its_provider_and_the_cpu_behind_it(device: str, provider: str) -> None:
    assert [name for name, _ in providers(device, [provider, CPU])] == [provider, CPU]
    assert device_name(provider) == device
    with pytest.raises(DeviceError, match="needs the package onnxruntime") as caught:
        providers(device, [CPU])
    assert caught.value.code == "device-package"
    assert caught.value.details["device"] == device


def test_an_unknown_device_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"no device 'cude' \(did you mean 'cuda'\?\). Known: auto, cpu"):
        Colorizer("vae", device="cude")


def test_a_device_that_did_not_start_is_an_error() -> None:
    check_started("auto", [CPU])
    check_started("cuda", [CUDA, CPU])
    with pytest.raises(DeviceError, match="couldn't start the device 'cuda'"):
        check_started("cuda", [CPU])


def test_the_record_names_the_device() -> None:
    record = Colorizer("vae", device="cpu").colorize(np.zeros((20, 20), np.uint8)).record
    assert isinstance(record, Record)
    assert record.device == "cpu"


@pytest.mark.parametrize("device", sorted(set(DEVICES) - {"auto", "cpu"}))
def test_a_device_that_this_machine_lacks_is_refused(device: str) -> None:
    available = [name for name in onnxruntime.get_available_providers() if device_name(name, "") != device]
    with pytest.raises(DeviceError, match=device):
        providers(device, available)
