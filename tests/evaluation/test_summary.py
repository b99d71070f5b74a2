from __future__ import annotations

from typing import Any

import pytest

from tinct.evaluation.protocol import Protocol
from tinct.evaluation.summary import summarize


def row(gray: float, model: float, **more: Any) -> dict[str, Any]:
    """A picture's row with these PSNRs."""
    figures = {"ssim": 0.9, "de2000": 10.0, "cf": 20.0, "cf_ddcolor": 10.0}
    methods = {"gray": {"psnr": gray, **figures, "cf": 0.0}, "model": {"psnr": model, **figures}}
    return {"name": "a", "cf": 40.0, "cf_ddcolor": 30.0, "methods": methods, "lightness": 0.3, **more}


def test_gain_is_that_of_the_same_pictures(small: Protocol) -> None:
    summary = summarize([row(10, 12), row(30, 32.5), row(20, 21.5)], small)
    model = summary["methods"]["model"]
    assert model["gain"] == {"mean": 2.0, "se": pytest.approx(0.5 / 3**0.5)}  # though PSNR itself differs by 10 dB
    assert model["psnr"]["se"] > 5
    assert model["cf_ratio"] == 0.5
    assert summary["lightness_change"] == {"mean": pytest.approx(0.3), "max": 0.3}
    assert not {"realism", "reach", "hints", "levin", "diversity", "stability"} & summary.keys()


def test_levin_is_compared_on_its_own_pictures(small: Protocol) -> None:
    rows = [
        row(20, 22, hints={"psnr": [22, 23, 24], "own_place": [None, 1.0, 3.0]}, levin={"psnr": [20, 21, 22.5]}),
        row(30, 31, hints={"psnr": [31, 31, 32], "own_place": [None, 2.0, 2.0]}),
    ]
    summary = summarize(rows, small)
    assert [g["mean"] for g in summary["hints"]["gain"]] == [1.5, 2.0, 3.0]
    assert [g["mean"] for g in summary["levin"]["gain"]] == [0, 1, 2.5]
    assert [g["mean"] for g in summary["levin"]["model_ahead"]] == [2, 2, 1.5]
    assert summary["hints"]["own_place"] == [None, 1.5, 2.5]


def test_realism_and_reach_are_those_of_the_pictures_that_have_them(small: Protocol) -> None:
    judged = {"recognized": True, "gray_recognized": False}
    rows = [
        row(20, 22, realism={"edges": 0.2, "edges_real": 0.4} | judged, reach={"spill": 0.5, "fill": 1.0, "object": 0.1}),
        row(20, 22, realism={"edges": 0.3, "edges_real": 0.4} | judged),
        row(20, 22),
    ]
    summary = summarize(rows, small)
    assert summary["realism"]["pictures"] == 2
    assert summary["realism"]["edges"]["mean"] == pytest.approx(0.25)
    assert summary["realism"]["recovered"]["mean"] == 1
    assert summary["reach"]["pictures"] == 1
    assert summary["reach"]["spill"] == {"mean": 0.5, "se": None, "median": 0.5}
