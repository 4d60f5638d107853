"""How large parts are: from the work and the bytes of a sample."""

import pytest
from campaign_case import cracked_case

from leakflow.solver import engine, sweep
from leakflow.solver.campaign import part_size
from leakflow.solver.campaign.part_size import Cost, choose_part_size, measure_cost, row_bytes
from leakflow.solver.plan import compile_case


@pytest.fixture
def plain(tmp_path):
    case = cracked_case(tmp_path, outcomes__series=False, outcomes__crack_geometry=False)
    return case, compile_case(case)


@pytest.mark.parametrize(
    ("seconds", "row", "threads", "samples"),
    [
        (1e-3, 320.0, 2, 100_000),  # 32 MB, 50 s
        (1e-2, 320.0, 2, 12_000),  # 60 s, 3.8 MB: the work decides
        (1e-5, 320.0, 1, 200_000),  # 5 s are 160 MB: 64 MB decide
        (1e-4, 320.0, 2, 100_000),  # 5 s are 32 MB
        (500.0, 320.0, 1, 1),  # a sample of more than a minute
        (1e-3, 1e9, 2, 1),  # a sample of more than 64 MB
    ],
)
def test_bytes_and_seconds_of_a_part(plain, seconds, row, threads, samples):
    assert choose_part_size(Cost(seconds, row), *plain, threads).samples == samples


def test_samples_that_belong_together_stay_in_one_part(plain):
    case, compiled = plain

    class Grouped(type(compiled)):
        rows_per_group = 14

    grouped = Grouped(**vars(compiled))
    size = choose_part_size(Cost(1e-3, 320.0), case, grouped, 2)
    assert size.samples == 100_000 // 14 * 14
    assert choose_part_size(Cost(1e3, 320.0), case, grouped, 1).samples == 14
    assert choose_part_size(Cost(1e3, 320.0), case, grouped, 1, wanted=30).samples == 28


@pytest.mark.parametrize("group", [1, 14, 1000, 131_072])
@pytest.mark.parametrize("seconds", [1e-4, 1.0])
def test_a_part_is_whole_chunks_and_whole_groups(tmp_path, group, seconds):
    case = cracked_case(tmp_path)
    compiled = compile_case(case)

    class Grouped(type(compiled)):
        rows_per_group = group

    size = choose_part_size(Cost(seconds, 800.0), case, Grouped(**vars(compiled)), 2)
    assert size.samples % group == size.samples % size.chunk == 0
    assert 4 * 7 * size.chunk <= 2**19


def test_the_cost_is_that_of_the_arrays(tmp_path, monkeypatch):
    monkeypatch.setattr(part_size, "_PROBE_SECONDS", 60.0)  # then as many samples however slow the machine is
    case = cracked_case(tmp_path)
    compiled = compile_case(case)
    engine.warm_up(compiled.plan)
    cost = measure_cost(case, compiled)
    results = sweep(case, samples=400)
    rows = sum(v.data.nbytes for v in results.variables.values()) + 9 * 400
    cracks = sum(variable.data.nbytes for variable in results.cracks.values())
    assert row_bytes(case, compiled) == rows // 400
    assert cost.bytes == pytest.approx((rows + cracks) / 400, rel=0.05)
    assert 0.0 < cost.seconds < 1.0
