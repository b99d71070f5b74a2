"""What a colored file says of its making, in XMP: that its colors are a model's, which, and all that it takes to make them again.

For everybody's readers there are ``Iptc4xmpExt:DigitalSourceType``, ``AISystemUsed``, ``AISystemVersionUsed`` and ``xmp:CreatorTool``;
what they said before is kept as ``tinct:Former...``. The other ``tinct:`` properties are a `Record`, each of its fields in one of them.

The source type is ``compositeWithTrainedAlgorithmicMedia``, by IPTC's name "Edited using Generative AI": "augmentation, correction or
enhancement using a Generative AI model, such as with inpainting or outpainting operations". A captured photograph is there, and keeps
its lightness; a generative model, trained on other pictures, adds colors that nobody recorded. The codes beside it would be wrong:

- ``algorithmicallyEnhanced`` is "modification or correction by algorithm without changing the main content of the media [...] such as
  sharpening or applying noise reduction": an understatement, as the colors of a coat are content, and are made up.
- ``trainedAlgorithmicMedia`` is "digital media created algorithmically using an Artificial Intelligence model trained on captured
  content": an overstatement, as what is to be seen was captured.
- ``compositeSynthetic`` is a "mix or composite of several elements, at least one of which is Generative AI"; there is one picture.

IPTC NewsCodes, "Digital Source Type" (October 2024), http://cv.iptc.org/newscodes/digitalsourcetype/; "IPTC Photo Metadata Standard"
(2025.1), for the AI properties.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import HintError, PhotoError
from ..photo.metadata.xmp import merge, properties
from .hints import Hint, Strokes
from .packing import Absent, digest, pack, pack_hints, plain, unpack, unpack_hints

__all__ = ["MOST", "OUTPUTS", "SOURCE_TYPE", "Absent", "Record", "Reference", "digest", "forget", "plain", "read_record"]

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
MOST = 60_000
"""Bytes of XMP that libvips writes into a JPEG: of more it writes nothing, and says nothing. (A segment holds 65,502.)"""
OUTPUTS = ("color", "layer", "compare")
FORMAT = 1
_MOST_THREADS = 1024


@dataclass(frozen=True, eq=False)
class Reference:
    """What the network takes from a reference picture."""

    name: str
    """Of its file, for people; may be empty."""
    code: npt.NDArray[np.float32]
    """(1, latent)"""
    histogram: npt.NDArray[np.float32]
    """(bins,) share of each ab bin."""


@dataclass(frozen=True)
class Record:
    """All that decides what a colored file looks like, and nothing else: no date, no place, nobody's name."""

    model: str
    """Its name."""
    weights: str
    """SHA-256 of its ``.safetensors`` file."""
    tinct: str
    """The version that made the file."""
    threads: int = 0
    """Of the processor, as `Colorizer` was told: sums in another order are rounded otherwise."""
    variant: int = 1
    """1 is the automatic coloring."""
    seed: int = 0
    vividness: float = 0.5
    strength: float = 1.0
    detail: int | None = None
    """Working size in pixels of the short side; None for a model that has only one."""
    quality: str = "normal"
    """``normal`` or ``best``."""
    hints: tuple[Hint | Strokes | Absent, ...] = ()
    """As `plain` makes them."""
    like: Reference | None = None
    original: str = ""
    """SHA-256 of the original's file; empty where there was none."""
    original_name: str = ""
    """Of the original's file, without its folders."""
    jpeg_quality: int = 0
    """Of JPEG and WebP, 1..100; 0 for formats that have none."""
    output: str = "color"
    """``color``, ``layer`` (the colors alone) or ``compare`` (side by side with the original)."""

    def to_xmp(self, existing: bytes | None, most: int | None = MOST) -> bytes:
        """A packet with this record in it.

        Args:
            existing: the original's packet, whose other content is kept. One that isn't safe to parse (see `xmp`) is replaced.
            most: bytes; None where the format has no bound. If it would be longer, first the hints become checksums, then the longest
                of what is not ours is left out.

        Returns:
            UTF-8 with the ``<?xpacket?>`` wrapper; of the same input always the same.
        """
        values = {"tinct:Format": str(FORMAT)}
        for name, (key, _) in _SIMPLE.items():
            if (value := getattr(self, name)) not in (None, ""):
                values[key] = repr(value) if isinstance(value, float) else str(value)
        if self.like is not None:
            arrays = {"code": self.like.code, "histogram": self.like.histogram}
            packed = {key: pack(array.astype("<f4").tobytes()) for key, array in arrays.items()}
            values["tinct:Reference"] = json.dumps({"name": self.like.name} | packed)
        values |= _former(properties(existing)) | _shared(self.model, self.tinct)
        if not self.hints:
            return merge(existing, values, most)
        texts = pack_hints(self.hints)
        for text in texts:
            packet = merge(existing, values | {"tinct:Hints": text})
            if most is None or len(packet) <= most:
                return packet
        return merge(existing, values | {"tinct:Hints": texts[0]}, most)

    @classmethod
    def from_xmp(cls, packet: bytes, where: str = "the XMP packet") -> Record | None:
        """The record in a packet; None where there is none. Raises PhotoError, with `where`, for one that is newer or damaged."""
        values = properties(packet)
        if "tinct:Format" not in values:
            return None
        try:
            if int(values["tinct:Format"]) > FORMAT:
                raise PhotoError(
                    f"{where} was colored by a newer tinct, {values.get('tinct:Version')}: update tinct, then try again"
                )
            fields = {name: parse(values[key]) for name, (key, parse) in _SIMPLE.items() if key in values}
            if "tinct:Reference" in values:
                entry = json.loads(values["tinct:Reference"])
                code, histogram = (np.frombuffer(unpack(entry[key]), "<f4").astype(np.float32) for key in ("code", "histogram"))
                if not (np.isfinite(code).all() and np.isfinite(histogram).all()):
                    raise ValueError("its reference is no number")
                fields["like"] = Reference(str(entry["name"]), code[None], histogram)
            if "tinct:Hints" in values:
                fields["hints"] = unpack_hints(values["tinct:Hints"])
            record = cls(**fields)
            if record.output not in OUTPUTS or not 0 <= record.threads <= _MOST_THREADS:
                raise ValueError("no such output, or number of threads")
            return record
        except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError, zlib.error, HintError) as error:
            raise PhotoError(
                f"{where} says how it was colored, but the record is damaged ({error}); color its original anew"
            ) from None


def forget(packet: bytes) -> bytes:
    """The packet without a record, which would be untrue of another coloring of the same file; one that has none as it is."""
    return merge(packet, {}) if any(key.startswith("tinct:") for key in properties(packet)) else packet


def read_record(path: str | Path) -> Record:
    """How a file was colored. Raises PhotoError where it can't be read or doesn't say so."""
    import pyvips

    from ..photo.formats import find_loader, first_line

    path = Path(path)
    if not path.is_file():
        raise PhotoError(f"{path}: there is no such file; check the path")

    def source() -> pyvips.Source:
        if str(path).isprintable():
            return pyvips.Source.new_from_file(str(path))
        return pyvips.Source.new_from_memory(path.read_bytes())  # libvips takes only names that are UTF-8

    try:
        with path.open("rb") as file:
            head = file.read(16)
        image = pyvips.Operation.call(find_loader(str(path), source(), head, path.suffix.lower()), source(), access="sequential")
    except (pyvips.Error, OSError) as error:
        reason = first_line(error) if isinstance(error, pyvips.Error) else error.strerror
        raise PhotoError(f"{path} is no picture that tinct reads, or it is damaged ({reason}); get a fresh copy of it") from None
    packet = image.get("xmp-data") if image.get_typeof("xmp-data") else b""
    if (record := Record.from_xmp(packet, str(path))) is None:
        raise PhotoError(
            f"{path} doesn't say how it was colored: it is not tinct's, was made with --no-provenance, or another program removed its "
            "metadata; color its original anew with `tinct colorize`"
        )
    return record


_Parse: TypeAlias = "Callable[[str], Any]"
_SIMPLE: dict[str, tuple[str, _Parse]] = {
    "output": ("tinct:Output", str),
    "model": ("tinct:Model", str),
    "weights": ("tinct:WeightsSHA256", str),
    "tinct": ("tinct:Version", str),
    "threads": ("tinct:Threads", int),
    "variant": ("tinct:Variant", int),
    "seed": ("tinct:Seed", int),
    "vividness": ("tinct:Vividness", float),
    "strength": ("tinct:Strength", float),
    "detail": ("tinct:Detail", int),
    "quality": ("tinct:Quality", str),
    "jpeg_quality": ("tinct:JPEGQuality", int),
    "original": ("tinct:OriginalSHA256", str),
    "original_name": ("tinct:OriginalName", str),
}


def _shared(model: str, version: str) -> dict[str, str]:
    """Properties that other programs know."""
    return {
        "Iptc4xmpExt:DigitalSourceType": SOURCE_TYPE,
        "Iptc4xmpExt:AISystemUsed": f"tinct, model {model}",
        "Iptc4xmpExt:AISystemVersionUsed": version,
        "xmp:CreatorTool": f"tinct {version}",
    }


def _former(old: dict[str, str]) -> dict[str, str]:
    """What those properties said before any coloring, by tinct or after it."""
    ours = _shared(old.get("tinct:Model", ""), old.get("tinct:Version", "")) if "tinct:Format" in old else {}
    former = {}
    for key in _shared("", ""):
        kept = f"tinct:Former{key.partition(':')[2]}"
        value = old.get(key, "")
        if value := old.get(kept, "") if value == ours.get(key, "") else value:
            former[kept] = value
    return former
