from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tinct.errors import ConfigError
from tinct.training.config import TrainConfig, load_recipe, network_config, recipes


def test_the_autoencoder_recipe_has_the_exercise_s_hyperparameters() -> None:
    config = load_recipe("autoencoder")
    assert (config.model, config.loss, config.batch, config.lr, config.epochs) == ("autoencoder", "mse", 16, 1e-3, 20)
    assert config.test_fraction == 0.2


def test_the_vae_recipe_has_the_exercise_s_hyperparameters() -> None:
    config = load_recipe("vae")
    assert (config.model, config.batch, config.lr, config.epochs, network_config(config).latent) == ("vae", 64, 1e-3, 30, 100)


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
        ("epochs", "takes key=value"),
        ("lr.x=3", "'lr' is no table"),
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
