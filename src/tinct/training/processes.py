"""Several processes that train one model: each its turn at the pictures, and how one ends when another has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import torch
from lightning_fabric import Fabric
from torch import nn

from ..errors import DeviceError

__all__ = ["copy_buffers", "ending_together", "in_turn"]

MAX_TURN = timedelta(days=30)
"""Longest time that processes wait for the first one to decode the pictures; a collective operation waits for 30 minutes otherwise."""
T = TypeVar("T")


def in_turn(fabric: Fabric, action: Callable[[], T]) -> T:
    """Call `action` in the first process, then in all others at once, so that these find the files that the first has made.

    Raises:
        DeviceError: `action` failed in another process, which raises its own error.
    """
    if fabric.world_size == 1:
        return action()
    distributed: Any = torch.distributed
    group = distributed.new_group(backend="gloo", timeout=MAX_TURN)
    result: list[T] = []
    for turn in (True, False):
        error: BaseException | None = None
        if (fabric.global_rank == 0) == turn:
            try:
                result.append(action())
            except BaseException as caught:
                error = caught
        failed = torch.tensor(int(error is not None))
        distributed.all_reduce(failed, group=group)
        if error is not None:
            raise error
        if failed:
            raise _other_process_ended()
    distributed.destroy_process_group(group)
    return result[0]


@contextmanager
def ending_together(fabric: Fabric) -> Iterator[None]:
    """Inside the block, the end of another process is a DeviceError, raised by the next operation that needs that process."""
    try:
        yield
    except RuntimeError as error:  # gloo raises this type itself; its text names the library's source file
        if fabric.world_size > 1 and (isinstance(error, torch.distributed.DistError) or "gloo" in str(error)):
            raise _other_process_ended() from error
        raise


@torch.no_grad()
def copy_buffers(fabric: Fabric, network: nn.Module) -> None:
    """Give every process the first one's buffers: each computes running statistics from its own share of a batch."""
    if fabric.world_size > 1:
        for buffer in network.buffers():
            torch.distributed.broadcast(buffer, src=0)


def _other_process_ended() -> DeviceError:
    return DeviceError(
        "Another process of this run has ended; its own message says why.",
        code="other-process-ended",
    )
