from __future__ import annotations

import multiprocessing
import operator
import os
from pathlib import Path

import pytest

from tinct._util.processes import call_in_processes
from tinct._util.settings import parse_setting
from tinct.errors import ConfigError, DeviceError


def test_results_come_with_the_number_of_their_call() -> None:
    calls = [(operator.mul, (n, 10)) for n in range(5)]
    assert dict(call_in_processes(calls, 2)) == {n: 10 * n for n in range(5)}
    assert not multiprocessing.active_children()


def test_an_exception_in_a_worker_is_raised_here_with_its_code() -> None:
    with pytest.raises(ConfigError, match="key=value") as error:
        list(call_in_processes([(parse_setting, ("nothing",))], 1))
    assert error.value.code == "setting-syntax"


def test_a_worker_that_is_killed() -> None:
    with pytest.raises(DeviceError, match="killed") as error:
        list(call_in_processes([(os._exit, (9,))], 1, code="some-process-killed"))
    assert error.value.code == "some-process-killed"
    assert not multiprocessing.active_children()


def test_workers_have_the_environment_folder_and_threads_of_their_call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Not those of the fork server, which may have started for an earlier call."""
    for color in ("blue", "green"):
        (tmp_path / color).mkdir()
        monkeypatch.setenv("COLOR", color)
        monkeypatch.chdir(tmp_path / color)
        calls = [(os.getenv, ("COLOR",)), (os.getcwd, ()), (os.getenv, ("VIPS_CONCURRENCY",))]
        found = dict(call_in_processes(calls, 1, threads=3))
        assert found == {0: color, 1: str(tmp_path / color), 2: "3"}
    monkeypatch.delenv("COLOR")
    assert dict(call_in_processes([(os.getenv, ("COLOR",))], 1)) == {0: None}
    assert os.environ.get("VIPS_CONCURRENCY") != "3"


def test_progress_is_looked_at_meanwhile() -> None:
    looks = []
    assert dict(call_in_processes([(operator.neg, (1,))], 1, look=lambda: looks.append(1))) == {0: -1}
    assert looks
