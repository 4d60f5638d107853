"""Energy, species, feeds and controls as rows of a plan."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest
from small_case import SMALL

from leakflow.kernels import gas, model
from leakflow.solver.case import Case
from leakflow.solver.columns import outcome_names
from leakflow.solver.plan import CompiledCase, compile_case

N2, O2, CO2, H2O = (gas.SPECIES.index(name) for name in ("N2", "O2", "CO2", "H2O"))


def compiled(text: str) -> CompiledCase:
    return compile_case(Case.model_validate(tomllib.loads(text)))


def value(plan: model.Plan, slot: int) -> float:
    """The constant in a slot."""
    assert plan.draws[slot]["kind"] == 0
    return float(plan.draws[slot]["value"][0])


CABIN = (
    SMALL
    + """
[gas]
composition = { N2 = 0.78, O2 = 0.22 }
temperature = 290
[feeds.crew]
kind = "crew"
volume = "tank"
count = 3
heat = 100
[feeds.scrubber]
kind = "removal"
volume = "tank"
gas = "CO2"
flow = 0.01
[feeds.oxygen]
kind = "hold"
volume = "tank"
gas = "O2"
partial_pressure = 21e3
at_most = 1e-4
[controls.fill]
kind = "repressurise"
volume = "tank"
below = 95e3
to = 99e3
gas = "N2"
rate = 1e-3
[controls.refill]
kind = "repressurise"
volume = "tank"
below = 80e3
to = 90e3
delay = 60
[controls.shut]
kind = "close"
path = "valve"
through = "hole"
flow_above = 1e-3
[paths.relief]
kind = "relief"
from = "tank"
to = "vacuum"
area = 1e-6
cracking = 105e3
reseat = 102e3
[[schedule]]
action = "crew"
feed = "crew"
at = 100
to = 6
[[schedule]]
action = "repressurise"
volume = "tank"
at = 200
to = 1e5
temperature = 280
"""
)


@pytest.fixture(scope="module")
def cabin() -> CompiledCase:
    return compiled(CABIN)


def test_separate_species_are_one_component_each(cabin: CompiledCase) -> None:
    plan = cabin.plan
    assert plan.components.tolist() == np.eye(6)[[N2, O2, CO2, H2O]].tolist()
    masses = np.array([0.78 * gas.MOLAR_MASS[N2], 0.22 * gas.MOLAR_MASS[O2], 0.0, 0.0])
    assert plan.gases[0] == pytest.approx(masses / masses.sum(), rel=1e-14)
    assert plan.gases.sum(axis=1) == pytest.approx(1.0, rel=1e-14)


def test_gases_that_are_not_separate_are_the_components(cabin: CompiledCase) -> None:
    text = SMALL.replace("volume = 2\n", 'volume = 2\ncomposition = "He"\n') + "[gas]\nseparate = false"
    plan = compiled(text).plan
    assert plan.components.shape == (2, 6)
    assert plan.gases.tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert plan.volumes["gas"].tolist() == [1, 0, 0]


def test_a_crew_is_three_rates(cabin: CompiledCase) -> None:
    plan = cabin.plan
    rows = plan.feeds[:3]
    assert rows["kind"].tolist() == [model.RATE] * 3
    assert rows["sign"].tolist() == [-1.0, 1.0, 1.0]
    assert [int(np.argmax(plan.gases[row["gas"]])) for row in rows] == [1, 2, 3]
    assert len(set(rows["factor"].tolist())) == 1
    assert value(plan, rows["factor"][0]) == 3.0
    assert [value(plan, slot) * 86400.0 for slot in rows["value"]] == pytest.approx([0.84, 1.0, 2.28])
    heats = [slot for slot in rows["heat"] if slot >= 0]
    assert [value(plan, slot) for slot in heats] == [100.0]  # of each person, once


def test_filters_and_make_up(cabin: CompiledCase) -> None:
    plan = cabin.plan
    removal, hold = plan.feeds[3], plan.feeds[4]
    assert (removal["kind"], removal["gas"], value(plan, removal["value"])) == (model.REMOVAL, 2, 0.01)
    assert (hold["kind"], hold["species"], value(plan, hold["value"])) == (model.HOLD, O2, 21e3)
    assert (value(plan, hold["time"]), value(plan, hold["most"])) == (3600.0, 1e-4)
    assert value(plan, hold["temperature"]) == 290.0


def test_a_control_with_a_rate_switches_a_feed(cabin: CompiledCase) -> None:
    plan = cabin.plan
    own, control = plan.feeds[5], plan.controls[0]
    assert (own["kind"], own["runs"], value(plan, own["value"])) == (model.RATE, 0, 1e-3)
    assert (control["action"], control["target"], control["releases"]) == (model.SET_FEED, 5, 1)
    assert (control["quantity"], control["place"], control["sign"]) == (model.PRESSURE, 0, -1.0)
    assert [value(plan, control[key]) for key in ("on", "off", "value")] == [95e3, 99e3, 1.0]


def test_a_control_without_a_rate_fills_at_once(cabin: CompiledCase) -> None:
    plan, control = cabin.plan, cabin.plan.controls[1]
    assert (control["action"], control["target"], control["off"]) == (model.REPRESSURISE, 0, -1)
    assert [value(plan, control[key]) for key in ("on", "value", "delay")] == [80e3, 90e3, 60.0]


def test_valves_shut_by_a_flow_and_opened_by_a_pressure(cabin: CompiledCase) -> None:
    plan = cabin.plan
    shut, relief = plan.controls[2], plan.controls[3]
    assert (shut["quantity"], shut["place"], shut["once"], shut["releases"]) == (model.FLOW, 0, 1, 0)
    assert (shut["action"], shut["target"], value(plan, shut["value"])) == (model.SET_OPENING, 1, 0.0)
    assert (relief["quantity"], relief["place"], relief["target"]) == (model.PRESSURE_DROP, 2, 2)
    assert [value(plan, relief[key]) for key in ("on", "off", "value")] == [105e3, 102e3, 1.0]
    assert (relief["releases"], relief["once"], relief["sign"]) == (1, 0, 1.0)
    assert value(plan, plan.paths[2]["opening"]) == 0.0


def test_an_event_on_a_crew_sets_all_its_rows(cabin: CompiledCase) -> None:
    plan = cabin.plan
    crew, fill = plan.events[:3], plan.events[3]
    assert crew["action"].tolist() == [model.SET_FEED] * 3
    assert crew["target"].tolist() == [0, 1, 2]
    assert [value(plan, slot) for slot in crew["value"]] == [6.0] * 3
    assert (fill["action"], value(plan, fill["second"])) == (model.REPRESSURISE, 280.0)


def test_outcomes_of_feeds_and_controls_have_places_of_their_own(cabin: CompiledCase) -> None:
    names = [column.name for column in cabin.outcomes]
    for name in (
        "feed_crew_O2", "feed_crew_CO2", "feed_crew_H2O", "feed_scrubber", "feed_fill", "control_shut_count",
        "control_shut_first", "relief_relief_count", "gas_added_tank", "leak_rate_from_pressure_tank",
        "leak_rate_from_nitrogen_tank", "partial_pressure_final_tank_CO2",
    ):  # fmt: skip
        assert name in names
    assert not any(name.endswith("_relief") and not name.startswith("mass") for name in names)
    places = [column.place for column in cabin.outcomes if column.place >= 0]
    assert len(set(places)) == len(places)


WARM = SMALL.replace(
    "volume = 2\n",
    'volume = 2\nenergy = "wall"\nwall_conductance = 20\nwall_temperature = 280\n'
    "temperature_cycles = [{ amplitude = 2, period = 86400, peak = 3600 }, "
    "{ amplitude = 1, period = 5520 }]\n",
) + '[[schedule]]\naction = "temperature"\nvolume = "room"\nat = 9\nto = 300\n'  # fmt: skip


def test_walls_and_their_cycles() -> None:
    plan = compiled(WARM).plan
    tank, room, _ = plan.volumes
    assert (tank["balanced"], room["balanced"]) == (1, 0)
    assert (value(plan, tank["wall"]), room["wall"]) == (280.0, -1)
    assert [(row["first_cycle"], row["cycles"]) for row in (tank, room)] == [(0, 2), (2, 0)]
    found = [[value(plan, slot) for slot in cycle] for cycle in plan.cycles.tolist()]
    assert found == [[2.0, 86400.0, 3600.0], [1.0, 5520.0, 0.0]]
    (wall,) = plan.feeds
    assert (wall["kind"], wall["volume"], value(plan, wall["value"])) == (model.WALL, 0, 20.0)
    (step,) = plan.events
    assert (step["action"], step["target"], value(plan, step["value"])) == (model.SET_TEMPERATURE, 1, 300.0)
    assert (plan.settings[model.TIMED], plan.settings[model.THERMAL]) == (1.0, 1.0)


def test_series_are_pressures_temperatures_that_change_and_partial_pressures(cabin: CompiledCase) -> None:
    warm = compiled(WARM)
    assert warm.plan.series["quantity"].tolist() == [model.PRESSURE] * 3 + [model.TEMPERATURE] * 2
    assert warm.plan.series["volume"].tolist() == [0, 1, 2, 0, 1]
    names = [column.name for column in warm.outcomes]
    assert {"temperature_final_tank", "temperature_final_room", "heat_tank"} <= set(names)
    assert "energy_balance_residual" in names
    of_cabin = cabin.plan.series[3:]
    assert of_cabin["quantity"].tolist() == [model.PARTIAL_PRESSURE] * 8
    assert of_cabin["species"].tolist() == [N2, O2, CO2, H2O] * 2
    assert of_cabin["volume"].tolist() == [0] * 4 + [1] * 4


SEALED = (
    SMALL
    + """
[paths.ring]
kind = "seal"
from = "tank"
to = "vacuum"
molecular = 1e-12
contact = { stress = 1e6, sealing_factor = 2e6, gain = -3 }
permeation = { area = 0.01, thickness = 0.005, permeability = { He = 1e-14, O2 = 2e-16 } }
[paths.sheet]
kind = "seal"
from = "tank"
to = "vacuum"
permeation = { area = 0.01, thickness = 0.005, permeability = 1e-16 }
"""
)


def test_contact_and_permeation_of_seals() -> None:
    plan = compiled(SEALED).plan
    ring, sheet = plan.paths[2], plan.paths[3]
    assert [value(plan, slot) for slot in ring["contact"]] == [1e6, 1e6, 2e6, -3.0]
    assert [value(plan, slot) for slot in ring["membrane"]] == [0.01, 0.005]
    assert [slot >= 0 for slot in ring["permeability"]] == [False, True, False, False, False, True]
    assert value(plan, ring["permeability"][5]) == 1e-14
    assert (sheet["kind"], value(plan, sheet["molecular"]), value(plan, sheet["viscous"])) == (2, 0.0, 0.0)
    assert len(set(sheet["permeability"].tolist())) == 1
    assert sheet["contact"].tolist() == [-1] * 4


def test_thresholds_and_records_of_species_and_in_p_over_t() -> None:
    text = SMALL + '[[run.thresholds]]\nname = "t"\nvolume = "tank"\nbelow = 5\nspecies = "O2"\n'
    point = 'volume = "tank", time = "1 d", pressure = 9e4, uncertainty = 50'
    species = compiled(text + f'[record]\npoints = [{{ {point}, species = "CO2" }}]')
    assert species.plan.thresholds[["quantity", "species"]].tolist() == [(model.PARTIAL_PRESSURE, O2)]
    assert species.plan.records[["quantity", "species"]].tolist() == [(model.PARTIAL_PRESSURE, CO2)] * 3
    assert "partial_pressure_tank_CO2_record_1" in [column.name for column in species.outcomes]
    case = Case.model_validate(
        tomllib.loads(f'{SMALL}[record]\ncompare = "p/T"\npoints = [{{ {point}, temperature = 300 }}]')
    )
    assert set(compile_case(case).plan.records["quantity"]) == {model.PRESSURE_OVER_TEMPERATURE}
    assert "pressure_over_temperature_tank_record_1" in outcome_names(case)
