"""The Ray engine: the local engine's bytes, killed workers, and addresses at which there is no cluster."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from conftest import draw
from deadly import Deadly
from tinct.collection import Collection, Job, LocalEngine, Settings, color_collection
from tinct.collection.ray_engine import MAX_ATTEMPTS, RayEngine, _check_address
from tinct.errors import ConfigError, DeviceError


@pytest.fixture
def many(tmp_path: Path) -> Path:
    folder = tmp_path / "many"
    folder.mkdir()
    for i in range(11):
        Image.fromarray(draw(i, 64, 48)).convert("L").save(folder / f"{i:02d}.jpg")
    (folder / "bad.jpg").write_text("no picture")
    return folder


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_killed_workers_lose_nothing_and_the_bytes_are_the_local_engines(
    many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tests = str(Path(__file__).parent.parent)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (tests, *sys.path))))
    out, deaths = tmp_path / "ray", {"03.jpg": 1, "07.jpg": MAX_ATTEMPTS}

    def jobs() -> Iterator[Job]:
        for job, _ in Collection([many], out, Settings()):
            times = deaths.get(job.input.name)
            yield replace(job, places=Deadly(tmp_path / f"{job.input.name}.deaths", times)) if times else job  # type: ignore[arg-type]

    entries = list(RayEngine(2).run(jobs(), Settings()))
    assert sorted(Path(entry.input).name for entry in entries) == sorted(path.name for path in many.iterdir())
    failed = {Path(entry.input).name: entry for entry in entries if entry.status == "failed"}
    assert failed.keys() == {"07.jpg", "bad.jpg"}
    assert failed["07.jpg"].code == "process-killed"
    assert (tmp_path / "03.jpg.deaths").stat().st_size == 1
    list(color_collection(Collection([many], tmp_path / "local", Settings()), LocalEngine(1)))
    local = {path.name: path.read_bytes() for path in (tmp_path / "local").iterdir()}
    del local["07.color.jpg"]
    assert {path.name: path.read_bytes() for path in out.iterdir()} == local


def test_without_ray_its_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray.data", None)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"needs the package ray\[data\]") as caught:
        RayEngine()
    assert caught.value.code == "ray-missing"


@pytest.mark.parametrize("address", ["ray://head:10001", "head", "head:port", ":6379"])
def test_what_is_no_address_is_told(address: str) -> None:
    with pytest.raises(DeviceError, match="is no address of a Ray cluster") as caught:
        _check_address(address)
    assert caught.value.code == "no-cluster"


def test_nothing_listens_at_the_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(DeviceError, match=f"There is no Ray cluster at {address}") as caught:
        _check_address(address)
    assert caught.value.code == "no-cluster"


@pytest.mark.parametrize(
    ("answer", "is_cluster"), [(b"HTTP/1.1 400 Bad Request\r\n\r\n", False), (b"", False), (b"\0\0\0\4\0\0\0\0\0", True)]
)
def test_only_a_grpc_server_is_taken_for_a_cluster(answer: bytes, is_cluster: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(100)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        address = f"127.0.0.1:{server.getsockname()[1]}"
        if is_cluster:
            _check_address(address)
        else:
            with pytest.raises(DeviceError, match=f"What answers at {address} is no Ray cluster"):
                _check_address(address)
        thread.join()
