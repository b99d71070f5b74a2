"""What sentences say, on made-up numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from study_runs import LOSSES, make_study
from tinct.reports.figures import charts
from tinct.studies.findings import answers, main_measure
from tinct.studies.gathering import collect
from tinct.studies.groups import Material
from tinct.studies.measures import MEASURES, Spread, clear_sign, spread
from tinct.studies.overfitting import in_short, onsets, overfitting, turn
from tinct.studies.verdicts import Verdict, judge


@pytest.mark.parametrize(
    ("differences", "sign"),
    [
        ([0.10, 0.12, 0.11], 1),
        ([-0.10, -0.12, -0.11], -1),
        ([0.30, 0.01, 0.01], 0),  # all agree, but scatter too much
        ([0.131, 0.10, 0.05], 0),  # t = 3.96, and 4.30 is asked of three
        ([0.13, 0.10, 0.06], 1),  # t = 4.77
        ([0.12, 0.10], 0),  # t = 11, and 12.7 is asked of two
        ([0.50, 0.52, -0.01], 0),  # one seed says otherwise
        ([0.10], 1),
        ([0.0, 0.0], 0),
        ([0.1, 0.1], 1),  # no scatter at all
        ([], 0),
    ],
)
def test_a_difference_is_clear_if_a_paired_t_test_says_so(differences: list[float], sign: int) -> None:
    assert clear_sign(differences) == sign


def test_spread_is_the_sample_s() -> None:
    assert spread([1.0, 2.0, 3.0, None]) == Spread(2.0, 1.0, 3)
    assert spread([1.0]) == Spread(1.0, None, 1)
    assert spread([None]) is None


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("mse_test", Spread(0.0085, 0.00012, 3), "0.00850 ± 0.00012"),
        ("colored_psnr", Spread(22.916, 0.034, 3), "22.92 ± 0.03 dB"),
        ("colored_psnr", Spread(22.916, None, 1), "22.92 dB"),
        ("parameters", Spread(776003.0, 0.0, 3), "776,003"),
        ("gap", Spread(-0.0003, None, 1), "−0.00030"),
    ],
)
def test_numbers_have_the_digits_that_they_deserve(key: str, value: Spread, text: str) -> None:
    assert MEASURES[key].text(value) == text


def verdict(
    tmp_path: Path, first: list[float | None], second: list[float | None], expect: str = "greater", measure: str = "colored_psnr"
) -> Verdict:
    def numbers(values: dict[str, Any], seed: int) -> dict[str, Any] | None:
        value = (first if values["loss"] == "mse" else second)[seed]
        return None if value is None else {"colored": value}

    claim = {
        "says": "It is so.",
        "part": "part",
        "measure": measure,
        "first": {"loss": "mse"},
        "second": {"loss": "l1"},
        "expect": expect,
    }
    make_study(tmp_path / "study", {"loss": ["mse", "l1"]}, numbers, claims=[claim], seeds=len(first))
    material = collect(tmp_path / "study")
    return judge(material.claims[0], material)


def test_a_claim_holds(tmp_path: Path) -> None:
    found = verdict(tmp_path, [23.0, 23.1, 23.2], [22.5, 22.7, 22.6])
    assert (found.kind, found.title) == ("holds", "Holds")
    assert found.words == (
        "PSNR of the colors is 23.10 ± 0.10 dB against 22.60 ± 0.10 dB, a difference of +0.50 ± 0.10 dB over 3 seeds; "
        "that is more than the scatter of seeds."
    )


def test_the_opposite_of_a_claim_holds(tmp_path: Path) -> None:
    found = verdict(tmp_path, [23.0, 23.1, 23.2], [22.5, 22.7, 22.6], expect="smaller")
    assert (found.kind, found.title) == ("opposite", "The opposite holds")


def test_within_the_scatter_nothing_can_be_told(tmp_path: Path) -> None:
    found = verdict(tmp_path, [23.0, 23.1, 23.2], [23.1, 23.0, 23.1])
    assert (found.kind, found.title) == ("open", "Can’t be told")
    assert "within the scatter of seeds" in found.words


def test_one_run_each_is_worded_as_such(tmp_path: Path) -> None:
    found = verdict(tmp_path, [23.0], [22.5])
    assert (found.kind, found.title) == ("holds", "Holds in one run")
    assert found.words.endswith("a difference of +0.50 dB. That is one run each, so nothing can be said about chance.")


def test_equal_numbers_are_said_to_be_equal(tmp_path: Path) -> None:
    found = verdict(tmp_path, [23.0, 23.1], [23.0, 23.1])
    assert found.kind == "open"
    assert found.words.startswith("PSNR of the colors is the same")


def test_a_claim_without_runs_or_without_the_measure_is_not_judged(tmp_path: Path) -> None:
    found = verdict(tmp_path, [23.0], [None])
    assert (found.kind, found.words) == ("missing", "Its runs aren’t finished.")
    (tmp_path / "other").mkdir()
    found = verdict(tmp_path / "other", [23.0], [22.0], measure="kl")
    assert (found.kind, found.words) == ("missing", "Its runs don’t have this measure.")


def test_only_seeds_that_both_have_are_compared(tmp_path: Path) -> None:
    found = verdict(tmp_path, [23.0, 23.1, 99.0], [22.5, 22.6, None])
    assert found.difference is not None
    assert (found.difference.n, round(found.difference.mean, 6)) == (2, 0.5)


# ---- the best value ----


def answer(tmp_path: Path, colored: dict[str, float], scatter: float = 0.01, **values: Any) -> str:
    noise = {"mse": (0, 1, 2), "cross_entropy": (1, 2, 0), "l1": (2, 0, 1)}
    make_study(tmp_path / "study", LOSSES, lambda v, s: {"colored": colored[v["loss"]] + scatter * noise[v["loss"]][s]}, **values)
    (found,) = answers(collect(tmp_path / "study"))
    return " ".join((found.sentence, *found.more))


def test_the_best_is_named_with_its_lead(tmp_path: Path) -> None:
    text = answer(tmp_path, {"mse": 22.8, "cross_entropy": 23.2, "l1": 22.5})
    assert text.startswith(
        "Best is loss = cross_entropy: PSNR of the colors 23.21 ± 0.01 dB (mean ± s.d. of 3 seeds), 0.40 ± 0.02 dB ahead of the second, loss = mse"
    )
    assert "Against the recipe’s own loss = mse it is a difference of +0.40 ± 0.02 dB, more than the scatter of seeds." in text
    assert (
        "the gray picture has 22.30 dB and the mean color has 22.60 dB: the best is better than both, but loss = l1 is not." in text
    )


def test_what_cannot_be_told_apart_is_not_ranked(tmp_path: Path) -> None:
    text = answer(tmp_path, {"mse": 22.81, "cross_entropy": 22.80, "l1": 22.5}, scatter=0.05)
    assert text.startswith("None is clearly best: loss = mse leads with PSNR of the colors 22.86 ± 0.05 dB")
    assert "but loss = cross_entropy can’t be told apart from it" in text


def test_worse_than_gray_is_said(tmp_path: Path) -> None:
    text = answer(tmp_path, {"mse": 22.0, "cross_entropy": 21.9, "l1": 21.5})
    assert "Even the best is no better than the gray picture or the mean color." in text
    assert "None is better than the gray picture by" not in text  # by the other measures they are
    (tmp_path / "other").mkdir()
    make_study(tmp_path / "other" / "study", LOSSES, lambda v, s: {"de2000": 12.5})
    (found,) = answers(collect(tmp_path / "other" / "study"))
    assert "None is better than the gray picture by ΔE2000 (12.50 against 11.90)." in found.more


def test_claims_choose_the_main_measure_but_not_between_losses(tmp_path: Path) -> None:
    claim = {"says": "It is so.", "part": "part", "measure": "mse_test", "first": {"width": 1.0}, "second": {"width": 2.0}}
    make_study(tmp_path / "width", {"width": [1.0, 2.0]}, lambda v, s: {}, claims=[claim], seeds=1)
    claim |= {"first": {"loss": "mse"}, "second": {"loss": "l1"}}
    make_study(tmp_path / "loss", {"loss": ["mse", "l1"]}, lambda v, s: {}, claims=[claim], seeds=1)
    found = [collect(tmp_path / name) for name in ("width", "loss")]
    assert [main_measure(material.sections[0], material) for material in found] == ["mse_test", "colored_psnr"]


# ---- over-fitting ----

WIDTHS = [0.25, 0.5, 1.0, 2.0, 4.0]


def u_curve(
    tmp_path: Path, test: list[float], train: list[float], *, seeds: int = 3, key: str = "width", values: list[Any] | None = None
) -> Material:
    values = values or WIDTHS

    def numbers(cell: dict[str, Any], seed: int) -> dict[str, Any]:
        place = values.index(cell[key])
        return {"train": train[place] + 1e-5 * seed, "test": test[place] + 2e-5 * ((seed + place) % 3)}

    make_study(tmp_path / "study", {key: values}, numbers, seeds=seeds)
    return collect(tmp_path / "study")


def test_over_fitting_begins_where_test_error_rises_while_train_error_falls(tmp_path: Path) -> None:
    material = u_curve(tmp_path, [0.010, 0.009, 0.008, 0.0085, 0.0095], [0.010, 0.009, 0.008, 0.007, 0.006])
    (section,) = material.sections
    (onset,) = onsets(section)
    assert (onset.lowest.label, onset.begins.label, onset.last.label, onset.direction) == ("1", "2", "4", 1)
    assert onset.rise.mean == pytest.approx(0.0015, abs=3e-5)
    assert in_short(section) == "It over-fits from width = 2 on."
    assert overfitting(section)[0].startswith(
        "Test error is lowest with width = 1. From width = 2 on it is higher, with width = 4 by 0.0015"
    )
    chart = charts(section, material)[0]
    assert "over-fitting from 2 on" in chart.caption
    assert "over-fitting" in chart.svg
    assert "Outside the chart" not in chart.caption


def test_a_rise_within_the_scatter_is_no_over_fitting(tmp_path: Path) -> None:
    material = u_curve(tmp_path, [0.010, 0.009, 0.008, 0.00801, 0.00800], [0.010, 0.009, 0.008, 0.007, 0.006])
    (section,) = material.sections
    assert onsets(section) == []
    assert in_short(section).startswith("Nowhere does it over-fit")
    assert "no over-fitting is marked" in charts(section, material)[0].caption


def test_test_error_that_rises_with_train_error_is_no_over_fitting(tmp_path: Path) -> None:
    material = u_curve(tmp_path, [0.010, 0.009, 0.008, 0.0085, 0.0095], [0.010, 0.009, 0.008, 0.0085, 0.0095])
    assert onsets(material.sections[0]) == []


def test_fewer_training_pictures_over_fit_towards_the_left(tmp_path: Path) -> None:
    material = u_curve(
        tmp_path, [0.013, 0.010, 0.009, 0.0085], [0.004, 0.006, 0.007, 0.008], key="train_pictures", values=[250, 500, 1000, 0]
    )
    (section,) = material.sections
    (onset,) = onsets(section)
    assert (onset.lowest.label, onset.begins.label, onset.last.label, onset.direction) == ("all", "1,000", "250", -1)
    assert in_short(section) == "It over-fits with 1,000 training pictures and fewer."


def test_one_seed_marks_it_with_a_warning(tmp_path: Path) -> None:
    material = u_curve(tmp_path, [0.010, 0.009, 0.008, 0.0085, 0.0095], [0.010, 0.009, 0.008, 0.007, 0.006], seeds=1)
    assert "in one run, so it may be chance" in overfitting(material.sections[0])[0]


@pytest.mark.parametrize(("end", "place"), [(0.0090, 2000), (0.00802, None)])
def test_the_turn_of_a_learning_curve(tmp_path: Path, end: float, place: int | None) -> None:
    def numbers(values: dict[str, Any], seed: int) -> dict[str, Any]:
        shift = 1e-5 * seed
        return {"curve": [(0.010, 0.011 + shift), (0.008, 0.008 + shift), (0.007, 0.0085 + shift), (0.006, end + shift)]}

    make_study(tmp_path / "study", {"loss": ["mse", "l1"]}, numbers)
    material = collect(tmp_path / "study")
    (section,) = material.sections
    found = turn(section.groups[0])
    caption = charts(section, material)[-1].caption
    if place is None:
        assert found is None
        assert "no over-fitting is marked" in caption
        assert "none was trained for too long" in overfitting(section)[-1]
    else:
        assert found is not None
        assert (found.seen, found.rise.n) == (place, 3)
        assert "over-fitting begins there" in caption
        assert "loss = mse, after 2,000 pictures (at the end 12% higher)" in overfitting(section)[0]


def test_a_second_key_makes_lines(tmp_path: Path) -> None:
    grid = {"width": [0.5, 1.0, 2.0], "loss": ["mse", "l1"]}
    make_study(tmp_path / "study", grid, lambda v, s: {"test": 0.01 - 0.001 * v["width"] + 0.0005 * (v["loss"] == "l1") + 1e-5 * s})
    material = collect(tmp_path / "study")
    (section,) = material.sections
    assert {name: [g.values["width"] for g in groups] for name, groups in section.lines().items()} == {
        "mse": [0.5, 1.0, 2.0],
        "l1": [0.5, 1.0, 2.0],
    }
    errors = charts(section, material)[0]
    assert "test, mse error" in errors.alt
    assert "train, l1 error" in errors.alt
    (found,) = answers(material)
    assert "width 2 · mse" in found.sentence
