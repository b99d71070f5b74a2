"""What to do about an error, in the words of the command line.

The library states facts and gives an error a `code` where an interface can offer a remedy of its own. This table has the remedy of
the command line for each code: the option to change. The HTTP API and the page have their own.
"""

from __future__ import annotations

from ..errors import TinctError

__all__ = ["REMEDIES", "printable", "with_remedy"]

REMEDIES: dict[str, str] = {
    # results and photographs
    "exists": "Replace it with --overwrite, or name another output with -o.",
    "is-original": "Name another output with -o.",
    "is-folder": "Name a file with -o.",
    "not-ours": "Remove it yourself, or name another output with -o.",
    "cannot-write": "Make room, make the folder first, or name another output with -o.",
    "suffix": "Name such a file with -o, or choose a format with --format.",
    "format-limit": "Name a .tif or .png with -o, or choose it with --format.",
    "too-many-pixels": "If you trust the file, allow as many with --max-pixels {pixels}.",
    # collections
    "changed-result": "Move it away, name another output with -o, or replace it with --overwrite.",
    "other-model": "Color everything again with --fresh, keep those results and color the rest with --keep, go on with that model with "
    "--model, or name another output with -o.",
    "collection-running": "Wait for it, or name another output with -o.",
    "disk-full": "Make room, and run the same command again: it continues.",
    # edits
    "edit-file": "Name a JSON file of an edit with --edit.",
    "hint-file": "Name a JSON file of hints, or a transparent PNG of painted strokes, with --hints.",
    "mask-file": "Name a black and white picture of the photograph's shape as mask.",
    "mask-empty": "Paint white where the color may go.",
    "mask-size": "Save the mask with the photograph's width and height.",
    "gray-reference": "Name a color picture with --like.",
    "no-capability": "Choose that model with --model, or leave the option out.",
    # films
    "is-film": "Color it with `tinct film`.",
    "film-hints": "Put them into a keyframe of the edit.",
    "keyframe-outside": "Give it a time inside the film.",
    "keyframe-shape": "Save it with the film's width and height, {width} × {height}.",
    "gray-keyframe": "Color it first, or leave it out.",
    "empty-keyframe": "Paint on it first, or leave it out.",
    "keyframe-twice": "Leave one of them out.",
    "time": "Write seconds, minutes and seconds, or hours, minutes and seconds.",
    "film-codec": "Choose one with --codec.",
    "film-encoder": "Choose another codec with --codec.",
    "keyframe-pixels": "Save it with fewer: those of the film are enough.",
    "film-quality": "Choose another --quality, or leave it out.",
    "film-preset": "Choose another --preset, or leave it out.",
    "container-codec": "Name such a file with -o, or choose another codec with --codec.",
    "container-audio": "Name a .mkv with -o.",
    "film-running": "Wait for it, or name another output with -o.",
    "film-changed": "Run the same command again when the film is complete: it begins anew.",
    "film-unwritable": "Make room, make the folder first, or name another output with -o.",
    "still-picture": "Color it with `tinct colorize`.",
    "film-part": "Choose other times with --from and --to.",
    "outside-film": "Give a time inside the film.",
    "no-films": "Name a film, or a folder that holds some.",
    # the static page
    "site-folder": "Name a new folder with -o.",
    # repeating a coloring
    "no-record": "Color its original with `tinct colorize`; without --no-provenance the result can be repeated.",
    "other-original": "Name the unchanged original with --from.",
    "model-not-bundled": "Name its file with --model.",
    "other-weights": "Install tinct {version}, or name the file of that model with --model.",
    "hints-not-needed": "Leave out --hints.",
    "hints-needed": "Name their file with --hints.",
    "other-hints": "Name their unchanged file with --hints.",
    # models and devices
    "no-model": "List the bundled models with `tinct models`; make others with `tinct export`.",
    "not-a-model": "Make a model file with: tinct export RUN -o NAME",
    "device-package": "Without it, go on with --device cpu.",
    "device-start": "Without it, go on with --device cpu.",
    # pictures to learn from or to measure with
    "no-data": "Name a folder, .tar shards or a data set with --data.",
    "no-color-pictures": "Name color photographs with --data.",
    "no-large-pictures": "Name others with --large.",
    "cache-folder": "Make room, or choose another folder for decoded pictures with --cache.",
    # settings
    "setting-syntax": "Write --set KEY=VALUE.",
    # training
    "run-exists": "Continue it with --resume, or name another folder with --run.",
    "no-run-to-resume": "Leave out --resume to start one, or name the run with --run.",
    "no-run": "Name a folder that `tinct train` made.",
    "run-folder": "Choose another folder with --run.",
    "run-write": "Make room, and continue with: tinct train --run {path} --resume",
    "run-of-another-model": "Name another run with --run, or leave the model out.",
    "fixed-recipe": "Start another run with --run, without --resume.",
    "other-pictures": "Name the same ones with --data, or start another run with --run.",
    "untrained-run": "Train it with `tinct train` first.",
    "old-checkpoint": "Start such a run with --init.",
    "diverged": "Name that checkpoint with --init.",
    "other-process-ended": "Continue the run with --resume.",
    "processes-started": "Ask for as many with --devices and --nodes.",
    "launch": "Look at MASTER_ADDR, MASTER_PORT, --devices and --nodes on every machine.",
    "accelerator": "Choose others with --accelerator, --devices or --precision.",
    "no-compile": "Train without it: --no-compile.",
    "model-exists": "Replace it with --overwrite, or name another model with -o.",
    "no-evaluation": "Make one with: tinct evaluate MODEL --data FOLDER",
    # evaluations and studies
    "output-folder": "Make room, or choose another folder with -o.",
    "blind-side": "Write --blind MODEL, --blind KEY=VALUE, or both with a comma between them.",
    "blind-same-sides": "Name something else with --blind.",
    "evaluation-process-killed": "Measure with fewer processes: --workers 1.",
    "study-process-killed": "Go on with fewer runs at once: --jobs 1.",
    "study-running": "Wait for it, or choose another folder with -o.",
    "another-study": "Ask for the same study (with more --seeds if you like), or choose another folder with -o.",
    "not-a-study": "Make one with `tinct study`.",
    "budget-too-small": "Take at least --budget {minutes}, a smaller training set (--set train_pictures=N) or fewer --seeds.",
    "no-cluster": "Start one with: ray start --head, or leave out --address to use this machine alone.",
    "cluster-token": "Set the variables RAY_AUTH_MODE=token and RAY_AUTH_TOKEN.",
    "ray-lost": "The same command goes on.",
    "storage-package": "Install it: pip install {package}.",
    "storage-credentials": "Give credentials as that storage's own tools take them, such as AWS_ACCESS_KEY_ID for s3.",
    "ray-missing": "Install it in a clone of tinct, with pip install -c constraints.txt '.[scale]', or use --engine local.",
    "old-run": "Resume it with: tinct train --run {path} --resume",
    "run-unfinished": "Resume it with: tinct train --run {path} --resume",
    # graphs
    "folder-exists": "Name a new folder with -o.",
    "quantized-exists": "Replace it with --overwrite.",
    "no-int8": "Go on with --precision float.",
    "model-folder": "Make room, or copy the model's files into another folder.",
    "not-quantized": "Make them with: tinct quantize MODEL --data FOLDER, or go on with --precision float.",
    # the server
    "film-packages": "Install them in a clone of tinct, with pip install -c constraints.txt '.[film]', or leave out --films.",
    "server-needs-token": "Give it one with --token or the variable TINCT_TOKEN, or leave out --host.",
    "token-format": "Make one with `openssl rand -hex 16`.",
    "address-unavailable": "Choose another --port or --host.",
}
"""Code -> one or two sentences; ``{name}`` stands for the error's detail of that name."""


def with_remedy(error: TinctError) -> str:
    """The error's text, followed by the remedy for its code if there is one."""
    remedy = REMEDIES.get(error.code)
    if remedy is None:
        return str(error)
    fact = str(error)
    return f"{fact}{'' if fact.endswith(('.', '?', '!')) else '.'} {remedy.format_map(error.details)}"


def printable(text: object) -> str:
    """On one line and fit for any output, whatever file names stand in it: bytes that aren't UTF-8 become ``\\xff``."""
    from ..photo import printable as shown

    return shown(str(text))
