"""The luma plane of every kind of frame holds the film's own code values."""

from __future__ import annotations

import av
import numpy as np
import pytest

from film.clips import drawn_frame, video_frame
from tinct.film.container.luma import has_luma_plane, is_packed_yuv, luma_depth, luma_plane, planar
from tinct.film.frames import ColorTags

KINDS = {
    "gray": 8,
    "yuv420p": 8,
    "yuva444p": 8,
    "nv12": 8,
    "nv21": 8,
    "yuv410p": 8,
    "yuv420p9le": 9,
    "gray12le": 12,
    "gray16be": 16,
}
KINDS |= {"yuv422p10be": 10, "p010le": 10, "p010be": 10, "yuv440p12le": 12}


@pytest.mark.parametrize("pix_fmt", KINDS)
@pytest.mark.parametrize("size", [(96, 64), (97, 63)])
def test_planes(pix_fmt: str, size: tuple[int, int]) -> None:
    drawn = drawn_frame(3, *size)
    frame = video_frame(drawn, pix_fmt)
    assert has_luma_plane(frame.format)
    depth = luma_depth(frame.format)
    assert depth == KINDS[pix_fmt]
    assert planar(frame, ColorTags(depth=depth)) is frame
    luma = luma_plane(frame)
    assert luma.dtype == (np.uint8 if depth == 8 else np.uint16)
    assert luma.flags.c_contiguous
    np.testing.assert_array_equal(luma, drawn.astype(np.uint16) << (depth - 8))
    for degrees, turns in ((90, -1), (180, 2), (270, 1)):
        np.testing.assert_array_equal(luma_plane(frame, degrees), np.rot90(luma, turns))


@pytest.mark.parametrize("pix_fmt", ["yuyv422", "uyvy422"])
def test_packed_luma_is_taken_out_unchanged(pix_fmt: str) -> None:
    frame = video_frame(drawn_frame(0), pix_fmt)
    assert is_packed_yuv(frame.format)
    assert not has_luma_plane(frame.format)
    stored = np.frombuffer(memoryview(frame.planes[0]), np.uint8).reshape(64, -1)[:, : 2 * 96]
    taken = luma_plane(planar(frame, ColorTags()))
    np.testing.assert_array_equal(taken, stored[:, 0::2] if pix_fmt == "yuyv422" else stored[:, 1::2])


@pytest.mark.parametrize(("matrix", "weight"), [("bt601", 0.299), ("bt709", 0.2126), ("bt2020", 0.2627)])
def test_rgb_becomes_luma_of_the_matrix(matrix: str, weight: float) -> None:
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 255
    frame = av.VideoFrame.from_ndarray(red, "rgb24")
    assert not has_luma_plane(frame.format)
    assert not is_packed_yuv(frame.format)
    luma = luma_plane(planar(frame, ColorTags(matrix)))
    np.testing.assert_allclose(luma, 16 + 219 * weight, atol=1)
