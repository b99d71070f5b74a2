"""ONNX Runtime Web in Node.js, without npm: the one that is part of tinct's package for the static page."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

from tinct.web.static_site import LOCAL

__all__ = ["unpack_runtime"]


def unpack_runtime(folder: Path) -> Path:
    """Write it as the package `onnxruntime-web` into a folder `node_modules`; the file that is imported."""
    package = folder / "onnxruntime-web"
    package.mkdir(parents=True)
    with tarfile.open(LOCAL / "runtime.tar.xz") as archive:
        for entry in archive:
            file = archive.extractfile(entry)
            assert file is not None
            (package / entry.name).write_bytes(file.read())
    (package / "package.json").write_text(
        json.dumps({"name": "onnxruntime-web", "type": "module", "exports": "./ort.wasm.min.mjs"})
    )
    return package / "ort.wasm.min.mjs"
