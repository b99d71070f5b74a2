"""Answers, verdicts on claims, and where over-fitting begins, on made-up numbers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from study_runs import LOSSES, make_study
from tinct.reports.study_charts import charts
from tinct.studies.gathering import collect
from tinct.studies.groups import Material
from tinct.studies.measures import MEASURES, Spread, clear_sign, significance, spread
from tinct.studies.overfitting import along_axis, in_training, onsets, turn
from tinct.studies.verdicts import Verdict, answer, judge, main_measure


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


def test_significance_in_words() -> None:
    assert significance([0.10, 0.12, 0.11]) == "n = 3, p < 0.05"
    assert significance([0.30, 0.01, 0.01]) == "n = 3, p ≥ 0.05"
    assert significance([0.10]) == "n = 1, no test"


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
    assert verdict(tmp_path, [23.0, 23.1, 23.2], [22.5, 22.7, 22.6]) == (
        "Holds",
        "PSNR (colored) 23.10 ± 0.10 dB against 22.60 ± 0.10 dB, difference +0.50 ± 0.10 dB (n = 3, p < 0.05).",
    )


def test_the_opposite_of_a_claim_holds(tmp_path: Path) -> None:
    assert verdict(tmp_path, [23.0, 23.1, 23.2], [22.5, 22.7, 22.6], expect="smaller").title == "The opposite holds"


def test_a_difference_that_may_be_chance_is_left_open(tmp_path: Path) -> None:
    found = verdict(tmp_path, [23.0, 23.1, 23.2], [23.1, 23.0, 23.1])
    assert found.title == "Can’t be told"
    assert found.words.endswith("(n = 3, p ≥ 0.05).")


def test_one_run_each_has_no_test(tmp_path: Path) -> None:
    found = verdict(tmp_path, [23.0], [22.5])
    assert found.title == "Holds in one run"
    assert found.words.endswith("difference +0.50 dB (n = 1, no test).")


def test_equal_numbers_can_t_be_told_apart(tmp_path: Path) -> None:
    found = verdict(tmp_path, [23.0, 23.1], [23.0, 23.1])
    assert found.title == "Can’t be told"
    assert "difference +0.00 dB" in found.words


def test_a_claim_without_runs_or_without_the_measure_is_not_judged(tmp_path: Path) -> None:
    assert verdict(tmp_path, [23.0], [None]) == ("Not measured yet", "PSNR (colored) of mse and l1 isn’t known.")
    (tmp_path / "other").mkdir()
    found = verdict(tmp_path / "other", [23.0], [22.0], measure="kl")
    assert found == ("Not measured yet", "KL divergence of mse and l1 isn’t known.")


def test_only_seeds_that_both_have_are_compared(tmp_path: Path) -> None:
    assert "difference +0.50 dB (n = 2, " in verdict(tmp_path, [23.0, 23.1, 99.0], [22.5, 22.6, None]).words


# ---- the best value ----


def told(tmp_path: Path, colored: dict[str, float], scatter: float = 0.01) -> list[str]:
    noise = {"mse": (0, 1, 2), "cross_entropy": (1, 2, 0), "l1": (2, 0, 1)}
    make_study(tmp_path / "study", LOSSES, lambda v, s: {"colored": colored[v["loss"]] + scatter * noise[v["loss"]][s]})
    material = collect(tmp_path / "study")
    sentence, facts = answer(material.sections[0], material)
    return [sentence, *facts]


def test_the_best_is_named_with_its_lead(tmp_path: Path) -> None:
    found = told(tmp_path, {"mse": 22.8, "cross_entropy": 23.2, "l1": 22.5})
    assert found[0] == (
        "Best: loss = cross_entropy, PSNR (colored) 23.21 ± 0.01 dB (n = 3); "
        "next: loss = mse, 22.81 ± 0.01 dB, difference +0.40 ± 0.02 dB (n = 3, p < 0.05)."
    )
    assert found[1] == "Baselines: gray picture 22.30 dB, mean color 22.60 dB; not better than both: loss = l1."


def test_what_cannot_be_told_apart_is_not_ranked(tmp_path: Path) -> None:
    assert told(tmp_path, {"mse": 22.81, "cross_entropy": 22.80, "l1": 22.5}, scatter=0.05)[0] == (
        "None is clearly best: loss = mse leads with PSNR (colored) 22.86 ± 0.05 dB (n = 3); "
        "not distinguishable (p ≥ 0.05): loss = cross_entropy."
    )


def test_worse_than_gray_is_said(tmp_path: Path) -> None:
    assert told(tmp_path, {"mse": 22.0, "cross_entropy": 21.9, "l1": 21.5})[1].endswith("not better than both: all.")


def test_the_best_by_other_measures_is_named_unless_all_are_equal(tmp_path: Path) -> None:
    make_study(tmp_path / "study", LOSSES, lambda v, s: {"de2000": 9.0 + len(v["loss"])}, seeds=1)
    material = collect(tmp_path / "study")
    assert "Best by other measures: ΔE2000 loss = l1, 11.00." in answer(material.sections[0], material).facts


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
    assert onset.rises == pytest.approx([0.0015] * 3, abs=4e-5)
    (text,) = along_axis(section)
    assert text.startswith("Over-fitting from width = 2 up: test error is lowest at width = 1; at width = 4, ")
    assert text.endswith("difference +0.00150 ± 0.00003 (n = 3, p < 0.05).")
    chart = charts(section, material)[0]
    assert "over-fitting, from 2" in chart.caption
    assert "over-fitting" in chart.svg
    assert "Outside the chart" not in chart.caption


def test_a_rise_within_the_scatter_is_no_over_fitting(tmp_path: Path) -> None:
    material = u_curve(tmp_path, [0.010, 0.009, 0.008, 0.00801, 0.00800], [0.010, 0.009, 0.008, 0.007, 0.006])
    (section,) = material.sections
    assert onsets(section) == []
    assert along_axis(section)[0].startswith("No over-fitting along the grid")
    assert "No over-fitting is marked" in charts(section, material)[0].caption


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
    assert along_axis(section)[0].startswith("Over-fitting from 1,000 training pictures down")


def test_one_seed_marks_it_without_a_test(tmp_path: Path) -> None:
    material = u_curve(tmp_path, [0.010, 0.009, 0.008, 0.0085, 0.0095], [0.010, 0.009, 0.008, 0.007, 0.006], seeds=1)
    assert along_axis(material.sections[0])[0].endswith("(n = 1, no test).")


def test_a_run_that_diverged_has_no_turn(tmp_path: Path) -> None:
    make_study(tmp_path / "study", {"loss": ["mse", "l1"]}, lambda v, s: {"curve": [(0.1, 0.1), (0.1, 0.2), (0.1, math.nan)]})
    assert turn(collect(tmp_path / "study").sections[0].groups[0]) is None


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
        assert "No over-fitting is marked" in caption
        assert in_training(section)[0].startswith("No over-fitting in training")
    else:
        assert found is not None
        assert (found.seen, len(found.rises)) == (place, 3)
        assert "where over-fitting begins" in caption
        assert "loss = mse, lowest after 2,000 pictures, 12% higher at the end (n = 3, p < 0.05)" in in_training(section)[0]


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
    assert "test error, mse: " in errors.alt
    assert "train error, l1: " in errors.alt
    assert "width 0.5 · mse" in answer(section, material).sentence
