from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tinct.errors import ConfigError
from tinct.models import MODELS
from tinct.studies.grid import Study, layers, load_study, study_names
from tinct.training import TrainConfig, load_recipe

DATA = ("pictures",)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], str]:
    def write(text: str) -> str:
        (tmp_path / "mine.toml").write_text(text)
        return str(tmp_path / "mine.toml")

    return write


PART = '[[parts]]\nname = "p"\nrecipe = "vae"\n'
CLAIM = (
    PART
    + 'grid = {{ lr = [0.1, 0.2] }}\n[[claims]]\nsays = "x"\npart = "p"\nmeasure = "psnr"\nfirst = {{ lr = 0.1 }}\nsecond = {{ lr = 0.2 }}\n{}'
)


@pytest.mark.parametrize("name", study_names())
def test_every_bundled_study_can_be_run(name: str) -> None:
    study = load_study(name, DATA)
    trials = study.trials()
    assert study.seeds == 3
    assert len(trials) == len({json.dumps(t.config.to_dict(), sort_keys=True) for t in trials})
    assert {trial.config.seed for trial in trials} == {0, 1, 2}
    assert {trial.config.data for trial in trials} == {DATA}
    assert len({trial.config.seen for trial in trials}) == 1  # equal terms
    assert study.claims


@pytest.mark.parametrize("name", study_names())
def test_a_study_survives_toml(name: str) -> None:
    study = load_study(name, DATA, ["lr=0.01"], 2)
    assert Study.from_dict(study.to_dict(), "x") == study


@pytest.mark.parametrize("model", ["autoencoder", "vae"])
def test_the_rule_for_layers_passes_through_the_classic_network(model: str) -> None:
    classic = MODELS[model].Config()
    assert layers(model, 4, 1.0) == (classic.channels, classic.strides)
    assert layers(model, 4, 0.25)[0] == (8, 16, 32, 64)
    assert layers(model, 2, 1.0) == (classic.channels[:2], classic.strides[:2])
    assert layers(model, 6, 1.0)[0] == (32, 64, 128, 256, 512, 1024)


def test_deeper_networks_go_on_with_the_strides() -> None:
    assert layers("autoencoder", 6, 1)[1] == (1, 2, 1, 2, 1, 2)
    assert layers("vae", 6, 1)[1] == (1, 2, 2, 2, 2, 2)


def test_complexity_varies_around_one_network() -> None:
    """The classic network with 1,000 pictures stands in three grids and is trained once a seed."""
    study = load_study("complexity", DATA)
    cells = [cell for cell in study.layout() if cell.part.name.endswith("of the autoencoder")]
    classic = [c for c in cells if c.values in ({"width": 1.0}, {"depth": 4}, {"train_pictures": 1000})]
    assert len(classic) == 3
    assert len({tuple(t.name for t in cell.trials) for cell in classic}) == 1
    assert len({t.name for cell in cells for t in cell.trials}) == 3 * (len(cells) - 2)


def test_first_all_combinations_with_the_first_seed() -> None:
    seeds = [trial.config.seed for trial in load_study("loss", DATA).trials()]
    assert seeds == sorted(seeds)


def test_a_combination_of_two_keys_and_settings(write: Callable[[str], str]) -> None:
    path = write(
        'question = "?"\nseeds = 2\n[set]\nsize = 32\nlr = 0.5\n'
        + PART
        + 'set = { lr = 0.25 }\ngrid = { "network.latent" = [2, 4], width = [0.5, 1] }\n'
    )
    study = load_study(path, DATA, ["batch=8"])
    assert study.name == "mine"
    cells = study.layout()
    assert [cell.values for cell in cells] == [{"network.latent": n, "width": w} for n in (2, 4) for w in (0.5, 1)]
    config = cells[0].trials[1].config
    assert config == replace(
        load_recipe(
            "vae",
            ["size=32", "lr=0.25", "batch=8", "network.latent=2", "network.channels=[16,32,64,128]", "network.strides=[1,2,2,2]"],
            DATA,
        ),
        seed=1,
    )
    assert isinstance(config, TrainConfig)
    assert load_study(path, DATA, ["lr=0.125"]).layout()[0].trials[0].config.lr == 0.125  # laid over the part's own


def test_equal_names_are_equal_runs() -> None:
    one, other = (load_study("loss", DATA, settings).trials() for settings in ([], ["lr=0.003"]))
    assert not {t.name for t in one} & {t.name for t in other}
    assert [t.name for t in one] == [t.name for t in load_study("loss", DATA).trials()]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (PART + "grid = { lrr = [0.1] }", ("mine", "p, lrr = 0.1", "unknown key 'lrr'", "did you mean 'lr'")),
        (PART + 'grid = { "network.latnt" = [2] }', ("latnt", "did you mean 'latent'")),
        (PART + 'grid = { loss = ["mse", "msee"] }', ("loss = msee", "did you mean 'mse'")),
        (PART + 'grid = { lr = ["fast"] }', ("lr", "must be a number")),
        (PART + "grid = { lr = [0.1, 0.1] }", ("lr", "twice")),
        (PART + "grid = { lr = 0.1 }", ("lr must be a list", "lr = [0.1]")),
        (PART + "grid = { lr = [] }", ("lr must be a list",)),
        (PART + "grid = {}", ("empty grid",)),
        (PART + "grid = { seed = [1, 2] }", ("seed", "seeds = 3")),
        (PART + "grid = { depth = [0] }", ("depth", "1 to 8")),
        (PART + 'grid = { width = ["wide"] }', ("width", "1/32 to 16")),
        (PART + "grid = { depth = [8] }", ("size must be a multiple of 128",)),
        ('[[parts]]\nname = "p"\nrecipe = "tinct-64"\ngrid = { width = [2] }', ("width", "autoencoder and vae, not tinct")),
        ('[[parts]]\nname = "p"\nrecipe = "vay"\ngrid = { lr = [1] }', ("no recipe 'vay'", "did you mean 'vae'")),
        ('[[parts]]\nname = "p"\ngrid = { lr = [1] }', ("name one recipe",)),
        (PART + "grid = { lr = [0.1] }\n" + PART + "grid = { lr = [0.1] }", ("two parts of one name",)),
        ("seeds = 0\n" + PART + "grid = { lr = [0.1] }", ("seeds", "at least 1")),
        ("sedes = 2\n" + PART + "grid = { lr = [0.1] }", ("unknown key 'sedes'", "did you mean 'seeds'")),
        ('protocol = "tinct-265"\n' + PART + "grid = { lr = [0.1] }", ("tinct-265", "did you mean 'tinct-256'")),
        (PART + "grid = { epochs = [" + ",".join(map(str, range(1, 200))) + "] }", ("597 runs", "500")),
        ("parts = 3", ("parts",)),
        ("parts = [", ("not TOML",)),
        (CLAIM.format('expect = "bigger"'), ("expect", "greater or smaller")),
        (CLAIM.format("").replace("psnr", "psnrr"), ("psnrr", "did you mean 'psnr'")),
        (CLAIM.format("").replace('part = "p"', 'part = "q"'), ("no part 'q'",)),
        (CLAIM.format("").replace("lr = 0.2 }\n", "lr = 0.3 }\n"), ("lr = 0.3", "none of the values")),
        (CLAIM.format("").replace("second = { lr = 0.2 }", "second = { lr = 0.2, size = 3 }"), ("size", "not in the grid")),
    ],
)
def test_what_can_t_be_studied_is_refused_before_anything_runs(
    write: Callable[[str], str], text: str, words: tuple[str, ...]
) -> None:
    text = text.replace("{{", "{").replace("}}", "}")
    with pytest.raises(ConfigError) as error:
        load_study(write(text if "question" in text else 'question = "?"\n' + text), DATA)
    for word in words:
        assert word in str(error.value)


def test_settings_and_names_that_can_t_be() -> None:
    with pytest.raises(ConfigError, match=r"no study 'lose'.*did you mean 'loss'"):
        load_study("lose", DATA)
    with pytest.raises(ConfigError, match=r"loss can't be set: that is what the study 'loss' varies"):
        load_study("loss", DATA, ["loss=l1"])
    with pytest.raises(ConfigError, match=r"unknown key 'sizze'.*did you mean 'size'"):
        load_study("loss", DATA, ["sizze=32"])
