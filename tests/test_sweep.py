"""Sweeps and runs: same bits however they are split, and numbers against closed forms."""

import json
import math
import threading

import numpy as np
import pytest

from leakflow.kernels import gas, model, status
from leakflow.kernels.random import normal_quantile, uniform
from leakflow.solver import Case, CaseError, SweepInterrupted, engine, load_case, run, sweep
from leakflow.solver._case_resolved import case_from_resolved
from leakflow.solver.plan import compile_case
from leakflow.solver.sweep import run_range

PRK = "prk-july-2021"
SERIES = ["outcomes.series=true"]
EACH = ["outcomes.crack_geometry=true"]


def assert_same_bits(a, b):
    assert a.variables.keys() == b.variables.keys()
    np.testing.assert_array_equal(a.status, b.status)
    for name in a.variables:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


def test_threads_and_blocks_do_not_change_a_bit(monkeypatch):
    one = sweep("prk-july-2021", samples=300, threads=1)
    two = sweep("prk-july-2021", samples=300, threads=2)
    assert_same_bits(one, two)
    monkeypatch.setattr(engine, "_BLOCK_SAMPLES", 7)
    assert_same_bits(one, sweep("prk-july-2021", samples=300, threads=3))


def test_more_samples_keep_the_first_ones():
    few = sweep("prk-july-2021", samples=20)
    many = sweep("prk-july-2021", samples=50)
    for name in few.variables:
        np.testing.assert_array_equal(few[name], many[name][:20], err_msg=name)


def test_another_seed_gives_other_samples():
    a = sweep("prk-july-2021", samples=20)
    b = sweep("prk-july-2021", samples=20, seed=1)
    assert not np.any(a["tunnel_volume"] == b["tunnel_volume"])


def test_an_input_is_its_name_seed_and_index_alone():
    results = sweep("prk-july-2021", samples=5, seed=9)
    import hashlib

    stream = int.from_bytes(hashlib.sha256(b"tunnel_volume").digest()[:4], "little")
    expected = [4.0 + 3.0 * uniform(9, i, stream, 0) for i in range(5)]
    np.testing.assert_allclose(results["tunnel_volume"], expected, rtol=1e-15)


def test_another_distribution_moves_no_other_draw():
    plain = sweep("prk-july-2021", samples=10)
    more = sweep(
        "prk-july-2021",
        samples=10,
        overrides=["volumes.station.pressure={dist='uniform',low='730 mmHg',high='740 mmHg'}"],
    )
    for name in plain.inputs:
        np.testing.assert_array_equal(plain[name], more[name], err_msg=name)
    assert "station_pressure" in more.inputs


def test_choked_blowdown_follows_its_closed_form():
    case = load_case("choked-blowdown", ["run.rtol=1e-10", "run.duration=6 h", "run.atol=1e-6"])
    history = run(case)
    R, _, gamma = gas.mixture_properties(gas.as_mole_fractions(case.gas.composition), 293.15)
    choked = math.sqrt(gamma) * (2.0 / (gamma + 1.0)) ** ((gamma + 1.0) / (2.0 * (gamma - 1.0)))
    rate = 0.25 * math.pi * 1e-6 * choked * math.sqrt(R * 293.15)
    name = next(name for name, volume in case.volumes.items() if volume.kind == "integrated")
    expected = 101325.0 * np.exp(-rate * history.times)
    np.testing.assert_allclose(history.pressures[name], expected, rtol=1e-8)


def test_two_volumes_follow_the_closed_form_of_their_seal():
    """With p1 V1 + p2 V2 constant, the difference D obeys D' = -(a + b (q + s D)) k D, a Riccati equation."""
    case = load_case("two-volume-equalisation", ["run.rtol=1e-10", "run.atol=1e-6"])
    history = run(case)
    seal = next(iter(case.paths.values()))
    first, second = (case.volumes[name] for name in (seal.from_, seal.to))
    V1, V2 = first.volume.value, second.volume.value
    p1, p2 = first.pressure.value, second.pressure.value
    R, _, _ = gas.mixture_properties(gas.as_mole_fractions(case.gas.composition), 300.0)
    T = (first.temperature or case.gas.temperature).value
    k = R * T * (1.0 / V1 + 1.0 / V2)
    equal = (p1 * V1 + p2 * V2) / (V1 + V2)
    slope = 0.5 * (V2 - V1) / (V1 + V2)  # (p1 + p2)/2 = equal + slope D
    A = k * (seal.molecular.value + seal.viscous.value * equal)
    B = k * seal.viscous.value * slope
    D0 = p1 - p2
    decay = np.exp(-A * history.times)
    D = A * D0 * decay / (A + B * D0 * (1.0 - decay))
    np.testing.assert_allclose(history.pressures[seal.from_] - history.pressures[seal.to], D, rtol=2e-8)
    np.testing.assert_allclose(history.pressures[seal.from_], equal + V2 / (V1 + V2) * D, rtol=1e-9)


def test_knudsen_crack_leaks_as_the_table_says():
    """A crack without ends passes the mean of the tabulated G over pressure, within 1.4 %."""
    from reference import table

    case = load_case("knudsen-crack", ["paths.crack.depth=1 m", "run.duration=30 d"])
    columns = table("plane_poiseuille_bgk")
    crack = next(iter(case.paths.values()))
    h, w, L = crack.opening.value, crack.length.value, crack.depth.value
    history = run(case)
    fractions = gas.as_mole_fractions(case.gas.composition)
    T = case.gas.temperature.value
    R, mu, _ = gas.mixture_properties(fractions, T)
    v0 = math.sqrt(2.0 * R * T)
    flow = history.flows[next(iter(case.paths))]
    pressure = history.pressures[crack.from_]
    logs, G = np.log(columns["delta"]), columns["G_P"]
    inside = pressure * h / (mu * v0) > 3e-3
    assert inside.sum() > 20
    for p, mdot in zip(pressure[inside], flow[inside], strict=True):
        nodes = (np.arange(4000) + 0.5) / 4000.0 * p  # midpoints: G has a logarithm at zero
        mean = np.interp(np.log(nodes * h / (mu * v0)), logs, G).mean()
        assert mdot == pytest.approx(mean * w * h * h * p / (v0 * L), rel=0.014, abs=0.0)


def test_a_held_station_is_topped_up_with_what_the_seal_takes():
    results = sweep("prk-july-2021", samples=50)
    np.testing.assert_allclose(results["makeup_station"], results["mass_hatch_seal"], rtol=1e-12)
    stored = results["mass_lost"] - results["mass_hatch_seal"]
    R, _, _ = gas.mixture_properties(
        gas.as_mole_fractions(load_case("prk-july-2021").gas.composition), 295.15
    )
    fell = results["initial_pressure"] - results["pressure_final_tunnel"]
    np.testing.assert_allclose(stored, fell * results["tunnel_volume"] / (R * 295.15), rtol=1e-9)
    assert results["mass_balance_residual"].max() < 1e-12


def test_the_sweep_covers_the_record_of_july_2021():
    results = sweep("prk-july-2021", samples=400)
    for i, measured in ((1, 273.0), (2, 200.0)):
        low, high = np.quantile(results[f"pressure_tunnel_record_{i}"] / 133.322387415, [0.05, 0.95])
        assert low < measured < high


def test_series_agree_with_the_scalars():
    results = sweep("prk-july-2021", samples=8, overrides=["outcomes.series=true"])
    series = results.series["pressure_tunnel"]
    assert series.shape == (8, results.times.size)
    np.testing.assert_allclose(series[:, -1], results["pressure_final_tunnel"], rtol=1e-6)
    at_day_6 = np.argmin(abs(results.times - 6 * 86400.0))
    np.testing.assert_allclose(series[:, at_day_6], results["pressure_tunnel_record_1"], rtol=1e-6)


def test_crack_geometry_is_that_of_the_sample():
    case = load_case("prk-july-2021", ["outcomes.crack_geometry=true", "paths.cracks.count=3"])
    results = sweep(case, samples=4)
    import hashlib

    assert list(results.cracks["each_cracks_count"].data) == [3] * 4
    openings = results.cracks["each_cracks_opening"].data.reshape(4, 3)
    stream = int.from_bytes(hashlib.sha256(b"cracks_opening").digest()[:4], "little")
    for i in range(4):
        z = np.array([normal_quantile(uniform(0, i, stream, k)) for k in range(3)])
        np.testing.assert_allclose(openings[i], results["opening_median"][i] * np.exp(0.5 * z), rtol=1e-14)


def test_record_deviation_counts_the_uncertainty_of_time():
    case = load_case("prk-july-2021", ["outcomes.series=true", "run.output_times={every='12 h'}"])
    results = sweep(case, samples=5)
    pressure = results.series["pressure_tunnel"].astype(float)
    for i, (day, measured) in enumerate(((6.0, 273.0), (11.0, 200.0)), 1):
        k = round(2 * day)
        spread = np.hypot(133.322387415, 0.5 * (pressure[:, k + 1] - pressure[:, k - 1]))
        expected = (pressure[:, k] - measured * 133.322387415) / spread
        np.testing.assert_allclose(results[f"record_deviation_{i}"], expected, rtol=1e-4)
    both = np.hypot(results["record_deviation_1"], results["record_deviation_2"]) / math.sqrt(2.0)
    np.testing.assert_allclose(results["record_misfit"], both, rtol=1e-12)


def test_impossible_samples_are_marked_and_the_others_unharmed():
    wild = "volumes.tunnel.volume={dist='normal',mean='1 m^3',sd='1 m^3',name='tunnel_volume'}"
    results = sweep("prk-july-2021", samples=200, overrides=[wild])
    negative = results["tunnel_volume"] <= 0.0
    assert 10 < negative.sum() < 60
    np.testing.assert_array_equal(results.status == status.IMPOSSIBLE, negative)
    assert np.isnan(results["mass_lost"][negative]).all()
    good = np.flatnonzero(~negative)[:5]
    for i in good:
        alone = run(load_case("prk-july-2021", [wild]), sample=int(i))
        assert alone.outcomes["mass_lost"] == results["mass_lost"][i]


def test_run_of_a_sample_is_that_sample():
    results = sweep("prk-july-2021", samples=4)
    alone = run("prk-july-2021", sample=3)
    for name, value in {**alone.inputs, **alone.outcomes}.items():
        np.testing.assert_array_equal(value, results[name][3], err_msg=name)


def test_run_takes_medians_by_default():
    history = run("prk-july-2021")
    assert history.inputs["tunnel_volume"] == pytest.approx(5.5, rel=1e-12)
    assert history.inputs["opening_median"] == pytest.approx(6e-6, rel=1e-12)
    assert history.ok
    dataset = history.to_dataset()
    assert dataset["pressure_tunnel"].dims == ("time",)
    assert float(dataset["tunnel_volume"]) == pytest.approx(5.5)


def test_keep_chooses_outcomes():
    results = sweep("prk-july-2021", samples=3, overrides=["outcomes.keep=['leak_rate_*']"])
    kept = {name for name in results.outputs if not name.startswith("record_")}
    assert kept == {"leak_rate_initial", "leak_rate_mean", "leak_rate_final"}
    with pytest.raises(CaseError, match=r"outcomes.keep = leek\*: fits no outcome; there are mass_lost"):
        sweep("prk-july-2021", samples=3, overrides=["outcomes.keep=['leek*']"])


def test_an_input_with_the_name_of_an_outcome_is_refused():
    with pytest.raises(CaseError, match="mass_lost would be the name of an input and an outcome"):
        sweep("prk-july-2021", samples=2, overrides=["volumes.tunnel.volume.name=mass_lost"])


def test_a_boundless_count_is_refused():
    count = "paths.cracks.count={dist='lognormal',median=20,sigma=1}"
    with pytest.raises(CaseError, match=r"paths.cracks.count.*must have an upper bound"):
        sweep("prk-july-2021", samples=2, overrides=[count])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"samples": 0}, "samples = 0: must be a whole number from 1"),
        ({"seed": -1}, "seed = -1: must be a whole number from 0"),
        ({"threads": 0}, "threads = 0: must be from 1 to 1024"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(CaseError, match=message):
        sweep("choked-blowdown", **arguments)


def test_an_interrupt_keeps_what_was_finished(monkeypatch):
    monkeypatch.setattr(engine, "_BLOCK_SAMPLES", 8)
    calls = []

    def interrupt_after_three(done, failed, total):
        calls.append(done)
        if len(calls) == 4:
            raise KeyboardInterrupt

    with pytest.raises(SweepInterrupted) as stopped:
        sweep("choked-blowdown", samples=4000, progress=interrupt_after_three)
    results = stopped.value.results
    assert 24 <= len(results) < 4000
    whole = sweep("choked-blowdown", samples=4000)
    np.testing.assert_array_equal(results["mass_lost"], whole["mass_lost"][results.samples])
    assert threading.active_count() < 20


def test_progress_starts_at_nothing_and_ends_with_all():
    seen = []
    sweep("choked-blowdown", samples=700, progress=lambda *numbers: seen.append(numbers))
    assert seen[0] == (0, 0, 700)
    assert seen[-1] == (700, 0, 700)
    assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)


@pytest.mark.parametrize("name", ["prk-july-2021", "two-volume-equalisation"])
def test_provenance_makes_the_sweep_again(name):
    results = sweep(name, samples=6, seed=5)
    case = case_from_resolved(results.provenance["case"], name)
    assert list(case.volumes) == list(load_case(name).volumes)  # not sorted: bits depend on the order
    again = sweep(case)
    assert_same_bits(results, again)
    assert results.attributes["campaign_id"] == again.attributes["campaign_id"]


def test_provenance_keeps_the_order_of_volumes_and_paths():
    """Sums run over them in that order: sorted, the same case has other last bits."""
    results = sweep("station-crew-2003", samples=3)
    stored = json.loads(results.provenance["case"])
    assert list(stored["volumes"]) == list(load_case("station-crew-2003").volumes)
    assert list(stored["volumes"]) + list(stored["paths"]) != sorted([*stored["volumes"], *stored["paths"]])
    assert_same_bits(results, sweep(Case.model_validate(stored)))


def test_the_identity_of_a_sweep_leaves_out_how_many_samples_it_has():
    few, many, other = (
        sweep("choked-blowdown", samples=n, seed=seed).attributes["campaign_id"]
        for n, seed in ((2, 1), (5, 1), (2, 3))
    )
    assert few == many != other


def test_one_sample_has_the_misfit_that_it_has_among_others():
    """NumPy sums along the only long axis in another order: seen from eight points on."""
    points = [
        {"volume": "tunnel", "time": 3e4 * i, "pressure": 3e4 - 7e2 * i, "uncertainty": 1e2 + i}
        for i in range(1, 31)
    ]
    case = load_case(PRK, {"record": {"points": points}})
    many = sweep(case, samples=30)
    compiled = compile_case(case)
    for index in range(30):
        one = run_range(case, compiled, index, 1, threads=1)
        assert one["record_misfit"][0] == many["record_misfit"][index]


def test_a_range_is_the_rows_of_the_whole():
    case = load_case(PRK, [*SERIES, *EACH])
    whole = sweep(case, samples=60)
    part = run_range(case, compile_case(case), 23, 30, threads=2)
    assert part.samples.tolist() == list(range(23, 53))
    assert part.variables.keys() == whole.variables.keys()
    for name in whole.variables:
        np.testing.assert_array_equal(part[name], whole[name][23:53], err_msg=name)
    ends = np.cumsum(whole["each_cracks_count"])
    np.testing.assert_array_equal(
        part["each_cracks_opening"], whole["each_cracks_opening"][ends[22] : ends[52]]
    )


def test_the_plan_names_what_it_holds():
    compiled = compile_case(load_case("prk-july-2021"))
    assert compiled.plan.paths["kind"].tolist() == [model.CRACKS, model.SEAL]
    assert {column.name for column in compiled.inputs} >= {"tunnel_volume", "opening_median"}
    assert compiled.record_columns.shape == (2, 3)


def with_paths(**paths):
    """Return the July tunnel with further paths."""
    data = load_case("prk-july-2021").to_dict()
    data["paths"] |= {name.replace("__", "-"): path for name, path in paths.items()}
    return Case.model_validate(data)


HOLE = {"kind": "orifice", "from": "vacuum", "to": "tunnel", "diameter": 0.001}


@pytest.mark.parametrize(
    ("case", "name"),
    [
        (lambda: with_paths(lost=HOLE), "mass_lost"),
        (lambda: with_paths(hatch__seal=HOLE), "mass_hatch_seal"),
        (lambda: load_case(PRK, ["volumes.tunnel.volume.name=record_misfit"]), "record_misfit"),
        (lambda: load_case(PRK, [*SERIES, "volumes.tunnel.volume.name=flow_cracks"]), "flow_cracks"),
        (
            lambda: load_case(PRK, [*EACH, "volumes.tunnel.volume.name=each_cracks_depth"]),
            "each_cracks_depth",
        ),
    ],
)
def test_one_name_never_stands_for_two_results(case, name):
    with pytest.raises(CaseError, match=f"{name} would be the name of") as caught:
        sweep(case(), samples=2)
    assert len(caught.value.faults) == 1


def test_geometry_and_unnamed_inputs_go_together(tmp_path):
    from leakflow.solver import open_results, write_results

    count = "paths.cracks.count={dist='choice',values=[2,3]}"
    taper = "paths.cracks.taper={dist='uniform',low=1,high=2,per='sample'}"
    results = sweep("prk-july-2021", samples=8, overrides=[count, taper, "outcomes.crack_geometry=true"])
    np.testing.assert_array_equal(results["cracks_count"], results.cracks["each_cracks_count"].data)
    again = open_results(write_results(tmp_path / "x.nc", results))
    np.testing.assert_array_equal(
        again.cracks["each_cracks_taper"].data, results.cracks["each_cracks_taper"].data
    )


def test_keep_governs_what_is_derived_too():
    kept = sweep("prk-july-2021", samples=3, overrides=["outcomes.keep=['record_misfit']"])
    assert set(kept.outputs) == {"record_misfit"}
    assert np.isfinite(kept["record_misfit"]).all()
    assert set(sweep("prk-july-2021", samples=3, overrides=["outcomes.keep=['mass_lost']"]).outputs) == {
        "mass_lost"
    }


def test_a_sweep_that_fits_no_memory_is_refused_at_once():
    with pytest.raises(CaseError, match=r"sweep.samples = 10000000000: needs about .* GB of memory"):
        sweep("choked-blowdown", samples=10**10)


def test_a_title_is_needed():
    for title in ("''", "' '"):
        with pytest.raises(CaseError, match="title"):
            load_case("choked-blowdown", [f"title={title}"])


def test_a_negative_time_that_was_drawn_is_impossible():
    at = "{dist='normal',mean='1 d',sd='8 d',name='at'}"
    event = f"schedule=[{{at={at},action='patch',path='cracks',factor=0.5}}]"
    results = sweep("prk-july-2021", samples=60, overrides=[event])
    early = results["at"] < 0.0
    assert 10 < early.sum() < 50
    np.testing.assert_array_equal(results.status == status.IMPOSSIBLE, early)


def test_far_tails_of_a_truncated_normal():
    """Beyond 37 standard deviations a normal is an exponential from its bound on."""
    for mean, low, high, near in ((5.0, 100.0, 200.0, 100.0), (200.0, 100.0, 150.0, 150.0)):
        volume = (
            f"volumes.tank.volume={{dist='truncated-normal',mean={mean},sd=1,low={low},high={high},name='v'}}"
        )
        results = sweep("choked-blowdown", samples=400, overrides=[volume, "run.duration=60 s"])
        assert (results.status == 0).all()
        beyond = abs(results["v"] - near)
        rate = abs(near - mean)
        assert beyond.mean() == pytest.approx(1.0 / rate, rel=0.2)


@pytest.mark.parametrize("opening", ["3 mm", "10 mm", "50 mm"])
def test_a_wide_crack_between_volumes_does_not_chatter(tmp_path, opening):
    (tmp_path / "wide.toml").write_text(
        'title = "wide"\ndescription = ""\n'
        '[volumes.station]\nkind = "integrated"\nvolume = 950\npressure = "735 mmHg"\n'
        '[volumes.tunnel]\nkind = "integrated"\nvolume = 7\npressure = "200 mmHg"\n'
        '[paths.crack]\nkind = "cracks"\nfrom = "station"\nto = "tunnel"\ncount = 1\n'
        f'opening = "{opening}"\nlength = "1 m"\ndepth = "3 mm"\n[run]\nduration = "30 d"\n'
    )
    history = run(tmp_path / "wide.toml")
    assert history.ok
    assert history.outcomes["steps"] < 300
    mixed = (950 * 735 + 7 * 200) / 957 * 133.322387415
    assert history.outcomes["pressure_final_tunnel"] == pytest.approx(mixed, rel=1e-6)
