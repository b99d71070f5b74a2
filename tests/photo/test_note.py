"""Notes on photographs."""

from __future__ import annotations

import json
import pickle

import numpy as np
from skimage import data

from tinct.photo import Photo
from tinct.photo.note import Note


def test_a_note_is_its_sentence_and_keeps_its_code_and_values() -> None:
    note = Note("rows-missing", "3 of 9 rows are missing", lost=3, rows=9)
    assert note == "3 of 9 rows are missing"
    assert json.dumps([note]) == '["3 of 9 rows are missing"]'
    again = pickle.loads(pickle.dumps(note))
    assert (again, again.code, again.values) == (note, "rows-missing", {"lost": 3, "rows": 9})


def test_photographs_have_them() -> None:
    photo = Photo.open(np.ascontiguousarray(data.coffee()), name="cup.png")
    photo.small_lightness(60, 40)
    (note,) = photo.notes
    assert (note.code, note.values) == ("color-photograph", {"name": "cup.png"})
    assert note.startswith("cup.png is a color photograph")
