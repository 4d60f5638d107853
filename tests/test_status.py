from __future__ import annotations

from leakflow.kernels import status

VALUES = {name: value for name, value in vars(status).items() if isinstance(value, int)}


def test_every_status_fits_the_array_and_has_a_word_and_advice():
    assert sorted(VALUES.values()) == list(range(len(VALUES)))
    assert len(VALUES) <= 127
    assert set(status.MEANINGS) == set(status.ADVICE) == set(VALUES.values())
    assert len(set(status.MEANINGS.values())) == len(VALUES)


def test_words_can_stand_in_a_file_and_advice_on_a_line():
    for word in status.MEANINGS.values():
        assert word.replace("_", "").isalpha()
        assert word == word.lower()
    for advice in status.ADVICE.values():
        assert "\n" not in advice
        assert 20 < len(advice) < 110


def test_zero_is_success():
    assert status.OK == 0


def test_the_codes_that_files_hold_stay_what_they_are():
    assert list(status.MEANINGS.items()) == [
        (0, "ok"),
        (1, "step_limit"),
        (2, "not_finite"),
        (3, "impossible_geometry"),
        (4, "out_of_range"),
        (5, "step_too_small"),
        (6, "gas_exhausted"),
        (7, "worker_lost"),
    ]


def test_advice_names_all_that_makes_a_sample_impossible():
    """Sizes and openings beyond their walls, event times and pressures, runaway, two given pressures."""
    advice = status.ADVICE[status.IMPOSSIBLE]
    words = ("size", "opening", "time", "pressure", "runs away", "hatch joins two given pressures")
    assert [word for word in words if word not in advice] == []
