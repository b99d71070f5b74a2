"""The split into training and test pictures: decided by the hash of each file, never by the rest of the data set."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["MIN_PICTURES", "first_by_hash", "is_train", "split_by_hash"]

MIN_PICTURES = 5
"""Fewest training pictures of a run."""

SPLIT_DIGITS = 8
"""Leading hexadecimal digits of a file's SHA-256 that decide its side of the split; the digits after them choose random subsets."""


def is_train(sha256: str, test_fraction: float) -> bool:
    """Whether the file with this hexadecimal SHA-256 is for training; independent of all other files."""
    return int(sha256[:SPLIT_DIGITS], 16) >= test_fraction * 16.0**SPLIT_DIGITS


def split_by_hash(digests: list[str], test_fraction: float) -> tuple[list[int], list[int]]:
    """Indices of the training and of the test pictures among these hashes.

    Where no picture falls on the test side and there are more than `MIN_PICTURES`, the one with the smallest hash becomes the test.
    """
    train = [i for i, digest in enumerate(digests) if is_train(digest, test_fraction)]
    test = [i for i, digest in enumerate(digests) if not is_train(digest, test_fraction)]
    if not test and len(train) > MIN_PICTURES:
        test = [train.pop(min(range(len(train)), key=lambda k: digests[train[k]]))]
    return train, test


def first_by_hash(indices: list[int], digests: list[str], count: int) -> npt.NDArray[np.int64]:
    """At most `count` of these indices, in the order of their hashes' digits after `SPLIT_DIGITS`.

    A smaller count selects a subset of what a larger one selects, and both sides of the split shrink alike.
    """
    return np.array(sorted(indices, key=lambda i: digests[i][SPLIT_DIGITS:])[:count])
