"""What is measured of a run: every quantity that reports show and that the claims of a study may name."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scipy.special import stdtr

if TYPE_CHECKING:
    from .results import Result

__all__ = ["BASELINES", "COST", "MEASURES", "MODEL", "PROTOCOL", "QUALITY", "Measure", "Spread", "clear_sign", "significance", "spread"]  # fmt: skip

MODEL = "model"
BASELINES = {"gray": "gray picture", "mean_color": "mean color"}
"""Baselines that are measured beside the model -> their names in reports."""
ALPHA = 0.05
"""Significance level of the paired t-tests."""
Read = Callable[["Result", str], "float | None"]
"""(run, `MODEL` or a key of `BASELINES`) -> the value; None where it wasn't measured."""


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation over a few runs."""

    mean: float
    sd: float | None = None
    """The sample standard deviation; None for a single value."""
    n: int = 1


@dataclass(frozen=True)
class Measure:
    """One quantity of a run."""

    label: str
    unit: str
    digits: int
    """After the decimal point."""
    better: str
    """``"lower"``, ``"higher"``, ``"one"`` for what is best at 1, or ``""`` where neither is better."""
    explains: str
    read: Read

    @property
    def quantity(self) -> str:
        """Label and unit, as axes and columns have them."""
        return f"{self.label}, {self.unit}" if self.unit else self.label

    def of(self, result: Result, who: str = MODEL) -> float | None:
        """The run's value, None where it wasn't measured or isn't finite."""
        value = self.read(result, who)
        return None if value is None or not math.isfinite(value) else float(value)

    def text(self, value: Spread | float, *, unit: bool = True) -> str:
        """``23.41 ± 0.05 dB``; without ± for a single run, or where all runs agree exactly."""
        value = value if isinstance(value, Spread) else Spread(value)
        scatter = f" ± {_number(value.sd, self.digits)}" if value.sd else ""
        return _number(value.mean, self.digits) + scatter + (f" {self.unit}" if unit and self.unit else "")

    def difference(self, differences: Sequence[float]) -> str:
        """``difference +0.12 ± 0.03 dB (n = 3, p < 0.05)`` of differences paired by seed; up to two digits more, so that it isn't 0."""
        value = spread(differences)
        if value is None:
            return "difference not measured"
        digits = self.digits
        while round(value.mean, digits) == 0 and value.mean and digits < self.digits + 2:
            digits += 1
        text = ("−" if value.mean < 0 else "+") + _number(abs(value.mean), digits)
        scatter = f" ± {_number(value.sd, digits)}" if value.sd else ""
        return f"difference {text}{scatter}{f' {self.unit}' if self.unit else ''} ({significance(differences)})"

    def badness(self, value: float) -> float:
        """Smaller is better."""
        return {"lower": value, "higher": -value, "one": abs(value - 1)}.get(self.better, 0.0)


def spread(values: Iterable[float | None]) -> Spread | None:
    """None where nothing was measured."""
    found = [value for value in values if value is not None]
    return Spread(statistics.fmean(found), statistics.stdev(found) if len(found) > 1 else None, len(found)) if found else None


def clear_sign(differences: Sequence[float]) -> int:
    """1 or -1 where a two-sided t-test of these paired differences rejects a mean of zero (p < `ALPHA`), else 0.

    For a single difference it is the difference's sign, without a test.
    """
    found = spread(differences)
    if found is None or found.mean == 0:
        return 0
    if found.sd and 2 * stdtr(found.n - 1, -abs(found.mean) / found.sd * math.sqrt(found.n)) >= ALPHA:  # the p-value
        return 0
    return 1 if found.mean > 0 else -1


def significance(differences: Sequence[float]) -> str:
    """``n = 3, p < 0.05``; for a single difference ``n = 1, no test``."""
    n = len(differences)
    return f"n = {n}, p {'<' if clear_sign(differences) else '≥'} {ALPHA}" if n > 1 else f"n = {n}, no test"


def _number(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}".replace("-", "−")


# ---- where the numbers are ------------------------------------------------------------------------------------------------------


def _side(side: str, read: Callable[[dict[str, Any]], float | None]) -> Read:
    """Of the scores on the training or on the test side."""
    return lambda result, who: read((result.scores if who == MODEL else result.scores[who])[side])


def _own(read: Callable[[Result], float | None]) -> Read:
    """Of the model alone."""
    return lambda result, who: read(result) if who == MODEL else None


def _gap(result: Result, who: str) -> float:
    sides = result.scores if who == MODEL else result.scores[who]
    return float(sides["test"]["mse"] - sides["train"]["mse"])


def _train_seconds(result: Result) -> float | None:
    fastest = result.curve["pictures_per_second"].max()  # other work of the machine can only make epochs slower
    return float(1000 / fastest) if fastest > 0 else None


def _protocol(*path: str, hints: int | None = None) -> Read:
    """A number of the evaluation, of its first set of pictures; METHOD in the path stands for `MODEL` or the baseline."""
    names = {"gray": "gray", "mean_color": "mean color", MODEL: MODEL}

    def read(result: Result, who: str) -> float | None:
        if result.evaluation is None or (who != MODEL and METHOD not in path):
            return None
        try:
            found: Any = next(iter(result.evaluation["sets"].values())) if path[0] != "cost" else result.evaluation
            at = () if hints is None else (found["hints"]["counts"].index(hints),)
            for key in (*path, *at):
                found = found[names[who] if key == METHOD else key]
            return None if found is None else float(found["mean"] if isinstance(found, dict) else found)
        except (KeyError, IndexError, TypeError, ValueError, StopIteration):
            return None  # a model that takes no hints, or draws no variants, lacks parts

    return read


METHOD = "@method"
_M: Any = ("methods", METHOD)

MEASURES: dict[str, Measure] = {
    "mse_train": Measure("train error", "", 5, "lower", "mean squared error of the RGB, 0 to 1, that the network draws, on training pictures", _side("train", lambda s: s["mse"])),
    "mse_test": Measure("test error", "", 5, "lower", "the same error on test pictures, which the network never saw", _side("test", lambda s: s["mse"])),
    "gap": Measure("gap", "", 5, "", "test error minus train error; large where a network knows its training pictures by heart", _gap),
    "psnr": Measure("PSNR (drawn)", "dB", 2, "higher", "how close the picture that the network draws is to the real one", _side("test", lambda s: s["psnr"])),
    "colored_psnr": Measure("PSNR (colored)", "dB", 2, "higher", "how close its colors are to the real ones on the photograph’s own lightness, as tinct colorize uses them", _side("test", lambda s: s["colored_psnr"])),
    "de2000": Measure("ΔE2000", "", 2, "lower", "difference of those colors from the real ones; about 1 is just visible", _side("test", lambda s: s["de2000"])),
    "cf_ratio": Measure("colorfulness", "", 2, "one", "how strong those colors are, where 1 is the real pictures’ (Hasler and Süsstrunk 2003)", _side("test", lambda s: s["cf"] / s["real_cf"] if s["real_cf"] else None)),
    "kl": Measure("KL divergence", "nats", 1, "", "what the code tells of a test picture", _own(lambda r: r.scores["kl"] and r.scores["kl"]["test"])),
    "train_seconds": Measure("training time", "s per 1,000", 2, "lower", "seconds to train on 1,000 pictures, in the fastest epoch", _own(_train_seconds)),
    "milliseconds": Measure("time a picture", "ms", 2, "lower", "milliseconds to draw one picture, the shortest of some tries", _own(lambda r: r.scores["milliseconds"])),
    "parameters": Measure("parameters", "", 0, "lower", "numbers that are learned", _own(lambda r: r.environment["parameters"])),
    "megabytes": Measure("model file", "MB", 2, "lower", "megabytes in half precision, 2 bytes a parameter", _own(lambda r: 2e-6 * r.environment["parameters"])),
    "best_mse_test": Measure("lowest test error", "", 5, "lower", "the lowest point of the learning curve, whenever it was", _own(lambda r: r.curve["test"].min() if r.error == "mse" else None)),
    "e256_gain": Measure("gain over gray", "dB", 2, "higher", "how much closer to the real picture than the gray one, at 256 pixels, vividness 0", _protocol(*_M, "gain")),
    "e256_psnr": Measure("PSNR at 256", "dB", 2, "higher", "PSNR of the automatic coloring, at 256 pixels, vividness 0", _protocol(*_M, "psnr")),
    "e256_ssim": Measure("SSIM", "", 4, "higher", "structural similarity", _protocol(*_M, "ssim")),
    "e256_de2000": Measure("ΔE2000 at 256", "", 2, "lower", "color difference", _protocol(*_M, "de2000")),
    "e256_cf_ratio": Measure("colorfulness at 256", "", 2, "one", "how strong colors are, where 1 is the real pictures’", _protocol(*_M, "cf_ratio")),
    "e256_vivid_gain": Measure("gain, vivid", "dB", 2, "higher", "over gray at the default vividness", _protocol("methods", "model, vivid", "gain")),
    "e256_vivid_cf_ratio": Measure("colorfulness, vivid", "", 2, "one", "colorfulness at the default vividness", _protocol("methods", "model, vivid", "cf_ratio")),
    "e256_hints10": Measure("gain, 10 hints", "dB", 2, "higher", "over gray with ten color hints", _protocol("hints", "gain", hints=10)),
    "e256_hints100": Measure("gain, 100 hints", "dB", 2, "higher", "over gray with a hundred color hints", _protocol("hints", "gain", hints=100)),
    "e256_best8": Measure("best of 8", "dB", 2, "higher", "how much closer the best of eight variants is than an average one", _protocol("diversity", "0.0", "best_over_sample")),
    "e256_stability": Measure("instability", "ΔE2000", 2, "lower", "how much colors change between 192 and 512 pixels, and in the mirror", _protocol("stability", "0.0")),
    "e256_seconds": Measure("seconds a picture", "s", 3, "lower", "time to color a picture of 256 pixels on one thread", _protocol("cost", "seconds")),
    "e256_peak_mb": Measure("peak memory", "MB", 0, "lower", "memory of the whole process", _protocol("cost", "peak_mb")),
}  # fmt: skip
"""Key -> measure; the keys are columns of ``results.csv``, and what claims name."""
QUALITY = ("mse_train", "mse_test", "gap", "psnr", "colored_psnr", "de2000", "cf_ratio", "kl")
COST = ("parameters", "megabytes", "train_seconds", "milliseconds")
PROTOCOL = tuple(key for key in MEASURES if key.startswith("e256_"))
