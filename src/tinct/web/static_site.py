"""The page as a static site: the same page, whose engine computes in the browser alone, for any web space.

A site holds the files of the page, with `local/engine_local.js` in the place of its engine; the worker that computes; a model; and
ONNX Runtime Web. Nothing is loaded from elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tarfile
from collections.abc import Iterable, Iterator
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from .._util.files import write_whole
from .._version import __version__
from ..coloring import Edit
from ..coloring.color_names import color_table
from ..errors import ConfigError
from ..runtime.prepare import MAX_ASPECT
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
_UNWRITTEN = {"tif": "TIFF", "avif": "AVIF"}
"""Formats that no browser writes, with their labels."""
_SAFE_STEM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""Names of models that are the same in an address and on any host; files of another one are called ``model``."""
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
        ConfigError: the folder holds other files, or can't be written to; the model takes no hints.
        WeightsError: there is no such model, or it is damaged.
        ImportError: the model decodes in another way than the bundled one, and the packages that make graphs aren't installed.
    """
    target = Path(folder)
    old = _replaceable(target)
    content = dict(_contents(model))
    content["service_worker.js"] = _service_worker(content)
    try:
        target.mkdir(parents=True, exist_ok=True)
        # first, so that the command may replace what an interrupted one left
        write_whole(target / _LIST, _list_of(old | content.keys()))
        for name in old - content.keys():
            (target / name).unlink(missing_ok=True)
        for name, data in content.items():
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        content[_LIST] = _list_of(content.keys())
        write_whole(target / _LIST, content[_LIST])
    except OSError as error:
        raise ConfigError(f"{target} can't be written to: {error.strerror or error}.", code="output-folder", path=target) from error
    return sum(map(len, content.values()))


def _list_of(names: Iterable[str]) -> bytes:
    """The content of `_LIST`."""
    return json.dumps({"tinct": __version__, "files": sorted(names)}, indent=1).encode()


def _replaceable(target: Path) -> set[str]:
    """The files of an earlier site but its list. Raises ConfigError for a folder with anything else, such as a link, and for a file."""
    if not target.exists():
        return set()
    if not target.is_dir():
        raise ConfigError(f"{target} is no folder.", code="site-folder", path=target)
    files = [path for path in target.rglob("*") if path.is_symlink() or not path.is_dir()]
    try:
        listed = json.loads((target / _LIST).read_text("utf-8"))
        known = set(listed["files"]) | {_LIST} if "tinct" in listed else set()
    except (OSError, ValueError, TypeError, KeyError):
        known = set()
    names = {path.relative_to(target).as_posix(): path.is_symlink() for path in files}
    if others := [name for name, is_link in names.items() if is_link or name not in known]:
        raise ConfigError(
            f"{target} holds {min(others)}, which is no part of a site that tinct wrote.", code="site-folder", path=target
        )
    return names.keys() - {_LIST}


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
    for name, label in _UNWRITTEN.items():
        html = _without(html, f'<option value="{name}">{label}</option>')
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
    own = {"weights": graph.with_suffix(".safetensors"), "encode": graph, **{name: part(graph, name) for name in spec.parts}}
    stem = graph.stem if _SAFE_STEM.fullmatch(graph.stem) else "model"
    files = {name: f"{stem}{path.name.removeprefix(graph.stem)}" for name, path in own.items()}
    description: dict[str, Any] = {
        "name": spec.name,
        "version": __version__,
        "sha256": weights,
        "files": files,
        "location": own["weights"].name,
        "graphs": {},
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
    for name, path in own.items():
        yield f"model/{files[name]}", path.read_bytes()


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
