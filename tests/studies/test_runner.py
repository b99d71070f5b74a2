"""Running a study: resuming, budget, several jobs, errors."""

from __future__ import annotations

import fcntl
import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tinct._util.settings import parse_setting
from tinct.errors import ConfigError, DataError
from tinct.studies import clock as clock_module
from tinct.studies import engines as engines_module
from tinct.studies import runner as runner_module
from tinct.studies.clock import Clock, Status
from tinct.studies.engines import Here, Processes, make_engine, threads_for
from tinct.studies.grid import Study, load_study
from tinct.studies.keeping import read_study
from tinct.studies.plan import fit, kind, run_seconds
from tinct.studies.runner import run_study
from tinct.studies.work import Order, finished, seconds_per_picture

TOY = """
question = "Which learning rate?"
seeds = 2
[set]
size = 16
min_side = 16
batch = 8
epochs = 2
seen = 120
"network.channels" = [4, 8, 8, 8]
[[parts]]
name = "rate"
recipe = "vae"
grid = { lr = [0.001, 0.01] }
"""


@pytest.fixture(autouse=True)
def known_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every network takes 0.1 s for a picture, as far as a study knows: none trains for seconds to measure that."""
    monkeypatch.setattr(runner_module, "seconds_per_picture", lambda config, cache: 0.1)


@pytest.fixture
def bare_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that start without PyTorch, where a test doesn't need it."""
    monkeypatch.setattr(engines_module, "PRELOAD", ())


@pytest.fixture
def toy(tmp_path: Path, folder: Path) -> Study:
    (tmp_path / "toy.toml").write_text(TOY)
    return load_study(str(tmp_path / "toy.toml"), (str(folder),))


def numbers(study: Path) -> dict[str, Any]:
    """All results of a study's runs except times."""
    found = {}
    for run in sorted((study / "runs").iterdir()):
        rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        scores = json.loads((run / "scores.json").read_text())
        scores.pop("milliseconds")
        found[run.name] = [{k: row[k] for k in ("epoch", "step", "seen", "train", "test")} for row in rows], scores
    return found


def test_a_study_is_run_once_and_only_once(toy: Study, tmp_path: Path) -> None:
    seen: list[Status] = []
    out = tmp_path / "out"
    told = lambda s: seen.append(replace(s, running=dict(s.running)))  # noqa: E731
    assert run_study(toy, out, cache=tmp_path / "cache", tell=told) == {}
    found = numbers(out)
    assert set(found) == {trial.name for trial in toy.trials()}
    assert {rows[-1]["seen"] for rows, _ in found.values()} == {120}  # equal terms, to the picture
    assert {scores["test"]["pictures"] for _, scores in found.values()} == {5}
    assert (seen[-1].done, seen[-1].total, seen[-1].fraction) == (4, 4, 1.0)
    assert any(status.doing == "decoding pictures" for status in seen)
    times = {file: file.stat().st_mtime_ns for file in out.rglob("*") if file.is_file() and file.suffix in {".jsonl", ".json"}}
    assert run_study(toy, out, cache=tmp_path / "cache") == {}
    assert times == {file: file.stat().st_mtime_ns for file in times}

    more = replace(toy, seeds=3)  # more seeds: only those are run
    assert run_study(more, out, cache=tmp_path / "cache") == {}
    assert {k: v for k, v in numbers(out).items() if k in found} == found
    assert set(numbers(out)) == {trial.name for trial in more.trials()}
    assert read_study(out)[0] == more


def test_the_caller_s_threads_are_left_alone(toy: Study, tmp_path: Path) -> None:
    before = torch.get_num_threads()
    run_study(replace(toy, seeds=1), tmp_path / "out", cache=tmp_path / "cache")
    assert torch.get_num_threads() == before


def test_another_study_in_the_folder(toy: Study, tmp_path: Path) -> None:
    run_study(replace(toy, seeds=1), tmp_path / "out", cache=tmp_path / "cache", command="tinct study toy.toml")
    before = numbers(tmp_path / "out")
    for other in (replace(toy, set=toy.set | {"seen": 200}), replace(toy, data=("elsewhere",))):
        with pytest.raises(ConfigError, match=r"holds another study.*tinct study toy.toml") as error:
            run_study(other, tmp_path / "out")
        assert error.value.code == "another-study"
    with pytest.raises(ConfigError, match="holds another study"):
        run_study(toy, tmp_path / "out", budget=3)
    assert numbers(tmp_path / "out") == before


KILLED = """
import os, sys
from pathlib import Path
from tinct.studies.grid import load_study
from tinct.studies.runner import run_study
if __name__ == "__main__":
    study = load_study(sys.argv[1], (sys.argv[2],), ["seen=1000", "epochs=4"], 2)
    run_study(study, Path(sys.argv[3]), jobs=max(2, os.cpu_count() or 1), cache=Path(sys.argv[4]))  # a thread for each
"""


def know_speed(study: Study, out: Path) -> None:
    """Leave the speeds in the study's folder, as an earlier call does, for a study in another process."""
    out.mkdir()
    (out / "speeds.json").write_text(json.dumps({kind(trial.config): 0.001 for trial in study.trials()}))


@pytest.fixture
def one_thread() -> Iterator[None]:
    """PyTorch computes on one thread here: sums over several differ in their last bits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.slow
def test_a_study_that_is_killed_twice_equals_one_that_is_not(toy: Study, tmp_path: Path, folder: Path, one_thread: None) -> None:
    """SIGKILL of the process in charge, in the middle of runs; its workers end with it. Here the study is finished."""
    script, cache, out = tmp_path / "killed.py", tmp_path / "cache", tmp_path / "killed"
    script.write_text(KILLED)
    study = load_study(str(tmp_path / "toy.toml"), (str(folder),), ["seen=1000", "epochs=4"], 2)
    assert run_study(study, tmp_path / "whole", cache=cache) == {}

    know_speed(study, out)
    kills = 0
    for rows in (1, 6):  # after some epochs: in the first runs, then in later ones
        command = [sys.executable, str(script), str(tmp_path / "toy.toml"), str(folder), str(out), str(cache)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        while process.poll() is None:
            if sum(len(file.read_text().splitlines()) for file in out.glob("runs/*/metrics.jsonl")) >= rows:
                process.kill()
                kills += 1
                break
            time.sleep(0.02)
        process.communicate()  # until the last of its workers, which have the same pipe, has ended
    assert kills == 2
    assert run_study(study, out, cache=cache) == {}
    assert numbers(out) == numbers(tmp_path / "whole")


@pytest.mark.slow
def test_workers_end_with_the_process_in_charge(tmp_path: Path) -> None:
    script = tmp_path / "boss.py"
    script.write_text(
        "import os, sys, time\nfrom tinct.studies import engines\nengines.PRELOAD = ()\n"
        "def sleep(path):\n    open(path, 'w').write(str(os.getpid()))\n    time.sleep(100)\n"
        "if __name__ == '__main__':\n    list(engines.Processes(2).run([(sleep, (sys.argv[1],))], lambda: None))\n"
    )
    boss = subprocess.Popen([sys.executable, str(script), str(tmp_path / "pid")])
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert boss.poll() is None
        time.sleep(0.05)
    worker = int((tmp_path / "pid").read_text())
    boss.kill()
    boss.wait()
    deadline = time.monotonic() + 20
    while Path(f"/proc/{worker}").exists() or _alive(worker):
        assert time.monotonic() < deadline, "the worker goes on"
        time.sleep(0.05)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
def test_ctrl_c_leaves_checkpoints(toy: Study, tmp_path: Path, folder: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(KILLED.replace("seen=1000", "seen=400000"))
    know_speed(load_study(str(tmp_path / "toy.toml"), (str(folder),), ["seen=400000", "epochs=4"], 2), tmp_path / "out")
    command = [sys.executable, str(script), str(tmp_path / "toy.toml"), str(folder), str(tmp_path / "out"), str(tmp_path / "cache")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    while not any(_fraction(note) for note in (tmp_path / "out").glob(".progress/*.json")):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    error = process.communicate(timeout=60)[1].decode()
    assert error.rstrip().endswith("KeyboardInterrupt")
    assert list((tmp_path / "out").glob("runs/*/checkpoints/last.ckpt"))


def _fraction(note: Path) -> float:
    try:
        return float(json.loads(note.read_text())["done"])
    except (OSError, ValueError):
        return 0.0


def test_two_at_once_in_one_folder(toy: Study, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with (tmp_path / "out" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ConfigError, match="another process"):
            run_study(toy, tmp_path / "out")


def test_a_run_that_fails_does_not_end_the_others(toy: Study, tmp_path: Path) -> None:
    """One whose checkpoint is damaged."""
    out = tmp_path / "out"
    trials = toy.trials()
    run_study(replace(toy, seeds=1), out, cache=tmp_path / "cache")
    (out / "runs" / trials[0].name / "scores.json").unlink()
    (out / "runs" / trials[0].name / "checkpoints" / "last.ckpt").write_bytes(b"half")
    failures = run_study(toy, out, cache=tmp_path / "cache")
    assert list(failures) == [trials[0].name]
    assert "last.ckpt" in failures[trials[0].name]
    assert all(finished(out / "runs" / trial.name, "") for trial in trials[1:])


def test_numbers_of_training_pictures_are_limited_to_those_there_are(tmp_path: Path, folder: Path) -> None:
    text = TOY.replace("grid = { lr = [0.001, 0.01] }", "grid = { train_pictures = [10, 20, 1000, 0] }").replace(
        "seeds = 2", "seeds = 1"
    )
    claim = '[[claims]]\nsays = "x"\npart = "rate"\nmeasure = "gap"\nfirst = { train_pictures = 10 }\nsecond = { train_pictures = %s }\n'
    (tmp_path / "sizes.toml").write_text(text + claim % "0" + claim % "1000")
    study = load_study(str(tmp_path / "sizes.toml"), (str(folder),))
    out = tmp_path / "out"
    assert run_study(study, out, cache=tmp_path / "cache") == {}
    resolved = read_study(out)[0]
    assert resolved.parts[0].grid == {"train_pictures": [10, 20, 35]}
    assert [claim.second for claim in resolved.claims] == [{"train_pictures": 35}]  # not the claim about 1,000
    splits = [(run / "split.csv").read_text() for run in (out / "runs").iterdir()]
    assert sorted(text.count("train,") for text in splits) == [10, 20, 35]
    assert {text.count("test,") for text in splits} == {5}
    assert run_study(study, out, cache=tmp_path / "cache") == {}  # the resolved study is taken for the same one


def test_every_run_is_evaluated_under_a_protocol(tmp_path: Path, folder: Path) -> None:
    text = TOY.replace("seeds = 2", 'seeds = 1\nprotocol = "tinct-256"\nevaluated = 2').replace("[0.001, 0.01]", "[0.01]")
    (tmp_path / "protocol.toml").write_text(text)
    out = tmp_path / "out"
    assert run_study(load_study(str(tmp_path / "protocol.toml"), (str(folder),)), out, cache=tmp_path / "cache") == {}
    record = json.loads(next(out.glob("runs/*/evaluation/evaluation.json")).read_text())
    (found,) = record["sets"].values()
    assert found["pictures"] == 2
    test_side = {
        line.split(",")[2][:16] for line in next(out.glob("runs/*/split.csv")).read_text().splitlines() if line.startswith("test")
    }
    assert {Path(file).stem for file in (out / "test-pictures").iterdir()} <= test_side


def test_no_pictures(toy: Study, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no folder, shards or data set were named") as error:
        run_study(replace(toy, data=()), tmp_path / "out")
    assert error.value.code == "no-data"
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no pictures"):
        run_study(replace(toy, data=(str(tmp_path / "empty"),)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_wrong_jobs_budgets_and_engines(toy: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="jobs"):
        run_study(toy, tmp_path / "out", jobs=0)
    with pytest.raises(ConfigError, match="budget"):
        run_study(toy, tmp_path / "out", budget=-1)
    with pytest.raises(ConfigError, match=r"no engine 'rey'.*did you mean 'ray'"):
        run_study(toy, tmp_path / "out", engine="rey")
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match="needs the package ray") as error:
        run_study(toy, tmp_path / "out", engine="ray")
    assert error.value.code == "ray-missing"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_ray_runs_a_study(toy: Study, tmp_path: Path) -> None:
    """Where Ray is installed, which CI's environment is not."""
    ray = pytest.importorskip("ray")
    try:
        assert run_study(replace(toy, seeds=1), tmp_path / "out", jobs=2, engine="ray", cache=tmp_path / "cache") == {}
    finally:
        ray.shutdown()
    assert set(numbers(tmp_path / "out")) == {trial.name for trial in replace(toy, seeds=1).trials()}


# ---- budget ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def plan(toy: Study) -> Callable[..., int]:
    trials = toy.trials()
    speeds = {kind(trial.config): 0.01 for trial in trials}

    def plan(budget: float, jobs: int = 1, train: int = 1000) -> int:
        return fit(toy, trials, speeds, {trial.name: (train, 100) for trial in trials}, budget, jobs)

    return plan


def test_the_budget_is_kept_and_used(plan: Callable[..., int], toy: Study) -> None:
    for jobs in (1, 2):
        seen = plan(10.0, jobs)
        config = toy.trials()[0].config
        minutes = 4 * run_seconds(config, 0.01, 1000, 100, seen) / 60 / jobs
        assert 9.7 < minutes <= 10.0
        assert seen % config.batch == 0
    assert plan(10.0, 2) > 1.9 * plan(10.0, 1)


def test_a_budget_too_small_for_one_epoch_says_what_would_fit(plan: Callable[..., int]) -> None:
    with pytest.raises(ConfigError, match=r"too few for the 4 runs") as error:
        plan(0.5)
    assert error.value.code == "budget-too-small"
    fits = error.value.details
    assert plan(fits["minutes"]) >= 1000
    with pytest.raises(ConfigError):
        plan(fits["minutes"] - 1)
    assert plan(0.5, train=fits["train_pictures"]) >= fits["train_pictures"] >= 100
    assert fits["seeds"] == 2


def test_the_speed_of_a_network_is_measured(toy: Study, tmp_path: Path) -> None:
    speed = seconds_per_picture(toy.trials()[0].config, tmp_path / "cache", at_least=0.0)
    assert 0 < speed < math.inf


def test_the_number_of_pictures_follows_from_the_speed_and_the_budget(toy: Study, tmp_path: Path) -> None:
    study, out = replace(toy, seeds=1), tmp_path / "out"
    with pytest.raises(ConfigError, match="too few"):
        run_study(study, out, budget=0.01, cache=tmp_path / "cache")
    assert run_study(study, out, budget=0.4, cache=tmp_path / "cache") == {}
    resolved, made = read_study(out)
    assert resolved.set["seen"] == made["seen"]
    assert 35 < made["seen"] < 100  # 0.4 min for two runs, 4 s each beside 0.1 s a picture
    assert {rows[-1]["seen"] for rows, _ in numbers(out).values()} == {made["seen"]}
    assert run_study(study, out, budget=0.4, cache=tmp_path / "cache") == {}
    assert read_study(out) == (resolved, made)


def test_budget_and_minutes_are_one_too_many(toy: Study) -> None:
    timed = replace(toy, set={k: v for k, v in toy.set.items() if k != "seen"} | {"minutes": 1.0})
    trials = timed.trials()
    with pytest.raises(ConfigError, match="sets minutes for its runs"):
        fit(timed, trials, {}, {}, 10, 1)


# ---- the clock and the engines --------------------------------------------------------------------------------------------------


def test_the_remaining_time_follows_from_the_time_that_runs_took(
    toy: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(clock_module.time, "monotonic", lambda: now[0])
    orders = [Order(t, tmp_path / t.name, tmp_path, tmp_path / f"{t.name}.json") for t in toy.trials()]
    clock = Clock(orders, {order.trial.name: 100.0 for order in orders}, 2, 0.0)
    status = Status("training")
    clock.look(status)
    assert status.fraction == 0.0
    assert status.seconds_left == 200.0  # four runs of 100 s, two at once
    for order in orders[:2]:
        order.note.write_text('{"what": "training", "done": 0.5}')
    clock.look(status)  # first seen half finished: a resumed run
    now[0] = 60.0
    for order in orders[:2]:
        order.note.write_text('{"what": "training", "done": 0.75}')
    clock.look(status)
    assert status.fraction == pytest.approx(0.375)
    assert status.seconds_left == pytest.approx(250 * 60 / 50)  # 50 expected seconds took 60
    what, share, left = status.running[orders[0].trial.name]
    assert (what, share) == ("training", 0.75)
    assert left == pytest.approx(25 * 60 / 25)


@pytest.mark.parametrize("engine", [Here(), Processes(2)])
def test_engines_yield_the_outcome_of_every_call(engine: Here | Processes, bare_workers: None) -> None:
    calls = [(parse_setting, (text,)) for text in ("a=1", "b=2", "nothing")]  # of a module that is imported in no time
    outcomes = dict(engine.run(calls, lambda: None))
    assert {n: outcomes[n] for n in (0, 1)} == {0: ("a", 1), 1: ("b", 2)}
    assert isinstance(outcomes[2], ConfigError)
    assert "key=value" in str(outcomes[2])


def test_processes_share_the_cores(bare_workers: None) -> None:
    calls = [(os.getenv, ("OMP_NUM_THREADS",)), (os.getpid, ())]
    outcomes = dict(Processes(2).run(calls, lambda: None))
    assert outcomes[0] == str(threads_for(2))
    assert outcomes[1] != os.getpid()
    assert threads_for(10_000) == 1


PRELOADED = """
import os, sys
from tinct._util import processes
from tinct.studies.engines import PRELOAD
def worker():
    import torch  # the script itself doesn't load it
    threads = torch.get_num_threads()  # PyTorch starts its own where it may have several
    tasks = len(os.listdir("/proc/self/task")) if threads == 1 else None
    return sorted({*PRELOAD} - {*BEFORE}), threads, os.environ["COLOR"], os.getppid() != int(os.environ["BOSS"]), tasks
BEFORE = [*sys.modules]
if __name__ == "__main__":
    os.environ |= {"COLOR": "blue", "BOSS": str(os.getpid())}
    ((_, first),) = processes.call_in_processes([(worker, ())], 1, threads=3, preload=PRELOAD)
    os.environ["COLOR"] = "green"
    ((_, second),) = processes.call_in_processes([(worker, ())], 1, threads=1, preload=PRELOAD)
    print(first, second, "torch" in sys.modules)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems spawn their workers")
def test_workers_come_from_a_fork_server_with_torch_and_without_threads(tmp_path: Path) -> None:
    """They have their own number of threads, and the environment of the call, not of the fork server's start."""
    script = tmp_path / "boss.py"
    script.write_text(PRELOADED)
    ended = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    # Two tasks are the main thread and the watcher of the parent process: no library started one.
    assert ended.stdout == "([], 3, 'blue', True, None) ([], 1, 'green', True, 2) False\n"
    assert not ended.stderr


def test_the_engine_follows_from_name_and_jobs() -> None:
    assert isinstance(make_engine("local", 1), Here)
    assert isinstance(make_engine("local", 2), Processes)
