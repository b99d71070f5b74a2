"""Put ONNX Runtime Web into the package, for the static page: `src/tinct/web/local/runtime.tar.xz`, from the npm package that the lock names.

It needs npm, and is run again only for another version: change `src/tinct/web/local/package.json`, write the lock with
``npm install --package-lock-only --omit-lockfile-registry-resolved``, and run this.
"""

from __future__ import annotations

import io
import json
import lzma
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

LOCAL = Path(__file__).parents[1] / "src" / "tinct" / "web" / "local"
FILES = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")


def main() -> None:
    """Install what the lock names into a temporary folder, and pack the files that the page needs. The same version gives the same bytes."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(LOCAL / name, folder)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True)
        dist = folder / "node_modules" / "onnxruntime-web" / "dist"
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            for name in FILES:
                data = (dist / name).read_bytes()
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
    (LOCAL / "runtime.tar.xz").write_bytes(lzma.compress(packed.getvalue(), preset=9 | lzma.PRESET_EXTREME))
    print(
        f"{json.loads((LOCAL / 'package.json').read_text())['dependencies']}: {(LOCAL / 'runtime.tar.xz').stat().st_size:,} bytes"
    )


if __name__ == "__main__":
    main()
