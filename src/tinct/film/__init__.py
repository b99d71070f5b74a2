"""Films: frames in, frames out, in colors that hold still. Needs the extra ``film`` (PyAV, OpenCV). No torch.

`reading` and `writing` know containers and codecs; `shots` finds cuts, `motion` measures optical flow, `tracking` carries colors along it,
`memory` gives places that recur their colors again; `planes` turns colors into chroma planes; `run` does it for a whole film.
"""
