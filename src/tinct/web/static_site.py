"""The page as a static site: the same page, whose engine computes in the browser alone, for any web space.

A site holds the files of the page, with `local/engine_local.js` in the place of its engine; the worker that computes; a model; and
ONNX Runtime Web. Nothing is loaded from elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from collections.abc import Iterable, Iterator
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from .._version import __version__
from ..coloring import Edit
from ..coloring.color_names import color_table
from ..errors import ConfigError
from ..runtime.prepare import MAX_ASPECT
from ..runtime.renamed import TENSORS
from ..runtime.spec import DEFAULT_MODEL, ModelSpec, check_pair, find, part

__all__ = ["GRAPHS", "GRAPH_SPEC", "LOCAL", "graph_spec", "made_graphs", "model_files", "write_site"]

_LIST = "site.json"
"""Names the files that were written, so that they may be replaced."""
_PAGE = Path(str(resources.files(__package__) / "page"))
LOCAL = Path(str(resources.files(__package__) / "local"))
GRAPHS = LOCAL / "graphs.tar.xz"
"""The graphs between the networks for the bundled model, which ``scripts/write_page_graphs.py`` writes; so a site needs none of the packages that make graphs."""
GRAPH_SPEC = "spec.json"
"""In `GRAPHS`: what of a model's description they depend on."""
_GRAPH_NAMES = ("affinity", "cells", "pixels", "lines", "scene", "groups", "masks", "code", "tilt", "match")
"""Those that the worker runs; in its modules stands why it doesn't run the others."""
_SERVER_ONLY = {"engine.js", "engine_http.js", "engine_films.js", "index.html"}
_RENAMED = {"engine_local.js", "service_worker.js"}
"""Modules of `LOCAL` that have another place in the site."""
_UNWRITTEN = ("tif", "avif")
"""Formats that no browser writes."""
_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "worker-src 'self' blob:; manifest-src 'self'; form-action 'none'; base-uri 'none'"
)


def write_site(folder: str | os.PathLike[str], *, model: str = DEFAULT_MODEL) -> int:
    """Write the page as a static site.

    Args:
        folder: a new or empty folder, or one with an earlier site, whose files are replaced.
        model: as for `Colorizer`; one that takes hints.

    Returns:
        Number of bytes written.

    Raises:
        ConfigError: the folder holds other files; the model takes no hints.
        WeightsError: there is no such model, or it is damaged.
        ImportError: the model decodes in another way than the bundled one, and the packages that make graphs aren't installed.
    """
    target = Path(folder)
    old = _replaceable(target)
    content = dict(_contents(model))
    content["service_worker.js"] = _service_worker(content)
    target.mkdir(parents=True, exist_ok=True)
    (target / _LIST).write_bytes(_listed(old | content.keys()))  # so that a site whose writing was interrupted can be written again
    for name in old - content.keys() - {_LIST}:
        (target / name).unlink(missing_ok=True)
    content[_LIST] = _listed(content.keys())
    for name, data in content.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return sum(map(len, content.values()))


def _listed(names: Iterable[str]) -> bytes:
    """The content of `_LIST`."""
    return json.dumps({"tinct": __version__, "files": sorted(names)}, indent=1).encode()


def _replaceable(target: Path) -> set[str]:
    """The files of an earlier site. Raises ConfigError for a folder with anything else."""
    if not target.exists():
        return set()
    names = (
        {str(path.relative_to(target).as_posix()) for path in target.rglob("*") if not path.is_dir()} if target.is_dir() else {""}
    )
    try:
        listed = json.loads((target / _LIST).read_text("utf-8"))
        known = set(listed["files"]) | {_LIST} if "tinct" in listed else set()
    except (OSError, ValueError, TypeError, KeyError):
        known = set()
    if names - known:
        other = min(names - known)
        raise ConfigError(
            f"{target} holds {other or 'something'}, which is no part of a site that tinct wrote.",
            code="site-folder",
            path=str(target),
        )
    return names


def _contents(model: str) -> Iterator[tuple[str, bytes]]:
    """Name and content of every file but the service worker."""
    yield "index.html", _index((_PAGE / "index.html").read_text("utf-8")).encode()
    yield "manifest.webmanifest", (LOCAL / "manifest.webmanifest").read_bytes()
    for path in sorted(_PAGE.iterdir()):
        if path.is_file() and path.name not in _SERVER_ONLY:
            yield f"static/{path.name}", path.read_bytes()
    yield "static/engine.js", (LOCAL / "engine_local.js").read_bytes()
    for path in sorted(LOCAL.glob("*.js")):
        if path.name not in _RENAMED:
            yield f"static/{path.name}", path.read_bytes()
    for path in sorted((LOCAL / "worker").glob("*.js")):
        yield f"static/worker/{path.name}", path.read_bytes()
    for path in sorted((_PAGE / "strings").glob("*.json")):
        words = json.loads(path.read_text("utf-8")) | json.loads((LOCAL / "strings" / path.name).read_text("utf-8"))
        yield f"static/strings/{path.name}", json.dumps(words, ensure_ascii=False, indent=1).encode()
    yield from model_files(model)
    yield from _runtime()


def _index(html: str) -> str:
    """The page's HTML for a static site: its content security policy, its manifest, and only formats that browsers write."""
    for name in _UNWRITTEN:
        html = _without(html, f'<option value="{name}">{ {"tif": "TIFF", "avif": "AVIF"}[name] }</option>')
    head = f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n<link rel="manifest" href="manifest.webmanifest">\n'
    before, mark, after = html.partition("<title>")
    return before + head + mark + after


def _without(text: str, unwanted: str) -> str:
    before, found, after = text.partition(unwanted)
    if not found:
        raise AssertionError(f"the page has no {unwanted}")
    return before + after


def model_files(model: str) -> Iterator[tuple[str, bytes]]:
    """The files of a model, its description, and the names of colors. Raises ConfigError, WeightsError."""
    graph = find(model)
    spec, weights = check_pair(graph)
    if not (spec.takes_hints and spec.has_code):
        raise ConfigError(f"The model {spec.name!r} has no hints; the model 'tinct' has.", code="no-capability", what="hints")
    graphs = {"encode": graph, **{name: part(graph, name) for name in spec.parts}}
    description: dict[str, Any] = {
        "name": spec.name,
        "version": __version__,
        "sha256": weights,
        "files": {"weights": graph.with_suffix(".safetensors").name} | {name: path.name for name, path in graphs.items()},
        "graphs": {},
        "tensors": TENSORS,
        "preparation": {"side": spec.preparation.side, "multiple": spec.preparation.multiple, "max_aspect": MAX_ASPECT},
        "codes": vars(spec.codes),
        "edit": Edit().to_dict(),
    }
    with tarfile.open(GRAPHS) as archive:
        kept = {entry.name: _content(archive, entry) for entry in archive}
    joined = b""
    for name, data in (kept if json.loads(kept.pop(GRAPH_SPEC)) == graph_spec(spec) else made_graphs(spec)).items():
        description["graphs"][name] = {"start": len(joined), "size": len(data)}
        joined += data
    yield "model/model.json", json.dumps(description).encode()
    yield "model/colors.json", json.dumps(color_table()).encode()
    yield "model/graphs.bin", joined
    for path in (graph.with_suffix(".safetensors"), *graphs.values()):
        yield f"model/{path.name}", path.read_bytes()


def _content(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(entry)
    assert file is not None
    return file.read()


def graph_spec(spec: ModelSpec) -> dict[str, Any]:
    """What of a model's description the graphs of a site depend on, as JSON holds it."""
    depends = {"latent": spec.config["latent"], "palette": vars(spec.palette), "codes": vars(spec.codes)}
    found: dict[str, Any] = json.loads(json.dumps(depends))
    return found


def made_graphs(spec: ModelSpec) -> dict[str, bytes]:
    """Name and content of the graphs of a site for any model. Raises ImportError without the packages of the extra ``train``."""
    from ..graphs.catalog import graphs_of

    graphs = graphs_of(spec)
    return {name: graphs[name].model(name).SerializeToString() for name in _GRAPH_NAMES}


def _runtime() -> Iterator[tuple[str, bytes]]:
    """ONNX Runtime Web and its licenses. Its modules are named ``.js``: not every web space serves ``.mjs`` as a script."""
    with tarfile.open(LOCAL / "runtime.tar.xz") as archive:
        for entry in archive:
            name = entry.name
            yield (
                f"runtime/{name.removesuffix('.mjs')}.js" if name.endswith(".mjs") else f"runtime/{name}",
                _content(archive, entry),
            )
    for name in ("LICENSE", "ThirdPartyNotices.txt"):  # those of the Python package, which is built from the same source
        yield f"licenses/onnxruntime-{name}", _license("onnxruntime", name)
    yield "licenses/tinct-LICENSE", _license("tinct", "LICENSE")


def _license(package: str, name: str) -> bytes:
    """A license file of an installed package, wherever its wheel put it."""
    for file in metadata.files(package) or ():
        if file.name == name and (path := Path(str(file.locate()))).is_file():
            return path.read_bytes()
    source = Path(__file__).parents[3] / name  # of an editable installation
    return source.read_bytes() if package == "tinct" and source.is_file() else b""


def _service_worker(content: dict[str, bytes]) -> bytes:
    """The service worker with the checksums of all files, and a version that changes with any of them."""
    files = {name: hashlib.sha256(content[name]).hexdigest() for name in sorted(content)}
    files = {"./": files["index.html"]} | files
    site = json.dumps({"version": hashlib.sha256(json.dumps(files).encode()).hexdigest()[:16], "files": files})
    text = (LOCAL / "service_worker.js").read_text("utf-8")
    mark = 'const SITE = { version: "", files: {} };'
    if mark not in text:
        raise AssertionError("the service worker has no place for its list of files")
    return text.replace(mark, f"const SITE = {site};").encode()
