"""The exception tree: texts, codes and details, also after a way through another process."""

from __future__ import annotations

import copy
import pickle

import pytest

from tinct import errors
from tinct.errors import ConfigError, DataError, DeviceError, FilmError, HintError, PhotoError, TinctError, WeightsError, nearest

KINDS = [TinctError, PhotoError, HintError, WeightsError, ConfigError, DataError, DeviceError, FilmError]


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_is_its_sentence_with_a_code_and_details(kind: type[TinctError]) -> None:
    error = kind("a.jpg has 9 pixels", code="too-many-pixels", pixels=9, path="a.jpg")
    assert isinstance(error, TinctError)
    assert (str(error), error.code, error.details) == ("a.jpg has 9 pixels", "too-many-pixels", {"pixels": 9, "path": "a.jpg"})
    assert (kind("a fact").code, kind("a fact").details) == ("", {})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("copied", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy], ids=["pickle", "copy"])
def test_code_and_details_survive_pickling(kind: type[TinctError], copied: object) -> None:
    for error in (kind("a fact"), kind("a.jpg has 9 pixels", code="too-many-pixels", pixels=9, where=("a", 2.5))):
        again = copied(error)  # type: ignore[operator]
        assert type(again) is kind
        assert (str(again), again.code, again.details) == (str(error), error.code, error.details)


def test_every_public_exception_is_in_the_tree() -> None:
    named = [getattr(errors, name) for name in errors.__all__ if name != "nearest"]
    assert set(named) == set(KINDS)
    assert {kind.__base__ for kind in KINDS[1:]} == {TinctError}


@pytest.mark.parametrize(("word", "said"), [("epoch", " (did you mean 'epochs'?)"), ("zzz", "")])
def test_the_most_similar_word_is_suggested(word: str, said: str) -> None:
    assert nearest(word, ["batch", "epochs"]) == said
