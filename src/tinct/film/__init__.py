"""Films: frames in, frames out, in colors that hold still. Needs the extra ``film`` (PyAV, OpenCV). No torch.

`container` knows containers and codecs; `shots` finds cuts, `motion` measures optical flow, `tracking` carries colors along it,
`memory` gives places that recur their colors again; `planes` turns colors into chroma planes; `run` does it for a whole film. `edit` and
`keyframes` say what is known, `by_hand` writes frames to be colored by hand, `finding` finds films in folders.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.lazy import lazy_attributes

if TYPE_CHECKING:
    from .container.encoding import Encoding
    from .edit import FilmEdit
    from .film import Film, FilmProgress, FilmResult
    from .frames import FilmInfo
    from .keyframes import Keyframe

_HOMES = {
    "Encoding": ".container.encoding",
    "Film": ".film",
    "FilmEdit": ".edit",
    "FilmInfo": ".frames",
    "FilmProgress": ".film",
    "FilmResult": ".film",
    "Keyframe": ".keyframes",
}

__all__ = ["Encoding", "Film", "FilmEdit", "FilmInfo", "FilmProgress", "FilmResult", "Keyframe"]

__getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
