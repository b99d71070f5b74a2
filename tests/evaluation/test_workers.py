from __future__ import annotations

import multiprocessing
import subprocess
import sys
from pathlib import Path

import pytest

from tinct.errors import WeightsError
from tinct.evaluation import workers
from tinct.evaluation.measure import Task
from tinct.evaluation.picture_sets import PictureSet, load_sets
from tinct.evaluation.protocol import Protocol


@pytest.fixture
def val(shard: Path, small: Protocol, tmp_path: Path) -> PictureSet:
    return load_sets([str(shard)], small, 3, tmp_path, lambda *_: None)[0]


def test_same_figures_from_one_process_and_from_two(val: PictureSet, small: Protocol) -> None:
    job = workers.Job("autoencoder", (), small, (0.0, 0.0), (val.pixels,))
    tasks = [Task(0, i, name, frozenset()) for i, name in enumerate(val.names)]
    alone = dict(workers.run(job, tasks, 1))
    assert dict(workers.run(job, tasks, 2)) == alone
    broken_off = workers.run(job, tasks * 40, 2)
    next(broken_off)
    broken_off.close()  # as Ctrl-C does
    assert not multiprocessing.active_children()


def test_a_model_that_cannot_be_loaded_in_a_worker(val: PictureSet, small: Protocol) -> None:
    job = workers.Job("nonsense", (), small, (0.0, 0.0), (val.pixels,))
    with pytest.raises(WeightsError, match="no model 'nonsense'"):
        list(workers.run(job, [Task(0, 0, val.names[0], frozenset())], 2))


def test_measuring_processes_load_neither_torch_nor_plotting() -> None:
    code = "import sys, tinct.evaluation.workers; print(sorted({'torch', 'matplotlib', 'jinja2'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
