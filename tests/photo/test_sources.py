"""Sources of a picture: paths of any class, bytes, file objects; other types are refused by name."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pictures import encoded, picture, scene
from tinct.errors import PhotoError
from tinct.photo.photo import Photo


class PathLike:
    """A path of another class than pathlib's."""

    def __init__(self, path: str | bytes) -> None:
        self.path = path

    def __fspath__(self) -> str | bytes:
        return self.path


@pytest.mark.parametrize("kind", ["str", "Path", "os.PathLike", "os.PathLike of bytes"])
def test_takes_any_path(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encoded(picture("RGB"), "PNG"))
    sources = {
        "str": str(path),
        "Path": path,
        "os.PathLike": PathLike(str(path)),
        "os.PathLike of bytes": PathLike(os.fsencode(path)),
    }
    photo = Photo.open(sources[kind])
    assert (photo.name, photo.path) == (str(path), path)
    np.testing.assert_array_equal(photo.to_numpy(), scene())


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_takes_the_bytes_of_a_file(kind: type) -> None:
    data = encoded(picture("RGB"), "PNG")
    photo = Photo.open(kind(data))
    assert (photo.name, photo.path) == ("<bytes>", None)
    assert photo.sha256() == hashlib.sha256(data).hexdigest()
    np.testing.assert_array_equal(photo.to_numpy(), scene())


def test_later_changes_of_a_bytearray_do_not_show() -> None:
    data = bytearray(encoded(picture("RGB"), "PNG"))
    photo = Photo.open(memoryview(data))
    data[:] = bytes(len(data))
    np.testing.assert_array_equal(photo.to_numpy(), scene())


@pytest.mark.parametrize("kind", ["BytesIO", "open file", "unbuffered", "spooled"])
def test_takes_binary_file_objects(kind: str, tmp_path: Path) -> None:
    data = encoded(picture("RGB"), "PNG")
    (tmp_path / "a.png").write_bytes(data)
    with contextlib.ExitStack() as stack:
        if kind == "BytesIO":
            file: Any = io.BytesIO(data)
        elif kind == "spooled":
            file = stack.enter_context(tempfile.SpooledTemporaryFile())
            file.write(data)
            file.seek(0)
        else:
            file = stack.enter_context((tmp_path / "a.png").open("rb", buffering=0 if kind == "unbuffered" else -1))
        photo = Photo.open(file)
    assert (photo.name, photo.path) == ("<file>", None)
    np.testing.assert_array_equal(photo.to_numpy(), scene())  # the file may be closed by now


@pytest.mark.parametrize("content", ["text", "picture"])
def test_text_file_objects_are_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encoded(picture("RGB"), "PNG") if content == "picture" else b"text")
    with (
        path.open(encoding="utf-8") as file,
        pytest.raises(PhotoError, match="<file> gives str, not bytes; open it in binary mode") as raised,
    ):
        Photo.open(file)  # type: ignore[arg-type]
    assert raised.value.code == "source"


def test_a_file_object_that_cannot_be_read_is_a_photo_error(tmp_path: Path) -> None:
    with (tmp_path / "a.png").open("wb") as file, pytest.raises(PhotoError, match="<file> can't be read"):
        Photo.open(file)


@pytest.mark.parametrize("source", [[1, 2, 3], None, 5, {"path": "a.jpg"}], ids=lambda source: type(source).__name__)
def test_other_types_are_refused_by_name(source: Any) -> None:
    kind = type(source).__name__
    with pytest.raises(PhotoError, match=f"a {kind} isn't a picture; a picture is a path, bytes, a file object, ") as raised:
        Photo.open(source)
    assert raised.value.code == "source"
