"""How the result is encoded: codecs, their quality, their pixel formats, and the containers that hold them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from av.codec.context import CodecContext
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext

from ...errors import ConfigError, FilmError, nearest
from ..frames import FilmInfo

__all__ = [
    "CODECS",
    "CONTAINERS",
    "Codec",
    "Encoding",
    "check_output",
    "chroma_shape",
    "coded_depth",
    "container_of",
    "default_codec",
]

X26X_PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")
KEY_FRAME_SECONDS = 10
"""Longest time from one key frame to the next: seeking in a player decodes from the last one."""


MATRIX_NUMBERS = {"bt601": 6, "bt709": 1, "bt2020": 9}
"""Matrix coefficients in ITU-T H.273."""
CURVES = {"bt601": (6, 6), "bt709": (1, 1), "bt2020": (9, 14)}
"""Primaries and transfer function in H.273 that players assume with each matrix. Films without tags get them, as QuickTime stores all or none."""


@dataclass(frozen=True)
class Codec:
    """A codec as ffmpeg encodes it."""

    encoder: str
    title: str
    depths: tuple[int, ...]
    """Bits of a code value that are written; a film's depth is rounded up to the next of them, or down to the last."""
    subsampling: tuple[int, int]
    """Luma samples per chroma sample, horizontally and vertically."""
    odd_subsampled: bool
    """Whether it takes odd widths and heights with subsampled chroma. H.264 and H.265 crop in steps of a chroma sample, so they don't."""
    qualities: range | None = None
    """Values of the quality (constant rate factor): less is better, and larger. None: there is nothing to choose."""
    quality: int = 0
    presets: tuple[str, ...] = ()
    preset: str = ""
    limited_only: bool = False
    """Whether decoders take luma as limited range whatever the container says."""


CODECS = {
    "h264": Codec("libx264", "H.264", (8, 10), (2, 2), False, range(52), 18, X26X_PRESETS, "faster"),
    "h265": Codec("libx265", "H.265", (8, 10), (2, 2), False, range(52), 20, X26X_PRESETS, "fast"),
    "vp9": Codec("libvpx-vp9", "VP9", (8,), (2, 2), True, range(64), 24, tuple("012345678"), "4"),
    "prores": Codec("prores_ks", "ProRes 422 HQ", (10,), (2, 1), True, limited_only=True),
    "ffv1": Codec("ffv1", "FFV1", (8, 10, 12, 16), (1, 1), True),
}
"""Names for people -> codecs. CRF 18 (x264), 20 (x265) and 24 (VP9) are near the point where no difference from the film is seen."""


@dataclass(frozen=True)
class Container:
    format: str
    codecs: tuple[str, ...]


CONTAINERS = {
    ".mp4": Container("mp4", ("h264", "h265")),
    ".m4v": Container("mp4", ("h264", "h265")),
    ".mov": Container("mov", ("h264", "h265", "prores")),
    ".mkv": Container("matroska", ("h264", "h265", "vp9", "prores", "ffv1")),
    ".webm": Container("webm", ("vp9",)),
}
"""Endings of file names -> ffmpeg's muxer, and the codecs that players expect in it. The first codec is its default."""


@dataclass(frozen=True)
class Encoding:
    """How the picture of the result is encoded.

    Args:
        codec: ``h264``, ``h265``, ``vp9``, ``prores`` (422 HQ, 10 bits), or ``ffv1`` (lossless, 4:4:4, the film's depth).
        quality: constant rate factor, less is better: 0 to 51, VP9 0 to 63; None takes 18, 20 and 24.
        preset: ``ultrafast`` to ``veryslow`` for H.264 and H.265, ``0`` (slow) to ``8`` for VP9; None takes ``faster``, ``fast`` and ``4``:
            the encoder shares the cores with the network.

    Raises:
        ConfigError: an unknown codec (`film-codec`), or a quality or preset that it doesn't have (`film-quality`, `film-preset`).
    """

    codec: str = "h264"
    quality: int | None = None
    preset: str | None = None

    def __post_init__(self) -> None:
        if self.codec not in CODECS:
            known = ", ".join(CODECS)
            raise ConfigError(
                f"Unknown video codec {self.codec!r}{nearest(self.codec, CODECS)}; there are {known}.", code="film-codec"
            )
        codec = self.traits
        if self.quality is not None and (codec.qualities is None or self.quality not in codec.qualities):
            has = f"0 (best) to {codec.qualities[-1]}" if codec.qualities else "none to choose"
            raise ConfigError(f"{codec.title} has no quality {self.quality}; it has {has}.", code="film-quality")
        if self.preset is not None and self.preset not in codec.presets:
            has = ", ".join(codec.presets) or "none"
            raise ConfigError(f"{codec.title} has no preset {self.preset!r}; it has {has}.", code="film-preset")

    @property
    def traits(self) -> Codec:
        return CODECS[self.codec]


def default_codec(path: Path) -> str:
    """The codec that a result of this name gets unless another is asked for. Raises FilmError (`container-codec`)."""
    return container_of(path).codecs[0]


def container_of(path: Path) -> Container:
    """The container that a name's ending asks for. Raises FilmError (`container-codec`)."""
    found = CONTAINERS.get(path.suffix.lower())
    if found is None:
        raise FilmError(
            f"{path.name}: films are written as {listed(sorted(CONTAINERS))}, not as {path.suffix or 'a file without ending'}.",
            code="container-codec",
            path=path,
        )
    return found


def check_output(path: Path, encoding: Encoding, info: FilmInfo) -> list[str]:
    """Find out, before any work, whether the output can hold the picture and everything else that the film has.

    Returns:
        Sentences about what will be left out or converted: subtitles, data, attachments.

    Raises:
        FilmError: the container can't hold the codec (`container-codec`) or one of the film's audio streams (`container-audio`), or the
            encoder doesn't take frames of this size (`film-encoder`).
    """
    from .copying import plan_copies

    container = container_of(path)
    if encoding.codec not in container.codecs:
        holds = listed([CODECS[name].title for name in container.codecs])
        others = listed([ending for ending, other in CONTAINERS.items() if encoding.codec in other.codecs])
        raise FilmError(
            f"{path.name}: {path.suffix} can't hold {encoding.traits.title}, but {holds}; {encoding.traits.title} can be held by {others}.",
            code="container-codec",
            path=path,
            codec=encoding.codec,
            containers=[ending for ending, other in CONTAINERS.items() if encoding.codec in other.codecs],
        )
    notes = list(plan_copies(info.path, path, container.format).notes)
    _try_encoder(encoding, info)
    depth = coded_depth(encoding, info.color.depth)
    if depth < info.color.depth:
        notes.append(f"{encoding.traits.title} is written with {depth} of the film's {info.color.depth} bits.")
    if encoding.traits.limited_only and info.color.full_range:
        notes.append(f"{encoding.traits.title} holds limited range only: the film's full range is scaled to it.")
    if not encoding.traits.odd_subsampled and (info.width % 2 or info.height % 2):
        notes.append(
            f"{encoding.traits.title} of the odd size {info.width}x{info.height} is written with full chroma (4:4:4), which fewer players know."
        )
    if container.format in ("matroska", "webm") and (1000 * info.time_base).denominator != 1:
        notes.append(f"{path.suffix} stores times in milliseconds: those of the frames are rounded to them.")
    return notes


def _try_encoder(encoding: Encoding, info: FilmInfo) -> None:
    """Raises FilmError if the encoder refuses the film's frames: H.265 takes none of less than 16 pixels a side."""
    context: VideoCodecContext = CodecContext.create(encoding.traits.encoder, "w")  # type: ignore[assignment]
    configure(context, encoding, info, threads=1)
    try:
        context.open()
    except FFmpegError as error:
        raise FilmError(
            f"{encoding.traits.title} can't be written with frames of {info.width} × {info.height} pixels.", code="film-encoder"
        ) from error


def listed(words: list[str], last: str = "or") -> str:
    """``a, b or c``."""
    return f" {last} ".join([*([", ".join(words[:-1])] if words[1:] else []), *words[-1:]])


def coded_depth(encoding: Encoding, depth: int) -> int:
    """Bits of a code value in the result, for a film of `depth` bits."""
    depths = encoding.traits.depths
    return next((d for d in depths if d >= depth), depths[-1])


def _subsampling(encoding: Encoding, height: int, width: int) -> tuple[int, int]:
    traits = encoding.traits
    return (1, 1) if not traits.odd_subsampled and (height % 2 or width % 2) else traits.subsampling


def chroma_shape(encoding: Encoding, height: int, width: int) -> tuple[int, int]:
    """Height and width of the chroma planes: subsampled sizes are rounded up. H.264 and H.265 of odd sizes take full chroma."""
    across, down = _subsampling(encoding, height, width)
    return -(-height // down), -(-width // across)


def pixel_format(encoding: Encoding, info: FilmInfo) -> str:
    """ffmpeg's name of the format that is encoded: ``yuv420p``, ``yuv422p10le``."""
    letters = {(2, 2): "420", (2, 1): "422", (1, 1): "444"}[_subsampling(encoding, info.height, info.width)]
    depth = coded_depth(encoding, info.color.depth)
    return f"yuv{letters}p" + (f"{depth}le" if depth > 8 else "")


def configure(context: VideoCodecContext, encoding: Encoding, info: FilmInfo, threads: int) -> None:
    """Set an encoder up, always the same way for the same arguments, so that segments fit one another."""
    traits = encoding.traits
    rate = info.frame_rate or 25
    context.width, context.height, context.pix_fmt = info.width, info.height, pixel_format(encoding, info)
    context.time_base, context.framerate = info.time_base, Fraction(rate)
    context.bit_rate = 0  # quality decides
    context.sample_aspect_ratio = info.sample_aspect
    context.color_range = 1 if traits.limited_only or not info.color.full_range else 2
    context.colorspace = MATRIX_NUMBERS[info.color.matrix]
    usual = CURVES[info.color.matrix]
    context.color_primaries = usual[0] if info.color.primaries == 2 else info.color.primaries
    context.color_trc = usual[1] if info.color.transfer == 2 else info.color.transfer
    context.field_order = 1  # AV_FIELD_PROGRESSIVE
    context.thread_count = threads
    group = max(1, round(KEY_FRAME_SECONDS * rate))
    context.gop_size = group
    quality = str(traits.quality if encoding.quality is None else encoding.quality)
    preset = encoding.preset or traits.preset
    match encoding.codec:
        case (
            "h264"
        ):  # else x264's macroblock tree differs from run to run on processors with AVX-512 (8 of 8 runs; no slower with it)
            context.options = {"crf": quality, "preset": preset, "x264-params": "open-gop=0:cpu-independent=1"}
        case "h265":
            fixed = f"log-level=none:open-gop=0:pools={threads}:frame-threads={min(threads, 2)}"
            context.options = {"crf": quality, "preset": preset, "x265-params": fixed}
        case "vp9":
            context.options = {"crf": quality, "b": "0", "deadline": "good", "cpu-used": preset, "row-mt": "1"}
        case "prores":
            context.options = {"profile": "hq", "vendor": "apl0"}
        case "ffv1":  # each frame by itself, with checksums, as archives ask for
            context.options = {"level": "3", "slicecrc": "1", "slices": "4"}
            context.gop_size = 1
