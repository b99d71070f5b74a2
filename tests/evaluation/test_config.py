from __future__ import annotations

import pytest

from tinct._util.settings import override
from tinct.errors import ConfigError
from tinct.evaluation import EvaluationConfig


def test_settings_change_single_keys() -> None:
    assert override(EvaluationConfig(), ["levin=0", "hints = 7"]) == EvaluationConfig(levin=0, hints=7)
    assert override(EvaluationConfig(pictures=3), []) == EvaluationConfig(pictures=3)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("levine=3", r"unknown key 'levine' \(did you mean 'levin'\?\)"),
        ("levin", "A setting is key=value, not 'levin'"),
        ("levin=x", "levin must be a whole number, not 'x'"),
        ("levin=", "levin must be a whole number, not ''"),
        ("levin=-1", "levin can't be negative, as -1 is"),
        ("levin=true", "levin must be a whole number, not True"),
        ("protocol=tinct-265", r"no protocol 'tinct-265' \(did you mean 'tinct-256'\?\)"),
    ],
)
def test_a_setting_that_does_not_fit(setting: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        override(EvaluationConfig(), [setting])
