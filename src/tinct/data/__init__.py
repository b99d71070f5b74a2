"""Pictures to learn from: found, decoded once into a cache, split into training and test pictures. No torch."""

from .cache import Pictures, PictureSettings, Progress, batch_arrays, load_pictures
from .decoding import middle_square
from .sources import Source, find_source
from .split import MIN_PICTURES, is_train

__all__ = [
    "MIN_PICTURES",
    "PictureSettings",
    "Pictures",
    "Progress",
    "Source",
    "batch_arrays",
    "find_source",
    "is_train",
    "load_pictures",
    "middle_square",
]
