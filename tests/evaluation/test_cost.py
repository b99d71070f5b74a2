from __future__ import annotations

import numpy as np
import pytest

from conftest import draw
from tinct.errors import TinctError
from tinct.evaluation.cost import measure_cost
from tinct.evaluation.protocol import gray_of


def test_cost_of_a_picture() -> None:
    cost = measure_cost("autoencoder", np.stack([gray_of(draw(i)) for i in range(3)]))
    assert cost["seconds"] > 0
    assert cost["load_seconds"] > 0
    assert cost["peak_mb"] is None or 20 < cost["peak_mb"] < 2000
    assert (cost["pictures"], cost["threads"]) == (3, 1)


def test_an_unknown_model() -> None:
    with pytest.raises(TinctError, match=r"cost of nonsense can't be measured: .*There is no model 'nonsense'"):
        measure_cost("nonsense", np.zeros((1, 16, 16), np.uint8))
