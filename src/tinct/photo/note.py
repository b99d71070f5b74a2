"""What people should know about a photograph: a sentence with a code, by which an interface finds its own words."""

from __future__ import annotations

from typing import Any

__all__ = ["Note"]


class Note(str):
    """A sentence in English."""

    code: str
    """Stable name of the kind of note, in kebab case."""
    values: dict[str, Any]
    """What the sentence quotes, by name, for words in another language."""

    def __new__(cls, code: str, text: str, **values: Any) -> Note:
        note = super().__new__(cls, text)
        note.code, note.values = code, values
        return note

    def __reduce__(self) -> tuple[Any, ...]:
        """Notes cross process boundaries with their code and values."""
        return _restore, (self.code, str(self), self.values)


def _restore(code: str, text: str, values: dict[str, Any]) -> Note:
    return Note(code, text, **values)
