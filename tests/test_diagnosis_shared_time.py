from __future__ import annotations

import numpy as np
import pytest

from leakflow.solver.diagnosis.likelihood import NODES, Reading, at_places, log_law, log_rounded
from leakflow.solver.diagnosis.shared_time import log_together

AT = np.linspace(-1.0, 1.0, 400_001)


@pytest.mark.parametrize("uniform, start", [(True, -1.0), (True, -0.4), (False, -1.0), (False, 0.3)])
@pytest.mark.parametrize("narrow, step", [(1.0, 0.0), (1e-2, 0.0), (1.0, 1000.0)])
def test_the_product_is_averaged_as_quadrature_has_it(uniform, start, narrow, step):
    """Polynomials that bend, and cross what was read where they may, by rounded and by narrow gauges."""
    rng = np.random.default_rng(4)
    pressures = 97_000.0 + 3000.0 * rng.standard_normal((6, NODES))
    warmths = 293.0 + 5.0 * rng.standard_normal((6, NODES))
    place = rng.uniform(-1.0, 1.0, (6, 1))
    shown = at_places(pressures, place)[:, 0] + 50.0 * narrow
    one = Reading(np.round(shown / step) * step if step else shown, 50.0 * narrow, step, 1.0, uniform, start)
    other = Reading(at_places(warmths, place)[:, 0], 0.1, 0.0, 1.0, uniform, start)
    found = log_together([one, other], [pressures, warmths])
    whole = np.tile(AT, (6, 1))
    logs = log_law(whole, one)
    for reading, nodes in ((one, pressures), (other, warmths)):
        value = np.asarray(reading.value)[:, None]
        logs = logs + log_rounded(value, at_places(nodes, whole), reading.uncertainty, reading.resolution)
    top = logs.max(axis=1, keepdims=True)
    expected = top[:, 0] + np.log(np.trapezoid(np.exp(logs - top), AT, axis=1))
    assert found == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("uniform, start", [(True, -0.4), (False, -1.0), (False, 0.3)])
def test_the_law_of_the_time_is_a_density(uniform, start):
    law = np.exp(log_law(AT, Reading(0.0, 1.0, 0.0, 1.0, uniform, start)))
    assert np.trapezoid(law, AT) == pytest.approx(1.0, abs=1e-9)
