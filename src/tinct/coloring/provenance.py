"""The record inside a colored file, in XMP: that a model made its colors, which model, and everything needed to make them again.

Other programs read ``Iptc4xmpExt:DigitalSourceType``, ``AISystemUsed``, ``AISystemVersionUsed`` and ``xmp:CreatorTool``; their former
values are kept as ``tinct:Former...``. The other ``tinct:`` properties hold the fields of a `Record`; ``tinct:Edit`` is the edit as JSON.

The source type is ``compositeWithTrainedAlgorithmicMedia``, by IPTC's name "Edited using Generative AI": "augmentation, correction or
enhancement using a Generative AI model, such as with inpainting or outpainting operations". The photograph was captured and
keeps its lightness; a generative model, trained on other pictures, adds colors that nobody recorded. Neighboring codes would be wrong:

- ``algorithmicallyEnhanced`` is "modification or correction by algorithm without changing the main content of the media [...] such as
  sharpening or applying noise reduction": an understatement, as the colors of a coat are content, and are invented.
- ``trainedAlgorithmicMedia`` is "digital media created algorithmically using an Artificial Intelligence model trained on captured
  content": an overstatement, as the depicted content was captured.
- ``compositeSynthetic`` is a "mix or composite of several elements, at least one of which is Generative AI"; here is only one picture.

IPTC NewsCodes, "Digital Source Type" (October 2024), http://cv.iptc.org/newscodes/digitalsourcetype/; "IPTC Photo Metadata Standard"
(2025.1), for the AI properties.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..errors import ConfigError, HintError, PhotoError
from ..photo.metadata.xmp import merge, properties
from ..photo.opening import read_xmp
from .edit import Edit
from .packing import fitting, pack, unpack

__all__ = ["BROWSER", "OUTPUTS", "SOURCE_TYPE", "Record", "read_record"]

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
OUTPUTS = ("color", "layer", "compare")
BROWSER = "browser"
"""`Record.device` of a coloring by the static page, which computes in a browser."""
FORMAT = 2
_MAX_THREADS = 1024
_PROPERTIES = {
    "output": "tinct:Output",
    "model": "tinct:Model",
    "weights": "tinct:WeightsSHA256",
    "tinct": "tinct:Version",
    "device": "tinct:Device",
    "threads": "tinct:Threads",
    "precision": "tinct:Precision",
    "jpeg_quality": "tinct:JPEGQuality",
    "had_color": "tinct:OriginalHadColor",
    "original": "tinct:OriginalSHA256",
    "original_name": "tinct:OriginalName",
}
"""Field of a `Record` -> property. Numbers are written in decimal, True as ``True``; what is empty, 0, False or the precision ``float`` is left out."""
_NUMBERS = {"threads", "jpeg_quality"}
_FLAG = {"True": True}
_LEFT_OUT = ("", 0, "float")


@dataclass(frozen=True)
class Record:
    """Everything that decides what a colored file looks like, and nothing else: no date, no place, nobody's name."""

    model: str
    """Name of the model."""
    weights: str
    """SHA-256 of its ``.safetensors`` file."""
    tinct: str
    """Version of tinct that made the file."""
    device: str = "cpu"
    """Device on which the network ran; `BROWSER` for the static page."""
    threads: int = 0
    """Processor threads, as given to `Colorizer`: sums in another order are rounded differently."""
    precision: str = "float"
    """Of the network's numbers: ``float``, or ``int8`` for 8-bit integers."""
    edit: Edit = field(default_factory=Edit)
    """The edit; `Edit.like` is None or a `Reference`, hints that were too long are `Omitted`."""
    original: str = ""
    """SHA-256 of the original's file; empty if it didn't come as a file."""
    original_name: str = ""
    """Name of the original's file, without folders."""
    jpeg_quality: int = 0
    """Quality of JPEG, WebP and AVIF, 1..100; 0 in a record that wasn't read from a file."""
    had_color: bool = False
    """Whether the original had colors of its own, which were replaced: it is a color photograph, painted, or a result of tinct."""
    output: str = "color"
    """One of `OUTPUTS`: the colored photograph, the colors alone as a layer, or both side by side."""

    def to_xmp(
        self,
        existing: bytes | None,
        max_bytes: int | None,
        *,
        original: str | None = None,
        output: str | None = None,
        jpeg_quality: int | None = None,
    ) -> bytes:
        """An XMP packet with this record.

        Args:
            existing: the original's packet, whose other properties are kept; one that isn't safe to parse (see `xmp`) is replaced.
            max_bytes: size limit of the format. If the packet would be longer, the hints are replaced by checksums; if that isn't
                enough, they are kept, and the longest of the other properties are left out.
            original: replaces the field of that name.
            output: replaces the field of that name.
            jpeg_quality: replaces the field of that name.

        Returns:
            UTF-8 with the ``<?xpacket?>`` wrapper; deterministic.
        """
        given = {"original": original, "output": output, "jpeg_quality": jpeg_quality}
        record = replace(self, **{key: value for key, value in given.items() if value is not None})  # type: ignore[arg-type]
        values = {"tinct:Format": str(FORMAT)}
        values |= {key: str(value) for name, key in _PROPERTIES.items() if (value := getattr(record, name)) not in _LEFT_OUT}
        values |= _former(properties(existing)) | _shared(self.model, self.tinct)
        texts = [pack(self.edit.changed(hints=hints).to_json()) for hints in fitting(self.edit.hints)]
        for text in texts:
            packet = merge(existing, values | {"tinct:Edit": text})
            if max_bytes is None or len(packet) <= max_bytes:
                return packet
        return merge(existing, values | {"tinct:Edit": texts[0]}, max_bytes)

    @classmethod
    def from_xmp(cls, packet: bytes, where: str = "the XMP packet") -> Record | None:
        """The record in a packet; None if it has none.

        Raises:
            PhotoError: it was written by another version of tinct, or is damaged; the message begins with `where`.
        """
        values = properties(packet)
        if "tinct:Format" not in values:
            return None
        try:
            if int(values["tinct:Format"]) != FORMAT:
                raise PhotoError(
                    f"{where} was colored by tinct {values.get('tinct:Version')}, whose record this version doesn't read",
                    code="record-version",
                )
            found = {name: values[key] for name, key in _PROPERTIES.items() if key in values}
            numbers = {name: int(found.pop(name)) for name in _NUMBERS if name in found}
            flags = {"had_color": _FLAG[found.pop("had_color")]} if "had_color" in found else {}
            record = cls(**found, **numbers, **flags, edit=Edit.from_dict(json.loads(unpack(values["tinct:Edit"]))))  # type: ignore[arg-type]
            if (
                record.output not in OUTPUTS
                or record.precision not in ("float", "int8")
                or not (0 <= record.threads <= _MAX_THREADS and 0 <= record.jpeg_quality <= 100)
            ):
                raise ValueError("unknown output or precision, or a number out of its range")
            return record
        except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError, zlib.error, HintError, ConfigError) as error:
            raise PhotoError(
                f"{where} says how it was colored, but the record is damaged ({error}); color its original again",
                code="record-damaged",
            ) from None


def read_record(path: str | Path) -> Record:
    """How a file was colored. Raises PhotoError if it can't be read, or doesn't say."""
    record = Record.from_xmp(read_xmp(Path(path)), str(path))
    if record is None:
        raise PhotoError(
            f"{path} doesn't say how it was colored: tinct didn't make it, or made it without provenance, or another program removed its "
            "metadata",
            code="no-record",
        )
    return record


def _shared(model: str, version: str) -> dict[str, str]:
    """Properties that other programs read."""
    return {
        "Iptc4xmpExt:DigitalSourceType": SOURCE_TYPE,
        "Iptc4xmpExt:AISystemUsed": f"tinct, model {model}",
        "Iptc4xmpExt:AISystemVersionUsed": version,
        "xmp:CreatorTool": f"tinct {version}",
    }


def _former(old: dict[str, str]) -> dict[str, str]:
    """The values of the shared properties before the first coloring, whichever program wrote them."""
    ours = _shared(old.get("tinct:Model", ""), old.get("tinct:Version", "")) if "tinct:Format" in old else {}
    former = {}
    for key in _shared("", ""):
        kept = f"tinct:Former{key.partition(':')[2]}"
        value = old.get(key, "")
        if value := old.get(kept, "") if value == ours.get(key, "") else value:
            former[kept] = value
    return former
