"""Exports: what is in the files, beside the sweep in memory that they are held to; and what is refused."""

import csv
import json
import random
import shutil
import sys

import h5py
import numpy as np
import pytest
from campaign_case import cracked_case
from command_line import lines

from leakflow.solver import export, open_results, sweep, write_results
from leakflow.solver.campaign import Campaign, data_digest, file_digest
from leakflow.solver.campaign.merge_process import ask_child
from leakflow.solver.errors import ArgumentError, CampaignError, ResultsError
from leakflow.solver.export import child, exporting, netcdf, pieces
from leakflow.solver.export.where import parse_where

SAMPLES, PART, SEED = 60, 14, 6  # four samples fail
WHERE = "status == 0 and (mass_lost > 0.1 or tank_volume < 1.5)"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A campaign, and the same sweep in memory and in a file."""
    folder = tmp_path_factory.mktemp("export")
    case = cracked_case(folder)
    Campaign.create(folder / "c", case, samples=SAMPLES, part_samples=PART, seed=SEED).run()
    whole = sweep(case, samples=SAMPLES, seed=SEED)
    write_results(folder / "x.nc", whole)
    return folder, whole


@pytest.fixture
def here(monkeypatch):
    """The child's work in this process, which is quicker and can be looked at."""
    monkeypatch.setattr(exporting, "ask_child", lambda task, report, module: child._answer(task))


def kept_by_hand(whole):
    return (whole.status == 0) & ((whole["mass_lost"] > 0.1) | (whole["tank_volume"] < 1.5))


def assert_holds(found, whole, kept):
    """All arrays of results are those of the kept samples, cracks too."""
    cracks = np.repeat(kept, whole["each_cracks_count"])
    assert 0 < np.count_nonzero(kept) < len(kept)
    np.testing.assert_array_equal(found.samples, np.flatnonzero(kept))
    np.testing.assert_array_equal(found.status, whole.status[kept])
    np.testing.assert_array_equal(found.times, whole.times)
    assert list(found.variables) == list(whole.variables)
    assert list(found.cracks) == list(whole.cracks)
    for name in (*found.variables, *found.cracks):
        rows = cracks if len(whole[name]) == len(cracks) != len(kept) else kept
        np.testing.assert_array_equal(found[name], whole[name][rows], err_msg=name)


@pytest.mark.parametrize("source", ["c", "x.nc"])
def test_all_of_it_has_the_digest_of_the_sweep(made, tmp_path, source):
    folder, whole = made
    found = export(folder / source, tmp_path / "y.nc")
    assert (found.samples, found.available, found.paths) == (SAMPLES, SAMPLES, (tmp_path / "y.nc",))
    assert found.size == (tmp_path / "y.nc").stat().st_size
    assert file_digest(tmp_path / "y.nc") == data_digest(whole)
    assert open_results(tmp_path / "y.nc").provenance["case"] == whole.provenance["case"]
    assert [path.name for path in tmp_path.iterdir()] == ["y.nc"]


@pytest.mark.parametrize("slab", [2**24, 4000])
@pytest.mark.parametrize("source", ["c", "x.nc"])
def test_chosen_samples_and_their_cracks(made, here, monkeypatch, tmp_path, source, slab):
    folder, whole = made
    monkeypatch.setattr(pieces, "_SLAB_BYTES", slab)
    with h5py.File(folder / "x.nc") as file:
        assert file["flow_hole"].chunks[0] == SAMPLES  # so small slabs are of one chunk
    kept = kept_by_hand(whole)
    said = export(folder / source, tmp_path / "y.nc", where=WHERE)
    assert (said.samples, said.available) == (np.count_nonzero(kept), SAMPLES)
    found = open_results(tmp_path / "y.nc")
    assert_holds(found, whole, kept)
    assert found.attributes["history"].endswith(f"{said.samples} of {SAMPLES} samples where {WHERE}")
    assert "parts" not in found.provenance


def test_slabs_of_a_file_are_put_together(made, here, monkeypatch, tmp_path):
    folder, _ = made
    export(folder / "x.nc", tmp_path / "scalars.nc", series=False)
    monkeypatch.setattr(pieces, "_SLAB_BYTES", 4000)
    export(folder / "x.nc", tmp_path / "y.nc", where=WHERE, series=False)
    export(tmp_path / "scalars.nc", tmp_path / "z.nc", where=WHERE)
    assert file_digest(tmp_path / "y.nc") == file_digest(tmp_path / "z.nc")
    export(tmp_path / "scalars.nc", tmp_path / "all.nc")
    assert file_digest(tmp_path / "all.nc") == file_digest(tmp_path / "scalars.nc")


FINE = {"run__output_times": {"count": 600}, "outcomes__crack_geometry": False}  # chunks of 218 samples


@pytest.mark.parametrize("fletcher32", [False, True])
def test_chunks_go_over_as_they_are_unless_their_filters_are_others(here, tmp_path, monkeypatch, fletcher32):
    copied = []
    real = netcdf._copy_chunks
    monkeypatch.setattr(netcdf, "_copy_chunks", lambda *rest: copied.append(rest[-1]) or real(*rest))
    monkeypatch.setattr(pieces, "_SLAB_BYTES", 500_000)  # a chunk
    whole = sweep(cracked_case(tmp_path, **FINE), samples=500)
    write_results(tmp_path / "x.nc", whole)
    if fletcher32:
        with h5py.File(tmp_path / "x.nc", "a") as file:
            again(file, "flow_hole")
    export(tmp_path / "x.nc", tmp_path / "y.nc")
    assert file_digest(tmp_path / "y.nc") == data_digest(whole) or fletcher32  # the order is another
    np.testing.assert_array_equal(open_results(tmp_path / "y.nc")["flow_hole"], whole["flow_hole"])
    assert sorted(copied) == sorted([0, 218, 436] * (len(whole.series) - fletcher32))


def again(file, name):
    """Store a series once more, with a checksum, as another program may."""
    old = file[name]
    data, attributes = old[...], {k: v for k, v in old.attrs.items() if k != "DIMENSION_LIST"}
    chunks = old.chunks
    del file[name]
    new = file.create_dataset(name, data=data, chunks=chunks, compression="gzip", fletcher32=True)
    new.attrs.update(attributes)
    new.dims[0].attach_scale(file["sample"])
    new.dims[1].attach_scale(file["time"])


def test_only_some_columns_and_no_series(made, here, tmp_path):
    folder, whole = made
    export(folder / "c", tmp_path / "y.nc", columns=["mass_lost", "each_cracks_opening"], where="status == 0")
    found = open_results(tmp_path / "y.nc")
    assert list(found.variables) == ["mass_lost"]
    assert list(found.cracks) == ["each_cracks_count", "each_cracks_opening"]
    export(folder / "c", tmp_path / "z.nc", series=False)
    found = open_results(tmp_path / "z.nc")
    assert not found.series
    assert [*found.variables, *found.series] == [n for n in whole.variables if n not in whole.series]


def test_shards_open_alone_and_together(made, here, tmp_path):
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("dask")
    folder, whole = made
    said = export(folder / "c", tmp_path / "one.nc", shard_gigabytes=1.0)
    assert [path.name for path in said.paths] == ["one.nc"]
    said = export(folder / "c", tmp_path / "y.nc", shard_gigabytes=1e-5, where="status == 0")
    assert [path.name for path in said.paths] == [f"y-000{i}.nc" for i in range(1, len(said.paths) + 1)]
    assert 2 < len(said.paths) <= -(-SAMPLES // PART)
    alone = [open_results(path) for path in said.paths]
    lost = np.concatenate([found["mass_lost"] for found in alone])
    good = whole.status == 0
    np.testing.assert_array_equal(lost, whole["mass_lost"][good])
    openings = np.concatenate([found["each_cracks_opening"] for found in alone])
    cracks = np.repeat(good, whole["each_cracks_count"])
    np.testing.assert_array_equal(openings, whole["each_cracks_opening"][cracks])

    def without_cracks(dataset):
        return dataset.drop_dims([name for name in dataset.dims if name.endswith("_crack")])

    with xarray.open_mfdataset(
        said.paths, combine="nested", concat_dim="sample", data_vars="all", coords="minimal",
        compat="override", combine_attrs="override", join="outer", preprocess=without_cracks,
    ) as together:  # fmt: skip
        np.testing.assert_array_equal(together.pressure_tank, whole["pressure_tank"][good])
        np.testing.assert_array_equal(together.sample, np.flatnonzero(good))
    with pytest.raises(ResultsError, match=r"y-000\d\.nc is there from another export; remove it first"):
        export(folder / "c", tmp_path / "y.nc", shard_gigabytes=1e-5, partial=True, where="sample < 20")
    assert not list(tmp_path.glob(".leakflow*"))


@pytest.mark.parametrize("source", ["c", "x.nc"])
def test_csv_is_read_back_to_the_bit(made, here, tmp_path, source):
    folder, whole = made
    export(folder / source, tmp_path / "y.csv", columns=["mass_lost", "pressure_tank"], series=True)
    text = (tmp_path / "y.csv").read_bytes()
    assert text.count(b"\r\n") == text.count(b"\n") == SAMPLES + 1
    head, *rows = csv.reader(text.decode().splitlines())
    times = [f"pressure_tank at {time!r} s [Pa]" for time in whole.times.tolist()]
    assert sorted(head) == sorted(["sample [1]", "status", "mass_lost [kg]", *times])
    columns = dict(zip(head, zip(*rows, strict=True), strict=True))
    assert [int(each) for each in columns["sample [1]"]] == list(range(SAMPLES))
    assert [int(each) for each in columns["status"]] == whole.status.tolist()
    np.testing.assert_array_equal([float(each) for each in columns["mass_lost [kg]"]], whole["mass_lost"])
    for i, name in enumerate(times):
        np.testing.assert_array_equal(np.array(columns[name], np.float32), whole["pressure_tank"][:, i])
    assert np.count_nonzero(np.isnan(whole["mass_lost"])) == 4
    export(folder / source, tmp_path / "z.csv")
    names = [each.split(" [")[0] for each in (tmp_path / "z.csv").read_text().split("\n")[0].split(",")]
    scalars = [name for name in whole.variables if name not in whole.series]
    assert sorted(names) == sorted(["sample", "status", *scalars, "each_cracks_count"])


def test_parquet_has_units_series_and_cracks(made, here, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    folder, whole = made
    export(folder / "c", tmp_path / "y.parquet", where=WHERE)
    kept = kept_by_hand(whole)
    file = parquet.ParquetFile(tmp_path / "y.parquet")
    table = file.read()
    assert file.metadata.num_row_groups == -(-SAMPLES // PART)
    assert table.schema.field("mass_lost").metadata[b"units"] == b"kg"
    assert json.loads(table.schema.metadata[b"time"]) == whole.times.tolist()
    assert table.schema.metadata[b"title"].decode() == whole.attributes["title"]
    np.testing.assert_array_equal(table["sample"], np.flatnonzero(kept))
    np.testing.assert_array_equal(table["mass_lost"], whole["mass_lost"][kept])
    np.testing.assert_array_equal(np.stack(table["pressure_tank"].to_numpy()), whole["pressure_tank"][kept])
    by_sample = np.split(whole["each_cracks_opening"], np.cumsum(whole["each_cracks_count"])[:-1])
    wanted = [each.tolist() for each, keep in zip(by_sample, kept, strict=True) if keep]
    assert table["each_cracks_opening"].to_pylist() == wanted


def test_parquet_without_pyarrow_says_what_to_install(made, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ResultsError, match=r"^Parquet needs pyarrow: pip install 'leakflow\[parquet\]'$"):
        export(made[0] / "c", tmp_path / "y.parquet")


@pytest.mark.parametrize("engine", ["h5netcdf", "netcdf4"])
def test_a_virtual_file_points_into_the_parts(made, here, tmp_path, engine, monkeypatch):
    xarray = pytest.importorskip("xarray")
    folder, whole = made
    moved = tmp_path / "m"
    shutil.copytree(folder / "c", moved)
    export(moved, tmp_path / "v.nc", virtual=True)
    monkeypatch.chdir("/")
    with xarray.open_dataset(tmp_path / "v.nc", engine=engine) as found:
        for name in ("sample", "status", *whole.variables, *whole.cracks):
            np.testing.assert_array_equal(found[name], whole[name])
    with pytest.raises(ResultsError, match="is a virtual dataset, put together from other files: refused"):
        open_results(tmp_path / "v.nc")
    (moved / "parts/000/part-000001.nc").unlink()
    with xarray.open_dataset(tmp_path / "v.nc", engine=engine) as found:
        gone = np.arange(SAMPLES) // PART == 1
        np.testing.assert_array_equal(np.isnan(found.tank_volume), gone)
        np.testing.assert_array_equal(found.status == -1, gone)


def test_conditions_are_what_python_makes_of_them():
    rng = random.Random(2)
    rows = {name: np.array([rng.choice([-1.5, 0.0, 2.0, np.nan]) for _ in range(40)]) for name in "abc"}
    rows["n"] = np.arange(40) % 5

    def words(depth):
        kind = rng.randrange(4) if depth else 0
        if kind == 0:
            name, sign = rng.choice("abcn"), rng.choice(["<", "<=", ">", ">=", "==", "!="])
            number = rng.choice(["-1.5", "0", "2e0", "+2", "3"])
            chain = f"{number} {sign} {name} {rng.choice(['<', '!='])} 2.5"
            return rng.choice([f"{name} {sign} {number}", f"{number} {sign} {name}", chain])
        if kind == 1:
            return f"not ({words(depth - 1)})"
        return f"({words(depth - 1)}) {rng.choice(['and', 'or'])} {words(depth - 1)}"

    for _ in range(100):
        text = words(3)
        wanted = [eval(text, {}, {name: column[i] for name, column in rows.items()}) for i in range(40)]
        assert parse_where(text).mask(rows).tolist() == wanted, text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("status", "'status' is no comparison; must be comparisons of a column with a number"),
        ("a == b", "'a == b': must be comparisons"),
        ("1 < 2", "'1 < 2': must be comparisons"),
        ("a == 'x'", "must be comparisons"),
        ("a == True", "must be comparisons"),
        ("a == 1e999", "must be comparisons"),
        (f"a == {10**30}", "must be comparisons"),
        ("a in 1", "must be comparisons"),
        ("a is 1", "must be comparisons"),
        ("f(a) > 1", "must be comparisons"),
        ("a + 1 > 1", "must be comparisons"),
        ("a[0] > 1", "must be comparisons"),
        ("__import__('os').system('true') == 0", "must be comparisons"),
        ("(a > 1) & (b > 1)", "is no comparison"),
        ("a > 1; b", "cannot be read"),
        ("", "cannot be read"),
        ("(" * 500 + "a > 1" + ")" * 500, "cannot be read"),
        ("a > 1 or " * 300 + "b > 1", "longer than 2000 characters"),
        ("a > \0", "cannot be read"),
    ],
)
def test_other_conditions_are_refused_in_a_line(text, reason):
    with pytest.raises(ArgumentError) as caught:
        parse_where(text)
    assert str(caught.value).startswith("where = ")
    assert reason in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("target", "how", "line"),
    [
        ("y.nc", {"where": "mas_lost > 1"}, "where = 'mas_lost > 1': no column 'mas_lost' of one number a "
         "sample; did you mean mass_lost?"),
        ("y.nc", {"where": "pressure_tank > 1"}, "no column 'pressure_tank' of one number a sample"),
        ("y.nc", {"where": "mass_lost > 1e9"}, "where = 'mass_lost > 1e9': holds for none of 60 samples"),
        ("y.nc", {"columns": ["mas_lost"]}, "columns = mas_lost: is not in the results; did you mean mass"),
        ("y.csv", {"columns": ["pressure_tank"]}, "columns = pressure_tank: is a history, which"),
        ("y.csv", {"columns": ["each_cracks_opening"]}, "each_cracks_opening: is of cracks, a list"),
        ("y.txt", {}, "y.txt: must end in .nc or .h5 or .csv or .parquet or .pq"),
        ("y.nc", {"format": "csv"}, "y.nc: must end in .csv"),
        ("y.nc", {"format": "cvs"}, "format = cvs: no such format; did you mean csv?"),
        ("y.csv", {"shard_gigabytes": 1.0}, "shard_size = 1: only netCDF is divided into files"),
        ("y.nc", {"shard_gigabytes": 0.0}, "shard_size = 0: must be greater than 0 GB"),
        ("y.csv", {"virtual": True}, "virtual = true: points into the parts"),
        ("y.nc", {"virtual": True, "where": "status == 0"}, "virtual = true: goes not with --where"),
        ("c/parts/000/part-000000.nc", {}, "part-000000.nc: lies among the parts of the campaign"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_a_line_and_leaves_nothing(made, here, target, how, line):
    folder, _ = made
    before = sorted(folder.rglob("*"))
    with pytest.raises(ArgumentError) as caught:
        export(folder / "c", folder / target, **how)
    assert line in str(caught.value)
    assert len(lines(str(caught.value))) == 1
    assert sorted(folder.rglob("*")) == before


def test_a_damaged_part_is_set_aside_and_nothing_is_written(made, tmp_path):
    folder, whole = made
    campaign = Campaign.create(
        tmp_path / "c", cracked_case(folder), samples=SAMPLES, part_samples=PART, seed=SEED
    )
    campaign.run()
    part = campaign.part_paths()[2]
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    part.write_bytes(content)
    (tmp_path / "y.nc").write_bytes(b"\x89HDF\r\n\x1a\n of before")
    with pytest.raises(CampaignError, match=r"002.nc: damaged: .*; leakflow resume .* makes it again"):
        export(tmp_path / "c", tmp_path / "y.nc", where="status == 0")
    assert (tmp_path / "y.nc").read_bytes() == b"\x89HDF\r\n\x1a\n of before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c", "y.nc"]
    with pytest.raises(CampaignError, match="1 of 5 parts are missing; leakflow resume"):
        export(tmp_path / "c", tmp_path / "y.nc")
    export(tmp_path / "c", tmp_path / "y.nc", partial=True, where="status == 0")
    gone = np.arange(SAMPLES) // PART == 2
    np.testing.assert_array_equal(
        open_results(tmp_path / "y.nc").samples, np.flatnonzero((whole.status == 0) & ~gone)
    )


def test_no_room_a_dead_child_and_a_folder_that_is_not_there(made, here, tmp_path, monkeypatch):
    folder, _ = made
    with pytest.raises(ResultsError, match=r"no/y\.csv: cannot be written: no such folder"):
        export(folder / "c", tmp_path / "no/y.csv")
    with monkeypatch.context() as patch:
        patch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1000}))
        for name in ("y.nc", "y.csv", "y.parquet"):
            with pytest.raises(ResultsError, match=rf"{name}: cannot be written: it needs .*, 1e-06 are"):
                export(folder / "c", tmp_path / name, where="status == 0")

    def dead(task, report, module):
        (tmp_path / f"{task['prefix']}0000.tmp").write_bytes(b"some")
        return ask_child(task | {"format": None, "path": None}, report, "leakflow.solver.no_module")

    monkeypatch.setattr(exporting, "ask_child", dead)
    with pytest.raises(ResultsError, match=r"cannot be written: the process that wrote it died, with code 1"):
        export(folder / "c", tmp_path / "y.nc")
    assert not list(tmp_path.iterdir())


def test_the_command(leakflow, made, tmp_path):
    folder, whole = made
    kept = np.count_nonzero(kept_by_hand(whole))
    code, out, err = leakflow("export", folder / "c", "--out", "y.csv", "--where", WHERE)
    assert (code, err) == (0, "")
    assert lines(out)[0].startswith(f"samples: {kept} of {SAMPLES}, ")
    assert lines(out)[1:] == ["file: y.csv"]
    code, out, _ = leakflow("export", folder / "x.nc", "-o", "y.nc", "--columns", "mass_lost", "--json")
    said = json.loads(out)
    assert (code, said["files"], said["samples"]) == (0, ["y.nc"], SAMPLES)
    assert list(open_results(tmp_path / "y.nc").variables) == ["mass_lost"]
    assert leakflow("export", "y.nc", "-o", "y.nc")[0] == 2
    assert leakflow("export", "y.csv", "-o", "z.nc")[::2] == (2, "y.csv: not an HDF5 file\n")
    assert leakflow("export", "no.nc", "-o", "z.nc")[::2] == (2, "no.nc: no such file\n")
    code, _, err = leakflow("export", "y.nc", "-o", "no/z.nc", "--trusted")
    assert (code, lines(err)) == (4, ["no/z.nc: cannot be written: no such folder"])
    code, _, err = leakflow("export", folder / "c", "-o", "z.nc", "--where", "stats == 0")
    assert (code, len(lines(err))) == (2, 1)
