"""The command line: thin adapters over the library. Heavy imports stay inside the commands, so that --help is quick."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from ..errors import ConfigError, HintError, PhotoError, TinctError

if TYPE_CHECKING:
    from rich.progress import Progress

app = typer.Typer(
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> NoReturn:
    """Run the command line. A TinctError becomes one line on stderr and exit code 1; anything else is a bug and shows its traceback."""
    os.environ.setdefault("VIPS_BLOCK_UNTRUSTED", "1")  # read when libvips is loaded, inside the commands
    os.environ.setdefault("VIPS_CONCURRENCY", str(min(os.cpu_count() or 1, 8)))  # each thread takes memory
    try:
        app()
    except TinctError as error:
        typer.echo(f"tinct: {error}", err=True)
        sys.exit(1)
    sys.exit(0)


def _version(asked: bool) -> None:
    if asked:
        from .._version import __version__

        typer.echo(f"tinct {__version__}")
        raise typer.Exit


@app.callback()
def tinct(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Color for black-and-white photographs, and the workbench to train such colorizers."""


@app.command()
def colorize(
    photos: Annotated[list[Path], typer.Argument(metavar="PHOTO", help="Photographs, or folders of them.", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="File, or folder for several. By default NAME.color.EXT beside the original."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="A bundled model (`tinct models` lists them, the default first), or a file that `tinct export` made."),
    ] = None,
    hint: Annotated[
        list[str] | None,
        typer.Option(metavar="X,Y,#RRGGBB", help="The color of a place, in pixels of the photograph; may be given more than once."),
    ] = None,
    hints: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Hints as JSON, or colors painted on a transparent PNG; gray is no color.")
    ] = None,
    like: Annotated[Path | None, typer.Option(metavar="PICTURE", help="Take after the colors of this picture.")] = None,
    variants: Annotated[int, typer.Option(help="How many different colorings; the first is the automatic one.")] = 1,
    seed: Annotated[int, typer.Option(help="Decides the variants after the first.")] = 0,
    vividness: Annotated[float, typer.Option(help="0 gives the safest colors, 1 the most colorful.")] = 0.5,
    strength: Annotated[float, typer.Option(help="0 leaves the picture gray, 1 takes the model's colors as they are.")] = 1.0,
    quality: Annotated[str, typer.Option(help="normal, or best: the mean of several looks, about three times as slow.")] = "normal",
    detail: Annotated[
        int | None, typer.Option(help="Working size in pixels of the short side; by default the model's own.", show_default=False)
    ] = None,
    jpeg_quality: Annotated[int, typer.Option(min=1, max=100, help="Of JPEG, WebP and AVIF files.")] = 95,
    layer: Annotated[
        bool, typer.Option("--layer", help="Also write NAME.layer.png (or .tif), the color alone, to lay over the original.")
    ] = False,
    compare: Annotated[bool, typer.Option("--compare", help="Also write NAME.compare.EXT, gray and color side by side.")] = False,
    provenance: Annotated[
        bool, typer.Option("--provenance/--no-provenance", help="Write into the file that and how it was colored.")
    ] = True,
    max_pixels: Annotated[int, typer.Option(min=1, help="Refuse photographs of more.")] = 1_000_000_000,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace earlier results: files that say themselves that tinct made them.")
    ] = False,
) -> None:
    """Color black-and-white photographs; the originals stay as they are."""
    from ..coloring.colorizer import Colorizer
    from ..coloring.hints import parse_hint, read_hints
    from ..photo.photo import Photo, color_path
    from ..runtime.spec import DEFAULT_MODEL

    files = list(_files(photos))
    given = [parse_hint(text) for text in hint or ()] + (read_hints(hints) if hints else [])
    if given and len(files) > 1:
        raise HintError(f"Hints belong to one photograph, and there are {len(files)}. Color it by itself.")
    if output is not None and not output.is_dir() and (len(files) > 1 or any(photo.is_dir() for photo in photos)):
        if output.suffix:
            raise PhotoError(f"{output} is one file, and there are {len(files)} photographs. Name a folder with -o.")
        try:
            output.mkdir(parents=True)
        except OSError as error:
            raise PhotoError(f"{output}: {error.strerror}. Name another folder with -o.") from error
    colorizer = Colorizer(model or DEFAULT_MODEL)
    failed = 0
    taken = {path.resolve() for path in (*files, like, hints) if path}
    with _stopping("nothing half-done was left behind"), _progress() as (_, tell):
        for done, file in enumerate(files):
            tell(f"coloring {file.name}", done, len(files))
            try:
                places = [_places(color_path(file, output), number, layer, compare) for number in range(1, variants + 1)]
                for place in (place for several in places for place in several.values()):
                    if place.resolve() in taken and place.resolve() != file.resolve():  # of its own, save() says so
                        raise PhotoError(f"{file}: {place} is another file named here, or its result; name another output with -o")
                photo = Photo.open(
                    file,
                    max_pixels=max_pixels,
                    progress=partial(
                        lambda name, done, what, part: tell(f"{what} {name}", done + part, len(files)), file.name, done
                    ),
                )
                results = colorizer.colorize(
                    photo,
                    hints=given,
                    like=like,
                    variants=variants,
                    seed=seed,
                    vividness=vividness,
                    strength=strength,
                    detail=detail,
                    quality=quality,
                )
                for note in photo.notes:
                    typer.echo(f"tinct: {note}", err=True)
                for several, result in zip(places, results if isinstance(results, list) else [results], strict=True):
                    kinds = {"color": lambda r: r, "layer": Photo.layer, "compare": Photo.compare}
                    for kind, place in several.items():
                        picture: Photo = kinds[kind](result)
                        typer.echo(picture.save(place, overwrite=overwrite, quality=jpeg_quality, provenance=provenance))
                        taken.add(place.resolve())
            except PhotoError as error:
                if len(files) == 1:
                    raise
                typer.echo(f"tinct: {error}", err=True)
                failed += 1
    if failed:
        typer.echo(f"tinct: {failed} of {len(files)} photographs failed.", err=True)
        raise typer.Exit(3)


_RESULT = re.compile(r"(.*)\.(?:color|layer|compare|again)(-\d+)?")


def _places(target: Path, number: int, layer: bool, compare: bool) -> dict[str, Path]:
    """What to write for this variant (1 is the first), and where."""
    color = target if number == 1 else target.with_name(f"{target.stem}-{number}{target.suffix}")
    parts = _RESULT.fullmatch(color.stem)
    name, end = (parts[1], parts[2] or "") if parts else (color.stem, "")
    places = {"color": color}
    if layer:
        places["layer"] = color.with_name(f"{name}.layer{end}{'.tif' if color.suffix.lower().startswith('.tif') else '.png'}")
    if compare:
        places["compare"] = color.with_name(f"{name}.compare{end}{color.suffix}")
    return places


@contextmanager
def _stopping(what: str) -> Iterator[None]:
    """Ctrl-C as one line and exit code 130."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(f"\ntinct: stopped; {what}.", err=True)
        raise typer.Exit(130) from None


def _files(photos: list[Path]) -> Iterator[Path]:
    """The photographs named, and those in the folders named, without earlier results."""
    from ..photo.photo import READABLE_SUFFIXES

    for photo in photos:
        if not photo.is_dir():
            yield photo
            continue
        inside = [p for p in sorted(photo.iterdir()) if p.suffix.lower() in READABLE_SUFFIXES and not _RESULT.fullmatch(p.stem)]
        if not inside:
            raise PhotoError(f"{photo} holds no photographs ({', '.join(sorted(READABLE_SUFFIXES))}). Name a folder that does.")
        yield from inside


@app.command()
def again(
    colored: Annotated[Path, typer.Argument(metavar="COLORED", help="A picture that tinct colored.", show_default=False)],
    original: Annotated[Path, typer.Option("--from", metavar="ORIGINAL", help="The photograph that it was made from.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="By default NAME.again.EXT beside the colored one.")] = None,
    hints: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Needed only if they were too long to be kept in the colored file.")
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="FILE", help="A file of the model, if it isn't bundled.")] = None,
    max_pixels: Annotated[int, typer.Option(min=1, help="Refuse photographs of more.")] = 1_000_000_000,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier result.")] = False,
) -> None:
    """Repeat a coloring from what the colored file says of it: the same file again, to the byte, on the same machine."""
    from filecmp import cmp

    from ..coloring.hints import read_hints
    from ..coloring.repeating import again as repeat
    from ..photo.photo import Photo

    with _stopping("nothing half-done was left behind"), _progress() as (_, tell):
        photo = Photo.open(original, max_pixels=max_pixels, progress=lambda what, part: tell(f"{what} {original.name}", part, 1))
        given = read_hints(hints) if hints else ()
        path = repeat(colored, photo, output, model=model, hints=given, overwrite=overwrite)
    typer.echo(path)
    if not cmp(colored, path, shallow=False):
        typer.echo(f"tinct: not the same bytes as {colored}: another tinct or machine made it, or it was changed since.", err=True)


@app.command()
def suggest(
    photo: Annotated[Path, typer.Argument(metavar="PHOTO", help="A photograph.", show_default=False)],
    place: Annotated[str, typer.Argument(metavar="X,Y", help="A place in it, in pixels.", show_default=False)],
    model: Annotated[str | None, typer.Option(help="A bundled model, or a file that `tinct export` made.")] = None,
    hint: Annotated[list[str] | None, typer.Option(metavar="X,Y,#RRGGBB", help="What is known of other places.")] = None,
    count: Annotated[int, typer.Option(help="At most so many.")] = 8,
) -> None:
    """List the colors that a place most probably has, for --hint."""
    from rich.console import Console
    from rich.text import Text

    from ..coloring.colorizer import Colorizer
    from ..coloring.hints import parse_hint
    from ..runtime.spec import DEFAULT_MODEL

    try:
        x, y = (float(number) for number in place.split(","))
    except ValueError as error:
        raise HintError(f"{place!r} is no place; write X,Y, such as 120,80.") from error
    console = Console(highlight=False)
    given = [parse_hint(text) for text in hint or ()]
    for one in Colorizer(model or DEFAULT_MODEL).suggest(photo, x, y, hints=given, count=count):
        console.print(Text("    ", style=f"on {one.color}"), f"{one.color}  {one.probability:5.1%}")


@app.command()
def models() -> None:
    """List the bundled models."""
    from rich.console import Console
    from rich.table import Table

    from ..runtime.spec import DEFAULT_MODEL, bundled, read_spec

    table = Table(box=None, header_style="bold")
    for heading in ("name", "parameters", "working size", "hints, variants", "gain over gray", "trained on", "size"):
        table.add_column(heading, no_wrap=True)
    specs = {name: read_spec(graph.with_suffix(".safetensors")) for name, graph in bundled().items()}
    measured = specs[DEFAULT_MODEL].scores.get("evaluation", {}).get("sets", {})
    for name, graph in bundled().items():
        spec = specs[name]
        method = "model" if name == DEFAULT_MODEL else name
        gains = [f"{figures['methods'][method]['gain']['mean']:+.2f} dB {of}" for of, figures in measured.items()]
        size = sum(path.stat().st_size for path in graph.parent.glob(f"{name}.*"))
        table.add_row(
            name,
            f"{spec.parameters / 1e6:.1f} M",
            f"{spec.preparation.side} px",
            "yes" if spec.parts else "no",
            ", ".join(gains) or "–",
            f"{spec.training.get('pictures', {}).get('train', '?')} pictures",
            f"{size / 1e6:.1f} MB",
        )
    Console(width=None if sys.stdout.isatty() else 200).print(table)


@app.command()
def train(
    model: Annotated[
        str | None, typer.Argument(help="tinct, autoencoder, vae, or a recipe.toml of your own.", show_default=False)
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(help="Folder of color photographs, .tar shards, or hf:NAME[:SPLIT]; may be given more than once."),
    ] = None,
    run: Annotated[Path | None, typer.Option(help="Folder for the results; runs/MODEL unless given.")] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0, help="End by itself, well annealed, after so much wall-clock time; 0 counts epochs.")
    ] = None,
    init: Annotated[
        str | None,
        typer.Option(help="Trained weights to start from: a bundled model's name, a model file, a run or its checkpoint."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was interrupted.")] = False,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the recipe, such as epochs=5 or network.latent=50."),
    ] = None,
    cache: Annotated[Path | None, typer.Option(help="Folder for decoded pictures, shared by runs; RUN/cache unless given.")] = None,
    accelerator: Annotated[str, typer.Option(help="cpu, cuda, mps or auto.")] = "auto",
    devices: Annotated[str, typer.Option(help="How many devices, which (0,2), or auto for all.")] = "1",
    nodes: Annotated[int, typer.Option(help="Machines that train together.")] = 1,
    precision: Annotated[str, typer.Option(help="32-true, bf16-mixed, 16-mixed or auto.")] = "auto",
    compiled: Annotated[
        bool | None,
        typer.Option("--compile/--no-compile", help="torch.compile; on CUDA unless told otherwise.", show_default=False),
    ] = None,
    checkpoint_seconds: Annotated[float, typer.Option(min=0, help="A checkpoint at least this often.")] = 60.0,
) -> None:
    """Train a model on color photographs. Ctrl-C stops it with a checkpoint; --resume goes on from there."""
    with _training_installed():
        from ..reports import write_report
        from ..training import Machine, is_first_process, load_recipe, resume_config
        from ..training import train as train_run

    settings = [*(settings or []), *([f"minutes={minutes}"] if minutes is not None else []), *([f"init={init}"] if init else [])]
    if resume:
        run = run or Path("runs") / (Path(model).stem if model else _missing("Name the run to go on with: --run RUN --resume."))
        config = resume_config(run, model, settings, tuple(data or ()))
    else:
        config = load_recipe(
            model or _missing("Name what to train: tinct, autoencoder, vae, or a recipe.toml."), settings, tuple(data or ())
        )
        run = run or Path("runs") / Path(model or "").stem
    machine = Machine(accelerator, int(devices) if devices.isdigit() else devices, nodes, precision, checkpoint_seconds, compiled)
    with _stopping(f"go on with: tinct train --run {run} --resume"), _progress() as (bar, tell):
        say = partial(bar.console.print, markup=False, highlight=False, soft_wrap=True)
        train_run(
            config,
            run,
            resume=resume,
            machine=machine,
            cache=cache,
            progress=tell,
            on_pictures=lambda pictures: say(pictures.summary()),
            on_epoch=lambda row: say(_row(row)),
        )
    if is_first_process():
        typer.echo(write_report(run))


@contextmanager
def _training_installed(what: str = "Training", extra: str = "train") -> Iterator[None]:
    """ConfigError with the cure where the libraries that only training, or measuring, needs are missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "tinct").startswith("tinct"):
            raise
        cure = f"in a clone of tinct: pip install -c constraints.txt '.[{extra}]'"
        raise ConfigError(f"{what} needs more than coloring does, and {error.name} is missing. To install it, {cure}") from error


def _missing(cure: str) -> Any:
    raise ConfigError(cure)


def _row(row: dict[str, Any]) -> str:
    key, name, digits = ("mse", "MSE", 5) if "mse" in row["test"] else ("ab_error", "ab error", 2)
    kl = f"  KL {row['test']['kl']:.1f} nats" if row["test"]["kl"] else ""
    time = f"  {row['minutes']:.1f} min" if "minutes" in row else ""
    errors = "  ".join(f"{side} {name} {row[side][key]:.{digits}f}" for side in ("train", "test"))
    return f"epoch {row['epoch']:3d}  {errors}{kl}  {row['pictures_per_second']:.0f} pictures/s{time}"


@contextmanager
def _progress() -> Iterator[tuple[Progress, Callable[[str, float, float], None]]]:
    """A progress bar on stderr, where that is a terminal, and the callback that moves it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal, redirect_stdout=sys.stdout.isatty()
    ) as bar:
        task = bar.add_task("starting", total=None)

        def tell(what: str, done: float, total: float) -> None:
            if bar.tasks[0].completed > done:
                bar.reset(task)
            bar.update(task, description=what, completed=done, total=total or None)

        yield bar, tell


@app.command()
def report(
    runs: Annotated[
        list[Path], typer.Argument(help="Folders that `tinct train` made, or one of `tinct study`.", show_default=False)
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder for the comparison of several runs; comparison unless given.")
    ] = None,
    show: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Show these color photographs, not the test pictures, in a comparison.")
    ] = None,
) -> None:
    """Write a run's charts and report.html again, or compare several runs."""
    with _training_installed():
        from ..reports import write_comparison, write_report, write_study_report
        from ..studies.keeping import FILE

    if len(runs) == 1 and (runs[0] / FILE).exists():
        typer.echo(write_study_report(runs[0], show))
    elif len(runs) == 1:
        if output or show:
            raise ConfigError(
                "The report of one run is written into its own folder; leave out -o and --show, or name several runs."
            )
        typer.echo(write_report(runs[0]))
    else:
        typer.echo(write_comparison(runs, output or Path("comparison"), show))


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen at; others than this machine can reach 0.0.0.0, so that needs a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free.")] = 8000,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    token: Annotated[
        str, typer.Option(envvar="TINCT_TOKEN", help="A secret that whoever asks must know.", show_default=False)
    ] = "",
    model: Annotated[str, typer.Option(help="A bundled model, or a file that `tinct export` made.")] = "tinct",
    workers: Annotated[int, typer.Option(min=0, help="Pictures computed at once; 0 takes as many as there are cores.")] = 0,
    queue: Annotated[int, typer.Option(min=0, help="Requests that may wait for that; more are refused with 429.")] = 16,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds that a request may take.")] = 60.0,
    max_upload: Annotated[int, typer.Option(min=1, metavar="MB", help="Refuse larger requests.")] = 100,
    max_pixels: Annotated[
        float, typer.Option(min=0.001, metavar="MEGAPIXELS", help="Refuse larger photographs before decoding.")
    ] = 150.0,
    expiry: Annotated[
        float, typer.Option(min=0.1, metavar="MINUTES", help="Forget photographs that weren't used for so long.")
    ] = 30.0,
    allow_host: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A name under which a reverse proxy asks; may be given more than once.")
    ] = None,
) -> None:
    """Color by hand: a page in the browser, and an HTTP API. Photographs stay in memory, and go when they aren't used."""
    with _training_installed("The page", "web"):
        from ..web.server import serve as run_server
        from ..web.settings import Settings

    settings = Settings(
        model=model,
        host=host,
        port=port,
        token=token,
        workers=workers,
        queue=queue,
        timeout=timeout,
        max_upload=1_000_000 * max_upload,
        max_pixels=round(1_000_000 * max_pixels),
        expiry=60 * expiry,
        hosts=tuple(allow_host or ()),
    )
    run_server(settings, open_page=open_page)


@app.command()
def study(
    which: Annotated[
        str, typer.Argument(help="loss, complexity, latent, models, flagship, or a study.toml of your own.", show_default=False)
    ],
    data: Annotated[
        list[str] | None,
        typer.Option(help="Folder of color photographs, .tar shards, or hf:NAME[:SPLIT]; may be given more than once."),
    ] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Folder of the study; studies/NAME unless given.")] = None,
    budget: Annotated[
        float, typer.Option(min=0, metavar="MINUTES", help="Let every run see as many pictures as fit into so much time in all.")
    ] = 0.0,
    seeds: Annotated[
        int | None, typer.Option(min=1, help="Repeat every run with so many seeds; the study's own number unless given.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a key of all recipes, such as size=32 or train_pictures=1000."),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Runs at once, each on its share of the cores.")] = 1,
    engine: Annotated[str, typer.Option(help="local, or ray for a Ray cluster.")] = "local",
    cache: Annotated[Path | None, typer.Option(help="Folder for decoded pictures; one in the study's folder unless given.")] = None,
    show: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Show these color photographs in the report, not the test pictures.")
    ] = None,
) -> None:
    """Find out what matters: train a grid of models on equal terms, and report. Interrupted, the same command goes on."""
    with _training_installed("A study"):
        from ..reports import write_study_report
        from ..studies import load_study, run_study
        from ..studies.console import watching

    found = load_study(which, tuple(data or ()), settings, seeds)
    folder = output or Path("studies") / found.name
    with _stopping("the same command goes on"), watching() as tell:
        failures = run_study(
            found,
            folder,
            budget=budget,
            jobs=jobs,
            engine=engine,
            cache=cache,
            command=shlex.join(["tinct", *sys.argv[1:]]),
            tell=tell,
        )
    for name, reason in failures.items():
        typer.echo(f"tinct: {name}: {reason}", err=True)
    typer.echo(write_study_report(folder, show))
    if failures:
        raise typer.Exit(3)


@app.command()
def evaluate(
    model: Annotated[str, typer.Argument(help="A bundled model, or a file that `tinct export` made.", show_default=False)],
    data: Annotated[
        list[str],
        typer.Option(help="Folder of color photographs, .tar shards, or hf:NAME[:SPLIT]; each one given is measured by itself."),
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder for the results; evaluation/MODEL unless given.")
    ] = None,
    protocol: Annotated[str, typer.Option(help="The rules; docs/evaluate.md has them.")] = "tinct-256",
    pictures: Annotated[int, typer.Option(min=0, help="Look at no more files of each set, a random part; 0 looks at all.")] = 0,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="PART=N",
            help="On how many pictures of each set a costly part is measured: hints, levin, diversity or stability.",
        ),
    ] = None,
    large: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Color photographs of about a megapixel, on which bleeding over edges is measured."),
    ] = None,
    workers: Annotated[int, typer.Option(min=0, help="Processes; 0 takes as many as there are cores.")] = 0,
) -> None:
    """Measure a model on color photographs, beside its baselines; leaves evaluation.json and evaluation.html."""
    with _training_installed("Measuring", "evaluate"):
        from ..data import sources  # noqa: F401 (it finds the pictures, and needs all that training needs)
        from ..evaluation.runner import PAGE, default_folder, read_subsets
        from ..evaluation.runner import evaluate as measure
        from ..reports.evaluation_tables import tables

    from rich.console import Console

    folder = output or default_folder(model)
    with _stopping("nothing was written"), _progress() as (_, tell):
        found = measure(
            model,
            data,
            folder,
            protocol=protocol,
            pictures=pictures,
            large=large,
            subsets=read_subsets(settings or []),
            workers=workers,
            progress=tell,
        )
    console = Console(width=None if sys.stdout.isatty() else 200)
    for table in tables(found):
        console.print(table)
        console.print()
    typer.echo(folder / PAGE)


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="A folder that `tinct train` made.", show_default=False)],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="Name of the model; its files are written, NAME.onnx, NAME.safetensors and others."),
    ],
    evaluation: Annotated[
        Path | None, typer.Option(metavar="FILE", help="An evaluation.json of this model, whose figures are kept in it.")
    ] = None,
    note: Annotated[str, typer.Option(help="Where the training pictures are from and on what terms; kept in the model.")] = "",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier export.")] = False,
) -> None:
    """Turn a run into a model that `tinct colorize --model` takes, and check that it gives the same colors."""
    with _training_installed():
        from ..training.exporting import export as export_run

    typer.echo(export_run(run, output, note=note, evaluation=evaluation, overwrite=overwrite))
