"""Records whose truth is known: what a diagnosis makes of them."""

from __future__ import annotations

import pytest

from benchmarks.synthetic import CASES, TRUTHS, case_text, judge


@pytest.mark.parametrize("name", TRUTHS)
def test_the_cases_are_as_their_truths_make_them(name):
    assert (CASES / f"synthetic-{name}.toml").read_text(encoding="utf-8") == case_text(name)


def test_a_false_alarm_from_temperature_does_not_become_crack_growth():
    """Readings that fall ever faster look like a crack that grows; here it is the cold."""
    behind, said, right = judge("cooling", live=50, only=("cooling", "growth"))
    assert right == "right"
    assert behind["growth"] < -3.0
    assert "favours cooling" in said


def test_with_its_temperature_measured_it_is_no_alarm_at_all():
    """The thermometer fell by 5.5 K: what does not cool is out, and a leak besides is not needed."""
    behind, said, right = judge(
        "cooling-measured", live=50, only=("sealed", "laminar", "cooling", "cooling-laminar")
    )
    assert right == "right"
    assert behind["cooling"] == 0.0
    assert behind["cooling-laminar"] < -20.0
    assert max(behind["sealed"], behind["laminar"]) < -1000.0
    assert "favours cooling" in said


def test_a_balance_cannot_be_told_from_a_seal_until_the_pressure_is_changed():
    rivals = ("sealed", "fed")
    behind, said, right = judge("balanced", live=50, only=rivals)
    assert right == "right"
    assert said.startswith("The record cannot tell")
    behind, said, right = judge("balanced-then-vented", live=50, only=rivals)
    assert right == "right"
    assert behind["sealed"] < -10.0
    assert "favours fed" in said
