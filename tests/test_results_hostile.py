"""Files that are no results, are broken, or are built to do harm: each is refused in one line."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from results_example import N, example_results

from leakflow.solver import _hdf5_check
from leakflow.solver.errors import ResultsError
from leakflow.solver.results import open_results, write_results


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_results(tmp_path / "sweep.nc", example_results())


def refused(path: Path, why: str) -> None:
    with pytest.raises(ResultsError, match=why) as caught:
        open_results(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


# Not a results file


def test_no_such_file(tmp_path: Path) -> None:
    refused(tmp_path / "x.nc", "no such file")


def test_a_folder(tmp_path: Path) -> None:
    refused(tmp_path, "a folder")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.nc")
    refused(tmp_path / "x.nc", "not a regular file")


@pytest.mark.parametrize("content", [b"", b"\x89HDF", b"sample,time\n0,1\n", b"CDF\x01" + bytes(100)])
def test_not_hdf5(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.nc").write_bytes(content)
    refused(tmp_path / "x.nc", "not an HDF5 file")


def test_hdf5_of_something_else(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as other:
        other["sample"] = np.arange(3)
    refused(tmp_path / "x.h5", "not a leakflow results file: .*schema_version")


@pytest.mark.parametrize(
    "version, why",
    [
        ("2", r"newer leakflow \(schema 2; this one reads up to 1\)"),
        ("10", "newer leakflow"),
        ("0", "no version"),
        ("-1", "no version"),
        ("one", "no version"),
        ("9" * 50, "no version"),
    ],
)
def test_schema_version(file: Path, version: str, why: str) -> None:
    with h5py.File(file, "a") as h5:
        h5.attrs["schema_version"] = np.bytes_(version)
    refused(file, why)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9, 0.999])
def test_cut_short(file: Path, share: float) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    refused(file, f"^{re.escape(str(file))}: cannot be read: it is cut short$")


def test_every_byte_of_compressed_data_counts(file: Path) -> None:
    with h5py.File(file) as h5:
        chunk = h5["pressure_tunnel"].id.get_chunk_info(0)
    content = bytearray(file.read_bytes())
    content[chunk.byte_offset + chunk.size // 2] ^= 0xFF
    file.write_bytes(content)
    refused(file, "cannot be read")


def test_damaged_anywhere_it_is_read_or_refused(file: Path) -> None:
    rng = np.random.default_rng(0)
    whole = np.frombuffer(file.read_bytes(), np.uint8)
    outcomes = set()
    for _ in range(100):
        damaged = whole.copy()
        damaged[rng.integers(whole.size, size=3)] = rng.integers(256, size=3)
        file.write_bytes(damaged.tobytes())
        try:
            outcomes.add(len(open_results(file)))
        except ResultsError as error:
            outcomes.add("refused in one line" if "\n" not in str(error) else str(error))
    assert outcomes == {N, "refused in one line"}


# Wrong inside

Change = Callable[[h5py.File], None]


def replace(name: str, data: object, **options: object) -> Change:
    def change(h5: h5py.File) -> None:
        attributes = {k: v for k, v in h5[name].attrs.items() if k in ("units", "long_name", "role")}
        del h5[name]
        h5.create_dataset(name, data=data, **options).attrs.update(attributes)

    return change


def delete(name: str) -> Change:
    return lambda h5: h5.__delitem__(name)


@pytest.mark.parametrize(
    "change, why",
    [
        (delete("sample"), "no 'sample'"),
        (delete("status"), "no 'status'"),
        (delete("time"), "no times"),
        (delete("wall-1_count"), "no count of cracks"),
        (replace("mass_lost", np.zeros(N - 1)), r"mass_lost: float64 of shape \(39,\), not .* \(40,\)"),
        (replace("mass_lost", np.zeros((N, 2))), "mass_lost"),
        (replace("mass_lost", np.zeros((N, 2, 2))), "3 dimensions"),
        (replace("mass_lost", np.float64(1.0)), "0 dimensions"),
        (replace("mass_lost", np.zeros(N, np.float16)), "data type float16"),
        (replace("mass_lost", np.zeros(N, complex)), "data type complex128"),
        (replace("mass_lost", np.zeros(N, bool)), "data type bool"),
        (replace("mass_lost", [b"text"] * N), "mass_lost"),
        (replace("mass_lost", ["text"] * N), "mass_lost"),
        (replace("sample", np.arange(float(N))), "sample: float64"),
        (replace("status", np.zeros(N, np.int64)), "status: int64"),
        (lambda h5: h5["mass_lost"].attrs.modify("role", np.bytes_("winner")), "role 'winner'"),
        (lambda h5: h5.attrs.create("note", np.bytes_(b"x" * (2**20 + 1))), "longer than 1048576 bytes"),
        (lambda h5: h5.attrs.create("note", np.bytes_(b"\xff\xfe")), "cannot be read"),
        (lambda h5: h5["wall-1_count"].write_direct(np.full(N, -1, np.int32)), "zero or more"),
        (lambda h5: h5["wall-1_count"].write_direct(np.full(N, 2**31 - 1, np.int32)), "wall-1_opening"),
    ],
)
def test_wrong_contents(file: Path, change: Change, why: str) -> None:
    with h5py.File(file, "a") as h5:
        change(h5)
    refused(file, why)


# Reaching for other files, or for the memory


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file of the reader's, which a stranger's file would like to have read."""
    with h5py.File(tmp_path / "secret.h5", "w") as h5:
        h5["mass_lost"] = np.full(N, 42.0)
    np.full(N, 42.0).tofile(tmp_path / "secret.bin")
    return tmp_path / "secret.h5"


def test_external_link(file: Path, secret: Path) -> None:
    with h5py.File(file, "a") as h5:
        del h5["mass_lost"]
        h5["mass_lost"] = h5py.ExternalLink(secret.name, "mass_lost")
        assert h5["mass_lost"][0] == 42.0  # the attack works on a reader that does not look
    refused(file, "'mass_lost' is a link")


def test_soft_link(file: Path) -> None:
    with h5py.File(file, "a") as h5:
        h5["other"] = h5py.SoftLink("/mass_lost")
    refused(file, "'other' is a link")


def test_links_in_the_provenance(file: Path, secret: Path) -> None:
    with h5py.File(file, "a") as h5:
        h5["provenance/more"] = h5py.ExternalLink(secret.name, "mass_lost")
    refused(file, "'more' is a link")


def test_external_storage(file: Path, secret: Path) -> None:
    with h5py.File(file, "a") as h5:
        del h5["mass_lost"]
        data = h5.create_dataset("mass_lost", (N,), "f8", external=[(secret.with_suffix(".bin"), 0, N * 8)])
        data.attrs["role"] = "output"
    refused(file, "mass_lost keeps its data in another file")


def test_virtual_dataset(file: Path, secret: Path) -> None:
    layout = h5py.VirtualLayout((N,), "f8")
    layout[:] = h5py.VirtualSource(secret, "mass_lost", (N,))
    with h5py.File(file, "a") as h5:
        del h5["mass_lost"]
        h5.create_virtual_dataset("mass_lost", layout).attrs["role"] = "output"
    refused(file, "mass_lost is a virtual dataset")


@pytest.mark.parametrize("options, code", [({"compression": "lzf"}, 32000), ({"scaleoffset": 3}, 6)])
def test_filters_that_load_code(file: Path, options: dict, code: int) -> None:
    with h5py.File(file, "a") as h5:
        replace("mass_lost", np.zeros(N), chunks=(N,), **options)(h5)
    refused(file, f"stored with filter {code}")


@pytest.mark.parametrize("options", [{}, {"chunks": (1024,)}, {"chunks": (1024,), "compression": "gzip"}])
@pytest.mark.parametrize("size", [2**20, 2**44])
def test_sizes_that_are_only_declared(file: Path, size: int, options: dict) -> None:
    with h5py.File(file, "a") as h5:
        h5.create_dataset("huge", (size,), "f8", **options).attrs["role"] = "output"
    refused(file, f"huge declares {8 * size} bytes that the file does not hold")


def test_chunks_too_large_for_the_memory(file: Path) -> None:
    with h5py.File(file, "a") as h5:
        h5.create_dataset("huge", (2**40,), "f8", chunks=(2**28,)).attrs["role"] = "output"
    refused(file, "huge has chunks of 2147483648 bytes")


def test_a_small_file_that_unpacks_to_a_huge_one(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with h5py.File(file, "a") as h5:
        zeros = h5.create_dataset("zeros", data=np.zeros(2**22), chunks=(2**17,), compression="gzip")
        zeros.attrs["role"] = "output"
    refused(file, r"zeros: float64 of shape")  # 32 MiB alone are no harm
    monkeypatch.setattr(_hdf5_check, "_FREE_BYTES", 2**24)
    refused(file, "bytes of data in a file of")


def test_too_many_members(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_hdf5_check, "_MAX_LINKS", 5)
    refused(file, "members; at most 5")


# What later versions and other programs may add


def test_unknown_groups_are_not_looked_into(file: Path, secret: Path) -> None:
    with h5py.File(file, "a") as h5:
        h5.create_group("sensitivity")["first"] = h5py.ExternalLink(secret.name, "mass_lost")
        h5["loop"] = h5["/"]
        h5["named_type"] = np.dtype("f8")
        h5["remark"] = "no role, so not ours"
    assert list(open_results(file).variables) == list(example_results().variables)
