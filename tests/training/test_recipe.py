from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tinct.errors import ConfigError
from tinct.models import TinctConfig
from tinct.training.recipe import TrainConfig, load_recipe, network_config, recipes, unused_keys


def test_the_autoencoder_recipe_has_the_exercise_s_hyperparameters() -> None:
    config = load_recipe("autoencoder")
    assert (config.model, config.loss, config.batch, config.lr, config.epochs) == ("autoencoder", "mse", 16, 1e-3, 20)
    assert config.test_fraction == 0.2


def test_the_vae_recipe_has_the_exercise_s_hyperparameters() -> None:
    config = load_recipe("vae")
    assert (config.model, config.batch, config.lr, config.epochs, network_config(config).latent) == ("vae", 64, 1e-3, 30, 100)


def test_the_flagship_s_recipe_has_its_tables() -> None:
    config = load_recipe("tinct", ["terms.huber=5", "hints.none=0.5", "optimizer.ema=0"])
    assert (config.model, config.loss, config.optimizer.name, config.optimizer.betas) == ("tinct", "bins", "adamw", (0.9, 0.99))
    assert (config.terms.huber, config.terms.edges, config.hints.none, config.optimizer.ema) == (5.0, 1.5, 0.5, 0.0)
    assert network_config(config) == TinctConfig()


def test_stages_follow_the_progress() -> None:
    config = load_recipe("tinct")
    sizes = [(config.stage(p).size, config.stage(p).batch) for p in (0.0, 0.54, 0.55, 0.89, 0.9, 1.0)]
    assert sizes == [(96, 64), (96, 64), (128, 40), (128, 40), (160, 32), (160, 32)]
    assert load_recipe("vae").stage(0.5).batch == 64
    alone = load_recipe("tinct", ["stages=[]", "batch=12"])
    assert (alone.stage(0.5).size, alone.stage(0.5).batch) == (160, 12)


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("terms.hubber=3", r"unknown key 'hubber' \(did you mean 'huber'\?\)"),
        ("optimizer.name=sgd", r"optimizer\.name = 'sgd' is not known"),
        ("optimizer.schedule=cosin", "did you mean 'cosine'"),
        ("optimizer.betas=[0.9]", r"optimizer\.betas must be 2 numbers"),
        ("optimizer.ema=1", r"optimizer\.ema must be at least 0 and below 1"),
        ("optimizer.clip=-1", r"optimizer\.clip can't be negative"),
        ("terms.huber_delta=0", r"terms\.huber_delta must be above 0"),
        ("hints.none=0.9", "shares and add up to 1.1"),
        ("wear.worn=2", "can't be more than 1"),
        ("minutes=-1", "minutes can't be negative"),
        ("seen=-1", "seen can't be negative"),
        ("train_pictures=-1", "train_pictures can't be negative"),
        ("loss=cross_entropy", "is trained with loss = 'bins', 'mse', 'l1', not 'cross_entropy'; 'bins' is its cross-entropy"),
        ("seen=100", "after minutes = 60 or after seen = 100, not both"),
        ("size=150", "must be a multiple of 32"),
        ("size=128", "A stage of 160 px .* at most the pictures' size, 128 px"),
        ("stages=[{size=32, until=0.5}, {size=64, until=0.5}]", "must end later"),
        ("stages=[{size=32, crop=0}]", "crop and until must lie above 0"),
        ("stages=[{sise=32}]", r"unknown key 'sise' \(did you mean 'size'"),
        ("stages=[{size=32, batch=2}]", "batch must be at least 4"),
        ("network.latnet=3", "did you mean 'latent'"),
    ],
)
def test_a_wrong_setting_of_the_flagship_is_refused_with_its_cure(setting: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        load_recipe("tinct", [setting])


@pytest.mark.parametrize("setting", ["terms.huber=3", "hints.many=0.1", "wear.worn=0", "stages=[{size=64}]", "loss=bins"])
def test_what_does_nothing_for_a_classic_model_is_refused(setting: str) -> None:
    with pytest.raises(ConfigError, match=r"does nothing for the model 'vae', which has no ab bins|is for models with ab bins"):
        load_recipe("vae", [setting])


def test_keys_that_a_model_has_no_use_for() -> None:
    assert unused_keys("tinct") == unused_keys("a model of later") == ()
    assert {"stages", "terms", "hints", "wear", "recognizer"} == {*unused_keys("vae")} == {*unused_keys("autoencoder")}


def test_stages_carry_their_batch_sizes() -> None:
    config = load_recipe("tinct", ["batch=12", "size=64", "stages=[{size=32, until=0.5, batch=8}, {size=64}]"])
    assert [(stage.size, stage.batch) for stage in config.all_stages()] == [(32, 8), (64, 12)]
    assert [config.stage(progress).batch for progress in (0, 0.4999, 0.5, 1)] == [8, 8, 12, 12]
    assert [(stage.size, stage.batch) for stage in load_recipe("vae").all_stages()] == [(64, 64)]


@pytest.mark.parametrize("name", recipes())
def test_recipes_survive_a_round_trip(name: str) -> None:
    config = replace(load_recipe(name), data=("a", "b"))
    assert TrainConfig.from_dict(config.to_dict()) == config


def test_settings_are_laid_over_the_recipe() -> None:
    config = load_recipe("vae", ["lr=3e-4", "network.latent=7", "loss=l1", "network.channels=[8,8,8,8]"], ("x",))
    assert (config.lr, config.loss, config.data) == (3e-4, "l1", ("x",))
    assert (network_config(config).latent, network_config(config).channels) == (7, (8, 8, 8, 8))
    assert config.batch == 64


def test_a_recipe_may_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('model = "autoencoder"\nepochs = 3\n')
    assert load_recipe(str(path)).epochs == 3


def test_the_vae_follows_the_pictures_size() -> None:
    assert network_config(load_recipe("vae", ["size=32"])).size == 32


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("epoch=3", r"unknown key 'epoch' \(did you mean 'epochs'\?\)"),
        ("network.latnet=3", r"unknown key 'latnet' \(did you mean 'latent'\?\)"),
        ("epochs=many", "epochs must be a whole number, not 'many'"),
        ("lr=true", "lr must be a number"),
        ("lr=0", "lr must lie between"),
        ("epochs=0", "epochs must be at least 1"),
        ("loss=msa", r"loss = 'msa' is not known \(did you mean 'mse'\?\)"),
        ("model=vea", r"'vea' is not known \(did you mean 'vae'\?\)"),
        ("size=60", "multiple of 8"),
        ("network.size=32", "set only size"),
        ("test_fraction=1", "between 0 and 1"),
        ("epochs", "is key=value"),
        ("lr.x=3", "'lr' is not a table"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_cure(setting: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        load_recipe("vae", [setting])


def test_an_unknown_recipe_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"no recipe 'autoencodr' \(did you mean 'autoencoder'\?\)"):
        load_recipe("autoencodr")


def test_a_recipe_that_is_not_toml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text("epochs = = 3")
    with pytest.raises(ConfigError, match=r"broken\.toml is not TOML"):
        load_recipe(str(path))
