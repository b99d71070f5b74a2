"""The word for a format in a request: in any case, by its usual names."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field

__all__ = ["Format"]

_SYNONYMS = {"jpeg": "jpg", "tiff": "tif"}
_FORMAT_WORDS = ("original", "jpg", "jpeg", "png", "tif", "tiff", "webp", "avif")


def _format_word(value: Any) -> Any:
    """``.JPEG`` -> ``jpg``."""
    if not isinstance(value, str):
        return value
    word = value.lower().removeprefix(".")
    return _SYNONYMS.get(word, word)


Format: TypeAlias = Annotated[
    str,
    Field(
        pattern=r"^(original|jpg|png|tif|webp|avif)$",
        description="original, jpg, png, tif, webp or avif; also jpeg and tiff, in any case, and with a dot.",
        json_schema_extra={"pattern": rf"^\.?({'|'.join(''.join(f'[{c}{c.upper()}]' for c in word) for word in _FORMAT_WORDS)})$"},
    ),
    BeforeValidator(_format_word),
]
