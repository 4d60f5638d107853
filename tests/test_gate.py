"""The gate of speed decides on made-up rounds as a reader would."""

from __future__ import annotations

import json
import math

import pytest

from benchmarks import calibration, gate
from benchmarks.verdicts import judge, shown

CALM = [1.00, 1.01, 0.99, 1.00, 1.01]


def scaled(rounds, by):
    return [by * x for x in rounds]


def only(base, head, **limits):
    (verdict,) = judge({"one": base}, {"one": head}, **limits)
    return verdict


@pytest.mark.parametrize("by, slower", [(1.0, False), (0.5, False), (1.09, False), (1.11, True), (2.0, True)])
def test_a_tenth_slower_is_too_much(by, slower):
    verdict = only(CALM, scaled(CALM, by))
    assert verdict.stable
    assert verdict.change == pytest.approx(by - 1.0, abs=1e-12)
    assert verdict.slower is slower


def test_the_threshold_is_as_given():
    assert only(CALM, scaled(CALM, 1.04), threshold=0.03).slower
    assert not only(CALM, scaled(CALM, 1.04), threshold=0.05).slower


@pytest.mark.parametrize("noisy_side", ["base", "head"])
def test_what_is_noisy_on_either_side_says_nothing(noisy_side):
    noisy = [1.0, 2.0, 1.5, 3.0, 1.2]  # quartiles 1.2 and 2.0 around 1.5
    sides = {"base": CALM, "head": scaled(CALM, 2.0)} | {noisy_side: noisy}
    verdict = only(**sides)
    assert verdict.spread == pytest.approx(0.8 / 1.5)
    assert not verdict.stable
    assert not verdict.slower
    assert only(**sides, noise=0.6).stable


def test_one_bad_round_of_five_changes_nothing():
    verdict = only(CALM, [*CALM[:4], 9.0])
    assert verdict.stable
    assert not verdict.slower


def test_two_rounds_are_too_few():
    assert not only([1.0, 1.0], [2.0, 2.0]).stable


def test_what_one_side_lacks_is_told_and_does_not_fail():
    verdicts = {v.name: v for v in judge({"gone": CALM, "kept": CALM}, {"new": CALM, "kept": CALM})}
    assert list(verdicts) == ["new", "kept", "gone"]
    assert math.isnan(verdicts["new"].base)
    assert math.isnan(verdicts["gone"].head)
    assert not any(v.slower or (v.stable and v.name != "kept") for v in verdicts.values())
    table = shown(verdicts.values())
    assert [line.rsplit("  ", 1)[-1] for line in table.splitlines()[1:]] == [
        "only in head",
        "ok",
        "only in base",
    ]


def written(folder, name, seconds, ratio=None):
    extra = {} if ratio is None else {"ratio": ratio}
    one = {"fullname": "benchmarks/test_x.py::test_x", "stats": {"min": seconds}, "extra_info": extra}
    path = folder / name
    path.write_text(json.dumps({"benchmarks": [one]}))
    return path


def test_ratios_are_read_where_both_sides_have_them(tmp_path):
    """A machine at half its speed: twice the seconds, the same ratio."""
    with_ratio = [written(tmp_path, "a", 1.0, 250.0), written(tmp_path, "b", 2.0, 250.0)]
    without = [written(tmp_path, "c", 3.0)]
    assert gate.is_calibrated(with_ratio)
    assert not gate.is_calibrated(with_ratio + without)
    name = "benchmarks/test_x.py::test_x"
    assert gate.ratios(with_ratio, calibrated=True) == {name: [250.0, 250.0]}
    assert gate.ratios(with_ratio + without, calibrated=False) == {name: [1.0, 2.0, 3.0]}


def test_the_exit_code_is_the_verdict(tmp_path, monkeypatch, capsys):
    for by, code in ((1.0, 0), (1.2, 1)):
        verdicts = judge({"one": CALM}, {"one": scaled(CALM, by)})
        monkeypatch.setattr(gate, "compare", lambda options, found=verdicts: found)
        assert gate.main(["--base", "main", "--json", str(tmp_path / "x.json")]) == code
        assert json.loads((tmp_path / "x.json").read_text())["benchmarks"][0]["slower"] is (code == 1)
    assert "slower by more than 10%: one" in capsys.readouterr().out


def test_a_wrong_result_fails_and_a_missing_commit_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr(gate, "compare", lambda options: None)
    assert gate.main(["--base", "main"]) == 1
    monkeypatch.undo()
    assert gate.main(["--base", "no-such-commit"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_calibration_does_its_arithmetic():
    """The fixed point of its map, by bisection."""
    low, high = 1.0, 2.0
    for _ in range(60):
        x = 0.5 * (low + high)
        low, high = (x, high) if math.sqrt(1.0 + x / (1.0 + 0.25 * x * x)) > x else (low, x)
    assert calibration.arithmetic(calibration.TURNS) == pytest.approx(low, rel=1e-14)
